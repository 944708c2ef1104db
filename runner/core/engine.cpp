#include "core/engine.hpp"

#include "hotrun/version.h"

#include <utility>

namespace hotrun {

namespace {

// An editor that saves by renaming has the file missing for about a millisecond.
constexpr std::chrono::milliseconds kAbsence{50};
// Between two looks at a library that somebody is writing.
constexpr std::chrono::milliseconds kLookAgain{10};
// What the end of the run may wait for the library behind what is live.
constexpr std::chrono::seconds kLinkPatience{2};

} // namespace

Engine::Engine(Services services, EngineSetup setup, EventStream &events, CodeHost &host,
               NinjaBuild *ninja)
    : services_(services), setup_(std::move(setup)), events_(events), host_(host), ninja_(ninja),
      sources_(services.files, setup_.builddir), kept_graph_(services.files, setup_.builddir),
      lane_({services.files, sources_, host}, setup_.builddir, setup_.target_alone) {
    events_.add(outcomes_);
}

void Engine::start() {
    setup_.expect_code(true);
    last_save_ = services_.clock.now();
    claimed_ = services_.files.timestamp(setup_.builddir);
    if (setup_.build) {
        if (!start_by_kept_graph())
            query_graph();
        return;
    }
    first_build_ended_ = true;
    look(Writer::kSomebodyElse, PhaseTimes(last_save_));
    settle();
}

// Ninja looks for what is to do while we take the watch set: what is saved before that is watched
// is seen by the time when it was saved.
bool Engine::start_by_kept_graph() {
    sources_.read_build_files();
    const std::optional<std::string> graphviz =
        kept_graph_.find(sources_.build_files(), ninja_->targets());
    if (!graphviz)
        return false;
    graph_wanted_ = false;
    unread_build_began_ = services_.clock.wall() - kTimestampTick;
    start_first_build();
    sources_.set_graph(BuildGraph::parse(*graphviz));
    sources_.read_deps();
    watch_sources();
    return true;
}

void Engine::start_first_build() {
    if (std::exchange(first_build_started_, true))
        return;
    driver_.change(services_.clock.now());
    pump();
}

void Engine::files_changed(const std::vector<std::string> &paths, ChangeSource source) {
    if (stopped_)
        return;
    change_source_ = source;
    const TimePoint now = services_.clock.now();
    std::vector<std::string> changed = take_changed(set_absent_aside(paths));
    bool foreign_build = false;
    for (const std::string &path : paths) {
        foreign_build |= host_.is_library(path);
        if (sources_.build_files().contains(path) && !driver_.building() && build_file_changed())
            changed.push_back(path);
    }
    save_seen(changed, now);
    if (foreign_build && !driver_.building())
        library_changed();
    setup_.expect_code(expects_code());
}

// A file that has vanished is looked at again a little later, before its absence counts.
std::vector<std::string> Engine::set_absent_aside(const std::vector<std::string> &paths) {
    std::vector<std::string> present;
    for (const std::string &path : paths) {
        if (services_.files.timestamp(path)) {
            absent_.erase(path);
            present.push_back(path);
        } else if (absent_.insert(path).second) {
            services_.loop.set_alarm(kAbsentAlarm, services_.clock.now() + kAbsence, [this] {
                const std::vector<std::string> gone(absent_.begin(), absent_.end());
                absent_.clear();
                save_seen(take_changed(gone), services_.clock.now());
                setup_.expect_code(expects_code());
            });
        }
    }
    return present;
}

// Meson writes into the build folder while ninja has it regenerate its files.
std::vector<std::string> Engine::take_changed(const std::vector<std::string> &paths) {
    std::vector<std::string> changed = sources_.take_changed(paths);
    if (driver_.building())
        std::erase_if(changed, [this](const std::string &path) { return is_ours(path); });
    return changed;
}

bool Engine::is_ours(const std::string &path) const {
    return path.starts_with(setup_.builddir + "/");
}

void Engine::save_seen(const std::vector<std::string> &changed, TimePoint when) {
    if (changed.empty())
        return;
    last_save_ = when;
    cause_seq_ = events_.tell(ChangeEvent{changed, change_source_});
    changed_since_build_.insert(changed.begin(), changed.end());
    if (driver_.building() && driver_.in_background())
        lane_.change_in_background(changed);
    driver_.change(services_.clock.now());
    pump();
}

void Engine::pump() {
    setup_.expect_code(expects_code());
    if (held_ && !driver_.building())
        return;
    switch (driver_.next(services_.clock.now())) {
    case BuildDriver::Want::kStart:
        start_build();
        break;
    case BuildDriver::Want::kCancel:
        ninja_->cancel();
        break;
    case BuildDriver::Want::kNothing:
        break;
    }
    if (const std::optional<TimePoint> deadline = driver_.deadline())
        services_.loop.set_alarm(kBuildAlarm, *deadline, [this] { pump(); });
}

void Engine::look(Writer writer, PhaseTimes phases) {
    if (std::exchange(reload_wanted_, false))
        host_.load_anew();
    setup_.expect_code(true);
    looking_ = !host_.look(writer, phases);
    if (!looking_)
        return;
    services_.loop.set_alarm(kLookAlarm, services_.clock.now() + kLookAgain, [this, phases] {
        looking_ = false;
        if (!driver_.building())
            look(Writer::kSomebodyElse, phases);
        settle();
    });
}

void Engine::library_changed() {
    if (stopped_ || driver_.building())
        return;
    std::vector<std::string> changed = host_.changed_libraries();
    if (changed.empty())
        return;
    const PhaseTimes phases(services_.clock.now());
    events_.tell(ChangeEvent{std::move(changed), ChangeSource::kTimestamp});
    look(Writer::kSomebodyElse, phases);
    settle();
}

void Engine::renew_watch_set() {
    const bool deps_changed = sources_.read_deps(); // a build may stop the graph, and needs them
    if (graph_wanted_ || build_file_changed())
        query_graph();
    else if (deps_changed || suspects_changed_ || watched_libraries_ != host_.libraries())
        watch_sources();
    else
        unread_build_began_.reset();
    settle();
}

bool Engine::build_file_changed() {
    return sources_.build_files().changed();
}

void Engine::query_graph() {
    if (driver_.building() || ninja_->running())
        return;
    graph_wanted_ = false;
    sources_.read_build_files();
    const Status started =
        ninja_->graph(sources_.further_targets(),
                      [this](const Result<std::string> &graphviz) { graph_read(graphviz); });
    if (!started)
        graph_read(started.error());
}

void Engine::graph_read(const Result<std::string> &graphviz) {
    if (stopped_)
        return;
    if (graphviz)
        sources_.set_graph(BuildGraph::parse(*graphviz));
    else // the build that follows tells the user why
        graph_wanted_ = true;
    sources_.read_deps();
    watch_sources();
    start_first_build();
    settle();
    pump();
    if (graphviz && !graph_wanted_ && !build_file_changed()) // it is what the next run will ask for
        kept_graph_.keep(sources_.build_files(), ninja_->targets(), *graphviz);
}

// First watch, then look at the times: a save in between is seen twice rather than never.
void Engine::watch_sources() {
    suspects_changed_ = false;
    const std::vector<std::string> added = sources_.refresh();
    graph_wanted_ |= sources_.graph_lacks_targets();
    std::set<std::string> files = sources_.watched();
    for (const std::string &path : sources_.build_files().paths())
        files.insert(path);
    watched_libraries_ = host_.libraries();
    files.insert(watched_libraries_.begin(), watched_libraries_.end());
    if (const Watcher::Unwatched left = watcher_->watch(files); left.why)
        warn_once("watch", left.why->message);
    if (!first_build_started_)
        return; // the first build reads everything
    std::vector<std::string> changed =
        sources_.take_written(added, unread_build_began_.value_or(services_.clock.wall()));
    if (!graph_wanted_)
        unread_build_began_.reset();
    std::erase_if(changed, [this](const std::string &path) { return is_ours(path); });
    save_seen(changed, services_.clock.now());
    if (sources_.graph_lacks_targets())
        query_graph();
}

void Engine::warn_once(const std::string &code, const std::string &message) {
    if (warned_.insert(message).second)
        events_.tell(WarningEvent{code, message});
}

void Engine::settle() {
    tell_ready_once();
    if (ready_)
        outcomes_.settle(host_.statuses(), looking_ || host_.in_flight());
    tell_if_quiet();
    build_what_is_behind();
    make_preamble();
    setup_.expect_code(expects_code());
}

// A file that is away may be one that is being saved.
bool Engine::expects_code() const {
    return !first_build_ended_ || (!driver_.idle() && !driver_.in_background()) || held_ ||
           looking_ || !absent_.empty() || host_.in_flight();
}

void Engine::when_quiet(std::function<void()> act) {
    when_quiet_.push_back(std::move(act));
    tell_if_quiet();
}

void Engine::tell_if_quiet() {
    if (!is_ready() || host_.in_flight())
        return;
    for (const std::function<void()> &act : std::exchange(when_quiet_, {}))
        act();
}

void Engine::tell_ready_once() {
    const bool graph_pending = ninja_ != nullptr && ninja_->running() && !held_;
    if (ready_ || !first_build_ended_ || graph_pending || driver_.building() || looking_ ||
        host_.in_flight())
        return;
    ready_ = true;
    host_.set_ready();
    events_.tell(ready_now());
}

ReadyEvent Engine::ready_now() const {
    return {.version = HOTRUN_VERSION,
            .pid = services_.processes.own_pid(),
            .builddir = setup_.builddir,
            .targets = setup_.target_names,
            .modules = host_.statuses(),
            .watched_files = sources_.count(),
            .socket = setup_.socket,
            .program = host_.program()};
}

void Engine::stop() {
    begin_end();
    services_.loop.clear_alarm(kLinkAlarm);
    if (ninja_ != nullptr)
        ninja_->stop();
}

void Engine::begin_end() {
    if (std::exchange(stopped_, true))
        return;
    for (const Alarm alarm : {kBuildAlarm, kLookAlarm, kAbsentAlarm})
        services_.loop.clear_alarm(alarm);
    if (preambles_ != nullptr)
        preambles_->stop();
    outcomes_.cancel(host_.statuses());
}

// Ninja removes what it is linking when it is ended: then there would be no library at all.
void Engine::stop_after_link(std::function<void()> stopped) {
    const bool links = driver_.building() && !driver_.cancelling() && lane_.builds_behind();
    after_link_ = [this, stopped = std::move(stopped)] {
        stop();
        stopped();
    };
    const auto go_on = [this] { std::exchange(after_link_, nullptr)(); };
    if (!links)
        return go_on();
    begin_end();
    services_.loop.set_alarm(kLinkAlarm, services_.clock.now() + kLinkPatience, go_on);
}

void Engine::linked_at_end(NinjaBuild::Outcome outcome) {
    if (!after_link_)
        return;
    outcome.finished.background = true;
    tell_build(std::move(outcome));
    std::exchange(after_link_, nullptr)();
}

void Engine::tell_stopped(int exit_status, std::uint64_t steps) {
    events_.tell(StoppedEvent{exit_status, steps});
}
} // namespace hotrun
