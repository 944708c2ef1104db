#include "core/engine.hpp"

#include "support/engine_world.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using std::chrono::milliseconds;
using Words = std::vector<std::string>;

TEST(Engine, FirstBuildEndsInReady) {
    EngineWorld world;
    world.engine.start();
    EXPECT_TRUE(world.graph_runs());
    EXPECT_EQ(world.words(), Words{});
    world.answer_graph();
    EXPECT_TRUE(world.build_runs());
    EXPECT_EQ(world.words(), Words{"build_started"});
    world.finish_build("one");
    EXPECT_EQ(world.words(), Words{"build_finished ok"});
    world.host_switches();
    EXPECT_EQ(world.words(), Words{"ready game 1"});

    const auto ready = world.observer.last<ReadyEvent>();
    EXPECT_EQ(ready.pid, FakeProcessTable::kOwnPid);
    EXPECT_EQ(ready.builddir, "/p/b");
    EXPECT_EQ(ready.targets, Words{"game"});
    EXPECT_EQ(ready.modules.front().library, EngineWorld::kLibrary);
    EXPECT_EQ(ready.watched_files, 4u);
    EXPECT_EQ(ready.socket, std::nullopt);
    EXPECT_EQ(world.observer.last<BuildStartedEvent>().cause_seq, std::nullopt);
}

TEST(Engine, FirstBuildThatFailsIsReadyAllTheSame) {
    EngineWorld world;
    world.start();
    world.fail_build("oops");
    EXPECT_EQ(world.words(),
              (Words{"build_started", "diagnostic oops", "build_finished failed", "ready game 0"}));
    world.save(EngineWorld::kSource, "mended");
    world.finish_build("one");
    world.host_switches();
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.cpp", "build_started", "build_finished ok",
                                    "reloaded game 1 fresh"}));
}

TEST(Engine, FirstBuildWithARejectedLibraryIsReady) {
    EngineWorld world;
    world.start();
    world.files.write(EngineWorld::kLibrary, "no library");
    world.run().end(0);
    EXPECT_EQ(world.words(), (Words{"build_started", "build_finished ok",
                                    "rejected game not_elf runs 0", "ready game 0"}));
}

TEST(Engine, SaveIsBuiltAndReloaded) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kSource, "second");
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.cpp", "build_started"}));
    world.finish_build("two");
    EXPECT_EQ(world.words(), Words{"build_finished ok"});
    world.host_switches();
    EXPECT_EQ(world.words(), (Words{"reloaded game 2 kept", "retired game 1 mapped"}));
}

TEST(Engine, EventsCountFromOneWithoutGapsAndNameTheirCause) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kSource, "second");
    world.finish_build("two");
    world.host_switches();
    std::uint64_t seq = 0;
    Microseconds time{};
    for (const Event &event : world.observer.events) {
        EXPECT_EQ(event.seq, ++seq);
        EXPECT_GE(event.time, time);
        time = event.time;
    }
    EXPECT_EQ(world.observer.last<ChangeEvent>().source, ChangeSource::kWatch);
    EXPECT_EQ(world.observer.last<BuildStartedEvent>().targets, Words{"libgame.so"});
    EXPECT_EQ(world.observer.last<BuildStartedEvent>().cause_seq, 4u);
    EXPECT_EQ(in_words(world.observer.events[3]), "change /p/src/game.cpp");
}

TEST(Engine, ReloadCountsItsTimeFromTheSave) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kSource, "second");
    world.loop.advance(milliseconds(40));
    world.finish_build("two"); // takes 1 ms
    world.loop.advance(milliseconds(5));
    world.host_switches(); // 1 ms later
    const auto event = world.observer.last<ReloadedEvent>();
    EXPECT_EQ(event.total, Microseconds(47'000));
    EXPECT_EQ(event.phases[static_cast<std::size_t>(Phase::kBuild)], Microseconds(41'000));
    EXPECT_EQ(event.phases[static_cast<std::size_t>(Phase::kWait)], Microseconds(6'000));
}

TEST(Engine, FailedBuildLeavesTheGeneration) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kSource, "broken");
    world.fail_build("oops");
    world.host_switches();
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.cpp", "build_started", "diagnostic oops",
                                    "build_finished failed"}));
    EXPECT_EQ(world.host.live(0)->number, 1u);
    world.save(EngineWorld::kSource, "mended");
    world.finish_build("two");
    world.host_switches();
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.cpp", "build_started", "build_finished ok",
                                    "reloaded game 2 kept", "retired game 1 mapped"}));
}

