// The engine and the files that it watches.
#include "core/engine.hpp"

#include "support/engine_world.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using std::chrono::milliseconds;
using Words = std::vector<std::string>;

TEST(EngineWatch, SourcesHeadersBuildFilesAndLibrariesAreWatched) {
    EngineWorld world;
    world.start_ready();
    EXPECT_EQ(world.watcher.watched,
              (std::set<std::string>{EngineWorld::kSource, EngineWorld::kHeader,
                                     EngineWorld::kMesonBuild, EngineWorld::kBuildFile,
                                     EngineWorld::kCoreData, EngineWorld::kLibrary}));
}

TEST(EngineWatch, HeaderIsBuiltOnceTheFirstBuildHasReadIt) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kHeader, "second");
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.h", "build_started"}));
}

TEST(EngineWatch, HeaderSavedDuringTheBuildThatFindsItIsBuiltAgain) {
    EngineWorld world;
    world.start();
    world.save(EngineWorld::kHeader, "second"); // nobody watches it yet
    world.finish_build("one");
    EXPECT_EQ(world.words(), (Words{"build_started", "build_finished ok", "change /p/src/game.h",
                                    "build_started"}));
    EXPECT_FALSE(world.files.exists(EngineWorld::kObject));
    world.finish_build("two");
    world.host_switches();
    EXPECT_EQ(world.words(), (Words{"build_finished ok", "ready game 1"}));
}

TEST(EngineWatch, TimeOfASaveThatWasFoundLateCountsFromItsFinding) {
    EngineWorld world;
    world.start_ready();
    world.deps.deps("libgame.so.p/game.cpp.o", {"../src/game.cpp", "../src/new.h"});
    world.save(EngineWorld::kSource, "second");
    world.loop.advance(milliseconds(1'000));
    world.files.write("/p/src/new.h", "written during the build");
    world.finish_build("two");
    ASSERT_TRUE(world.build_runs());
    world.loop.advance(milliseconds(40));
    world.finish_build("three");
    world.host_switches();
    EXPECT_LT(world.observer.last<ReloadedEvent>().total, milliseconds(100));
}

TEST(EngineWatch, FileThatIsNotWatchedIsNobodysBusiness) {
    EngineWorld world;
    world.start_ready();
    world.engine.files_changed({"/p/README.md", "/p/src/.game.cpp.swp"}, ChangeSource::kWatch);
    EXPECT_EQ(world.words(), Words{});
}

TEST(EngineWatch, SaveWithoutAChangeOfItsTimestampIsNone) {
    EngineWorld world;
    world.start_ready();
    world.engine.files_changed({EngineWorld::kSource}, ChangeSource::kWatch);
    EXPECT_EQ(world.words(), Words{});
}

TEST(EngineWatch, SeveralFilesOfOneSaveAreOneChange) {
    EngineWorld world;
    world.start_ready();
    world.save_unread(EngineWorld::kHeader, "second");
    world.save(EngineWorld::kSource, "second");
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.cpp /p/src/game.h", "build_started"}));
}

TEST(EngineWatch, VanishedFileIsWaitedFor) {
    EngineWorld world;
    world.start_ready();
    static_cast<void>(world.files.remove(EngineWorld::kSource));
    world.watcher.saw(EngineWorld::kSource);
    world.watcher.drain();
    world.loop.advance(milliseconds(10));
    EXPECT_EQ(world.words(), Words{});
    world.save(EngineWorld::kSource, "second");
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.cpp", "build_started"}));
    world.loop.advance(milliseconds(100));
    EXPECT_EQ(world.words(), Words{});
    EXPECT_EQ(world.run().interrupt_count, 0);
}

TEST(EngineWatch, FileThatComesBackUnseenIsLookedAt) {
    EngineWorld world;
    world.start_ready();
    static_cast<void>(world.files.remove(EngineWorld::kSource));
    world.watcher.saw(EngineWorld::kSource);
    world.watcher.drain();
    world.files.write(EngineWorld::kSource, "second");
    world.loop.advance(milliseconds(50));
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.cpp", "build_started"}));
}

TEST(EngineWatch, FileThatStaysAwayIsAChange) {
    EngineWorld world;
    world.start_ready();
    static_cast<void>(world.files.remove(EngineWorld::kHeader));
    world.watcher.saw(EngineWorld::kHeader);
    world.watcher.drain();
    world.loop.advance(milliseconds(49));
    EXPECT_EQ(world.words(), Words{});
    world.loop.advance(milliseconds(1));
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.h", "build_started"}));
}

TEST(EngineWatch, WhatMesonWritesDuringTheBuildIsNoChange) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kMesonBuild, "second");
    world.save(EngineWorld::kCoreData, "second");
    world.save(EngineWorld::kBuildFile, "second");
    EXPECT_EQ(world.run().interrupt_count, 0);
    world.save_unread(EngineWorld::kCoreData, "third");
    world.finish_build("two");
    world.answer_graph();
    world.loop.advance(milliseconds(1'000));
    EXPECT_FALSE(world.build_runs());
    EXPECT_EQ(world.words(),
              (Words{"change /p/meson.build", "build_started", "build_finished ok"}));
}

TEST(EngineWatch, WhatMesonRemovesForAWhileDuringTheBuildIsNoChange) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kMesonBuild, "second");
    static_cast<void>(world.files.remove(EngineWorld::kCoreData));
    world.watcher.saw(EngineWorld::kCoreData);
    world.watcher.drain();
    world.loop.advance(milliseconds(100));
    EXPECT_EQ(world.run().interrupt_count, 0);
    EXPECT_EQ(world.words(), (Words{"change /p/meson.build", "build_started"}));
}

