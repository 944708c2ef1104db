// What a module is after its code has failed, by where that was.
#include "unit/module_test.hpp"

namespace hotrun {
namespace {

class ModuleFailureTest : public CountingModuleTest {
  protected:
    // The first step of new code that switches well, which fails.
    FailureReport fail_first_step() {
        EXPECT_FALSE(switch_to_next().failure);
        return fail_step();
    }
    FailureReport fail_step() {
        guard.fail_next(CallKind::kStep);
        return module.step().value();
    }
    FailureReport fail_reload() {
        guard.fail_next(CallKind::kReload);
        return switch_to_next().failure.value();
    }

    static void expect_back(const FailureReport &failure, CallKind where, std::uint64_t from,
                            std::uint64_t to) {
        EXPECT_EQ(failure.module, 0u);
        EXPECT_EQ(failure.where, where);
        EXPECT_EQ(failure.from, from);
        EXPECT_EQ(failure.to, to);
        EXPECT_EQ(failure.fault.signal, "SIGSEGV");
        ASSERT_EQ(failure.dropped != nullptr, from != to);
        if (failure.dropped != nullptr) {
            EXPECT_EQ(failure.dropped->number, from);
        }
    }
};

TEST_F(ModuleFailureTest, CrashInReloadLeadsBackToTheGenerationBefore) {
    run_next();
    const FailureReport failure = fail_reload();
    expect_back(failure, CallKind::kReload, 2, 1);
    EXPECT_FALSE(failure.parked);
    EXPECT_EQ(failure.detail, "");
    EXPECT_EQ(take_calls(),
              (Words{"unload 1", "on_switch 2", "reload 2", "on_switch 1", "reload 1"}));
    expect_counted(4, 4); // init, step, unload, reload
    EXPECT_FALSE(module.step());
    EXPECT_EQ(context().step, 2u);
    EXPECT_EQ(take_calls(), Words{"step 1"});
    EXPECT_EQ(module.take_old(), nullptr);
}

TEST_F(ModuleFailureTest, CrashInTheFirstStepLeadsBackToTheGenerationBefore) {
    run_next();
    const FailureReport failure = fail_first_step();
    expect_back(failure, CallKind::kStep, 2, 1);
    EXPECT_FALSE(failure.parked);
    EXPECT_EQ(failure.steps_lost, 0u);
    EXPECT_EQ(take_calls(),
              (Words{"unload 1", "on_switch 2", "reload 2", "step 2", "on_switch 1", "reload 1"}));
    expect_counted(4, 4);
    EXPECT_EQ(context().step, 1u);
    EXPECT_TRUE(module.steps());
}

TEST_F(ModuleFailureTest, CrashInALaterStepParksAtTheLastSnapshot) {
    run_next();
    EXPECT_FALSE(module.step());
    module.take_snapshot();
    EXPECT_FALSE(module.step());
    EXPECT_FALSE(module.step());
    const FailureReport failure = fail_step();
    expect_back(failure, CallKind::kStep, 1, 1);
    EXPECT_TRUE(failure.parked);
    EXPECT_EQ(failure.steps_lost, 2u);
    EXPECT_EQ(context().step, 2u);
    expect_counted(3, 3);
    EXPECT_FALSE(module.steps());
}

TEST_F(ModuleFailureTest, ParkedModuleIsNotCalledUntilTheNextGeneration) {
    run_next();
    fail_step();
    take_calls();
    module.take_snapshot();
    EXPECT_FALSE(switch_to_next().failure);
    EXPECT_EQ(take_calls(), (Words{"on_switch 2", "reload 2"}));
    EXPECT_TRUE(module.steps());
    EXPECT_FALSE(module.step());
    EXPECT_EQ(counter(), 4); // init, step, and two of the new one
    EXPECT_EQ(variables.at(1), 2);
}

TEST_F(ModuleFailureTest, ParkedModuleIsNotShutDown) {
    run_next();
    fail_step();
    take_calls();
    EXPECT_FALSE(module.shutdown());
    EXPECT_EQ(take_calls(), Words{});
}

TEST_F(ModuleFailureTest, CrashAfterAParkedGenerationLeavesItParked) {
    run_next();
    fail_step();
    for (const std::uint64_t number : {2u, 3u}) {
        take_calls();
        const FailureReport failure = number == 2 ? fail_reload() : fail_first_step();
        expect_back(failure, number == 2 ? CallKind::kReload : CallKind::kStep, number, 1);
        EXPECT_TRUE(failure.parked);
        EXPECT_TRUE(record.parked);
        EXPECT_FALSE(module.steps());
        expect_counted(2, 2);
        EXPECT_EQ(take_calls().back(), "on_switch 1");
    }
    run_next();
    EXPECT_EQ(counter(), 4);
    EXPECT_TRUE(module.steps());
}

TEST_F(ModuleFailureTest, OldCodeThatThenFailsTooIsParkedWhereItWasUnloaded) {
    run_next();
    guard.fail_next(CallKind::kReload);
    Fault other = FakeGuard::crash();
    other.signal = "SIGFPE";
    other.detail = "in fly()";
    guard.fail_next(CallKind::kReload, other);
    const FailureReport failure = switch_to_next().failure.value();
    expect_back(failure, CallKind::kReload, 2, 1);
    EXPECT_TRUE(failure.parked);
    EXPECT_EQ(failure.detail, "hotrun_reload of generation 1 then failed too (SIGFPE: in fly())");
    EXPECT_EQ(take_calls(),
              (Words{"unload 1", "on_switch 2", "reload 2", "on_switch 1", "reload 1"}));
    expect_counted(3, 3);
    EXPECT_FALSE(module.steps());
    EXPECT_FALSE(switch_to_next().failure);
    EXPECT_EQ(take_calls(), (Words{"on_switch 3", "reload 3"}));
}

TEST_F(ModuleFailureTest, CrashInUnloadIsUndoneAndTheSwitchGoesOn) {
    run_next();
    guard.fail_next(CallKind::kUnload);
    const Module::Switched switched = switch_to_next();
    EXPECT_FALSE(switched.failure);
    EXPECT_EQ(switched.state, StateOutcome::kKept);
    EXPECT_EQ(switched.detail, "generation 1 failed in hotrun_unload (SIGSEGV); its state from "
                               "before that goes on");
    EXPECT_EQ(take_calls(), (Words{"unload 1", "on_switch 2", "reload 2"}));
    EXPECT_EQ(counter(), 3); // init, step, reload
    EXPECT_EQ(variables.at(0), 2);
}

TEST_F(ModuleFailureTest, NewCodeAfterACrashInUnloadCanFailAsWell) {
    run_next();
    guard.fail_next(CallKind::kUnload);
    guard.fail_next(CallKind::kReload);
    const FailureReport failure = switch_to_next().failure.value();
    expect_back(failure, CallKind::kReload, 2, 1);
    EXPECT_EQ(take_calls(),
              (Words{"unload 1", "on_switch 2", "reload 2", "on_switch 1", "reload 1"}));
    expect_counted(3, 3);
    EXPECT_TRUE(module.steps());
}

TEST_F(ModuleFailureTest, CrashInInitOfTheFirstGenerationIsFreshState) {
    guard.fail_next(CallKind::kInit);
    const FailureReport failure = switch_to_next().failure.value();
    expect_back(failure, CallKind::kInit, 1, 0);
    EXPECT_TRUE(failure.parked);
    EXPECT_FALSE(module.steps());
    EXPECT_EQ(context().generation, 0u);
    EXPECT_EQ(context().state, nullptr);
    EXPECT_EQ(module.heap().statistics().block_count, 0u);
    EXPECT_EQ(take_calls(), (Words{"on_switch 1", "init 1"}));
    const Module::Switched second = switch_to_next();
    EXPECT_EQ(second.state, StateOutcome::kFresh);
    EXPECT_EQ(take_calls(), (Words{"on_switch 2", "init 2"}));
    expect_counted(1, 1);
}

TEST_F(ModuleFailureTest, CrashInTheFirstStepOfTheFirstGenerationIsFreshState) {
    module.set_steps_finished(12);
    const FailureReport failure = fail_first_step();
    expect_back(failure, CallKind::kStep, 1, 0);
    EXPECT_TRUE(failure.parked);
    EXPECT_EQ(failure.steps_lost, 0u) << "they were of other modules";
    EXPECT_EQ(module.heap().statistics().block_count, 0u);
    EXPECT_EQ(take_calls(), (Words{"on_switch 1", "init 1", "step 1"}));
    EXPECT_FALSE(module.shutdown());
    EXPECT_EQ(take_calls(), Words{});
    module.set_steps_finished(20);
    EXPECT_FALSE(switch_to_next().failure);
    EXPECT_EQ(context().step, 20u);
    EXPECT_EQ(take_calls(), (Words{"on_switch 2", "init 2"}));
}

TEST_F(ModuleFailureTest, CrashInInitThatASaveHasAddedLeadsBack) {
    EXPECT_FALSE(switch_to_next(without("hotrun_init")).failure);
    EXPECT_FALSE(module.step());
    take_calls();
    guard.fail_next(CallKind::kInit);
    const FailureReport failure = switch_to_next().failure.value();
    expect_back(failure, CallKind::kInit, 2, 1);
    EXPECT_FALSE(failure.parked);
    EXPECT_EQ(take_calls(),
              (Words{"unload 1", "on_switch 2", "init 2", "on_switch 1", "reload 1"}));
    EXPECT_FALSE(switch_to_next().failure);
    EXPECT_EQ(take_calls(), (Words{"unload 1", "on_switch 3", "init 3"}));
}

// What init has done is undone with the step.
TEST_F(ModuleFailureTest, InitIsCalledAgainWhenTheFirstStepAfterItFailed) {
    EXPECT_FALSE(switch_to_next(without("hotrun_init")).failure);
    EXPECT_FALSE(module.step());
    fail_first_step();
    take_calls();
    EXPECT_FALSE(switch_to_next().failure);
    EXPECT_EQ(take_calls(), (Words{"unload 1", "on_switch 3", "init 3"}));
}

TEST_F(ModuleFailureTest, CrashInShutdownParks) {
    run_next();
    guard.fail_next(CallKind::kShutdown);
    const FailureReport failure = module.shutdown().value();
    expect_back(failure, CallKind::kShutdown, 1, 1);
    EXPECT_TRUE(failure.parked);
    EXPECT_EQ(take_calls(), Words{"shutdown 1"});
    EXPECT_FALSE(module.shutdown());
    EXPECT_EQ(take_calls(), Words{});
    expect_counted(2, 2);
}

TEST_F(ModuleFailureTest, ShutdownAfterARollBackIsOfTheOldGeneration) {
    run_next();
    fail_first_step();
    take_calls();
    EXPECT_FALSE(module.shutdown());
    EXPECT_EQ(take_calls(), Words{"shutdown 1"});
}

TEST_F(ModuleFailureTest, OldGenerationFailsAtTheStateThatItWasBroughtBackTo) {
    run_next();
    fail_first_step();
    EXPECT_FALSE(module.step());
    const FailureReport failure = fail_step();
    expect_back(failure, CallKind::kStep, 1, 1);
    EXPECT_EQ(failure.steps_lost, 1u);
    EXPECT_EQ(context().step, 1u);
    expect_counted(3, 3); // as after its unload
}

TEST_F(ModuleFailureTest, CodeThatASwitchTakesThePlaceOfHasProvenItself) {
    run_next();
    EXPECT_FALSE(switch_to_next().failure);
    const FailureReport failure = fail_reload();
    expect_back(failure, CallKind::kReload, 3, 2);
    const std::unique_ptr<Generation> old = module.take_old();
    ASSERT_NE(old, nullptr);
    EXPECT_EQ(old->number, 1u);
}

} // namespace
} // namespace hotrun
