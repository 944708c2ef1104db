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
namespace {

using std::chrono::milliseconds;
using Words = std::vector<std::string>;

const std::string kGame = "libgame.so.p/game.cpp.o";
const std::string kDraw = "libgame.so.p/draw.cpp.o";
const std::string kLibrary = "libgame.so";

// The module game of game.cpp and draw.cpp, which share game.h. A test plays ninja, the compiler
// and the host.
class EnginePreamble : public testing::Test {
  protected:
    EnginePreamble() {
        for (const char *path : {"game.cpp", "draw.cpp", "game.h", "meson.build", "b/build.ninja"})
            files.write(std::string("/p/") + path, "first");
        for (const char *path : {"/usr/vector", "/bin/c++"})
            files.write(path, "");
        deps.deps(kGame, {"../game.cpp", "../game.h"}).deps(kDraw, {"../draw.cpp", "../game.h"});
        engine.set_watcher(&watcher);
        engine.set_preambles(&preambles);
        loop.advance(milliseconds(50));
        engine.start();
        GraphText graph;
        graph.edge("cpp_LINKER", {kLibrary}, {kGame, kDraw})
            .edge("cpp_COMPILER", {kGame}, {"../game.cpp"})
            .edge("cpp_COMPILER", {kDraw}, {"../draw.cpp"})
            .edge("REGENERATE_BUILD", {"build.ninja"}, {"../meson.build"});
        commands.last().print(graph.text());
        commands.last().end(0);
        build({kGame, kDraw, kLibrary});
        words();
        host.take_calls();
    }

    void save(const std::string &name) {
        loop.advance(milliseconds(20));
        files.write("/p/" + name, "#include <vector>\n" + std::to_string(++save_count));
        watcher.saw("/p/" + name);
        watcher.drain();
    }

    // What ninja is to build; empty: none runs.
    Words built() const {
        return commands.last().running() && commands.last().command.program == "/usr/bin/ninja"
                   ? commands.last().command.arguments
                   : Words{};
    }
    bool compiles() const {
        return commands.last().running() && commands.last().command.program == "/bin/c++";
    }

    // The ninja that runs has made these.
    void build(const Words &outputs, int exit_status = 0) {
        loop.advance(milliseconds(50));
        for (const std::string &output : outputs) {
            files.write("/p/b/" + output, std::to_string(++save_count));
            log += "0\t1\t0\t" + output + "\t0\n";
        }
        files.write("/p/b/.ninja_log", log);
        files.write("/p/b/.ninja_deps", deps.bytes());
        end(exit_status);
    }
    void end(int exit_status) {
        commands.last().end(exit_status);
        loop.run_posted();
    }
    void goes_live() {
        host.flies = false;
        engine.host_told();
    }

