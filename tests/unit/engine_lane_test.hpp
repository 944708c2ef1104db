// An engine whose host can patch, with a build and a host that a test plays.
#pragma once

#include "core/engine.hpp"
#include "support/fake_code_host.hpp"
#include "support/fake_command_runner.hpp"
#include "support/fake_event_loop.hpp"
#include "support/fake_file_system.hpp"
#include "support/fake_process_table.hpp"
#include "support/fake_watcher.hpp"
#include "support/ninja_text.hpp"
#include "support/recording_observer.hpp"

#include <gtest/gtest.h>

namespace hotrun {

using Words = std::vector<std::string>;

inline const Words kObjectOfGame = {"libgame.so.p/game.cpp.o"};
inline const Words kTarget = {"libgame.so"};

// The module game of game.cpp and draw.cpp, which share game.h. A test plays ninja and the host.
class LaneWorld {
  public:
    explicit LaneWorld(const std::string &target_alone = {})
        : ninja({commands, files, clock}, {"/usr/bin/ninja", "/p/b", kTarget, ""}),
          engine({loop, clock, files, processes},
                 {.builddir = "/p/b", .target_names = {"game"}, .target_alone = target_alone},
                 events, host, &ninja),
          watcher(
              [this](const Words &paths) { engine.files_changed(paths, ChangeSource::kWatch); }) {
        for (const char *path : {"game.cpp", "draw.cpp", "game.h", "meson.build", "b/build.ninja"})
            files.write(std::string("/p/") + path, "first");
        deps.deps("libgame.so.p/game.cpp.o", {"../game.cpp", "../game.h"});
        deps.deps("libgame.so.p/draw.cpp.o", {"../draw.cpp", "../game.h"});
        engine.set_watcher(&watcher);
        loop.advance(std::chrono::milliseconds(1));
        engine.start();
        GraphText graph;
        graph
            .edge("cpp_LINKER", {"libgame.so"},
                  {"libgame.so.p/game.cpp.o", "libgame.so.p/draw.cpp.o"})
            .edge("cpp_COMPILER", {"libgame.so.p/game.cpp.o"}, {"../game.cpp"})
            .edge("cpp_COMPILER", {"libgame.so.p/draw.cpp.o"}, {"../draw.cpp"})
            .edge("REGENERATE_BUILD", {"build.ninja"}, {"../meson.build"});
        commands.last().print(graph.text());
        commands.last().end(0);
        finish({"libgame.so.p/game.cpp.o", "libgame.so.p/draw.cpp.o", "libgame.so"});
        EXPECT_EQ(host.take_calls(),
                  Words{"look: " + (target_alone.empty() ? "nothing has been built before in "
                                                           "this run"
                                                         : target_alone)});
        EXPECT_EQ(words().back(), "ready game 1");
    }

    void save(const std::string &name) {
        loop.advance(std::chrono::milliseconds(20));
        files.write("/p/" + name, std::to_string(++save_count));
        watcher.saw("/p/" + name);
        watcher.drain();
    }

    const Words &built() const { return commands.last().command.arguments; }
    bool builds() const { return commands.last().running(); }

    // Ninja makes these, and ends.
    void finish(const Words &outputs, int exit_status = 0) {
        ASSERT_TRUE(builds());
        loop.advance(std::chrono::milliseconds(5));
        for (const std::string &output : outputs) {
            files.write("/p/b/" + output, std::to_string(++save_count));
            log += "0\t1\t0\t" + output + "\t0\n";
        }
        files.write("/p/b/.ninja_log", log);
        files.write("/p/b/.ninja_deps", deps.bytes());
        if (exit_status != 0)
            commands.last().print("\x1e"
                                  "1 2 1 1 1 Compiling\nFAILED: x.o \nc++\n../game.cpp:3:5: error: "
                                  "oops\nninja: build stopped: subcommand failed.\n");
        commands.last().end(exit_status);
        loop.run_posted();
    }

    // The host runs the patch.
    void goes_live() {
        host.flies = false;
        engine.host_told();
    }

    // The host can't patch what runs.
    void refuses(const std::string &why) {
        host.refusal = why;
        goes_live();
    }

    // The save of game.cpp is live, and its library is built in the background.
    void make_behind() {
        save("game.cpp");
        finish(kObjectOfGame);
        goes_live();
        host.take_calls();
        words();
    }

    std::string ask_for(void (Engine::*what)(ControlledRun::OnOutcome)) {
        answer = "none";
        (engine.*what)([this](const ChangeOutcome &outcome) { answer = to_word(outcome.status); });
        return answer;
    }
    void notify(const std::string &name) {
        answer = "none";
        engine.notify({"/p/" + name},
                      [this](const ChangeOutcome &outcome) { answer = to_word(outcome.status); });
    }

    Words words() { return observer.take_words(); }

    FakeClock clock;
    FakeEventLoop loop{clock};
    FakeFileSystem files{clock};
    FakeProcessTable processes;
    FakeCommandRunner commands;
    RecordingObserver observer;
    EventStream events{clock, {&observer}};
    FakeCodeHost host;
    DepsLog deps;
    std::string log = "# ninja log v5\n";
    int save_count = 0;
    std::string answer;
    NinjaBuild ninja;
    Engine engine;
    FakeWatcher watcher;
};

} // namespace hotrun
