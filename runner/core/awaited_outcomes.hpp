// Those who have asked what becomes of a change, and what they are told.
#pragma once

#include "control/controlled_run.hpp"
#include "hotrun/runner.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hotrun {

// Bound to the runner's thread. Observes the run's events; what they don't say the Engine does. An
// answer waits for a build, and then for the host to tell of what it was offered.
class AwaitedOutcomes : public Observer {
  public:
    using OnOutcome = ControlledRun::OnOutcome;

    // Of the builds that have begun, but for those in the background.
    std::uint64_t build_count() const { return build_count_; }
    const std::optional<LastBuild> &last_build() const { return last_build_; }

    // Of the build with that number, or, if that one is cancelled, of the next.
    void await_build(std::uint64_t number, OnOutcome on_outcome);

    // Whether all that came of the last build is live; if nothing did, it is too.
    bool last_is_live() const;

    // Of what is loaded now, without a build.
    void await_load(OnOutcome on_outcome);

    // Of the last build, which may have been told by now.
    void await_last(OnOutcome on_outcome);

    void event(const Event &event) override;

    // Nothing has come of what was built for those who wait: they wait for that build.
    void build_again(std::uint64_t number);

    // Answers what can be answered. `in_flight`: the host has yet to tell of something.
    void settle(const std::vector<ModuleStatus> &modules, bool in_flight);

    // Answers all: the run ends.
    void cancel(const std::vector<ModuleStatus> &modules);

  private:
    struct ModuleOutcome {
        OutcomeStatus status = OutcomeStatus::kLive;
        std::string detail;
    };
    struct Gathered {
        bool failed = false; // the build
        std::vector<DiagnosticEvent> diagnostics;
        std::map<std::string, ModuleOutcome> modules; // the last word on each
    };
    struct Asker {
        std::uint64_t build = 0;
        bool built = false; // that build has ended
        Gathered gathered;
        OnOutcome on_outcome;
    };

    void tell(const BuildStartedEvent &started);
    void tell(const DiagnosticEvent &diagnostic);
    void tell(const BuildFinishedEvent &finished);
    void tell(const ReadyEvent &ready);
    void tell(const ReloadedEvent &reloaded);
    void tell(const RejectedEvent &rejected);
    void tell(const RolledBackEvent &rolled_back);
    void tell(const ProgramStartedEvent &started);
    void tell(const ProgramEndedEvent &ended);
    template <typename Other>
    void tell(const Other &) {}

    void note(const std::string &module, OutcomeStatus status, const std::string &detail);
    static ChangeOutcome outcome_of(Gathered gathered);

    std::uint64_t build_count_ = 0;
    std::vector<DiagnosticEvent> diagnostics_; // of the build that runs
    std::optional<LastBuild> last_build_;
    Gathered last_; // of the last build; until the second, also of what was told before
    std::vector<Asker> askers_;
};

} // namespace hotrun
