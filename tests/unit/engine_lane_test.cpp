#include "unit/engine_lane_test.hpp"

namespace hotrun {
namespace {

using std::chrono::milliseconds;

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

TEST(ObjectLane, BuildWithoutAChangeIsOfTheWholeTarget) {
    FakeClock clock;
    FakeFileSystem files(clock);
    const SourceWatch sources(files, "/p/b");
    FakeCodeHost host;
    ObjectLane lane({files, sources, host}, "/p/b", "");
    const PhaseTimes phases(clock.now());
    lane.begin({}, false);
    EXPECT_EQ(lane.end(BuildFinishedEvent{}, false, {}, phases), ObjectLane::Next::kLook);
    EXPECT_EQ(host.reason, "nothing has been built before in this run");
    lane.begin({}, false);
    EXPECT_EQ(lane.end(BuildFinishedEvent{}, false, {}, phases), ObjectLane::Next::kLook);
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
