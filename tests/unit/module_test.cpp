#include "core/module.hpp"

#include "support/fake_module.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace hotrun {
namespace {

using Words = std::vector<std::string>;

// What the module's code did, with the number of the generation that the context showed it.
Words &calls() {
    static Words made;
    return made;
}

void record(const char *what, const hotrun_context *context) {
    calls().push_back(std::string(what) + " " + std::to_string(context->generation));
}

void init(hotrun_context *context) {
    record("init", context);
}
void step(hotrun_context *context) {
    record("step", context);
}
void shutdown(hotrun_context *context) {
    record("shutdown", context);
}
void reload(hotrun_context *context) {
    record("reload", context);
}
void unload(hotrun_context *context) {
    record("unload", context);
}

void *symbol(Callbacks::Function function) {
    return reinterpret_cast<void *>(function);
}

FakeSymbols all_callbacks() {
    return {{"hotrun_init", symbol(init)},
            {"hotrun_step", symbol(step)},
            {"hotrun_shutdown", symbol(shutdown)},
            {"hotrun_reload", symbol(reload)},
            {"hotrun_unload", symbol(unload)}};
}

FakeSymbols without(const std::string &name) {
    FakeSymbols symbols = all_callbacks();
    symbols.erase(name);
    return symbols;
}

class ModuleTest : public testing::Test {
  protected:
    ModuleTest() { calls().clear(); }

    Module::Switched switch_to(const FakeSymbols &symbols) {
        return module.switch_to(make_generation(files, ++last_number, symbols), phases, clock);
    }
    Words take_calls() { return std::exchange(calls(), {}); }

    FakeClock clock;
    FakeFileSystem files{clock};
    PhaseTimes phases{clock.now()};
    std::uint64_t last_number = 0;
    std::vector<std::byte> memory = std::vector<std::byte>(1u << 16);
    Words logged;
    std::vector<int> stops;
    Module module{"game", memory.data(), memory.size(),
                  Module::Hooks{[this](int level, const char *text) {
                                    logged.push_back(std::to_string(level) + " " + text);
                                },
                                [this](int exit_status) { stops.push_back(exit_status); },
                                [](const Generation &generation) {
                                    calls().push_back("on_switch " +
                                                      std::to_string(generation.number));
                                }}};
};

TEST_F(ModuleTest, FirstLoadCallsInitAndNotReload) {
    EXPECT_FALSE(module.live());
    const Module::Switched switched = switch_to(all_callbacks());
    EXPECT_EQ(switched.state, StateOutcome::kFresh);
    EXPECT_EQ(switched.old, nullptr);
    EXPECT_TRUE(module.live());
    module.step();
    EXPECT_EQ(take_calls(), (Words{"on_switch 1", "init 1", "step 1"}));
}

TEST_F(ModuleTest, ReloadIsUnloadThenSwitchThenReload) {
    switch_to(all_callbacks());
    take_calls();
    const Module::Switched switched = switch_to(all_callbacks());
    EXPECT_EQ(switched.state, StateOutcome::kKept);
    ASSERT_NE(switched.old, nullptr);
    EXPECT_EQ(switched.old->number, 1u);
    module.step();
    EXPECT_EQ(take_calls(), (Words{"unload 1", "on_switch 2", "reload 2", "step 2"}));
}

TEST_F(ModuleTest, InitThatASaveAddsIsCalledOnceInsteadOfReload) {
    switch_to(without("hotrun_init"));
    EXPECT_EQ(take_calls(), Words{"on_switch 1"});
    switch_to(all_callbacks());
    EXPECT_EQ(take_calls(), (Words{"unload 1", "on_switch 2", "init 2"}));
    switch_to(all_callbacks());
    EXPECT_EQ(take_calls(), (Words{"unload 2", "on_switch 3", "reload 3"}));
}

TEST_F(ModuleTest, InitIsNotCalledAgainWhenItWasAwayForAWhile) {
    switch_to(all_callbacks());
    switch_to(without("hotrun_init"));
    take_calls();
    switch_to(all_callbacks());
    EXPECT_EQ(take_calls(), (Words{"unload 2", "on_switch 3", "reload 3"}));
}

TEST_F(ModuleTest, ModuleWithoutCallbacksIsSwitchedAllTheSame) {
    switch_to({});
    switch_to({});
    module.step();
    module.shutdown();
    EXPECT_EQ(take_calls(), (Words{"on_switch 1", "on_switch 2"}));
}

TEST_F(ModuleTest, ShutdownIsOfTheLiveGeneration) {
    switch_to(all_callbacks());
    switch_to(all_callbacks());
    take_calls();
    module.shutdown();
    EXPECT_EQ(take_calls(), Words{"shutdown 2"});
    EXPECT_EQ(module.take_live()->number, 2u);
    EXPECT_FALSE(module.live());
}

TEST_F(ModuleTest, ShutdownWithoutInitIsCalled) {
    switch_to(without("hotrun_init"));
    take_calls();
    module.shutdown();
    EXPECT_EQ(take_calls(), Words{"shutdown 1"});
}

TEST_F(ModuleTest, ShutdownOfNothingIsNothing) {
    module.shutdown();
    EXPECT_EQ(take_calls(), Words{});
}

TEST_F(ModuleTest, PhasesOfASwitchAreMarked) {
    phases.mark(Phase::kWait, clock.now());
    clock.advance(std::chrono::microseconds(30));
    switch_to(all_callbacks());
    EXPECT_EQ(phases.total(), Microseconds(30));
    EXPECT_EQ(phases.pause(), Microseconds(30));
}

// The context as the code of a module sees it.
class ModuleContextTest : public ModuleTest {
  protected:
    ModuleContextTest() {
        static hotrun_context *seen = nullptr;
        switch_to({{"hotrun_init", symbol([](hotrun_context *given) { seen = given; })}});
        context = seen;
    }

    hotrun_context *context = nullptr;
};

TEST_F(ModuleContextTest, TellsVersionSizeAndHeap) {
    EXPECT_EQ(context->abi_version, HOTRUN_ABI_VERSION);
    EXPECT_EQ(context->context_bytes, sizeof(hotrun_context));
    EXPECT_EQ(context->heap, memory.data());
    EXPECT_EQ(context->heap_bytes, memory.size());
    EXPECT_EQ(context->state, nullptr);
    EXPECT_EQ(context->generation, 1u);
    module.set_steps_finished(12);
    EXPECT_EQ(context->step, 12u);
}

TEST_F(ModuleContextTest, AllocatesInThePermanentHeap) {
    auto *block = static_cast<std::byte *>(context->allocate(context, 100, 64));
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 64, 0u);
    EXPECT_GE(block, memory.data());
    EXPECT_LE(block + 100, memory.data() + memory.size());
    EXPECT_EQ(context->allocate(context, memory.size(), 0), nullptr);
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
    switch_to(all_callbacks());
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
