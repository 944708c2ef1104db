// The engine when the code that it had built fails.
#include "support/engine_world.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using Words = std::vector<std::string>;

void host_fails(EngineWorld &world) {
    for (SwitchReport &report : world.host.switch_now())
        world.host_failed(world.host.roll_back(std::move(report)));
    world.loop.run_posted();
}

TEST(EngineFailure, ReadyWaitsForAFirstGenerationThatFails) {
    EngineWorld world;
    world.start();
    world.finish_build("one");
    EXPECT_EQ(world.words(), (Words{"build_started", "build_finished ok"}));
    host_fails(world);
    EXPECT_EQ(world.words(),
              (Words{"rolled_back game 1 to 0 crash", "retired game 1 mapped", "ready game 0"}));
    world.save(EngineWorld::kSource, "mended");
    world.finish_build("two");
    world.host_switches();
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.cpp", "build_started", "build_finished ok",
                                    "reloaded game 2 fresh"}));
}

TEST(EngineFailure, SaveAfterARollBackIsBuiltAndReloaded) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kSource, "second");
    world.finish_build("two");
    world.words();
    host_fails(world);
    EXPECT_EQ(world.words(), (Words{"rolled_back game 2 to 1 crash", "retired game 2 mapped"}));
    world.loop.advance(std::chrono::seconds(1));
    EXPECT_FALSE(world.build_runs());
    EXPECT_FALSE(world.handover.has_news());
    world.save(EngineWorld::kSource, "third");
    world.finish_build("three");
    world.host_switches();
    EXPECT_EQ(world.host.live(0)->number, 3u);
    EXPECT_EQ(world.live_mark(), "three");
}

TEST(EngineFailure, ParkedModuleGoesOnWithTheNextSave) {
    EngineWorld world;
    world.start_ready();
    world.host_failed(world.host.park(0));
    EXPECT_EQ(world.words(), Words{"rolled_back game 1 to 1 crash"});
    world.save(EngineWorld::kSource, "second");
    world.finish_build("one"); // as if the line that fails had never been saved
    world.host_switches();
    EXPECT_EQ(world.words().back(), "retired game 1 mapped");
    EXPECT_EQ(world.host.live(0)->number, 2u);
}

// So long does a module wait that failed and is to go on in another process.
TEST(EngineFailure, NewCodeIsExpectedUntilItsBuildHasFailedOrTheHostHasToldOfIt) {
    EngineWorld world;
    world.engine.start();
    EXPECT_TRUE(world.code_expected);
    world.answer_graph();
    world.finish_build("one");
    EXPECT_TRUE(world.code_expected) << "the host has yet to take it";
    world.host_switches();
    EXPECT_FALSE(world.code_expected);
    world.save(EngineWorld::kSource, "second");
    EXPECT_TRUE(world.code_expected);
    world.fail_build("oops");
    EXPECT_FALSE(world.code_expected);
    world.save(EngineWorld::kSource, "third");
    world.save(EngineWorld::kSource, "fourth");
    world.run().end(2);
    EXPECT_TRUE(world.code_expected) << "a cancelled build is followed by another one";
    world.loop.advance(std::chrono::seconds(1));
    world.finish_build("");
    EXPECT_FALSE(world.code_expected) << "nothing has come of it";
    static_cast<void>(world.files.remove(EngineWorld::kSource));
    world.watcher.saw(EngineWorld::kSource);
    world.watcher.drain();
    EXPECT_TRUE(world.code_expected) << "it may be about to be written anew";
    world.save(EngineWorld::kSource, "fourth");
    world.run().end(0);
    EXPECT_FALSE(world.code_expected);
}

TEST(EngineFailure, NewCodeIsExpectedWhileSomebodyWritesIt) {
    EngineWorld world(EngineWorld::Mode::kNoBuild);
    world.files.replace(EngineWorld::kLibrary, content_of(stepping_library("one")));
    world.engine.start();
    world.host_switches();
    EXPECT_FALSE(world.code_expected);
    world.files.replace(EngineWorld::kLibrary, content_of(stepping_library("two")));
    world.files.set_writers(EngineWorld::kLibrary, Writers::kSome);
    world.engine.library_changed();
    EXPECT_TRUE(world.code_expected);
    world.files.set_writers(EngineWorld::kLibrary, Writers::kNone);
    world.loop.advance(std::chrono::seconds(1));
    EXPECT_TRUE(world.code_expected);
    world.host_switches();
    EXPECT_FALSE(world.code_expected);
}

TEST(EngineFailure, AModuleThatWaitsIsDueForARestartUntilNewCodeIsLive) {
    EngineWorld world;
    world.start_ready();
    FailureReport failure = world.host.park(0);
    failure.waits = true;
    world.save(EngineWorld::kSource, "second");
    world.host_failed(std::move(failure));
    EXPECT_TRUE(world.observer.last<RolledBackEvent>().waits);
    EXPECT_TRUE(world.reloader.restart_due());
    world.finish_build("two");
    host_fails(world);
    EXPECT_TRUE(world.reloader.restart_due()) << "that code has failed too";
    EXPECT_TRUE(world.observer.last<RolledBackEvent>().waits);
    world.save(EngineWorld::kSource, "third");
    world.finish_build("three");
    world.host_switches();
    EXPECT_FALSE(world.reloader.restart_due());
}

TEST(EngineFailure, ProcessThatTakesOverIsNotReadyOnceMore) {
    EngineWorld world;
    world.engine.set_ready();
    world.start();
    world.finish_build("one");
    world.host_switches();
    EXPECT_EQ(world.words(),
              (Words{"build_started", "build_finished ok", "reloaded game 1 fresh"}));
    EXPECT_TRUE(world.observer.all<ReadyEvent>().empty());
}

} // namespace
} // namespace hotrun
