// The modules of a run, with a host's thread that a test plays.
#pragma once

#include "core/hosted_modules.hpp"

#include "support/code_trace.hpp"
#include "support/fake_guard.hpp"
#include "support/fake_heap_image.hpp"
#include "support/fake_module.hpp"
#include "support/run_record_memory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <utility>

namespace hotrun {

using Words = std::vector<std::string>;

// Two modules: 0 is the game, 1 the music.
class HostedModulesTest : public testing::Test {
  protected:
    HostedModulesTest() {
        trace = {};
        make({});
    }
    ~HostedModulesTest() override { trace = {}; }

    void make(HostedModules::Policy policy) {
        hosted = std::make_unique<HostedModules>(
            HostedModules::Services{handover, clock, memory.record(),
                                    [this](SwitchReport report) {
                                        told.push_back("switched " + names[report.module] + " " +
                                                       std::to_string(report.generation));
                                        switches.push_back(std::move(report));
                                    },
                                    [this](FailureReport report) {
                                        told.push_back("failed " + names[report.module] + " " +
                                                       std::to_string(report.from) + " to " +
                                                       std::to_string(report.to));
                                        failures.push_back(std::move(report));
                                    },
                                    input, recorder, replay,
                                    [this](const Replay::Pass &pass, std::uint64_t generation) {
                                        told.push_back("replayed " + std::to_string(pass.steps) +
                                                       " of " + std::to_string(generation));
                                    }},
            policy);
        for (std::size_t i = 0; i < names.size(); ++i) {
            trace.names[heaps[i].memory().data()] = names[i];
            ModuleRecord &record = memory.record().modules()[i];
            hosted->add(std::make_unique<Module>(
                names[i],
                Module::Parts{.index = i,
                              .guard = guard,
                              .heap = heaps[i],
                              .record = record,
                              .kept_root =
                                  replay == nullptr ? std::nullopt : std::optional<void *>(nullptr),
                              .is_replayed = replay != nullptr},
                Module::Hooks{}));
        }
    }

    Candidate next(std::size_t module) {
        auto generation = make_generation(files, ++last_numbers[module], all_callbacks());
        return {module, std::move(generation), PhaseTimes(clock.now()), nullptr};
    }
    void offer(const std::vector<std::size_t> &modules) {
        std::vector<Candidate> candidates;
        for (const std::size_t module : modules)
            candidates.push_back(next(module));
        handover.offer(std::move(candidates));
    }
    void switch_to_next_of(const std::vector<std::size_t> &modules) {
        offer(modules);
        hosted->switch_to_offered();
    }
    // Both modules have proven themselves, and what was told and called up to then is forgotten.
    void start() {
        switch_to_next_of({0, 1});
        EXPECT_TRUE(hosted->step());
        trace.calls.clear();
        told.clear();
        switches.clear();
    }
    void fail_step(Fault fault = FakeGuard::crash()) {
        guard.fail_next(CallKind::kStep, std::move(fault));
        EXPECT_TRUE(hosted->step());
    }

    static Words take_calls() { return std::exchange(trace.calls, {}); }
    Words take_told() { return std::exchange(told, {}); }
    RunRecord &record() { return memory.record(); }

    static inline CodeTrace &trace = CodeTrace::get();

    const Words names = {"game", "music"};
    FakeClock clock;
    FakeFileSystem files{clock};
    FakeGuard guard;
    std::array<FakeHeapImage, 2> heaps;
    RunRecordMemory memory{2};
    Handover handover{[] {}};
    InputQueue input;
    Recorder *recorder = nullptr;
    Replay *replay = nullptr;
    std::array<std::uint64_t, 2> last_numbers{};
    Words told;
    std::vector<SwitchReport> switches;
    std::vector<FailureReport> failures;
    std::unique_ptr<HostedModules> hosted;
};

} // namespace hotrun
