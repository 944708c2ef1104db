// The engine with everything around it faked.
#pragma once

#include "core/engine.hpp"
#include "core/reloader.hpp"
#include "support/fake_command_runner.hpp"
#include "support/fake_event_loop.hpp"
#include "support/fake_module.hpp"
#include "support/fake_process_table.hpp"
#include "support/fake_watcher.hpp"
#include "support/ninja_text.hpp"
#include "support/recording_observer.hpp"

#include <algorithm>

namespace hotrun {

// The project /p with the module game, made of src/game.cpp and src/game.h, and the build folder
// /p/b. A test plays ninja, the editor and the host.
class EngineWorld {
  public:
    enum class Mode { kBuild, kNoBuild };

    static constexpr const char *kSource = "/p/src/game.cpp";
    static constexpr const char *kHeader = "/p/src/game.h";
    static constexpr const char *kMesonBuild = "/p/meson.build";
    static constexpr const char *kBuildFile = "/p/b/build.ninja";
    static constexpr const char *kCoreData = "/p/b/meson-private/coredata.dat";
    static constexpr const char *kObject = "/p/b/libgame.so.p/game.cpp.o";
    static constexpr const char *kLibrary = "/p/b/libgame.so";

    explicit EngineWorld(Mode mode = Mode::kBuild);

    // The first build runs after this.
    void start();

    // Generation 1 is live after this, and what was told up to then is forgotten.
    void start_ready();

    // The editor saves a file; `unread`: the watcher has not been read yet.
    void save_unread(const std::string &path, const std::string &content);
    void save(const std::string &path, const std::string &content);

    // The graph that ninja prints, with `sources` beside src/game.cpp.
    void answer_graph(const std::vector<std::string> &sources = {});

    // The build that runs writes a library of this content (empty: none), and ends well.
    void link(const std::string &mark);
    void finish_build(const std::string &mark);
    void fail_build(const std::string &error);

    // The host switches, steps, and tells of it.
    void host_switches();
    void host_failed(FailureReport report);

    FakeRun &run() const { return commands.last(); }
    bool graph_runs() const;
    bool build_runs() const;
    std::size_t build_count() const;
    std::string live_mark() const {
        return mark_of(files.content(host.live(0)->code->copy.path()));
    }
    // Without the reasons for the library, which this world's host always takes.
    std::vector<std::string> words() {
        std::vector<std::string> words = observer.take_words();
        for (std::string &each : words) {
            if (each.starts_with("reloaded "))
                each.resize(std::min(each.size(), each.find(", ")));
        }
        return words;
    }

    FakeClock clock;
    FakeEventLoop loop{clock};
    FakeFileSystem files{clock};
    FakeLibraryLoader loader;
    FakeProcessTable processes;
    FakeCommandRunner commands;
    RecordingObserver observer;
    int claim_count = 0; // how often the engine has made the build folder ours
    bool code_expected = false;
    EventStream events{clock, {&observer}};
    Handover handover{[] {}};
    Reloader reloader;
    NinjaBuild ninja;
    Engine engine;
    FakeWatcher watcher;
    FakeHost host{handover, clock};
    DepsLog deps; // of the object
};

} // namespace hotrun
