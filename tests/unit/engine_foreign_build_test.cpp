// The engine and libraries that somebody else builds.
#include "core/engine.hpp"

#include "support/engine_world.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using std::chrono::milliseconds;
using Words = std::vector<std::string>;

const Words kForeignReload = {"change /p/b/libgame.so", "reloaded game 2 kept",
                              "retired game 1 mapped"};

TEST(EngineForeignBuild, LibraryOfAForeignBuildIsReloaded) {
    EngineWorld world;
    world.start_ready();
    world.link("two");
    world.watcher.drain();
    EXPECT_EQ(world.observer.last<ChangeEvent>().source, ChangeSource::kTimestamp);
    world.host_switches();
    EXPECT_EQ(world.words(), kForeignReload);
}

TEST(EngineForeignBuild, LibraryThatIsStillWrittenIsLookedAtUntilItIsWhole) {
    EngineWorld world;
    world.start_ready();
    world.link("two");
    world.files.set_writers(EngineWorld::kLibrary, Writers::kSome);
    world.watcher.drain();
    world.loop.advance(milliseconds(35));
    EXPECT_FALSE(world.handover.has_news());
    world.files.set_writers(EngineWorld::kLibrary, Writers::kNone);
    world.loop.advance(milliseconds(10));
    EXPECT_TRUE(world.handover.has_news());
    world.host_switches();
    EXPECT_EQ(world.words(), kForeignReload);
    EXPECT_EQ(world.loop.alarm_count(), 0u);
}

TEST(EngineForeignBuild, OwnBuildIsNoForeignOne) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kSource, "second");
    world.link("two");
    world.watcher.drain();
    EXPECT_FALSE(world.handover.has_news());
    EXPECT_EQ(world.observer.all<ChangeEvent>().size(), 1u);
}

TEST(EngineForeignBuild, LibraryWithTheSameContentIsNoReload) {
    EngineWorld world;
    world.start_ready();
    world.link("one");
    world.watcher.drain();
    world.host_switches();
    EXPECT_EQ(world.words(), Words{"change /p/b/libgame.so"});
}

TEST(EngineForeignBuild, RemovedLibraryIsNoChange) {
    EngineWorld world;
    world.start_ready();
    static_cast<void>(world.files.remove(EngineWorld::kLibrary));
    world.watcher.saw(EngineWorld::kLibrary);
    world.watcher.drain();
    world.loop.advance(milliseconds(1'000));
    EXPECT_EQ(world.words(), Words{});
}

TEST(EngineForeignBuild, ReadyDoesNotWaitForALookThatABuildHasOvertaken) {
    EngineWorld world;
    world.start();
    world.link("one");
    world.files.set_writers(EngineWorld::kLibrary, Writers::kSome);
    world.run().end(0);
    EXPECT_EQ(world.words(), (Words{"build_started", "build_finished ok"}));
    world.save(EngineWorld::kSource, "broken");
    world.loop.advance(milliseconds(20));
    world.fail_build("oops");
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.cpp", "build_started", "diagnostic oops",
                                    "build_finished failed", "ready game 0"}));
}

class EngineNoBuild : public testing::Test {
  protected:
    void link(const std::string &mark) {
        world.link(mark);
        world.engine.library_changed(); // as the host's loop tells it
    }

    EngineWorld world{EngineWorld::Mode::kNoBuild};
};

TEST_F(EngineNoBuild, LibraryThatIsThereIsLoaded) {
    world.link("one");
    world.engine.start();
    EXPECT_EQ(world.words(), Words{});
    world.host_switches();
    EXPECT_EQ(world.words(), Words{"ready game 1"});
    EXPECT_TRUE(world.commands.runs.empty());
}

TEST_F(EngineNoBuild, WithoutALibraryItIsReadyAndWaits) {
    world.engine.start();
    EXPECT_EQ(world.words(), Words{"ready game 0"});
    link("one");
    world.host_switches();
    EXPECT_EQ(world.words(), (Words{"change /p/b/libgame.so", "reloaded game 1 fresh"}));
}

TEST_F(EngineNoBuild, ChangedTimestampIsReloaded) {
    world.link("one");
    world.engine.start();
    world.host_switches();
    world.words();
    link("two");
    world.host_switches();
    EXPECT_EQ(world.words(), kForeignReload);
}

TEST_F(EngineNoBuild, UnchangedTimestampTellsNothing) {
    world.link("one");
    world.engine.start();
    world.host_switches();
    world.words();
    world.engine.library_changed();
    EXPECT_EQ(world.words(), Words{});
}

// Where the file system knows no leases, the first look at a library is never enough.
TEST_F(EngineNoBuild, ReadyWaitsForALibraryThatIsBeingLookedAt) {
    world.link("one");
    world.files.set_writers(EngineWorld::kLibrary, Writers::kUnknown);
    world.engine.start();
    EXPECT_EQ(world.words(), Words{});
    world.loop.advance(milliseconds(10));
    world.host_switches();
    EXPECT_EQ(world.words(), Words{"ready game 1"});
}

TEST_F(EngineNoBuild, StopEndsTheLooking) {
    world.link("one");
    world.files.set_writers(EngineWorld::kLibrary, Writers::kSome);
    world.engine.start();
    world.engine.stop();
    world.files.set_writers(EngineWorld::kLibrary, Writers::kNone);
    world.loop.advance(milliseconds(1'000));
    EXPECT_FALSE(world.handover.has_news());
}

} // namespace
} // namespace hotrun
