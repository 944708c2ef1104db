// The object lane, and builds that fail or are refused.
#include "unit/engine_lane_test.hpp"

namespace hotrun {
namespace {

using std::chrono::milliseconds;

Words edges_of(const BuildFinishedEvent &finished) {
    Words outputs;
    for (const BuiltEdge &edge : finished.edges)
        outputs.push_back(edge.output);
    return outputs;
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
    EXPECT_EQ(world.words(), (Words{"change /p/new.h", "build_finished cancelled", "build_started",
                                    "build_finished ok"}));
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
    world.make_behind();
    EXPECT_EQ(world.built(), kTarget);
}

// What lies on the disk is older than what is live.
TEST(EngineLane, ReloadAfterAFailureInTheBackgroundBuildsTheTarget) {
    LaneWorld world;
    world.make_behind();
    world.finish({}, 1);
    EXPECT_EQ(world.ask_for(&Engine::reload), "none");
    EXPECT_EQ(world.built(), kTarget);
    world.finish(kTarget);
    EXPECT_EQ(world.host.take_calls(),
              (Words{"load anew", "look: the library behind what is live could not be linked"}));
}

TEST(EngineLane, SaveThatFailsLeavesTheLibraryBehindUntilOneSucceeds) {
    LaneWorld world;
    world.make_behind();
    world.save("draw.cpp");
    world.finish({}, 2);
    world.finish({}, 1);
    EXPECT_FALSE(world.builds()) << "that would fail for the same";
    EXPECT_EQ(world.words(), (Words{"change /p/draw.cpp", "build_finished cancelled background",
                                    "build_started", "diagnostic oops", "build_finished failed"}));
    world.save("draw.cpp");
    world.finish({"libgame.so.p/draw.cpp.o"});
    world.goes_live();
    EXPECT_EQ(world.built(), kTarget);
    world.finish(kTarget);
    EXPECT_EQ(world.host.take_calls().back(), "look");
    EXPECT_EQ(world.words(), (Words{"change /p/draw.cpp", "build_started", "build_finished ok",
                                    "build_started background", "build_finished ok background"}));
}

TEST(EngineLane, TargetThatFailsIsNotBuiltAgainInTheBackground) {
    LaneWorld world;
    world.make_behind();
    world.ask_for(&Engine::build);
    world.finish({}, 2);
    world.finish({}, 1);
    EXPECT_EQ(world.answer, "failed");
    EXPECT_FALSE(world.builds());
}

// Ninja has seen the save before we have.
TEST(EngineLane, FailureOfABuildInTheBackgroundThatASaveHasOvertakenIsToldOnce) {
    LaneWorld world;
    world.make_behind();
    world.loop.advance(milliseconds(20));
    world.files.write("/p/draw.cpp", "broken");
    world.watcher.saw("/p/draw.cpp");
    world.finish({}, 1);
    EXPECT_EQ(world.built(), Words{"libgame.so.p/draw.cpp.o"});
    world.finish({}, 1);
    EXPECT_EQ(world.words(), (Words{"change /p/draw.cpp", "build_finished cancelled background",
                                    "build_started", "diagnostic oops", "build_finished failed"}));
    EXPECT_FALSE(world.builds());
}

TEST(EngineLane, PatchThatTheHostRefusesHasABuildOfTheTarget) {
    LaneWorld world;
    world.loop.advance(milliseconds(20));
    const TimePoint saved = world.clock.now() + milliseconds(20);
    world.save("game.cpp");
    world.notify("game.cpp");
    world.finish(kObjectOfGame);
    const auto cause = world.observer.last<BuildStartedEvent>().cause_seq;
    world.loop.advance(milliseconds(7));
    world.refuses("a thread is in it");
    EXPECT_EQ(world.built(), kTarget);
    EXPECT_EQ(world.words(),
              (Words{"change /p/game.cpp", "build_started", "build_finished ok", "build_started"}));
    EXPECT_EQ(world.observer.last<BuildStartedEvent>().cause_seq, cause);
    EXPECT_EQ(world.observer.last<BuildStartedEvent>().objects, Words{});
    EXPECT_EQ(world.answer, "none");
    world.finish(kTarget);
    EXPECT_EQ(world.words(), Words{"build_finished ok"});
    EXPECT_EQ(world.host.take_calls(),
              (Words{"keep libgame.so: game.cpp.o", "patch libgame.so: game.cpp.o",
                     "look: a thread is in it"}));
    const PhaseTimes &phases = world.host.looked_for;
    EXPECT_EQ(phases.start(), saved);
    EXPECT_EQ(phases.of(Phase::kWait), milliseconds(7));
    EXPECT_EQ(phases.of(Phase::kBuild), milliseconds(10));
    EXPECT_EQ(world.answer, "nothing"); // this host tells of nothing
    world.save("game.cpp");
    EXPECT_EQ(world.built(), kObjectOfGame);
}

TEST(EngineLane, BuildThatRunsMakesWhatTheHostRefuses) {
    LaneWorld world;
    world.save("game.cpp");
    world.notify("game.cpp");
    world.finish(kObjectOfGame);
    world.host.keep_refusal = "what was built before is not live yet";
    world.save("draw.cpp");
    EXPECT_EQ(world.built(), kTarget);
    world.words();
    world.refuses("a thread is in it");
    EXPECT_EQ(world.answer, "none");
    world.finish(kTarget);
    EXPECT_EQ(world.words(), Words{"build_finished ok"});
    EXPECT_EQ(world.answer, "nothing");
    EXPECT_FALSE(world.builds());
}

// They are those of another module.
TEST(EngineLane, BuildOfObjectsGoesOnWithTheTargetForWhatTheHostRefuses) {
    LaneWorld world;
    world.save("game.cpp");
    world.finish(kObjectOfGame);
    world.save("draw.cpp");
    EXPECT_EQ(world.built(), Words{"libgame.so.p/draw.cpp.o"});
    world.words();
    world.refuses("a thread is in it");
    world.finish({"libgame.so.p/draw.cpp.o"});
    EXPECT_EQ(world.built(), kTarget);
    world.finish(kTarget);
    EXPECT_EQ(world.words(), Words{"build_finished ok"});
    EXPECT_EQ(world.host.take_calls().back(), "look: a thread is in it");
}

TEST(EngineLane, SaveThatOvertakesTheTargetAfterARefusedPatchCancelsItsBuild) {
    LaneWorld world;
    world.host.patch_refusal = "a struct has changed";
    world.save("game.cpp");
    world.commands.last().print("\x1e"
                                "1 2 1 1 1 Compiling\n../game.cpp:3:5: warning: hm\n");
    world.finish(kObjectOfGame);
    world.save("draw.cpp");
    world.finish({}, 2);
    world.loop.advance(milliseconds(20));
    EXPECT_EQ(world.words(), (Words{"change /p/game.cpp", "build_started", "change /p/draw.cpp",
                                    "build_finished cancelled", "build_started"}));
    EXPECT_EQ(world.built(), kTarget);
}

// Ninja has had the build files made anew, and does not know that object any more.
TEST(EngineLane, FailureOfObjectsThatTheTargetIsBuiltForIsToldByThatAlone) {
    LaneWorld world;
    world.save("game.cpp");
    world.files.write("/p/b/build.ninja", "second");
    world.finish({}, 1);
    EXPECT_EQ(world.built(), kTarget);
    world.finish({}, 1);
    EXPECT_EQ(world.words(), (Words{"change /p/game.cpp", "build_started", "diagnostic oops",
                                    "build_finished failed"}));
    const std::string &output = world.observer.last<BuildFinishedEvent>().output;
    EXPECT_EQ(output.find("oops"), output.rfind("oops"));
}

TEST(EngineLane, ReasonOfABuildThatFailedIsNotThatOfAForeignOne) {
    LaneWorld world;
    world.save("meson.build");
    world.finish({}, 1);
    world.host.changed = {"/p/b/libgame.so"};
    world.engine.library_changed();
    EXPECT_EQ(world.host.take_calls(), Words{"look"});
}

TEST(EngineLane, SourceThatIsRemovedFailsOnceAndIsMendedByItsReturn) {
    LaneWorld world;
    world.make_behind();
    world.finish(kTarget);
    ASSERT_TRUE(world.files.remove("/p/draw.cpp"));
    world.watcher.saw("/p/draw.cpp");
    world.watcher.drain();
    world.loop.advance(milliseconds(60));
    world.finish({}, 1);
    EXPECT_FALSE(world.builds());
    world.host.take_calls();
    world.save("draw.cpp");
    EXPECT_EQ(world.built(), Words{"libgame.so.p/draw.cpp.o"});
    world.finish({"libgame.so.p/draw.cpp.o"});
    EXPECT_EQ(world.host.take_calls(),
              (Words{"keep libgame.so: draw.cpp.o", "patch libgame.so: draw.cpp.o"}));
}

TEST(EngineLane, OtherNinjaAtTheStartOfTheLinkIsAwaited) {
    LaneWorld world;
    world.save("game.cpp");
    world.finish(kObjectOfGame);
    world.processes.foreign_ninja = 77;
    world.words();
    world.goes_live();
    EXPECT_EQ(world.commands.last().interrupt_count, 1);
    world.finish({}, 2);
    EXPECT_EQ(world.words(), (Words{"build_started background", "warning foreign_ninja",
                                    "build_finished cancelled background"}));
    EXPECT_FALSE(world.builds());
    world.processes.foreign_ninja.reset();
    world.loop.process_ends(77);
    world.loop.advance(milliseconds(20));
    EXPECT_EQ(world.built(), kTarget);
    world.finish(kTarget);
    EXPECT_EQ(world.host.take_calls().back(), "look: another ninja has built");
    EXPECT_FALSE(world.builds());
}

TEST(EngineLane, EndOfTheRunWaitsForTheLibraryBehind) {
    LaneWorld world;
    world.make_behind();
    int stopped = 0;
    ASSERT_TRUE(world.files.remove("/p/game.h"));
    world.watcher.saw("/p/game.h");
    world.watcher.drain();
    world.engine.stop_after_link([&] { ++stopped; });
    world.loop.advance(milliseconds(60)); // it is gone, and would take the place of the link
    world.save("draw.cpp");
    EXPECT_TRUE(world.builds());
    EXPECT_EQ(world.commands.last().interrupt_count, 0);
    EXPECT_EQ(stopped, 0);
    world.finish(kTarget);
    EXPECT_EQ(stopped, 1);
    EXPECT_EQ(world.words(), Words{"build_finished ok background"});
    EXPECT_EQ(world.loop.alarm_count(), 0U);
    EXPECT_EQ(world.host.take_calls(), Words{});
}

TEST(EngineLane, EndOfTheRunDoesNotWaitForEver) {
    LaneWorld world;
    world.make_behind();
    int stopped = 0;
    world.engine.stop_after_link([&] { ++stopped; });
    world.loop.advance(std::chrono::seconds(2));
    EXPECT_EQ(stopped, 1);
    EXPECT_TRUE(world.commands.last().given_up);
}

TEST(EngineLane, EndOfTheRunWaitsForNoOtherBuild) {
    LaneWorld world;
    world.save("game.cpp");
    int stopped = 0;
    world.engine.stop_after_link([&] { ++stopped; });
    EXPECT_EQ(stopped, 1);
    EXPECT_TRUE(world.commands.last().given_up);
}

} // namespace
} // namespace hotrun
