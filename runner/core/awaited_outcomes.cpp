#include "core/awaited_outcomes.hpp"

#include "core/sentence.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hotrun {

// Before the end of the first build there is what a process has told that goes on with the run.
void AwaitedOutcomes::await_build(std::uint64_t number, OnOutcome on_outcome) {
    askers_.push_back({number, false, number <= 1 ? last_ : Gathered(), std::move(on_outcome)});
}

void AwaitedOutcomes::await_load(OnOutcome on_outcome) {
    askers_.push_back({build_count_, true, {}, std::move(on_outcome)});
}

void AwaitedOutcomes::await_last(OnOutcome on_outcome) {
    askers_.push_back({build_count_, true, last_, std::move(on_outcome)});
}

void AwaitedOutcomes::event(const Event &event) {
    std::visit([this](const auto &body) { tell(body); }, event.body);
}

void AwaitedOutcomes::tell(const BuildStartedEvent &started) {
    diagnostics_.clear();
    if (!started.background && build_count_++ > 0)
        last_ = {};
}

void AwaitedOutcomes::tell(const DiagnosticEvent &diagnostic) {
    diagnostics_.push_back(diagnostic);
}

// Of what is live already a build in the background has nothing to tell, unless it fails.
void AwaitedOutcomes::tell(const BuildFinishedEvent &finished) {
    if (finished.background && finished.status != BuildStatus::kFailed)
        return;
    const bool cancelled = finished.status == BuildStatus::kCancelled;
    for (Asker &asker : askers_) {
        if (asker.built || asker.build > build_count_)
            continue;
        if (cancelled) {
            asker.build = build_count_ + 1;
            continue;
        }
        asker.built = true;
        asker.gathered.failed = finished.status == BuildStatus::kFailed;
        std::ranges::copy(diagnostics_, std::back_inserter(asker.gathered.diagnostics));
    }
    if (cancelled)
        return;
    last_.failed = finished.status == BuildStatus::kFailed;
    last_.diagnostics = diagnostics_;
    last_build_ = {finished.status, finished.exit_status, finished.duration,
                   std::exchange(diagnostics_, {})};
}

void AwaitedOutcomes::build_again(std::uint64_t number) {
    for (Asker &asker : askers_) {
        if (!asker.built)
            continue;
        asker.built = false;
        asker.build = number;
        if (asker.gathered.failed) // it says so again
            asker.gathered.diagnostics.clear();
    }
}

// First generations are told by it alone.
void AwaitedOutcomes::tell(const ReadyEvent &ready) {
    for (const ModuleStatus &module : ready.modules) {
        if (module.generation != 0)
            note(module.name, OutcomeStatus::kLive, {});
    }
}

void AwaitedOutcomes::tell(const ReloadedEvent &reloaded) {
    note(reloaded.module, OutcomeStatus::kLive, {});
}

void AwaitedOutcomes::tell(const RejectedEvent &rejected) {
    note(rejected.module, OutcomeStatus::kRejected, rejected.detail);
}

void AwaitedOutcomes::tell(const RolledBackEvent &rolled_back) {
    std::string detail = std::string(to_word(rolled_back.reason));
    for (const std::string &part : {rolled_back.signal, rolled_back.detail})
        detail += part.empty() ? "" : ", " + part;
    if (!rolled_back.backtrace.empty() && !rolled_back.backtrace.front().file.empty())
        detail += ", at " + rolled_back.backtrace.front().file + ":" +
                  std::to_string(rolled_back.backtrace.front().line);
    note(rolled_back.module, OutcomeStatus::kRolledBack, detail);
}

void AwaitedOutcomes::tell(const ProgramStartedEvent &started) {
    note(started.program.path, OutcomeStatus::kLive, {});
}

void AwaitedOutcomes::tell(const ProgramEndedEvent &ended) {
    if (ended.program.pid == 0)
        note(ended.program.path, OutcomeStatus::kRejected, ended.detail);
}

void AwaitedOutcomes::note(const std::string &module, OutcomeStatus status,
                           const std::string &detail) {
    const ModuleOutcome outcome{status, detail};
    last_.modules[module] = outcome;
    for (Asker &asker : askers_)
        asker.gathered.modules[module] = outcome;
}

// The worst of its modules' counts.
ChangeOutcome AwaitedOutcomes::outcome_of(Gathered gathered) {
    constexpr auto badness = [](OutcomeStatus status) {
        return status == OutcomeStatus::kRolledBack ? 3
               : status == OutcomeStatus::kRejected ? 2
               : status == OutcomeStatus::kLive     ? 1
                                                    : 0;
    };
    ChangeOutcome outcome;
    outcome.diagnostics = std::move(gathered.diagnostics);
    if (gathered.failed) {
        outcome.status = OutcomeStatus::kFailed;
        return outcome;
    }
    for (const auto &[name, module] : gathered.modules) {
        if (badness(module.status) > badness(outcome.status))
            outcome.status = module.status;
        if (!module.detail.empty())
            add_sentence(outcome.detail, name + ": " + module.detail);
    }
    return outcome;
}

bool AwaitedOutcomes::last_is_live() const {
    return !last_.failed && std::ranges::all_of(last_.modules, [](const auto &module) {
        return module.second.status == OutcomeStatus::kLive;
    });
}

void AwaitedOutcomes::settle(const std::vector<ModuleStatus> &modules, bool in_flight) {
    const auto first =
        std::stable_partition(askers_.begin(), askers_.end(), [&](const Asker &asker) {
            return !asker.built || (in_flight && !asker.gathered.failed);
        });
    std::vector<Asker> settled(std::make_move_iterator(first),
                               std::make_move_iterator(askers_.end()));
    askers_.erase(first, askers_.end());
    for (Asker &asker : settled) {
        ChangeOutcome outcome = outcome_of(std::move(asker.gathered));
        outcome.modules = modules;
        asker.on_outcome(outcome);
    }
}

void AwaitedOutcomes::cancel(const std::vector<ModuleStatus> &modules) {
    const std::vector<Asker> left = std::exchange(askers_, {});
    for (const Asker &asker : left)
        asker.on_outcome({OutcomeStatus::kCancelled, "the run has ended", {}, modules});
}

} // namespace hotrun