TEST(Engine, LibraryOfAFailedBuildIsNotLoaded) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kSource, "half");
    world.link("two");
    world.fail_build("another target is broken");
    world.loop.advance(milliseconds(100));
    EXPECT_FALSE(world.handover.has_news());
}

TEST(Engine, BuildThatChangesNoLibraryIsFollowedByNothing) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kSource, "// a comment");
    world.finish_build("one");
    world.host_switches();
    EXPECT_EQ(world.words(),
              (Words{"change /p/src/game.cpp", "build_started", "build_finished ok"}));
    world.save(EngineWorld::kSource, "// another");
    world.run().print("ninja: no work to do.\n");
    world.run().end(0);
    EXPECT_EQ(world.words(),
              (Words{"change /p/src/game.cpp", "build_started", "build_finished nothing"}));
}

TEST(Engine, RejectedLibraryLeavesTheGeneration) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kSource, "second");
    world.loader.failure = "/p/b/libgame_live.42.2.so: undefined symbol: fly";
    world.finish_build("two");
    world.host_switches();
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.cpp", "build_started", "build_finished ok",
                                    "rejected game undefined_symbol runs 1"}));
    world.loader.failure.clear();
    world.save(EngineWorld::kSource, "third");
    world.finish_build("three");
    world.host_switches();
    EXPECT_EQ(world.words().back(), "retired game 1 mapped");
    EXPECT_EQ(world.host.live(0)->number, 2u);
}

TEST(Engine, ChangeDuringBuildCancelsAndBuildsAgain) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kSource, "second");
    world.save(EngineWorld::kSource, "third");
    EXPECT_EQ(world.run().interrupt_count, 1);
    world.run().end(2);
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.cpp", "build_started",
                                    "change /p/src/game.cpp", "build_finished cancelled"}));
    EXPECT_FALSE(world.build_runs());
    world.loop.advance(milliseconds(15));
    ASSERT_TRUE(world.build_runs());
    world.finish_build("three");
    world.host_switches();
    EXPECT_EQ(world.words(), (Words{"build_started", "build_finished ok", "reloaded game 2 kept",
                                    "retired game 1 mapped"}));
}

TEST(Engine, CancelledFirstBuildIsNotReadyYet) {
    EngineWorld world;
    world.start();
    world.save(EngineWorld::kSource, "second");
    world.run().end(2);
    world.loop.advance(milliseconds(15));
    world.finish_build("two");
    world.host_switches();
    EXPECT_EQ(world.words(),
              (Words{"build_started", "change /p/src/game.cpp", "build_finished cancelled",
                     "build_started", "build_finished ok", "ready game 1"}));
}

TEST(Engine, SaveThatIsReadAfterTheBuildCountsAsOneDuringIt) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kSource, "second");
    world.save_unread(EngineWorld::kSource, "third"); // while the compiler reads it
    world.finish_build("two");
    world.host_switches(); // to nothing: what was built is out of date
    world.loop.advance(BuildDriver::kQuiet);
    ASSERT_TRUE(world.build_runs());
    EXPECT_FALSE(world.files.exists(EngineWorld::kObject)); // ninja would call it up to date
    world.finish_build("three");
    world.host_switches();
    EXPECT_EQ(world.words(),
              (Words{"change /p/src/game.cpp", "build_started", "change /p/src/game.cpp",
                     "build_finished ok", "build_started", "build_finished ok",
                     "reloaded game 2 kept", "retired game 1 mapped"}));
    EXPECT_EQ(world.live_mark(), "three");
}

