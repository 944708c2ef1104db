// A run, as those see it who control it from outside.
#pragma once

#include "hotrun/events.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

enum class OutcomeStatus { kLive, kFailed, kRejected, kRolledBack, kNothing, kCancelled };
enum class RunState {
    kStarting, // not ready yet
    kIdle,
    kBuilding,  // or about to
    kSwitching, // new code is on its way to the host
};
std::string_view to_word(OutcomeStatus status);
std::string_view to_word(RunState state);

// What has become of a change.
struct ChangeOutcome {
    OutcomeStatus status = OutcomeStatus::kNothing;
    std::string detail; // why it is not live, for the user; empty: the diagnostics say it
    std::vector<DiagnosticEvent> diagnostics;
    std::vector<ModuleStatus> modules; // as they are now
};

struct LastBuild {
    BuildStatus status = BuildStatus::kOk;
    int exit_status = 0;
    Microseconds duration{};
    std::vector<DiagnosticEvent> diagnostics;
};

struct RunStatus {
    ReadyEvent run; // as it would be told now
    RunState state = RunState::kStarting;
    std::optional<LastBuild> last_build; // that was not cancelled
    bool paused = false;                 // its modules are not stepped
};

// Bound to the runner's thread.
class ControlledRun {
  public:
    using OnOutcome = std::function<void(const ChangeOutcome &)>;

    virtual ~ControlledRun() = default;

    virtual RunStatus status() const = 0;

    // Those of the paths, which are absolute, that belong to the watch set.
    virtual std::vector<std::string> watched_among(const std::vector<std::string> &paths) const = 0;

    // Each of these tells the outcome once, maybe at once: when the change is live, or has come to
    // nothing, or the run ends.
    //
    // An editor has saved these files; their paths are absolute.
    virtual void notify(const std::vector<std::string> &paths, OnOutcome on_outcome) = 0;
    // Runs ninja, whether a file has changed or not; a build that runs already is waited for.
    virtual void build(OnOutcome on_outcome) = 0;
    // Loads the modules' libraries as they are now, also if they are what runs.
    virtual void reload(OnOutcome on_outcome) = 0;
};

} // namespace hotrun