    void make_preamble() {
        commands.last().print("c++ -o x.o -c ../game.cpp\n");
        loop.advance(milliseconds(50));
        end(0);
        commands.last().print(". /usr/vector\n");
        end(0);
        ASSERT_TRUE(compiles());
        end(0);
    }
    // The second save of game.cpp has its preamble.
    void save_twice() {
        save("game.cpp");
        build({kGame});
        goes_live();
        build({kLibrary});
        make_preamble();
        host.take_calls();
        words();
        save("game.cpp");
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
    NinjaBuild ninja{{commands, files, clock}, {"/usr/bin/ninja", "/p/b", {kLibrary}, ""}};
    Preambles preambles{
        {commands, files, clock, host, events},
        {"/usr/bin/ninja", "/p/b", [](const std::string &name) { return "/bin/" + name; }}};
    Engine engine{{loop, clock, files, processes},
                  {.builddir = "/p/b", .target_names = {"game"}},
                  events,
                  host,
                  &ninja};
    FakeWatcher watcher{
        [this](const Words &paths) { engine.files_changed(paths, ChangeSource::kWatch); }};
};

TEST_F(EnginePreamble, IsMadeWhenTheLibraryHasWhatIsLive) {
    save("game.cpp");
    build({kGame});
    EXPECT_EQ(built(), Words{});
    goes_live();
    EXPECT_EQ(built(), Words{kLibrary});
    build({kLibrary});
    EXPECT_EQ(built(), (Words{"-n", "-t", "commands", "-s", kGame}));
    EXPECT_EQ(engine.status().state, RunState::kIdle);
    make_preamble();
    EXPECT_FALSE(commands.last().running());
    EXPECT_EQ(words(), (Words{"change /p/game.cpp", "build_started", "build_finished ok",
                              "build_started background", "build_finished ok background",
                              "preamble_made /p/game.cpp"}));
}

TEST_F(EnginePreamble, NextSaveIsCompiledWithItAndNinjaMakesTheObjectInTheBackground) {
    save_twice();
    ASSERT_TRUE(compiles());
    loop.advance(milliseconds(50));
    end(0);
    EXPECT_EQ(host.take_calls(),
              (Words{"keep libgame.so: game.cpp.o", "patch libgame.so: game.cpp.o by 1.o"}));
    EXPECT_FALSE(commands.last().running()); // the switch comes first
    goes_live();
    EXPECT_EQ(built(), Words{kLibrary});
    build({kGame, kLibrary});
    EXPECT_EQ(host.take_calls(), (Words{"confirm game.cpp.o", "relinked libgame.so", "look"}));
    EXPECT_FALSE(commands.last().running()) << "neither a build nor another preamble";
    EXPECT_EQ(words(), (Words{"change /p/game.cpp", "build_started", "build_finished ok preamble",
                              "build_started background", "build_finished ok background"}));
    save("game.cpp");
    EXPECT_TRUE(compiles());
}

TEST_F(EnginePreamble, TimeAndEdgeOfTheObjectAreTold) {
    save_twice();
    loop.advance(milliseconds(50));
    end(0);
    const auto finished = observer.last<BuildFinishedEvent>();
    EXPECT_EQ(finished.duration, milliseconds(50));
    ASSERT_EQ(finished.edges.size(), 1u);
    EXPECT_EQ(finished.edges.front().output, kGame);
    EXPECT_EQ(finished.edges.front().duration, milliseconds(50));
}

TEST_F(EnginePreamble, WhatFailsWithItIsBuiltByNinjaInTheSameBuild) {
    save_twice();
    commands.last().print("error: no such thing");
    loop.advance(milliseconds(50));
    end(1);
    EXPECT_EQ(built(), Words{kGame});
    build({kGame}, 1);
    EXPECT_EQ(words(), (Words{"change /p/game.cpp", "build_started", "build_finished failed"}));
    EXPECT_EQ(observer.last<BuildFinishedEvent>().duration, milliseconds(100));
    EXPECT_EQ(built(), Words{});
    save("game.cpp");
    EXPECT_TRUE(compiles());
}

TEST_F(EnginePreamble, WarningsAreThoseOfNinja) {
    save_twice();
    commands.last().print("warning: unused");
    end(0);
    EXPECT_EQ(built(), Words{kGame});
    build({kGame});
    EXPECT_EQ(host.take_calls(),
              (Words{"keep libgame.so: game.cpp.o", "patch libgame.so: game.cpp.o"}));
    goes_live();
    build({kLibrary});
    EXPECT_EQ(words(), (Words{"change /p/game.cpp", "build_started", "build_finished ok",
                              "build_started background", "build_finished ok background"}));
}

TEST_F(EnginePreamble, SaveThatIsOvertakenIsCompiledAgain) {
    save_twice();
    save("game.cpp");
    EXPECT_EQ(commands.last().interrupt_count, 1);
    end(1);
    loop.advance(milliseconds(20));
    ASSERT_TRUE(compiles());
    end(0);
    EXPECT_EQ(host.take_calls().back(), "patch libgame.so: game.cpp.o by 1.o");
    EXPECT_EQ(words(),
              (Words{"change /p/game.cpp", "build_started", "change /p/game.cpp",
                     "build_finished cancelled", "build_started", "build_finished ok preamble"}));
}

TEST_F(EnginePreamble, SeveralObjectsAreBuiltByNinja) {
    save_twice();
    end(0);
    goes_live();
    build({kGame, kLibrary});
    save("game.h");
    EXPECT_EQ(built(), (Words{kDraw, kGame}));
}

TEST_F(EnginePreamble, SaveBeforeNinjaHasMadeTheObjectIsCompiledWithItToo) {
    save_twice();
    end(0);
    goes_live();
    loop.advance(milliseconds(50));
    files.write("/p/b/" + kGame, "made"); // ninja was given up at the link
    save("game.cpp");
    build({}, 2);
    ASSERT_TRUE(compiles());
    end(0);
    EXPECT_EQ(host.take_calls().back(), "patch libgame.so: game.cpp.o by 1.o");
    goes_live();
    build({kGame, kLibrary});
    EXPECT_EQ(host.take_calls(), (Words{"confirm game.cpp.o", "relinked libgame.so", "look"}));
}

TEST_F(EnginePreamble, OtherSourceOnTopOfAStandInIsBuiltByNinja) {
    save_twice();
    end(0);
    goes_live();
    save("draw.cpp");
    build({}, 2);
    EXPECT_EQ(built(), Words{kDraw});
    build({kDraw});
    EXPECT_EQ(host.take_calls().back(), "patch libgame.so: draw.cpp.o");
    goes_live();
    build({kGame, kLibrary});
    EXPECT_EQ(host.take_calls(), (Words{"confirm game.cpp.o", "relinked libgame.so", "look"}));
}

TEST_F(EnginePreamble, ObjectThatIsOtherCodeBringsTheLibraryAndEndsThePreamble) {
    save_twice();
    end(0);
    goes_live();
    host.take_calls();
    host.unlike = "the section .text is another one";
    words();
    build({kGame, kLibrary});
    EXPECT_EQ(host.take_calls(),
              (Words{"confirm game.cpp.o", "look: the preamble has made other code: the section "
                                           ".text is another one"}));
    EXPECT_EQ(words(), (Words{"warning preamble", "build_finished ok background"}));
    host.unlike.clear();
    save("game.cpp");
    EXPECT_EQ(built(), Words{kGame});
}

TEST_F(EnginePreamble, RefusedStandInIsFollowedByTheTarget) {
    save_twice();
    host.patch_refusal = "a struct has changed";
    end(0);
    EXPECT_EQ(built(), Words{kLibrary});
    build({kGame, kLibrary});
    EXPECT_EQ(host.take_calls(),
              (Words{"keep libgame.so: game.cpp.o", "patch libgame.so: game.cpp.o by 1.o",
                     "look: a struct has changed"}));
    EXPECT_EQ(words(), (Words{"change /p/game.cpp", "build_started", "build_finished ok"}));
}

// Each of several that are refused would be compiled twice.
TEST_F(EnginePreamble, SaveAfterARefusedOneIsBuiltByNinja) {
    save_twice();
    host.patch_refusal = "a struct has changed";
    end(0);
    build({kGame, kLibrary});
    save("game.cpp");
    EXPECT_EQ(built(), Words{kGame});
    host.patch_refusal.clear();
    build({kGame});
    goes_live();
    build({kLibrary});
    save("game.cpp");
    EXPECT_TRUE(compiles());
}

TEST_F(EnginePreamble, SaveEndsWhatIsMadeAhead) {
    save("game.cpp");
    build({kGame});
    goes_live();
    build({kLibrary});
    ASSERT_TRUE(preambles.running());
    save("draw.cpp");
    EXPECT_FALSE(preambles.running());
    EXPECT_EQ(built(), Words{kDraw});
    engine.stop();
}

TEST_F(EnginePreamble, EndOfTheRunEndsItToo) {
    save("game.cpp");
    build({kGame});
    goes_live();
    build({kLibrary});
    ASSERT_TRUE(preambles.running());
    engine.stop();
    EXPECT_FALSE(preambles.running());
}

} // namespace
} // namespace hotrun
