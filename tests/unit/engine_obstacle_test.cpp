// The build folder is gone, or somebody else is at work in it.
#include "support/engine_world.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using std::chrono::milliseconds;
using Words = std::vector<std::string>;

constexpr std::int64_t kForeign = 4711;

TEST(EngineObstacle, FolderThatIsWipedAndSetUpAgainIsBuiltAgain) {
    EngineWorld world;
    world.start_ready();
    ASSERT_TRUE(world.files.remove(EngineWorld::kBuildFile).ok());
    world.watcher.saw(EngineWorld::kBuildFile);
    world.watcher.drain();
    world.loop.advance(milliseconds(100));
    EXPECT_EQ(world.words(),
              (Words{"change /p/b/build.ninja", "build_started",
                     "diagnostic the build folder /p/b is not set up; run meson setup /p/b in the "
                     "project's folder",
                     "build_finished failed"}));
    EXPECT_EQ(world.host.live(0)->number, 1u);

    Timestamp folder = *world.files.timestamp("/p/b");
    folder.inode += 1000;
    world.files.set_stamp("/p/b", folder);
    EXPECT_EQ(world.claim_count, 0);
    world.save(EngineWorld::kBuildFile, "set up again");
    ASSERT_TRUE(world.build_runs());
    EXPECT_EQ(world.claim_count, 1) << "it is another folder";
    world.finish_build("two");
    world.answer_graph();
    world.host_switches();
    EXPECT_EQ(world.host.live(0)->number, 2u);
    world.save(EngineWorld::kSource, "second");
    EXPECT_TRUE(world.build_runs());
    EXPECT_EQ(world.claim_count, 1);
}

TEST(EngineObstacle, ForeignNinjaIsWaitedFor) {
    EngineWorld world;
    world.start_ready();
    world.processes.foreign_ninja = kForeign;
    world.save(EngineWorld::kSource, "second");
    EXPECT_EQ(world.words(),
              (Words{"change /p/src/game.cpp", "build_started", "warning foreign_ninja"}));
    EXPECT_EQ(world.observer.last<WarningEvent>().message,
              "another ninja (process 4711) builds in /p/b; hotrun waits for it, then builds");
    EXPECT_EQ(world.run().interrupt_count, 1);
    world.run().end(2);
    world.loop.advance(milliseconds(1000));
    EXPECT_FALSE(world.build_runs());
    world.save(EngineWorld::kSource, "third");
    world.loop.advance(milliseconds(1000));
    EXPECT_FALSE(world.build_runs()) << "a save does not end the wait";

    world.processes.foreign_ninja.reset();
    world.loop.process_ends(kForeign);
    world.loop.advance(milliseconds(1000));
    ASSERT_TRUE(world.build_runs());
    world.finish_build("two");
    world.host_switches();
    EXPECT_EQ(world.host.live(0)->number, 2u);
}

TEST(EngineObstacle, ForeignNinjaThatEndsBeforeOursIsNotWaitedForTwice) {
    EngineWorld world;
    world.start_ready();
    world.processes.foreign_ninja = kForeign;
    world.save(EngineWorld::kSource, "second");
    world.processes.foreign_ninja.reset();
    world.loop.process_ends(kForeign);
    world.run().end(2);
    world.loop.advance(milliseconds(1000));
    EXPECT_TRUE(world.build_runs());
}

TEST(EngineObstacle, AnotherMesonIsWaitedForThenBuiltOnce) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kMesonBuild, "second");
    world.run().print("ERROR: Some other Meson process is already using this build directory.\n");
    world.run().end(1);
    EXPECT_EQ(world.words(),
              (Words{"change /p/meson.build", "build_started",
                     "diagnostic another Meson works in /p/b; hotrun builds again when it is done",
                     "build_finished failed"}));
    EXPECT_EQ(world.run().command.program, "/usr/bin/flock");
    world.loop.advance(milliseconds(1000));
    EXPECT_EQ(world.build_count(), 2u + 1u) << "the wait counts as one";
    world.run().end(0);
    EXPECT_EQ(world.run().command.program, "/usr/bin/ninja");
    world.finish_build("two");
    world.loop.advance(milliseconds(1000));
    EXPECT_EQ(world.words().back(), "build_finished ok");
}

TEST(EngineObstacle, WhatAKilledNinjaLeftHalfWrittenIsRemoved) {
    EngineWorld world;
    world.start_ready();
    world.loop.advance(milliseconds(100));
    world.save(EngineWorld::kSource, "second");
    world.loop.advance(milliseconds(100));
    world.files.write(EngineWorld::kObject, "half an obj");
    world.run().end_by_signal(9);
    EXPECT_FALSE(world.files.exists(EngineWorld::kObject));
    EXPECT_TRUE(world.files.exists(EngineWorld::kLibrary)) << "an earlier build made it";
    EXPECT_EQ(world.words().back(), "build_finished failed");
    EXPECT_EQ(world.host.live(0)->number, 1u);
}

} // namespace
} // namespace hotrun
