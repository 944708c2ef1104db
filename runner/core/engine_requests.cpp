// What an Engine is asked for from outside of the run.
#include "core/engine.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

namespace hotrun {

RunStatus Engine::status() const {
    RunStatus status{ready_now(), RunState::kIdle, outcomes_.last_build(), host_.is_paused()};
    if (!ready_)
        status.state = RunState::kStarting;
    else if (!driver_.idle() && !driver_.in_background())
        status.state = RunState::kBuilding;
    else if (looking_ || host_.in_flight())
        status.state = RunState::kSwitching;
    return status;
}

std::vector<std::string> Engine::watched_among(const std::vector<std::string> &paths) const {
    std::vector<std::string> watched;
    std::ranges::copy_if(paths, std::back_inserter(watched), [this](const std::string &path) {
        return std::ranges::any_of(real_names({path}), [this](const std::string &name) {
            return sources_.watched().contains(name);
        });
    });
    return watched;
}

// Without a change the answer is what came of the last one, as long as that is to be mended. The
// watcher may have seen the save already, and may see it later: what counts is whether the
// file's timestamp is another than when the engine last saw it. An editor that tells of a save has
// finished it: a file that is absent now is gone.
void Engine::notify(const std::vector<std::string> &paths, OnOutcome on_outcome) {
    if (stopped_)
        return on_outcome({OutcomeStatus::kCancelled, "the run has ended", {}, {}});
    const std::vector<std::string> names = real_names(paths);
    const std::uint64_t builds_before = outcomes_.build_count();
    change_source_ = ChangeSource::kEditor;
    save_seen(take_changed(names), services_.clock.now());
    const auto is_among = [&](const auto &changed) {
        return std::ranges::any_of(
            names, [&](const std::string &name) { return std::ranges::count(changed, name) != 0; });
    };
    const std::uint64_t builds = outcomes_.build_count();
    const bool busy = !driver_.idle() && !driver_.in_background();
    if (builds > builds_before || (busy && driver_.building() && !is_among(changed_since_build_)))
        outcomes_.await_build(builds, std::move(on_outcome));
    else if (busy || !first_build_started_)
        outcomes_.await_build(builds + 1, std::move(on_outcome));
    else if (is_among(built_) || looking_ || host_.in_flight() ||
             (is_among(sources_.watched()) && !outcomes_.last_is_live()))
        outcomes_.await_last(std::move(on_outcome));
    else
        return on_outcome({OutcomeStatus::kNothing,
                           "none of these files is one that the target is made of and has changed",
                           {},
                           host_.statuses()});
    settle();
}

// Under each name that the watch set may know it by: links count under their own name too.
std::vector<std::string> Engine::real_names(const std::vector<std::string> &paths) const {
    std::vector<std::string> names;
    for (const std::string &path : paths) {
        const std::filesystem::path named(path);
        const std::string folder = services_.files.canonical(named.parent_path().string());
        names.push_back((std::filesystem::path(folder) / named.filename()).string());
        names.push_back(services_.files.canonical(path));
    }
    return names;
}

void Engine::build(OnOutcome on_outcome) {
    if (stopped_)
        return on_outcome({OutcomeStatus::kCancelled, "the run has ended", {}, {}});
    const std::uint64_t builds = outcomes_.build_count();
    const bool joins = refused_objects_ || (driver_.building() && !driver_.in_background());
    if (!joins || !lane_.builds_target())
        lane_.want_target("the whole target was asked for");
    if (first_build_started_ && (driver_.idle() || driver_.in_background())) {
        last_save_ = services_.clock.now();
        cause_seq_.reset();
        driver_.change(last_save_);
        pump();
    }
    outcomes_.await_build(joins ? builds : builds + 1, std::move(on_outcome));
    settle();
}

void Engine::reload(OnOutcome on_outcome) {
    if (stopped_)
        return on_outcome({OutcomeStatus::kCancelled, "the run has ended", {}, {}});
    reload_wanted_ = true;
    if (lane_.is_behind() || (driver_.building() && !lane_.builds_target()))
        return build(std::move(on_outcome)); // what lies on the disk is not what is live
    if (!first_build_ended_ || driver_.building()) {
        const std::uint64_t builds = outcomes_.build_count();
        outcomes_.await_build(std::max<std::uint64_t>(builds, 1), std::move(on_outcome));
        return;
    }
    outcomes_.await_load(std::move(on_outcome));
    look(Writer::kSomebodyElse, PhaseTimes(services_.clock.now()));
    settle();
}

// The one that has built it waits for the answer.
void Engine::candidate(const PhaseTimes &phases, bool anew, OnOutcome on_outcome) {
    if (stopped_)
        return on_outcome({OutcomeStatus::kCancelled, "the run has ended", {}, {}});
    reload_wanted_ |= anew;
    outcomes_.await_load(std::move(on_outcome));
    look(Writer::kOurBuild, phases);
    settle();
}

void Engine::add_targets(const std::vector<std::string> &ninja_targets,
                         const std::vector<std::string> &names) {
    if (stopped_ || ninja_targets.empty())
        return;
    ninja_->add_targets(ninja_targets);
    setup_.target_names.insert(setup_.target_names.end(), names.begin(), names.end());
    graph_wanted_ = true;
    last_save_ = services_.clock.now();
    cause_seq_.reset();
    driver_.change(last_save_);
    pump();
}

} // namespace hotrun
