#include "unit/module_test.hpp"

namespace hotrun {
namespace {

TEST_F(ModuleTest, FirstLoadCallsInitAndNotReload) {
    EXPECT_FALSE(module.steps());
    const Module::Switched switched = switch_to();
    EXPECT_EQ(switched.state, StateOutcome::kFresh);
    EXPECT_FALSE(switched.failure);
    EXPECT_TRUE(module.steps());
    EXPECT_FALSE(module.step());
    EXPECT_EQ(module.take_old(), nullptr);
    EXPECT_EQ(take_calls(), (Words{"on_switch 1", "init 1", "step 1"}));
}

TEST_F(ModuleTest, AFullHeapIsToldOnceForEachGeneration) {
    const auto take_too_much = [](hotrun_context *context) {
        EXPECT_EQ(context->allocate(context, context->heap_bytes, 0), nullptr);
        EXPECT_EQ(context->allocate(context, context->heap_bytes, 0), nullptr);
    };
    trace.effects[CallKind::kInit] = take_too_much;
    trace.effects[CallKind::kReload] = take_too_much;
    switch_to(next(all_callbacks()));
    ASSERT_EQ(logged.size(), 1U);
    const std::string wanted = std::to_string(module.heap().bytes());
    EXPECT_EQ(logged[0], "0 the permanent heap has no " + wanted + " bytes in one piece: 0 of " +
                             wanted + " are in use, and the largest free piece has " +
                             std::to_string(module.heap().statistics().largest_free_bytes) +
                             "; give it more by --heap");
    module.step();
    switch_to(next(all_callbacks()));
    EXPECT_EQ(logged.size(), 2U);
}

TEST_F(ModuleTest, ReloadIsUnloadThenSwitchThenReload) {
    switch_to();
    take_calls();
    const Module::Switched switched = switch_to();
    EXPECT_EQ(switched.state, StateOutcome::kKept);
    EXPECT_EQ(switched.detail, "");
    EXPECT_EQ(module.take_old(), nullptr);
    EXPECT_FALSE(module.step());
    const std::unique_ptr<Generation> old = module.take_old();
    ASSERT_NE(old, nullptr);
    EXPECT_EQ(old->number, 1u);
    EXPECT_EQ(take_calls(), (Words{"unload 1", "on_switch 2", "reload 2", "step 2"}));
}

TEST_F(ModuleTest, InitThatASaveAddsIsCalledOnceInsteadOfReload) {
    switch_to(without("hotrun_init"));
    EXPECT_EQ(take_calls(), Words{"on_switch 1"});
    switch_to();
    EXPECT_EQ(take_calls(), (Words{"unload 1", "on_switch 2", "init 2"}));
    switch_to();
    EXPECT_EQ(take_calls(), (Words{"unload 2", "on_switch 3", "reload 3"}));
}

TEST_F(ModuleTest, InitIsNotCalledAgainWhenItWasAwayForAWhile) {
    switch_to();
    switch_to(without("hotrun_init"));
    take_calls();
    switch_to();
    EXPECT_EQ(take_calls(), (Words{"unload 2", "on_switch 3", "reload 3"}));
}

TEST_F(ModuleTest, ModuleWithoutCallbacksIsSwitchedAllTheSame) {
    switch_to(FakeSymbols());
    switch_to(FakeSymbols());
    EXPECT_FALSE(module.step());
    EXPECT_FALSE(module.shutdown());
    EXPECT_EQ(take_calls(), (Words{"on_switch 1", "on_switch 2"}));
}

TEST_F(ModuleTest, ShutdownIsOfTheLiveGeneration) {
    switch_to();
    switch_to();
    take_calls();
    EXPECT_FALSE(module.shutdown());
    EXPECT_EQ(take_calls(), Words{"shutdown 2"});
    const std::vector<std::unique_ptr<Generation>> all = module.take_all();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0]->number, 2u);
    EXPECT_EQ(all[1]->number, 1u);
    EXPECT_FALSE(module.steps());
}

