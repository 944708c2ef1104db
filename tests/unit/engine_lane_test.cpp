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

const Words kObjectOfGame = {"libgame.so.p/game.cpp.o"};
const Words kTarget = {"libgame.so"};

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
        loop.advance(milliseconds(1));
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
        loop.advance(milliseconds(20));
        files.write("/p/" + name, std::to_string(++save_count));
        watcher.saw("/p/" + name);
        watcher.drain();
    }

    const Words &built() const { return commands.last().command.arguments; }
    bool builds() const { return commands.last().running(); }

    // Ninja makes these, and ends.
    void finish(const Words &outputs, int exit_status = 0) {
        ASSERT_TRUE(builds());
        loop.advance(milliseconds(5));
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

TEST(EngineLane, ObjectsOfASaveAreBuiltAloneThenTheLibraryInTheBackground) {
    LaneWorld world;
    world.save("game.cpp");
    EXPECT_EQ(world.built(), kObjectOfGame);
    EXPECT_EQ(world.host.take_calls(), Words{"keep libgame.so: game.cpp.o"});
    world.finish(kObjectOfGame);
    EXPECT_EQ(world.host.take_calls(), Words{"patch libgame.so: game.cpp.o"});
    EXPECT_FALSE(world.builds()); // the switch comes first
    world.goes_live();
    EXPECT_EQ(world.built(), kTarget);
    const auto cause = world.observer.last<BuildStartedEvent>().cause_seq;
    EXPECT_TRUE(cause);
    world.finish(kTarget);
    EXPECT_EQ(world.host.take_calls(), (Words{"relinked libgame.so", "look"}));
    EXPECT_FALSE(world.builds());
    EXPECT_EQ(world.words(), (Words{"change /p/game.cpp", "build_started", "build_finished ok",
                                    "build_started background", "build_finished ok background"}));
    EXPECT_EQ(world.observer.last<BuildStartedEvent>().cause_seq, cause);
}

TEST(EngineLane, WhatIsAskedForByTheUserIsTheLibraryAlways) {
    LaneWorld world("--lane library");
    world.save("game.cpp");
    EXPECT_EQ(world.built(), kTarget);
    world.finish({"libgame.so.p/game.cpp.o", "libgame.so"});
    EXPECT_EQ(world.host.take_calls(), Words{"look: --lane library"});
}

TEST(EngineLane, HeaderChangesTheObjectsThatHaveReadIt) {
    LaneWorld world;
    world.save("game.h");
    EXPECT_EQ(world.built(), (Words{"libgame.so.p/draw.cpp.o", "libgame.so.p/game.cpp.o"}));
}

TEST(EngineLane, BuildFileWantsTheWholeTarget) {
    LaneWorld world;
    world.save("meson.build");
    EXPECT_EQ(world.built(), kTarget);
    world.finish(kTarget);
    EXPECT_EQ(world.host.take_calls(),
              Words{"look: meson.build goes into build.ninja, which is no object file"});
}

TEST(EngineLane, BuildFilesThatChangeMeanwhileWantTheWholeTarget) {
    LaneWorld world;
    world.save("game.cpp");
    world.files.write("/p/b/build.ninja", "second"); // ninja has had it made anew
    world.finish(kObjectOfGame);
    EXPECT_EQ(world.built(), kTarget);
    world.finish(kTarget);
    EXPECT_EQ(world.host.take_calls(),
              (Words{"keep libgame.so: game.cpp.o", "look: the build files have changed"}));
}

TEST(ObjectLane, BuildWithoutAChangeIsOfTheWholeTarget) {
    FakeClock clock;
    FakeFileSystem files(clock);
    const SourceWatch sources(files, "/p/b");
    FakeCodeHost host;
    ObjectLane lane({files, sources, host}, "/p/b", "");
    const PhaseTimes phases(clock.now());
    lane.begin({}, false);
    EXPECT_EQ(std::exchange(host.reason, {}), "nothing has been built before in this run");
    EXPECT_EQ(lane.end(BuildFinishedEvent{}, false, {}, phases), ObjectLane::Next::kLook);
    lane.begin({}, false);
    EXPECT_EQ(host.reason, "no file has changed");
    EXPECT_TRUE(lane.builds_target());
}

TEST(EngineLane, HostThatCanNotKeepObjectsGetsTheLibrary) {
    LaneWorld world;
    world.host.keep_refusal = "the module is parked";
    world.save("game.cpp");
    EXPECT_EQ(world.built(), kTarget);
    world.finish(kTarget);
    EXPECT_EQ(world.host.take_calls(),
              (Words{"keep libgame.so: game.cpp.o", "look: the module is parked"}));
}

Words edges_of(const BuildFinishedEvent &finished) {
    Words outputs;
    for (const BuiltEdge &edge : finished.edges)
        outputs.push_back(edge.output);
    return outputs;
}

TEST(EngineLane, RefusedPatchIsFollowedByTheWholeTargetAtOnce) {
    LaneWorld world;
    world.host.patch_refusal = "a struct has changed";
    world.save("game.cpp");
    world.notify("game.cpp");
    EXPECT_EQ(world.observer.last<BuildStartedEvent>().objects, kObjectOfGame);
    world.words();
    world.finish(kObjectOfGame);
    EXPECT_EQ(world.built(), kTarget);
    EXPECT_EQ(world.words(), Words{}); // one save is one build
    EXPECT_EQ(world.answer, "none");   // not before the library is
    world.finish(kTarget);
    EXPECT_EQ(world.words(), Words{"build_finished ok"});
    EXPECT_EQ(edges_of(world.observer.last<BuildFinishedEvent>()),
              (Words{kObjectOfGame[0], kTarget[0]}));
    EXPECT_EQ(world.host.take_calls(),
              (Words{"keep libgame.so: game.cpp.o", "patch libgame.so: game.cpp.o",
                     "look: a struct has changed"}));
    EXPECT_EQ(world.answer, "nothing"); // this host tells of nothing
    world.host.patch_refusal.clear();
    world.save("game.cpp");
    EXPECT_EQ(world.built(), kObjectOfGame);
}

// A header that the build itself has found may have been written since it began.
TEST(EngineLane, ChangeThatIsFoundBeforeTheTargetFollowsEndsTheBuildOfTheObjects) {
    LaneWorld world;
    world.host.patch_refusal = "a struct has changed";
    world.save("game.cpp");
    world.words();
    world.loop.advance(milliseconds(1));
    world.files.write("/p/new.h", "new");
    world.deps.deps("libgame.so.p/game.cpp.o", {"../game.cpp", "../game.h", "../new.h"});
    world.finish(kObjectOfGame);
    EXPECT_EQ(world.built(), kTarget);
    world.finish(kTarget);
    EXPECT_EQ(world.words(), (Words{"change /p/new.h", "build_finished ok", "build_started",
                                    "build_finished ok"}));
}

TEST(EngineLane, SaveGivesTheBuildInTheBackgroundUpAtOnce) {
    LaneWorld world;
    world.make_behind();
    world.save("draw.cpp");
    EXPECT_TRUE(world.commands.last().interrupt_count == 1);
    world.finish({}, 2);
    EXPECT_EQ(world.built(), Words{"libgame.so.p/draw.cpp.o"}); // game's is live
    world.finish({"libgame.so.p/draw.cpp.o"});
    world.goes_live();
    EXPECT_EQ(world.built(), kTarget);
    world.finish(kTarget);
    EXPECT_EQ(world.host.take_calls(),
              (Words{"keep libgame.so: draw.cpp.o", "keep libgame.so: draw.cpp.o",
                     "patch libgame.so: draw.cpp.o", "relinked libgame.so", "look"}));
    EXPECT_EQ(world.words(), (Words{"change /p/draw.cpp", "build_finished cancelled background",
                                    "build_started", "build_finished ok",
                                    "build_started background", "build_finished ok background"}));
}

// Ninja has seen the save before it was given up, and removes what it was about to write.
TEST(EngineLane, ObjectIsKeptBeforeTheBuildInTheBackgroundIsGivenUp) {
    LaneWorld world;
    world.make_behind();
    world.save("draw.cpp");
    ASSERT_TRUE(world.files.remove("/p/b/libgame.so.p/draw.cpp.o"));
    world.finish({}, 2);
    EXPECT_EQ(world.built(), Words{"libgame.so.p/draw.cpp.o"});
}

// It was killed before it has done anything: what was made just before is no half of a file.
TEST(EngineLane, NinjaThatIsKilledAtItsStartLeavesTheObjectsThatAreLive) {
    LaneWorld world;
    world.make_behind();
    world.save("draw.cpp");
    world.files.write("/p/b/libgame.so", "half");
    world.commands.last().end_by_signal(2);
    EXPECT_TRUE(world.files.exists("/p/b/libgame.so.p/game.cpp.o"));
    EXPECT_FALSE(world.files.exists("/p/b/libgame.so"));
}

TEST(EngineLane, ObjectsOfACancelledBuildAreAskedForAgain) {
    LaneWorld world;
    world.save("game.cpp");
    world.save("draw.cpp");
    world.finish(kObjectOfGame, 2);
    world.loop.advance(milliseconds(20));
    EXPECT_EQ(world.built(), (Words{"libgame.so.p/draw.cpp.o", "libgame.so.p/game.cpp.o"}));
    world.finish({"libgame.so.p/draw.cpp.o"});
    EXPECT_EQ(world.host.take_calls(),
              (Words{"keep libgame.so: game.cpp.o", "keep libgame.so: draw.cpp.o game.cpp.o",
                     "patch libgame.so: draw.cpp.o game.cpp.o"}));
}

TEST(EngineLane, FailedObjectIsMendedByItsLane) {
    LaneWorld world;
    world.save("game.cpp");
    world.finish({}, 1);
    EXPECT_EQ(world.host.take_calls(), Words{"keep libgame.so: game.cpp.o"});
    EXPECT_FALSE(world.builds());
    world.save("draw.cpp");
    EXPECT_EQ(world.built(), (Words{"libgame.so.p/draw.cpp.o", "libgame.so.p/game.cpp.o"}));
    world.finish({}, 1);
    world.save("game.cpp");
    world.finish({"libgame.so.p/draw.cpp.o", "libgame.so.p/game.cpp.o"});
    EXPECT_EQ(world.host.take_calls().back(), "patch libgame.so: draw.cpp.o game.cpp.o");
}

// What is linked has more in it than what is live then.
TEST(EngineLane, FurtherObjectInTheBackgroundMakesTheLibraryNewCode) {
    LaneWorld world;
    world.make_behind();
    world.finish({"libgame.so.p/draw.cpp.o", "libgame.so"});
    EXPECT_EQ(world.host.take_calls(),
              Words{"look: libgame.so.p/draw.cpp.o was built with the library"});
    world.save("game.cpp");
    EXPECT_EQ(world.built(), kObjectOfGame);
}

TEST(EngineLane, FurtherObjectOfAGivenUpBuildCountsToo) {
    LaneWorld world;
    world.make_behind();
    world.save("game.cpp");
    world.finish({"libgame.so.p/draw.cpp.o"}, 2);
    EXPECT_EQ(world.built(), kTarget);
    world.finish(kTarget);
    EXPECT_EQ(world.host.take_calls(),
              (Words{"keep libgame.so: game.cpp.o",
                     "look: libgame.so.p/draw.cpp.o was built with the library"}));
}

TEST(EngineLane, FailureInTheBackgroundIsToldAndTheNextSaveIsOfTheTarget) {
    LaneWorld world;
    world.make_behind();
    world.finish({}, 1);
    EXPECT_EQ(world.words(), (Words{"diagnostic oops", "build_finished failed background"}));
    EXPECT_EQ(world.host.take_calls(), Words{});
    EXPECT_FALSE(world.builds()); // not again and again
    world.save("game.cpp");
    EXPECT_EQ(world.built(), kTarget);
    world.finish(kTarget);
    EXPECT_EQ(world.host.take_calls(),
              Words{"look: the library behind what is live could not be linked"});
}

// Nobody has kept what the live code was made from.
TEST(EngineLane, ObjectThatSomebodyElseHasBuiltWantsTheTarget) {
    LaneWorld world;
    world.loop.advance(milliseconds(5));
    world.files.write("/p/b/libgame.so.p/game.cpp.o", "by another ninja");
    world.save("game.cpp");
    EXPECT_EQ(world.built(), kTarget);
    world.finish(kTarget);
    EXPECT_EQ(world.host.take_calls(),
              Words{"look: libgame.so.p/game.cpp.o was built by somebody else"});

    world.make_behind();
    world.finish(kTarget);
    world.files.write("/p/b/libgame.so.p/game.cpp.o", "by another ninja");
    world.host.take_calls();
    world.save("game.cpp");
    EXPECT_EQ(world.built(), kTarget);
}

TEST(EngineLane, OtherNinjaInTheFolderWantsTheTarget) {
    LaneWorld world;
    world.processes.foreign_ninja = 77;
    world.save("game.cpp");
    world.finish({}, 2);
    world.processes.foreign_ninja.reset();
    world.loop.process_ends(77);
    world.loop.advance(milliseconds(20));
    EXPECT_EQ(world.built(), kTarget);
    world.finish(kTarget);
    EXPECT_EQ(world.host.take_calls(),
              (Words{"keep libgame.so: game.cpp.o", "look: another ninja has built"}));
}

TEST(EngineLane, AskerIsAnsweredWhenThePatchIsLive) {
    LaneWorld world;
    world.save("game.cpp");
    world.notify("game.cpp");
    world.finish(kObjectOfGame);
    EXPECT_EQ(world.answer, "none");
    ReloadedEvent reloaded;
    reloaded.module = "game";
    reloaded.lane = Lane::kObject;
    world.events.tell(reloaded);
    world.goes_live();
    EXPECT_EQ(world.answer, "live");
    ASSERT_TRUE(world.builds());
    EXPECT_EQ(world.engine.status().state, RunState::kIdle);
    world.notify("game.cpp"); // an editor that comes late
    EXPECT_EQ(world.answer, "live");
    world.notify("meson.build");
    EXPECT_EQ(world.answer, "nothing");
}

TEST(EngineLane, BuildThatIsAskedForIsOfTheWholeTarget) {
    LaneWorld world;
    world.make_behind();
    EXPECT_EQ(world.ask_for(&Engine::build), "none");
    world.finish({}, 2); // the one in the background gives way
    EXPECT_EQ(world.built(), kTarget);
    EXPECT_FALSE(world.observer.last<BuildStartedEvent>().background);
    world.finish(kTarget);
    EXPECT_EQ(world.answer, "nothing");
    EXPECT_EQ(world.host.take_calls(), Words{"look: the whole target was asked for"});
}

TEST(EngineLane, ReloadDuringABuildOfObjectsLoadsTheLibraryAfterIt) {
    LaneWorld world;
    world.save("game.cpp");
    world.host.take_calls();
    EXPECT_EQ(world.ask_for(&Engine::reload), "none");
    world.finish(kObjectOfGame);
    EXPECT_EQ(world.built(), kTarget);
    EXPECT_EQ(world.answer, "none");
    world.finish(kTarget);
    EXPECT_EQ(world.host.take_calls(),
              (Words{"load anew", "look: the whole target was asked for"}));
    EXPECT_EQ(world.answer, "nothing");
}

TEST(EngineLane, ReloadWhileTheLibraryIsBehindBuildsItFirst) {
    LaneWorld world;
    world.make_behind();
    EXPECT_EQ(world.ask_for(&Engine::reload), "none");
    world.finish({}, 2);
    EXPECT_EQ(world.built(), kTarget);
    world.finish(kTarget);
    EXPECT_EQ(world.host.take_calls(),
              (Words{"load anew", "look: the whole target was asked for"}));
    EXPECT_EQ(world.answer, "nothing");
}

TEST(EngineLane, ObjectsWithoutAChangeAreFollowedByTheLibraryAllTheSame) {
    LaneWorld world;
    world.host.patch_flies = false;
    world.save("game.cpp");
    world.notify("game.cpp");
    world.finish(kObjectOfGame);
    EXPECT_EQ(world.answer, "nothing");
    EXPECT_EQ(world.built(), kTarget);
}

} // namespace
} // namespace hotrun
