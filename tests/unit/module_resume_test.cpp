// A module that goes on in the process that has taken over.
#include "core/rebind_plan.hpp"
#include "unit/module_test.hpp"

#include <optional>

namespace hotrun {
namespace {

class ModuleResumeTest : public CountingModuleTest {
  protected:
    // Two generations have run: five calls.
    ModuleResumeTest() {
        run_next();
        run_next();
    }

    // The heap is as in its image, and variables are as in the file.
    void take_over() {
        heap.restore();
        variables = {};
        resumed.emplace("game", Module::Parts{0, guard, heap, record, true}, hooks());
    }
    std::optional<FailureReport> resume(bool parked = false) {
        const Statics statics = {std::as_writable_bytes(std::span(&variables[1], 1))};
        candidate = {0, make_generation(files, 2, all_callbacks(), statics),
                     PhaseTimes(clock.now()), nullptr};
        candidate.parked = parked;
        return std::move(resumed->resume(candidate).failure);
    }
    Module::Switched switch_resumed_to_next() {
        candidate = {0, next(all_callbacks()), PhaseTimes(clock.now()), nullptr};
        return resumed->switch_to(candidate, clock);
    }
    int counter() const { return *static_cast<const int *>(resumed->context().state); }

    std::optional<Module> resumed;
};

TEST_F(ModuleResumeTest, GoesOnWithReloadAtTheLastSnapshot) {
    EXPECT_FALSE(module.step()); // is lost
    take_calls();
    take_over();
    EXPECT_FALSE(resumed->steps());
    EXPECT_FALSE(resume());
    EXPECT_EQ(resumed->context().step, 2u);
    EXPECT_EQ(resumed->context().generation, 2u);
    EXPECT_EQ(counter(), 6);
    EXPECT_FALSE(resumed->step());
    EXPECT_EQ(take_calls(), (Words{"on_switch 2", "reload 2", "step 2"}));
    EXPECT_EQ(record.generation, 2u);
    EXPECT_EQ(record.step, 3u);
    EXPECT_EQ(resumed->take_old(), nullptr);
    EXPECT_FALSE(resumed->shutdown());
    EXPECT_EQ(take_calls(), Words{"shutdown 2"});
}

// Where its code lay in the process before, other code may lie in this one.
TEST_F(ModuleResumeTest, WhatTheStateLeadsToIsWhereItLiesNow) {
    constexpr Library::Place kBefore{0x7f0000000000, 0x7f0000000000, 0x7f0000004000};
    take_over();
    auto *words = static_cast<std::uint64_t *>(resumed->heap().allocate(32, 0));
    words[0] = kBefore.begin + 0x120;
    words[1] = kBefore.end;
    candidate = {0, make_generation(files, 2, all_callbacks()), PhaseTimes(clock.now()),
                 std::make_shared<RebindPlan>(
                     files, std::vector<RebindPlan::Move>{{kBefore, 0x7f0000002000}})};
    EXPECT_FALSE(resumed->resume(candidate).failure);
    EXPECT_EQ(words[0], 0x7f0000002120u);
    EXPECT_EQ(words[1], kBefore.end);
    heap.restore();
    EXPECT_EQ(words[0], 0x7f0000002120u) << "the snapshot is of this process";
}

TEST_F(ModuleResumeTest, CrashInItsReloadParks) {
    take_over();
    guard.fail_next(CallKind::kReload);
    const FailureReport failure = resume().value();
    EXPECT_EQ(failure.where, CallKind::kReload);
    EXPECT_EQ(failure.from, 2u);
    EXPECT_EQ(failure.to, 2u);
    EXPECT_TRUE(failure.parked);
    EXPECT_EQ(failure.dropped, nullptr);
    EXPECT_TRUE(record.parked);
    EXPECT_FALSE(resumed->steps());
    EXPECT_EQ(counter(), 5);
    EXPECT_EQ(variables[1], 0);
}

// There is no generation before it to go back to.
TEST_F(ModuleResumeTest, CrashInItsFirstStepParks) {
    take_over();
    EXPECT_FALSE(resume());
    guard.fail_next(CallKind::kStep);
    const FailureReport failure = resumed->step().value();
    EXPECT_EQ(failure.from, 2u);
    EXPECT_EQ(failure.to, 2u);
    EXPECT_TRUE(failure.parked);
    EXPECT_EQ(counter(), 5);
    EXPECT_EQ(resumed->context().step, 2u);
    EXPECT_EQ(record.generation, 2u);
}

TEST_F(ModuleResumeTest, NextGenerationFollowsAsOnAnyOther) {
    take_over();
    EXPECT_FALSE(resume());
    EXPECT_FALSE(resumed->step());
    take_calls();
    EXPECT_EQ(switch_resumed_to_next().state, StateOutcome::kKept);
    EXPECT_FALSE(resumed->step());
    EXPECT_EQ(take_calls(), (Words{"unload 2", "on_switch 3", "reload 3", "step 3"}));
    const std::unique_ptr<Generation> old = resumed->take_old();
    ASSERT_NE(old, nullptr);
    EXPECT_EQ(old->number, 2u);
}

TEST_F(ModuleResumeTest, ParkedOneStaysSoUntilTheNextGeneration) {
    guard.fail_next(CallKind::kStep);
    EXPECT_TRUE(module.step());
    take_calls();
    take_over();
    EXPECT_FALSE(resume(true));
    EXPECT_FALSE(resumed->steps());
    EXPECT_FALSE(resumed->shutdown());
    EXPECT_EQ(take_calls(), Words{"on_switch 2"}) << "the host's stubs are filled";
    EXPECT_EQ(switch_resumed_to_next().state, StateOutcome::kKept);
    EXPECT_FALSE(resumed->step());
    EXPECT_EQ(take_calls(), (Words{"on_switch 3", "reload 3", "step 3"}));
    EXPECT_EQ(counter(), 7);
    const std::unique_ptr<Generation> old = resumed->take_old();
    ASSERT_NE(old, nullptr);
    EXPECT_EQ(old->number, 2u);
}

TEST_F(ModuleResumeTest, NewCodeInPlaceOfTheOldHasOnlyItsStateToGoBackTo) {
    take_over();
    take_calls();
    guard.fail_next(CallKind::kReload);
    const FailureReport failure = switch_resumed_to_next().failure.value();
    EXPECT_EQ(failure.from, 3u);
    EXPECT_EQ(failure.to, 2u);
    EXPECT_TRUE(failure.parked);
    EXPECT_EQ(take_calls(), (Words{"on_switch 3", "reload 3"}));
    EXPECT_EQ(counter(), 5);
    EXPECT_FALSE(switch_resumed_to_next().failure);
    EXPECT_EQ(take_calls(), (Words{"on_switch 4", "reload 4"}));
}

TEST_F(ModuleResumeTest, WithoutAProvenGenerationStateIsFresh) {
    record = {};
    heap.memory()[0] = std::byte{0}; // no heap is there
    resumed.emplace("game", Module::Parts{0, guard, heap, record, true}, hooks());
    take_calls();
    EXPECT_EQ(switch_resumed_to_next().state, StateOutcome::kFresh);
    EXPECT_EQ(take_calls(), (Words{"on_switch 3", "init 3"}));
}

} // namespace
} // namespace hotrun