TEST_F(ModuleTest, ShutdownWithoutInitIsCalled) {
    switch_to(without("hotrun_init"));
    take_calls();
    EXPECT_FALSE(module.shutdown());
    EXPECT_EQ(take_calls(), Words{"shutdown 1"});
}

TEST_F(ModuleTest, ShutdownOfNothingIsNothing) {
    EXPECT_FALSE(module.shutdown());
    EXPECT_EQ(take_calls(), Words{});
}

TEST_F(ModuleTest, PhasesOfASwitchAreMarked) {
    run_generation();
    candidate = {0, next(all_callbacks()), PhaseTimes(clock.now()), nullptr};
    trace.effects[CallKind::kUnload] = [this](auto) { clock.advance(Microseconds(30)); };
    trace.effects[CallKind::kReload] = [this](auto) { clock.advance(Microseconds(50)); };
    clock.advance(Microseconds(7));
    candidate.phases.mark(Phase::kWait, clock.now());
    module.switch_to(candidate, clock);
    EXPECT_EQ(candidate.phases.total(), Microseconds(87));
    EXPECT_EQ(candidate.phases.pause(), Microseconds(80));
    const auto phases = candidate.phases.in_microseconds();
    EXPECT_EQ(phases[static_cast<std::size_t>(Phase::kUnload)], Microseconds(30));
    EXPECT_EQ(phases[static_cast<std::size_t>(Phase::kReload)], Microseconds(50));
}

// The context as the code of a module sees it.
class ModuleContextTest : public ModuleTest {
  protected:
    ModuleContextTest() {
        static hotrun_context *seen = nullptr;
        module.set_steps_finished(12);
        switch_to({{"hotrun_init", symbol_of([](hotrun_context *given) { seen = given; })}});
        context = seen;
    }

    hotrun_context *context = nullptr;
};

TEST_F(ModuleContextTest, TellsVersionSizeAndHeap) {
    EXPECT_EQ(context->abi_version, HOTRUN_ABI_VERSION);
    EXPECT_EQ(context->context_bytes, sizeof(hotrun_context));
    EXPECT_EQ(context->heap, heap.memory().data());
    EXPECT_EQ(context->heap_bytes, heap.memory().size());
    EXPECT_EQ(context->state, nullptr);
    EXPECT_EQ(context->generation, 1u);
    EXPECT_EQ(context->step, 12u);
    EXPECT_FALSE(module.step());
    EXPECT_EQ(context->step, 13u);
}

TEST_F(ModuleContextTest, AllocatesInThePermanentHeap) {
    auto *block = static_cast<std::byte *>(context->allocate(context, 100, 64));
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 64, 0u);
    EXPECT_GE(block, heap.memory().data());
    EXPECT_LE(block + 100, heap.memory().data() + heap.memory().size());
    EXPECT_EQ(context->allocate(context, heap.memory().size(), 0), nullptr);
    context->release(context, block);
    context->release(context, nullptr);
}

TEST_F(ModuleContextTest, AllocatesZeroedTypes) {
    const hotrun_type type = {"Pair", 2 * sizeof(std::uint64_t), alignof(std::uint64_t)};
    const auto *pairs =
        static_cast<const std::uint64_t *>(context->allocate_typed(context, 3, &type));
    ASSERT_NE(pairs, nullptr);
    EXPECT_EQ(std::vector<std::uint64_t>(pairs, pairs + 6), std::vector<std::uint64_t>(6));
}

TEST_F(ModuleContextTest, StateAndBlocksOutliveAGeneration) {
    context->state = context->allocate(context, sizeof(int), 0);
    *static_cast<int *>(context->state) = 13;
    switch_to();
    EXPECT_EQ(context->generation, 2u);
    EXPECT_EQ(*static_cast<int *>(context->state), 13);
}

TEST_F(ModuleContextTest, LogAndStopReachTheHost) {
    context->log(context, HOTRUN_LOG_WARNING, "low on fuel");
    context->stop(context, 7);
    EXPECT_EQ(logged, Words{"1 low on fuel"});
    EXPECT_EQ(stops, std::vector<int>{7});
}

} // namespace
} // namespace hotrun