TEST(Engine, OfTenQuickSavesTheLastWinsWithFewBuilds) {
    EngineWorld world;
    world.start_ready();
    for (int n = 0; n < 10; ++n) {
        world.save(EngineWorld::kSource, "save " + std::to_string(n));
        if (world.build_runs() && world.run().interrupt_count > 0)
            world.run().end(2);
        world.loop.advance(milliseconds(9));
    }
    world.loop.advance(milliseconds(100));
    ASSERT_TRUE(world.build_runs());
    world.finish_build(world.files.content(EngineWorld::kSource));
    world.host_switches();
    world.loop.advance(milliseconds(1'000));
    EXPECT_FALSE(world.build_runs());
    EXPECT_EQ(world.build_count(), 3u); // the first of the run, one cancelled, one to the end
    EXPECT_EQ(world.host.live(0)->number, 2u);
    EXPECT_EQ(world.live_mark(), "save 9");
}

TEST(Engine, SavesFasterThanTheBuildAreBuiltAllTheSame) {
    EngineWorld world;
    world.start_ready();
    for (int n = 0; n < 20; ++n) {
        world.save(EngineWorld::kSource, "save " + std::to_string(n));
        if (world.run().interrupt_count > 0 && world.build_runs())
            world.run().end(2);
        world.loop.advance(milliseconds(30));
    }
    EXPECT_TRUE(world.build_runs());
    EXPECT_EQ(world.run().interrupt_count, 0);
    EXPECT_EQ(world.build_count(), 1u + BuildDriver::kCancelsInRow + 1u);
}

TEST(Engine, BuildProgressIsPassedOn) {
    EngineWorld world;
    world.start();
    world.run().print("\x1e"
                      "1 4 1 3 1 Compiling\n");
    const std::vector<std::pair<std::size_t, std::size_t>> expected = {{1, 4}};
    EXPECT_EQ(world.observer.progress, expected);
}

TEST(Engine, NinjaThatCantBeStartedIsAFailedBuild) {
    EngineWorld world;
    world.commands.failure = Error{ErrorKind::kFailed, "can't start /usr/bin/ninja", 2};
    world.engine.start();
    world.loop.run_posted();
    EXPECT_EQ(world.words(),
              (Words{"build_started",
                     "diagnostic can't start /usr/bin/ninja; install ninja-build if it is gone",
                     "build_finished failed", "ready game 0"}));
    EXPECT_EQ(world.observer.last<BuildFinishedEvent>().exit_status, 1);
}

TEST(Engine, NinjaThatCantBeStartedAnyMoreIsTriedAgainWithTheNextSave) {
    EngineWorld world;
    world.start_ready();
    world.commands.failure = Error{ErrorKind::kFailed, "can't start /usr/bin/ninja", 12};
    world.save(EngineWorld::kSource, "second");
    world.loop.run_posted();
    EXPECT_EQ(world.words(),
              (Words{"change /p/src/game.cpp", "build_started",
                     "diagnostic can't start /usr/bin/ninja; install ninja-build if it is gone",
                     "build_finished failed"}));
    world.commands.failure.reset();
    world.save(EngineWorld::kSource, "third");
    world.finish_build("three");
    world.host_switches();
    EXPECT_EQ(world.host.live(0)->number, 2u);
}

TEST(Engine, StopDuringABuildEndsNinjaAndTellsNothing) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kSource, "second");
    world.words();
    world.engine.stop();
    EXPECT_TRUE(world.run().given_up);
    world.save(EngineWorld::kSource, "third");
    world.engine.library_changed();
    world.loop.advance(milliseconds(1'000));
    EXPECT_EQ(world.words(), Words{});
    EXPECT_EQ(world.loop.alarm_count(), 0u);
    world.engine.tell_stopped(130, 17);
    EXPECT_EQ(world.words(), Words{"stopped 130"});
    EXPECT_EQ(world.observer.last<StoppedEvent>().steps, 17u);
}

TEST(Engine, StopBetweenCancelAndBuildStartsNoMore) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kSource, "second");
    world.save(EngineWorld::kSource, "third");
    world.run().end(2);
    world.engine.stop();
    world.loop.advance(milliseconds(1'000));
    EXPECT_FALSE(world.build_runs());
}

} // namespace
} // namespace hotrun
