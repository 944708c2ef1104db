// Edit, build, reload: what happens on the runner's thread.
#pragma once

#include "core/awaited_outcomes.hpp"
#include "core/build_driver.hpp"
#include "core/code_host.hpp"
#include "core/event_stream.hpp"
#include "core/kept_graph.hpp"
#include "core/ninja_build.hpp"
#include "core/object_lane.hpp"
#include "core/preambles.hpp"
#include "core/source_watch.hpp"
#include "core/watcher.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace hotrun {

struct EngineSetup {
    std::string builddir; // empty: nothing is built
    bool build = true;
    std::vector<std::string> target_names; // as the user knows them
    // Makes the build folder ours; called again when it is another folder than before.
    std::function<Status()> claim_builddir = [] { return Done{}; };
    std::optional<std::string> socket = {}; // path of the control socket; none: there is none
    // Told again and again whether new code may be on its way to the host.
    std::function<void(bool)> expect_code = [](bool /*expected*/) {};
    std::string target_alone = {}; // why each build is of the whole target; empty: not each is
};

// Bound to the runner's thread. Knows the world by its interfaces only.
//
//     start ─→ graph ─→ watch ─→ first build ─→ look ─→ ready
//     start with the graph of the last run ─→ first build, and watch meanwhile ─→ look ─→ ready
//     change ─→ (cancel) ─→ build ─→ look ─→ graph again if build.ninja changed ─→ watch
//     change ─→ build of objects ─→ patch ─→ build of the library in the background
class Engine : public ControlledRun {
  public:
    struct Services {
        EventLoop &loop;
        const Clock &clock;
        FileSystem &files;
        const ProcessTable &processes;
    };

    // `ninja` is null where nothing is built.
    Engine(Services services, EngineSetup setup, EventStream &events, CodeHost &host,
           NinjaBuild *ninja);

    // Sources are watched with it; null where nothing is built. It outlives the Engine's use.
    void set_watcher(Watcher *watcher) { watcher_ = watcher; }

    // Objects of saves are compiled with these. They outlive the Engine's use as well.
    void set_preambles(Preambles *preambles) { preambles_ = preambles; }

    void start();
    void files_changed(const std::vector<std::string> &paths, ChangeSource source);

    // The host's loop saw another timestamp.
    void library_changed();

    RunStatus status() const override;
    std::vector<std::string> watched_among(const std::vector<std::string> &paths) const override;
    void notify(const std::vector<std::string> &paths, OnOutcome on_outcome) override;
    void build(OnOutcome on_outcome) override;
    void reload(OnOutcome on_outcome) override;

    bool is_ready() const { return ready_ && !stopped_; }

    // Something has become of what the host was given: those who wait for it are answered.
    void host_told();

    // Once, when the run is ready and the host has told of all that it was given.
    void when_quiet(std::function<void()> act);

    // Somebody else's build, whose times are those of `phases`, is over.
    void candidate(const PhaseTimes &phases, bool anew, OnOutcome on_outcome);

    // Builds these targets as well from now on; `names`: as the user knows them.
    void add_targets(const std::vector<std::string> &ninja_targets,
                     const std::vector<std::string> &names);

    const BuildGraph &graph() const { return sources_.graph(); }
    bool building() const { return driver_.building(); }

    // The run has been told to be ready by a process before.
    void set_ready() {
        ready_ = true;
        host_.set_ready();
    }

    // Ends what runs. Nothing is built or told afterwards but the end itself.
    void stop();

    // The same, once a build in the background has ended, which is given a moment; then calls
    // `stopped`.
    void stop_after_link(std::function<void()> stopped);
    void tell_stopped(int exit_status, std::uint64_t steps);

  private:
    enum Alarm { kBuildAlarm, kLookAlarm, kAbsentAlarm, kLinkAlarm };
    // Files are stamped by a clock that may be so far behind.
    static constexpr std::chrono::milliseconds kTimestampTick{10};

    void save_seen(const std::vector<std::string> &changed, TimePoint when);
    std::vector<std::string> take_changed(const std::vector<std::string> &paths);
    std::vector<std::string> set_absent_aside(const std::vector<std::string> &paths);
    bool is_ours(const std::string &path) const;
    void pump();
    void start_build();
    Status claim_builddir();
    void fail_build(const std::string &message);
    void look_for_foreign_ninja();
    void hold_for_meson();
    void go_on_building();
    Status run_build();
    void build_ended(NinjaBuild::Outcome outcome);
    void tell_build(NinjaBuild::Outcome outcome);
    void tell_overtaken_objects();
    void build_what_was_refused(const std::string &why);
    void take_up(ObjectLane::Next next);
    void build_what_is_behind();
    void begin_end();
    void linked_at_end(NinjaBuild::Outcome outcome);
    void note_preamble(BuildStatus status, ObjectLane::Next next);
    void make_preamble();
    void look(Writer writer, PhaseTimes phases);
    void renew_watch_set();
    bool start_by_kept_graph(); // false: there is none
    void start_first_build();
    void query_graph();
    void graph_read(const Result<std::string> &graphviz);
    void watch_sources();
    void warn_once(const std::string &code, const std::string &message);
    bool build_file_changed();
    std::vector<std::string> real_names(const std::vector<std::string> &paths) const;
    void settle();
    bool expects_code() const;
    void tell_if_quiet();
    void tell_ready_once();
    ReadyEvent ready_now() const;

    Services services_;
    EngineSetup setup_;
    EventStream &events_;
    CodeHost &host_;
    NinjaBuild *ninja_;
    Watcher *watcher_ = nullptr;
    Preambles *preambles_ = nullptr; // null: there are none
    bool was_refused_ = false;       // the last object
    BuildDriver driver_;
    SourceWatch sources_;
    KeptGraph kept_graph_;
    ObjectLane lane_;
    AwaitedOutcomes outcomes_;
    std::optional<NinjaBuild::Outcome> refused_objects_; // of a build that goes on

    std::optional<Timestamp> claimed_; // the folder that is ours
    bool graph_wanted_ = true;
    bool suspects_changed_ = false; // since the set was made
    bool held_ = false;             // somebody else builds here, and is awaited
    bool stopped_ = false;
    bool first_build_started_ = false;
    bool first_build_ended_ = false;
    bool ready_ = false;
    bool looking_ = false;         // at a library that somebody is writing
    bool reload_wanted_ = false;   // also of what runs already
    std::set<std::string> absent_; // gone when last seen: an editor may be about to write them anew
    std::set<std::string> changed_since_build_;
    std::vector<std::string> built_; // what had changed when the last build for it began
    std::set<std::string> warned_;
    std::vector<std::string> watched_libraries_;
    std::vector<std::function<void()>> when_quiet_;
    std::function<void()> after_link_; // the end of the run waits for it; null: it does not
    TimePoint last_save_{};
    ChangeSource change_source_ = ChangeSource::kWatch; // of the last one
    std::optional<std::uint64_t> cause_seq_;
    PhaseTimes phases_{TimePoint{}};
    // When the first build began whose findings are not in the watch set yet; wall clock.
    std::optional<std::chrono::nanoseconds> unread_build_began_;
    std::chrono::nanoseconds build_began_{}; // wall clock
    std::chrono::nanoseconds build_ended_{}; // wall clock
};

} // namespace hotrun