TEST(EngineWatch, RegeneratedBuildFileRenewsTheGraphAndTheSet) {
    EngineWorld world;
    world.start_ready();
    world.files.write("/p/src/extra.cpp", "first");
    world.save(EngineWorld::kMesonBuild, "with extra.cpp");
    world.files.replace(EngineWorld::kBuildFile, "second");
    world.finish_build("two");
    ASSERT_TRUE(world.graph_runs());
    world.answer_graph({"../src/extra.cpp"});
    EXPECT_TRUE(world.watcher.watched.contains("/p/src/extra.cpp"));
    EXPECT_FALSE(world.build_runs());
    world.host_switches();
    world.words();
    world.save("/p/src/extra.cpp", "second");
    EXPECT_EQ(world.words(), (Words{"change /p/src/extra.cpp", "build_started"}));
    world.finish_build("three");
    EXPECT_FALSE(world.graph_runs());
}

TEST(EngineWatch, SourceSavedDuringTheBuildThatFindsItIsBuiltAgain) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kMesonBuild, "with extra.cpp");
    world.save("/p/src/extra.cpp", "during the build");
    world.files.replace(EngineWorld::kBuildFile, "second");
    world.finish_build("two");
    world.words();
    world.answer_graph({"../src/extra.cpp"});
    EXPECT_EQ(world.words(), (Words{"change /p/src/extra.cpp", "build_started"}));
}

// The set is renewed only after the second build, which therefore has not built that save either.
TEST(EngineWatch, SourceSavedBeforeAnotherSaveStoppedTheGraphIsBuiltAgain) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kMesonBuild, "with extra.cpp");
    world.save("/p/src/extra.cpp", "during the build");
    world.files.replace(EngineWorld::kBuildFile, "second");
    world.finish_build("two");
    ASSERT_TRUE(world.graph_runs());
    world.save(EngineWorld::kSource, "second");
    ASSERT_TRUE(world.build_runs());
    world.finish_build("three");
    world.words();
    world.answer_graph({"../src/extra.cpp"});
    EXPECT_EQ(world.words(), (Words{"change /p/src/extra.cpp", "build_started"}));
}

TEST(EngineWatch, SaveStopsTheGraphThatIsReadAfterwards) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kMesonBuild, "with extra.cpp");
    world.files.replace(EngineWorld::kBuildFile, "second");
    world.finish_build("two");
    ASSERT_TRUE(world.graph_runs());
    world.save(EngineWorld::kSource, "second");
    EXPECT_TRUE(world.build_runs());
    world.finish_build("three");
    ASSERT_TRUE(world.graph_runs());
    world.answer_graph({"../src/extra.cpp"});
    EXPECT_TRUE(world.watcher.watched.contains("/p/src/extra.cpp"));
}

