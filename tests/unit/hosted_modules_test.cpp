#include "unit/hosted_modules_test.hpp"

namespace hotrun {
namespace {

TEST_F(HostedModulesTest, SwitchIsToldAfterTheFirstStep) {
    switch_to_next_of({0});
    EXPECT_EQ(told, Words{});
    EXPECT_TRUE(hosted->step());
    EXPECT_EQ(take_told(), Words{"switched game 1"});
    EXPECT_EQ(switches.back().state, StateOutcome::kFresh);
    EXPECT_EQ(switches.back().old, nullptr);
    switch_to_next_of({0});
    EXPECT_TRUE(hosted->step());
    EXPECT_EQ(take_told(), Words{"switched game 2"});
    EXPECT_EQ(switches.back().state, StateOutcome::kKept);
    ASSERT_NE(switches.back().old, nullptr);
    EXPECT_EQ(switches.back().old->number, 1u);
}

TEST_F(HostedModulesTest, FirstStepIsAPhaseOfTheSwitch) {
    trace.effects[CallKind::kStep] = [this](auto) { clock.advance(Microseconds(40)); };
    offer({0});
    clock.advance(Microseconds(7));
    hosted->switch_to_offered();
    EXPECT_TRUE(hosted->step());
    const auto phases = switches.back().phases.in_microseconds();
    EXPECT_EQ(phases[static_cast<std::size_t>(Phase::kWait)], Microseconds(7));
    EXPECT_EQ(phases[static_cast<std::size_t>(Phase::kFirstStep)], Microseconds(40));
}

TEST_F(HostedModulesTest, ModulesSwitchInTheOrderOfTheOfferAndStepInTheirOwn) {
    switch_to_next_of({1, 0});
    EXPECT_TRUE(hosted->step());
    EXPECT_EQ(take_calls(),
              (Words{"music: init 1", "game: init 1", "game: step 1", "music: step 1"}));
    EXPECT_EQ(take_told(), (Words{"switched music 1", "switched game 1"}));
}

TEST_F(HostedModulesTest, PausedModulesAreSwitchedAndNotStepped) {
    start();
    switch_to_next_of({1});
    handover.set_paused(true);
    EXPECT_FALSE(hosted->step());
    EXPECT_EQ(take_told(), Words{"switched music 2"}) << "its first step would not come";
    switch_to_next_of({0});
    EXPECT_EQ(take_told(), Words{"switched game 2"});
    EXPECT_FALSE(hosted->step());
    EXPECT_EQ(take_calls(),
              (Words{"music: unload 1", "music: reload 2", "game: unload 1", "game: reload 2"}));
    EXPECT_EQ(hosted->steps(), 1u);
    handover.set_paused(false);
    EXPECT_TRUE(hosted->step());
    EXPECT_EQ(take_calls(), (Words{"game: step 2", "music: step 2"}));
    EXPECT_EQ(hosted->steps(), 2u);
}

TEST_F(HostedModulesTest, NothingRunsAtFirst) {
    hosted->switch_to_offered();
    EXPECT_FALSE(hosted->step());
    EXPECT_EQ(hosted->steps(), 0u);
    hosted->shut_down();
    EXPECT_EQ(take_calls(), Words{});
}

TEST_F(HostedModulesTest, SecondLookWithoutAStepTellsTheSwitch) {
    start();
    switch_to_next_of({0});
    hosted->switch_to_offered();
    EXPECT_EQ(take_told(), Words{"switched game 2"});
    ASSERT_NE(switches.back().old, nullptr);
    fail_step();
    EXPECT_EQ(take_told(), Words{"failed game 2 to 2"});
}

TEST_F(HostedModulesTest, HostThatStepsByItselfIsToldAtOnce) {
    make({OnCrash::kPark, false});
    switch_to_next_of({0});
    EXPECT_EQ(take_told(), Words{"switched game 1"});
    switch_to_next_of({0});
    EXPECT_EQ(take_told(), Words{"switched game 2"});
    ASSERT_NE(switches.back().old, nullptr);
}

TEST_F(HostedModulesTest, ResumedCodeIsToldAsSuch) {
    start();
    std::vector<Candidate> candidates;
    candidates.push_back(next(0));
    candidates.back().resumed = true;
    handover.offer(std::move(candidates));
    hosted->switch_to_offered();
    EXPECT_TRUE(hosted->step());
    EXPECT_EQ(take_calls(), (Words{"game: reload 2", "game: step 2", "music: step 1"}));
    EXPECT_TRUE(switches.back().resumed);
}

TEST_F(HostedModulesTest, StepsAreCountedAcrossProcesses) {
    start();
    EXPECT_TRUE(hosted->step());
    EXPECT_EQ(hosted->steps(), 2u);
    EXPECT_EQ(record().steps.load(), 2u);
    make({});
    EXPECT_EQ(hosted->steps(), 2u);
    start();
    EXPECT_EQ(hosted->steps(), 3u);
    EXPECT_EQ(record().steps.load(), 3u);
    EXPECT_EQ(record().modules()[0].step, 3u) << "a new module begins where the run is";
}

TEST_F(HostedModulesTest, ShutdownIsCalledOnceForEachModule) {
    start();
    switch_to_next_of({0}); // and no step after it
    take_calls();
    handover.request_stop(3);
    hosted->shut_down();
    hosted->shut_down();
    EXPECT_EQ(take_calls(), (Words{"game: shutdown 2", "music: shutdown 1"}));
    EXPECT_EQ(take_told(), Words{"switched game 2"});
    EXPECT_TRUE(record().stopping);
    EXPECT_EQ(record().exit_status.load(), 3);
}

TEST_F(HostedModulesTest, SnapshotsAreOfAllModulesAndTellTheirCost) {
    start();
    EXPECT_TRUE(hosted->step());
    EXPECT_EQ(record().modules()[1].step, 1u);
    const std::size_t taken = heaps[1].takes.size();
    heaps[0].during_take = [this] { clock.advance(Microseconds(30)); };
    hosted->take_snapshots();
    EXPECT_EQ(record().modules()[0].step, 2u);
    EXPECT_EQ(record().modules()[1].step, 2u);
    EXPECT_EQ(heaps[1].takes.size(), taken + 1);
    EXPECT_EQ(hosted->snapshot_cost(), Microseconds(30));
}

TEST_F(HostedModulesTest, AllCodeIsGivenOut) {
    start();
    switch_to_next_of({0});
    hosted->shut_down();
    EXPECT_NE(switches.back().old, nullptr);
    EXPECT_EQ(hosted->take_all().size(), 2u);
    EXPECT_FALSE(hosted->step());
}

} // namespace
} // namespace hotrun
