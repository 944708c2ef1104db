// A module of whose code and calls a test decides.
#pragma once

#include "core/module.hpp"

#include "support/code_trace.hpp"
#include "support/fake_guard.hpp"
#include "support/fake_heap_image.hpp"
#include "support/fake_module.hpp"

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <utility>

namespace hotrun {

using Words = std::vector<std::string>;

class ModuleTest : public testing::Test {
  protected:
    ModuleTest() { trace = {}; }
    ~ModuleTest() override { trace = {}; }

    Module::Hooks hooks() {
        return {[this](int level, const char *text) {
                    logged.push_back(std::to_string(level) + " " + text);
                },
                [this](int exit_status) { stops.push_back(exit_status); },
                [](const Generation &generation) {
                    trace.calls.push_back("on_switch " + std::to_string(generation.number));
                },
                [this](const Error &error) { warnings.push_back(error.message); }};
    }

    std::unique_ptr<Generation> next(const FakeSymbols &symbols, const Statics &statics = {}) {
        return make_generation(files, ++last_number, symbols, statics);
    }
    Module::Switched switch_to(std::unique_ptr<Generation> generation) {
        candidate = {0, std::move(generation), PhaseTimes(clock.now()), nullptr};
        return module.switch_to(candidate, clock);
    }
    Module::Switched switch_to(const FakeSymbols &symbols = all_callbacks(),
                               const Statics &statics = {}) {
        return switch_to(next(symbols, statics));
    }

    // Switches to code that proves itself, and forgets the calls.
    void run_generation(const Statics &statics = {}) {
        EXPECT_FALSE(switch_to(all_callbacks(), statics).failure);
        EXPECT_FALSE(module.step());
        trace.calls.clear();
    }

    static Words take_calls() { return std::exchange(trace.calls, {}); }
    const hotrun_context &context() const { return module.context(); }

    static inline CodeTrace &trace = CodeTrace::get();

    FakeClock clock;
    FakeFileSystem files{clock};
    FakeGuard guard;
    FakeHeapImage heap;
    ModuleRecord record;
    std::uint64_t last_number = 0;
    Candidate candidate{0, nullptr, PhaseTimes(clock.now()), nullptr};
    Words logged;
    std::vector<int> stops;
    Words warnings;
    Module module{"game", {0, guard, heap, record}, hooks()};
};

// Its code counts its calls in the heap, and in a variable of each generation; with each call it
// takes a block. What a call that failed has counted is to be gone.
class CountingModuleTest : public ModuleTest {
  protected:
    static constexpr std::uint64_t kMostGenerations = 5;

    CountingModuleTest() {
        for (const CallKind kind : {CallKind::kInit, CallKind::kStep, CallKind::kShutdown,
                                    CallKind::kReload, CallKind::kUnload})
            trace.effects[kind] = [this](hotrun_context *context) { count(context); };
    }

    Module::Switched switch_to_next(const FakeSymbols &symbols = all_callbacks()) {
        return switch_to(symbols, {std::as_writable_bytes(std::span(&variables[last_number], 1))});
    }
    // A generation that has proven itself: two calls, and one into the generation before.
    void run_next() {
        EXPECT_FALSE(switch_to_next().failure);
        EXPECT_FALSE(module.step());
        trace.calls.clear();
    }

    int counter() const {
        return context().state == nullptr ? 0 : *static_cast<const int *>(context().state);
    }

    // In the heap, in the variable of the generation that is live, and in blocks.
    void expect_counted(int calls, int own_calls) {
        EXPECT_EQ(counter(), calls);
        EXPECT_EQ(variables.at(context().generation - 1), own_calls);
        EXPECT_EQ(module.heap().statistics().block_count, static_cast<std::size_t>(calls) + 1);
        EXPECT_TRUE(module.heap().check());
    }

    std::array<int, kMostGenerations> variables{};

  private:
    void count(hotrun_context *context) {
        if (context->state == nullptr) {
            context->state = context->allocate(context, sizeof(int), 0);
            *static_cast<int *>(context->state) = 0;
        }
        ++*static_cast<int *>(context->state);
        ++variables.at(context->generation - 1);
        EXPECT_NE(context->allocate(context, 100, 0), nullptr);
    }
};

} // namespace hotrun
