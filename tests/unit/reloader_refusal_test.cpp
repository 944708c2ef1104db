// Patches that are refused, and the library that comes instead.
#include "unit/reloader_lane_test.hpp"

namespace hotrun {
namespace {

TEST_F(ReloaderLaneTest, LibraryComesWithTheReason) {
    patches.trace.refusal = "game.cpp: the layout of State has changed";
    const std::string why = save({"game.o"}, "2");
    EXPECT_EQ(why, "game.cpp: the layout of State has changed");
    EXPECT_FALSE(reloader.in_flight());
    reloader.set_library_reason(why);
    link("two");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(words().front(), "reloaded game 2 kept, " + why);
    patches.trace.refusal.clear();
    EXPECT_EQ(save({"game.o"}, "3"), "");
}

TEST_F(ReloaderLaneTest, WhatTheHostCantPatchComesAsALibrary) {
    save({"game.o"}, "2");
    handover.take();
    refuse_patch(2, kThread);
    EXPECT_EQ(words(), Words{}) << "the library is yet to come";
    EXPECT_EQ(live(), 1u);
    EXPECT_FALSE(reloader.in_flight());
    EXPECT_EQ(reloader.take_refusal(), kThread);
    EXPECT_EQ(reloader.take_refusal(), "") << "once";
    EXPECT_EQ(keep({"enemy.o"}), kThread);
    reloader.set_library_reason(kThread);
    link("two");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(words().front(), std::string("reloaded game 2 kept, ") + kThread);
    EXPECT_EQ(live_mark(), "two");
    EXPECT_EQ(keep({"enemy.o"}), "");
}

// It is not the module's: hotrun_unload has not ended it.
TEST_F(ReloaderLaneTest, ThreadThatStaysInTheCodeIsNotTriedAgain) {
    save({"game.o"}, "2");
    handover.take();
    refuse_patch(2, kThread);
    reload("game", "two");
    const std::uint64_t code = FakeLibraryLoader::place(2).begin;
    holders.threads.emplace(code, "thread 8 (own) is in it");
    EXPECT_EQ(keep({"game.o"}), "") << "it ends before the patch is applied";
    holders.threads.emplace(code, "thread 7 (worker) is in it");
    EXPECT_EQ(patch({"game.o"}), kThread) << "which is there now";
    EXPECT_EQ(keep({"game.o"}), kThread);
    holders.threads.clear();
    holders.threads.emplace(code, "thread 7 (worker) runs, and may be in it");
    holders.threads.emplace(code, "thread 77 (worker) is in it");
    EXPECT_EQ(keep({"game.o"}),
              "the code can't be patched: thread 7 (worker) runs, and may be in it");
    holders.threads.clear();
    holders.threads.emplace(code, "thread 77 (worker) is in it");
    EXPECT_EQ(keep({"game.o"}), "");
}

TEST_F(ReloaderLaneTest, RefusalIsNoneWhereTheLibraryIsOnItsWay) {
    save({"game.o"}, "2");
    handover.take(); // the host is about to find out
    link("two");
    look();
    refuse_patch(2, kThread);
    EXPECT_EQ(reloader.take_refusal(), "");
    deliver(host.switch_now());
    EXPECT_EQ(live_mark(), "two");
    EXPECT_EQ(words().front(), "reloaded game 3 kept");
}

TEST_F(ReloaderLaneTest, PatchThatIsNotTakenGivesWayToTheLibrary) {
    save({"game.o"}, "2");
    link("two");
    look();
    EXPECT_EQ(calls(), (Words{"open", "prepare /b/game.o", "drop"}));
    link("three");
    reloader.set_library_reason("a struct has changed");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(live(), 2u);
    EXPECT_EQ(live_mark(), "three");
    EXPECT_EQ(words().front(), "reloaded game 2 kept, a struct has changed");
}

TEST_F(ReloaderLaneTest, ReasonIsThatOfOneLookAlone) {
    reloader.set_library_reason("no file has changed");
    look(); // and nothing has come of it
    reload("game", "two");
    EXPECT_EQ(words().front(), "reloaded game 2 kept");
}

TEST_F(ReloaderLaneTest, PatchThatIsNotTakenStaysWhenAnotherModuleIsBuilt) {
    save({"game.o"}, "2");
    build("music", "one");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(live(), 2u);
    EXPECT_EQ(calls().back(), "apply 1");
}

TEST_F(ReloaderLaneTest, OneRefusedPatchLeavesNoneOfTheSave) {
    build("music", "one");
    look();
    deliver(host.switch_now());
    calls();
    EXPECT_EQ(keep({"game.o"}), "");
    compile("game.o", "2");
    const std::string why = reloader.patch(
        {{kLibrary, {path("game.o")}}, {"/b/libmusic.so", {"/b/song.o"}}}, PhaseTimes(clock.now()));
    EXPECT_EQ(why, "/b/song.o was not kept before it was compiled");
    EXPECT_EQ(calls(), (Words{"open", "prepare /b/game.o", "drop"}));
    EXPECT_FALSE(handover.has_offer());
}

} // namespace
} // namespace hotrun
