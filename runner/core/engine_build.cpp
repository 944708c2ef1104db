// The builds of an Engine, from their start to what is made of their end.
#include "core/engine.hpp"

#include <iterator>
#include <utility>

namespace hotrun {

namespace {

// Of two runs of ninja for one change.
BuildFinishedEvent joined(BuildFinishedEvent first, BuildFinishedEvent second) {
    for (BuiltEdge &edge : second.edges) {
        edge.start += first.duration;
        first.edges.push_back(std::move(edge));
    }
    second.edges = std::move(first.edges);
    second.duration += first.duration;
    second.output = first.output + second.output;
    if (second.status == BuildStatus::kNothing)
        second.status = first.status;
    return second;
}

// The build that comes next says it too.
void leave_failure_to_next(NinjaBuild::Outcome &outcome, BuildStatus instead) {
    if (outcome.finished.status != BuildStatus::kFailed)
        return;
    outcome.finished.status = instead;
    outcome.finished.output.clear();
    outcome.diagnostics.clear();
}

} // namespace

void Engine::start_build() {
    if (ninja_->running()) { // the graph: it is out of date now, and read again afterwards
        ninja_->stop();
        graph_wanted_ = true;
    }
    if (preambles_ != nullptr)
        preambles_->stop();
    const std::vector<std::string> changed(changed_since_build_.begin(),
                                           changed_since_build_.end());
    changed_since_build_.clear();
    const bool in_background = driver_.in_background();
    const bool goes_on = lane_.goes_on(changed, in_background);
    if (!goes_on) {
        built_ = changed;
        phases_ = PhaseTimes(last_save_);
        phases_.mark(Phase::kWatch, services_.clock.now());
    }
    lane_.begin(changed, in_background); // keeps objects, before any is removed
    sources_.make_outputs_stale(changed, build_ended_);
    build_began_ = services_.clock.wall();
    if (!unread_build_began_)
        unread_build_began_ = build_began_;
    Status started = claim_builddir();
    if (started)
        started = run_build();
    if (!goes_on)
        tell_overtaken_objects();
    if (!refused_objects_) // else it goes on with what they have begun
        events_.tell(
            BuildStartedEvent{ninja_->targets(), cause_seq_, lane_.outputs(), in_background});
    if (started)
        look_for_foreign_ninja();
    else
        services_.loop.post([this, message = started.error().message] { fail_build(message); });
}

// A folder that was removed and set up again is another one, and our claim went with the old one.
Status Engine::claim_builddir() {
    const std::optional<Timestamp> folder = services_.files.timestamp(setup_.builddir);
    if (!folder ||
        (claimed_ && folder->inode == claimed_->inode && folder->device == claimed_->device))
        return Done{};
    Status claimed = setup_.claim_builddir();
    if (claimed)
        claimed_ = folder;
    return claimed;
}

void Engine::fail_build(const std::string &message) {
    NinjaBuild::Outcome outcome;
    outcome.ended = services_.clock.now();
    outcome.finished.status = BuildStatus::kFailed;
    outcome.finished.exit_status = 1;
    outcome.diagnostics.emplace_back().message = message;
    build_ended(std::move(outcome));
}

// Ninja does not lock its folder, and two at work there write the same files: ours gives way. The
// look costs nothing that is waited for, as ours runs already.
void Engine::look_for_foreign_ninja() {
    const std::optional<std::int64_t> pid =
        services_.processes.find_ninja(setup_.builddir, ninja_->pid());
    if (!pid || held_)
        return;
    held_ = true;
    lane_.want_target("another ninja has built");
    const std::string number = std::to_string(*pid);
    events_.tell(WarningEvent{"foreign_ninja", "another ninja (process " + number + ") builds in " +
                                                   setup_.builddir +
                                                   "; hotrun waits for it, then builds"});
    driver_.change(services_.clock.now());
    pump();
    services_.loop.await_end(*pid, [this] { go_on_building(); });
}

void Engine::hold_for_meson() {
    held_ = ninja_->wait_for_meson([this] { go_on_building(); }).ok();
}

void Engine::go_on_building() {
    if (stopped_ || !std::exchange(held_, false))
        return;
    driver_.change(services_.clock.now());
    pump();
}

void Engine::build_ended(NinjaBuild::Outcome outcome) {
    if (stopped_)
        return linked_at_end(std::move(outcome));
    phases_.mark(Phase::kBuild, outcome.ended);
    watcher_->drain(); // a save during the build is one, even if it is only read now
    // Some programs set a file's time once it is closed, which nobody tells; ninja may have taken
    // it for an old one.
    save_seen(take_changed(built_), services_.clock.now());
    build_ended_ = services_.clock.wall();
    const BuildStatus status = outcome.finished.status;
    const bool given_up = driver_.cancelling(); // it may have succeeded all the same
    if (outcome.killed) {
        std::vector<BuiltEdge> whole = lane_.untouched();
        whole.insert(whole.end(), outcome.finished.edges.begin(), outcome.finished.edges.end());
        sources_.remove_unfinished(build_began_ - kTimestampTick, whole);
    }
    outcome.finished.background = lane_.builds_behind();
    outcome.finished.preamble = !outcome.stand_in.empty();
    if (status != BuildStatus::kCancelled)
        suspects_changed_ |= sources_.set_suspects(outcome.suspects);
    driver_.build_ended(services_.clock.now());
    const ObjectLane::Next next =
        lane_.end(outcome.finished, given_up, build_ended_, phases_, outcome.stand_in);
    note_preamble(status, next);
    const bool meson_busy = outcome.meson_busy;
    if (given_up && outcome.finished.background)
        leave_failure_to_next(outcome, BuildStatus::kCancelled);
    if (next == ObjectLane::Next::kTarget) {
        leave_failure_to_next(outcome, BuildStatus::kNothing);
        refused_objects_ = std::move(outcome);
    } else {
        tell_build(std::move(outcome));
    }
    take_up(next);
    reload_wanted_ &= status == BuildStatus::kCancelled || !lane_.builds_target();
    first_build_ended_ |= status != BuildStatus::kCancelled;
    if (meson_busy) {
        hold_for_meson();
        outcomes_.build_again(outcomes_.build_count() + 1);
    }
    renew_watch_set();
    pump();
}

void Engine::take_up(ObjectLane::Next next) {
    switch (next) {
    case ObjectLane::Next::kNothing:
        break;
    case ObjectLane::Next::kLook:
        look(Writer::kOurBuild, phases_);
        break;
    case ObjectLane::Next::kTarget:
        phases_.mark(Phase::kPrepare, services_.clock.now());
        driver_.change(services_.clock.now());
        break;
    }
}

// One save is one build: what its objects took is told with the rest.
void Engine::tell_build(NinjaBuild::Outcome outcome) {
    if (refused_objects_) {
        NinjaBuild::Outcome objects = std::move(*std::exchange(refused_objects_, std::nullopt));
        if (outcome.finished.status != BuildStatus::kCancelled)
            outcome.diagnostics.insert(outcome.diagnostics.begin(),
                                       std::make_move_iterator(objects.diagnostics.begin()),
                                       std::make_move_iterator(objects.diagnostics.end()));
        outcome.finished = joined(std::move(objects.finished), std::move(outcome.finished));
    }
    for (DiagnosticEvent &diagnostic : outcome.diagnostics)
        events_.tell(std::move(diagnostic));
    events_.tell(std::move(outcome.finished));
}

// A further change has come before the build could go on.
void Engine::tell_overtaken_objects() {
    if (!refused_objects_)
        return;
    BuildFinishedEvent finished = std::exchange(refused_objects_, std::nullopt)->finished;
    finished.status = BuildStatus::kCancelled;
    events_.tell(std::move(finished));
}

void Engine::host_told() {
    const std::string why = host_.take_refusal();
    if (!why.empty() && !stopped_)
        build_what_was_refused(why);
    settle();
}

// Its build has been told to the end, and is live nowhere. A build that runs or is due by now makes
// it too.
void Engine::build_what_was_refused(const std::string &why) {
    lane_.want_target(why);
    outcomes_.build_again(outcomes_.build_count() + (driver_.building() ? 0 : 1));
    if (!driver_.idle())
        return;
    lane_.build_again();
    phases_.mark(Phase::kWait, services_.clock.now());
    driver_.change(services_.clock.now());
    pump();
}

// Not before the host has switched: the processor is its own for that moment.
void Engine::build_what_is_behind() {
    if (!is_ready() || !lane_.wants_link() || host_.in_flight() || !driver_.idle() || held_ ||
        ninja_->running())
        return;
    driver_.build_in_background(services_.clock.now());
    pump();
}

} // namespace hotrun