// An object of the build that ran was made from a header of before; that it was is in the log only.
TEST(EngineWatch, HeaderOfANewObjectSavedDuringTheBuildMakesThatObjectStale) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kMesonBuild, "with extra.cpp");
    world.save_unread(EngineWorld::kHeader, "while extra.cpp is compiled");
    world.loop.advance(milliseconds(1));
    world.files.write("/p/b/libgame.so.p/extra.cpp.o", "of the old header");
    world.files.replace(EngineWorld::kBuildFile, "second");
    world.deps.deps("libgame.so.p/extra.cpp.o", {"../src/extra.cpp", "../src/game.h"});
    world.finish_build("two");
    world.loop.advance(BuildDriver::kQuiet);
    ASSERT_TRUE(world.build_runs());
    EXPECT_FALSE(world.files.exists("/p/b/libgame.so.p/extra.cpp.o"));
}

TEST(EngineWatch, DyndepFileThatABuildWritesRenewsTheGraphAndTheSet) {
    EngineWorld world;
    world.files.write(EngineWorld::kBuildFile,
                      "build libgame.so.p/game.cpp.o: cc ../src/game.cpp || game.dd\n"
                      "  dyndep = game.dd\n");
    world.start();
    world.files.write("/p/b/game.dd", "first");
    world.finish_build("one");
    ASSERT_TRUE(world.graph_runs());
    world.answer_graph({"../src/late.txt"});
    world.host_switches();
    EXPECT_TRUE(world.watcher.watched.contains("/p/b/game.dd"));
    EXPECT_TRUE(world.watcher.watched.contains("/p/src/late.txt"));
    world.save(EngineWorld::kSource, "second");
    world.finish_build("two");
    EXPECT_FALSE(world.graph_runs());
}

TEST(EngineWatch, IncludedBuildFileIsABuildFile) {
    EngineWorld world;
    world.files.write(EngineWorld::kBuildFile, "include rules.ninja\n");
    world.files.write("/p/b/rules.ninja", "first");
    world.start_ready();
    world.save("/p/b/rules.ninja", "second");
    EXPECT_EQ(world.words(), (Words{"change /p/b/rules.ninja", "build_started"}));
    world.finish_build("two");
    EXPECT_TRUE(world.graph_runs());
}

// ninja -t graph does not show what the dependency log alone knows to be needed.
TEST(EngineWatch, CommandOfAGeneratedHeaderThatOnlyTheLogNamesIsAskedFor) {
    EngineWorld world;
    world.files.write(EngineWorld::kBuildFile, "build gen.h: copy ../src/gen.in\n");
    world.deps.deps("libgame.so.p/game.cpp.o", {"../src/game.cpp", "gen.h"});
    world.files.write("/p/src/gen.in", "first");
    world.loop.advance(milliseconds(1));
    world.start();
    world.finish_build("one");
    ASSERT_TRUE(world.graph_runs());
    EXPECT_EQ(world.run().command.arguments.back(), "gen.h");
    world.answer_graph({"../src/gen.in"});
    EXPECT_FALSE(world.graph_runs());
    EXPECT_TRUE(world.watcher.watched.contains("/p/src/gen.in"));
    world.host_switches();
    EXPECT_EQ(world.words().back(), "ready game 1");
}

TEST(EngineWatch, BuildFileThatSomebodyElseRegeneratesIsAChange) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kBuildFile, "by hand");
    EXPECT_EQ(world.words(), (Words{"change /p/b/build.ninja", "build_started"}));
    world.finish_build("two");
    EXPECT_TRUE(world.graph_runs());
}

TEST(EngineWatch, GraphThatCantBeReadIsAskedForAgainAfterTheBuild) {
    EngineWorld world;
    world.engine.start();
    world.run().print("ninja: error: build.ninja:3: expected '='\n");
    world.run().end(1);
    ASSERT_TRUE(world.build_runs());
    world.finish_build("one");
    ASSERT_TRUE(world.graph_runs());
    world.answer_graph();
    world.host_switches();
    EXPECT_EQ(world.words(), (Words{"build_started", "build_finished ok", "ready game 1"}));
    EXPECT_TRUE(world.watcher.watched.contains(EngineWorld::kSource));
}

TEST(EngineWatch, WatchThatFailsIsWarnedOfOnce) {
    EngineWorld world;
    world.watcher.unwatched.why = Error{ErrorKind::kFailed, "can't watch /p: No space left", 28};
    world.start();
    world.finish_build("one");
    world.host_switches();
    EXPECT_EQ(world.words(),
              (Words{"warning watch", "build_started", "build_finished ok", "ready game 1"}));
}

