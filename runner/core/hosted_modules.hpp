// The modules of a run on the host's thread: their switches, their steps, and what fails.
#pragma once

#include "base/step_input.hpp"
#include "core/handover.hpp"
#include "core/module.hpp"
#include "core/replay.hpp"
#include "core/run_record.hpp"
#include "hotrun/runner.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace hotrun {

// Bound to the host's thread.
class HostedModules {
  public:
    struct Services {
        Handover &handover;
        const Clock &clock;
        RunRecord &record;
        std::function<void(SwitchReport)> switched;
        std::function<void(FailureReport)> failed;
        InputQueue &input;
        Recorder *recorder = nullptr; // null: nothing is recorded
        Replay *replay = nullptr;     // null: input comes from outside
        // Of the only module, after a pass of the replay.
        std::function<void(const Replay::Pass &, std::uint64_t generation)> replayed = {};
    };
    struct Policy {
        OnCrash on_crash = OnCrash::kPark;
        bool step_modules = true;
    };

    HostedModules(Services services, Policy policy)
        : services_(std::move(services)), policy_(policy), steps_(services_.record.steps) {}

    void add(std::unique_ptr<Module> module) {
        module->set_input(view_.get());
        modules_.push_back(std::move(module));
    }

    // At the safe point: switches to all that is offered.
    void switch_to_offered();

    // Each module that runs. False: none does, or the run is paused; new code counts as proven
    // then by its switch.
    bool step();

    std::uint64_t steps() const { return steps_; }

    // At the safe point: from the next code of the only module on, that is what steps get. Until
    // then nothing of the module is called.
    void end_recording() { services_.recorder = nullptr; }
    void give_way();
    void begin_replay(Replay &replay, void *root);
    void go_back(); // there is none

    // At the safe point.
    void take_snapshots();

    // What taking them has last taken; any thread.
    Duration snapshot_cost() const { return Duration(snapshot_cost_.load()); }

    // Tells of switches whose first step is not to be waited for any longer.
    void report_switches();

    // Once, at the end of the run.
    void shut_down();

    // Everything that may hold code, for the runner's thread to let go of.
    std::vector<std::unique_ptr<Generation>> take_all();

  private:
    void switch_to(Candidate &candidate);
    void begin_step();
    void finish_pass();
    void begin_pass(Module &module);
    bool step_module(std::size_t index); // whether the step was finished
    void report_switch_of(std::size_t module);
    void tell(SwitchReport &report);
    void fail(FailureReport failure);
    void record_failure(const FailureReport &failure);

    Services services_;
    const Policy policy_;
    std::vector<std::unique_ptr<Module>> modules_;
    std::vector<SwitchReport> reports_; // wait for the first step with the new code
    std::uint64_t steps_;
    StepInput input_;
    InputView view_;
    std::atomic<Duration::rep> snapshot_cost_{0};
    bool shut_down_ = false;
};

} // namespace hotrun
