// What becomes of the other modules, and of the run, when the code of one fails.
#include "unit/hosted_modules_test.hpp"

namespace hotrun {
namespace {

using HostedModulesFailureTest = HostedModulesTest;

TEST_F(HostedModulesFailureTest, FailureIsToldInPlaceOfTheSwitch) {
    start();
    guard.fail_next(CallKind::kReload);
    switch_to_next_of({0, 1});
    EXPECT_EQ(take_told(), Words{"failed game 2 to 1"});
    EXPECT_TRUE(hosted->step());
    EXPECT_EQ(take_told(), Words{"switched music 2"});
    EXPECT_EQ(take_calls(),
              (Words{"game: unload 1", "game: reload 2", "game: reload 1", "music: unload 1",
                     "music: reload 2", "game: step 1", "music: step 2"}));
}

TEST_F(HostedModulesFailureTest, FailedFirstStepLeavesTheOtherSwitchGood) {
    start();
    switch_to_next_of({0, 1});
    fail_step();
    EXPECT_EQ(take_told(), (Words{"failed game 2 to 1", "switched music 2"}));
    ASSERT_EQ(failures.size(), 1u);
    ASSERT_NE(failures.back().dropped, nullptr);
    EXPECT_EQ(failures.back().dropped->number, 2u);
    take_calls();
    EXPECT_TRUE(hosted->step());
    EXPECT_EQ(take_calls(), (Words{"game: step 1", "music: step 2"}));
    EXPECT_EQ(take_told(), Words{});
}

TEST_F(HostedModulesFailureTest, FailureTellsOfTheUnloadBeforeItToo) {
    start();
    for (const CallKind kind : {CallKind::kReload, CallKind::kStep}) {
        guard.fail_next(CallKind::kUnload);
        guard.fail_next(kind);
        switch_to_next_of({0});
        EXPECT_TRUE(hosted->step());
        EXPECT_EQ(failures.back().where, kind);
        EXPECT_EQ(failures.back().detail, "generation 1 failed in hotrun_unload (SIGSEGV); its "
                                          "state from before that goes on");
    }
}

TEST_F(HostedModulesFailureTest, FailureNextToASwitchIsNotTakenForIts) {
    start();
    switch_to_next_of({1});
    fail_step(); // the game's
    EXPECT_EQ(take_told(), (Words{"failed game 1 to 1", "switched music 2"}));
    EXPECT_TRUE(failures.back().parked);
}

TEST_F(HostedModulesFailureTest, LaterFailureParksOneModuleAndTheOtherGoesOn) {
    start();
    fail_step();
    EXPECT_EQ(take_told(), Words{"failed game 1 to 1"});
    EXPECT_TRUE(failures.back().parked);
    take_calls();
    EXPECT_TRUE(hosted->step());
    EXPECT_EQ(take_calls(), Words{"music: step 1"});
    EXPECT_FALSE(handover.stop_requested());
    EXPECT_FALSE(handover.take(Handover::Wish::kRestart));
}

TEST_F(HostedModulesFailureTest, FailedShutdownLeavesTheOtherModulesItsOwn) {
    start();
    guard.fail_next(CallKind::kShutdown);
    hosted->shut_down();
    EXPECT_EQ(take_calls(), (Words{"game: shutdown 1", "music: shutdown 1"}));
    EXPECT_EQ(take_told(), Words{"failed game 1 to 1"});
}

TEST_F(HostedModulesFailureTest, OnlyAStepThatReturnsIsFinished) {
    start();
    record().restarts_in_vain = 2;
    guard.fail_next(CallKind::kStep);
    fail_step();
    EXPECT_EQ(failures.size(), 2u);
    EXPECT_EQ(record().restarts_in_vain.load(), 2u);
    EXPECT_EQ(hosted->steps(), 1u);
    switch_to_next_of({1});
    EXPECT_TRUE(hosted->step());
    EXPECT_EQ(record().restarts_in_vain.load(), 0u);
    EXPECT_EQ(hosted->steps(), 2u);
    EXPECT_EQ(record().steps.load(), 2u);
}

TEST_F(HostedModulesFailureTest, OnCrashRestartAsksForItAndLeavesTheNews) {
    make({OnCrash::kRestart, true});
    start();
    Fault fault = FakeGuard::crash();
    fault.address = 0x18;
    fault.detail = "of the game";
    fault.backtrace = {{0x7e0000001234, 0x7e0000000000, "/b/libgame_live.42.1.so"}};
    fail_step(fault);
    EXPECT_EQ(take_told(), Words{}) << "the process that follows tells";
    EXPECT_TRUE(handover.take(Handover::Wish::kRestart));
    const FailureRecord &failure = record().failure;
    EXPECT_EQ(failure.where, FailureRecord::Where::kCall);
    EXPECT_EQ(failure.site.module, 0u);
    EXPECT_EQ(failure.site.kind, CallKind::kStep);
    EXPECT_EQ(failure.signal_number, 11);
    EXPECT_EQ(std::string(failure.signal), "SIGSEGV");
    EXPECT_TRUE(failure.has_address);
    EXPECT_EQ(failure.address, 0x18u);
    EXPECT_EQ(std::string(failure.detail), "of the game");
    ASSERT_EQ(failure.frame_count, 1u);
    EXPECT_EQ(failure.frames[0].address, 0x7e0000001234u);
    EXPECT_EQ(failure.frames[0].load_bias, 0x7e0000000000u);
    EXPECT_EQ(std::string(failure.frames[0].file), "/b/libgame_live.42.1.so");
}

TEST_F(HostedModulesFailureTest, OnCrashRestartHandsOverAModuleThatGoesOn) {
    make({OnCrash::kRestart, true});
    start();
    fail_step();
    const ModuleRecord &module = record().modules()[0];
    EXPECT_EQ(module.generation, 1u);
    EXPECT_TRUE(module.init_returned);
    EXPECT_TRUE(module.restart_due);
    EXPECT_FALSE(record().failure.is_told);
    take_calls();
    EXPECT_TRUE(hosted->step());
    EXPECT_EQ(take_calls(), Words{"music: step 1"}) << "in this process it is";
}

// What fails again sooner than new code is built would never come to run that code.
TEST_F(HostedModulesFailureTest, OnCrashRestartWaitsForCodeThatIsOnItsWay) {
    make({OnCrash::kRestart, true});
    start();
    record().code_expected = true;
    fail_step();
    EXPECT_EQ(take_told(), Words{"failed game 1 to 1"});
    EXPECT_TRUE(failures.back().waits);
    EXPECT_TRUE(failures.back().parked);
    EXPECT_FALSE(handover.take(Handover::Wish::kRestart));
    EXPECT_TRUE(record().failure.is_told);
    EXPECT_EQ(record().failure.where, FailureRecord::Where::kCall) << "for a restart after all";
    take_calls();
    EXPECT_TRUE(hosted->step());
    EXPECT_EQ(take_calls(), Words{"music: step 1"});
    switch_to_next_of({0});
    fail_step();
    EXPECT_EQ(take_told(), Words{"failed game 2 to 1"});
    EXPECT_TRUE(record().modules()[0].restart_due) << "that code did not mend it";
    switch_to_next_of({0});
    EXPECT_TRUE(hosted->step());
    EXPECT_EQ(take_told(), Words{"switched game 3"});
    EXPECT_FALSE(record().modules()[0].restart_due);
}

TEST_F(HostedModulesFailureTest, RestartsInVainEndInAParkedModule) {
    make({OnCrash::kRestart, true});
    start();
    record().restarts_in_vain = 3;
    fail_step();
    EXPECT_EQ(take_told(), Words{"failed game 1 to 1"});
    EXPECT_FALSE(handover.take(Handover::Wish::kRestart));
    EXPECT_TRUE(record().modules()[0].parked);
}

TEST_F(HostedModulesFailureTest, NewerCodeMayTakeThePlaceOfResumedCodeAtOnce) {
    std::vector<Candidate> candidates;
    candidates.push_back(next(0));
    candidates.back().resumed = true;
    candidates.push_back(next(0));
    handover.offer(std::move(candidates));
    hosted->switch_to_offered();
    EXPECT_EQ(take_told(), Words{"switched game 1"});
    guard.fail_next(CallKind::kStep);
    hosted->step();
    EXPECT_EQ(take_told(), Words{"failed game 2 to 1"});
    EXPECT_EQ(switches.size(), 1u);
}

TEST_F(HostedModulesFailureTest, LongNewsOfAFailureIsCut) {
    make({OnCrash::kRestart, true});
    start();
    Fault fault;
    fault.detail = std::string(2 * FailureRecord::kPathBytes, 'x');
    fault.backtrace.resize(2 * FailureRecord::kFrames);
    fail_step(fault);
    EXPECT_EQ(std::string(record().failure.detail).size(), FailureRecord::kPathBytes - 1);
    EXPECT_EQ(record().failure.frame_count, FailureRecord::kFrames);
    EXPECT_FALSE(record().failure.has_address);
}

TEST_F(HostedModulesFailureTest, OnCrashRestartIsForLaterStepsOnly) {
    make({OnCrash::kRestart, true});
    start();
    switch_to_next_of({0});
    fail_step();
    EXPECT_EQ(take_told(), Words{"failed game 2 to 1"});
    guard.fail_next(CallKind::kShutdown);
    hosted->shut_down();
    EXPECT_EQ(take_told(), Words{"failed game 1 to 1"});
    EXPECT_FALSE(handover.take(Handover::Wish::kRestart));
}

TEST_F(HostedModulesFailureTest, OnCrashExitEndsTheRunWithTheSignal) {
    make({OnCrash::kExit, true});
    start();
    fail_step();
    EXPECT_EQ(take_told(), Words{"failed game 1 to 1"});
    EXPECT_TRUE(handover.stop_requested());
    EXPECT_EQ(handover.exit_status(), 139);
}

TEST_F(HostedModulesFailureTest, OnCrashExitIsForLaterFailuresOnly) {
    make({OnCrash::kExit, true});
    start();
    switch_to_next_of({0});
    fail_step();
    EXPECT_FALSE(handover.stop_requested()) << "new code gives way, whatever the policy is";
    Fault exception;
    exception.reason = RollBackReason::kException;
    fail_step(exception);
    EXPECT_EQ(handover.exit_status(), 1);
}

} // namespace
} // namespace hotrun