TEST(EngineWatch, OlderFileMovedOverIsMadeToBeBuilt) {
    EngineWorld world;
    world.start_ready();
    world.loop.advance(milliseconds(1'000));
    world.files.replace(EngineWorld::kSource, "from a backup");
    world.files.set_time(EngineWorld::kSource, std::chrono::hours(1));
    world.watcher.saw(EngineWorld::kSource);
    world.watcher.drain();
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.cpp", "build_started"}));
    EXPECT_FALSE(world.files.exists(EngineWorld::kObject));
}

// Ninja keeps no record of what a command has read that failed.
TEST(EngineWatch, FileThatAFailedCommandComplainsOfIsWatchedUntilABuildIsGood) {
    EngineWorld world;
    world.start_ready();
    world.files.write("/p/src/new.h", "oops");
    world.save(EngineWorld::kSource, "second");
    world.run().print("\x1e"
                      "1 2 1 1 1 Compiling\nFAILED: libgame.so.p/game.cpp.o \nc++ -I../inc\n"
                      "In file included from ../src/game.cpp:1:\n"
                      "../src/new.h:1:1: error: oops\n"
                      "../src/game.cpp:2:10: fatal error: more.h: No such file or directory\n");
    world.run().end(1);
    EXPECT_TRUE(world.watcher.watched.contains("/p/src/new.h"));
    EXPECT_TRUE(world.watcher.watched.contains("/p/inc/more.h"));
    world.words();
    world.save("/p/src/new.h", "mended");
    EXPECT_EQ(world.words(), (Words{"change /p/src/new.h", "build_started"}));
    world.fail_build("still");
    world.save("/p/inc/more.h", "nobody misses it any more");
    EXPECT_FALSE(world.build_runs());
    world.save(EngineWorld::kSource, "third");
    world.finish_build("two");
    EXPECT_FALSE(world.watcher.watched.contains("/p/src/new.h"));
}

TEST(EngineWatch, FileThatIsMendedWhileTheCommandFailsIsBuilt) {
    EngineWorld world;
    world.start_ready();
    world.save(EngineWorld::kSource, "second");
    world.loop.advance(std::chrono::milliseconds(1));
    world.files.write("/p/src/new.h", "mended already");
    world.run().print("\x1e"
                      "1 2 1 1 1 Compiling\nFAILED: libgame.so.p/game.cpp.o \nc++\n"
                      "../src/new.h:1:1: error: oops\n");
    world.run().end(1);
    world.loop.advance(std::chrono::milliseconds(100));
    EXPECT_TRUE(world.build_runs());
}

constexpr const char *kKeptGraph = "/p/b/.hotrun_graph";

// As a run leaves it, and its files.
void leave_graph(EngineWorld &world) {
    EngineWorld before;
    before.start_ready();
    world.files.write(kKeptGraph, before.files.content(kKeptGraph));
    world.files.write("/p/b/.ninja_deps", world.deps.bytes());
    world.loop.advance(milliseconds(1'000));
}

TEST(EngineWatch, GraphOfTheLastRunIsNotAskedForAgain) {
    EngineWorld world;
    leave_graph(world);
    world.engine.start();
    ASSERT_TRUE(world.build_runs());
    EXPECT_TRUE(world.watcher.watched.contains(EngineWorld::kSource));
    EXPECT_TRUE(world.watcher.watched.contains(EngineWorld::kHeader));
    world.finish_build("one");
    world.host_switches();
    EXPECT_EQ(world.words(), (Words{"build_started", "build_finished ok", "ready game 1"}));
    world.save(EngineWorld::kHeader, "second");
    EXPECT_EQ(world.words(), (Words{"change /p/src/game.h", "build_started"}));
}

TEST(EngineWatch, GraphOfOtherBuildFilesIsAskedFor) {
    EngineWorld world;
    leave_graph(world);
    world.files.write(EngineWorld::kBuildFile, "of another setup");
    world.engine.start();
    EXPECT_TRUE(world.graph_runs());
}

TEST(EngineWatch, SaveBeforeTheFilesOfAKeptGraphAreWatchedIsSeen) {
    EngineWorld world;
    leave_graph(world);
    world.files.set_time(EngineWorld::kHeader, milliseconds(5), world.clock.wall());
    world.engine.start();
    EXPECT_EQ(world.words(), (Words{"build_started", "change /p/src/game.h"}));
}

TEST(EngineWatch, GraphThatCanNotBeKeptIsAskedForEachTime) {
    EngineWorld world;
    world.files.forbid_creation_in("/p/b");
    world.start_ready();
    EXPECT_FALSE(world.files.exists(kKeptGraph));
}

} // namespace
} // namespace hotrun
