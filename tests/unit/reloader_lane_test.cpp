#include "unit/reloader_lane_test.hpp"

namespace hotrun {
namespace {

TEST_F(ReloaderLaneTest, PatchIsAGenerationOfTheLibraryThatRuns) {
    const LiveLibrary::Shared code = host.live(0)->code;
    EXPECT_EQ(save({"game.o"}, "2"), "");
    EXPECT_TRUE(reloader.in_flight());
    deliver(host.switch_now());
    EXPECT_EQ(calls(), (Words{"open", "prepare /b/game.o", "apply 1"}));
    EXPECT_EQ(live(), 2u);
    EXPECT_EQ(host.live(0)->code, code);
    EXPECT_EQ(loader.loaded.size(), 1u);
    EXPECT_EQ(words(), (Words{"reloaded game 2 kept object", "retired game 1 mapped"}));
    EXPECT_EQ(observer.last<RetiredEvent>().why, "another generation runs in its library");
}

TEST_F(ReloaderLaneTest, RelinkedLibraryIsNoGeneration) {
    save({"game.o"}, "2");
    deliver(host.switch_now());
    words();
    link("two");
    EXPECT_EQ(reloader.changed_libraries(), Words{kLibrary});
    reloader.relinked({kLibrary});
    EXPECT_TRUE(look());
    EXPECT_FALSE(handover.has_offer());
    EXPECT_EQ(reloader.changed_libraries(), Words{});
    link("three");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(live(), 3u);
    EXPECT_EQ(live_mark(), "three");
}

TEST_F(ReloaderLaneTest, LibraryThatHoldsWhatWasPatchedIsLoadedAnew) {
    save({"game.o"}, "2");
    deliver(host.switch_now());
    link("one"); // as it was loaded, which is not what runs
    look();
    deliver(host.switch_now());
    EXPECT_EQ(live(), 3u);
    EXPECT_EQ(loader.loaded.size(), 2u);
}

TEST_F(ReloaderLaneTest, PatchesBuildOnEachOther) {
    for (const char *body : {"2", "3", "4"}) {
        EXPECT_EQ(save({"game.o"}, body), "");
        deliver(host.switch_now());
    }
    EXPECT_EQ(save({"game.o", "enemy.o"}, "5"), "");
    deliver(host.switch_now());
    EXPECT_EQ(live(), 5u);
    EXPECT_EQ(calls(),
              (Words{"open", "prepare /b/game.o", "apply 1", "prepare /b/game.o", "apply 2",
                     "prepare /b/game.o", "apply 3", "prepare /b/game.o /b/enemy.o", "apply 4"}));
}

TEST_F(ReloaderLaneTest, WhatIsTheSameIsNotPatched) {
    keep({"game.o", "enemy.o"});
    compile("game.o", "1");
    compile("enemy.o", "1");
    EXPECT_EQ(patch({"game.o", "enemy.o"}), "");
    EXPECT_FALSE(reloader.in_flight());
    EXPECT_EQ(save({"game.o"}, "2"), "") << "it is still what runs";
    EXPECT_TRUE(reloader.in_flight());
}

TEST_F(ReloaderLaneTest, ObjectThatTheLiveCodeWasNotMadeFromIsRefused) {
    compile("game.o", "2"); // by somebody else
    EXPECT_EQ(keep({"game.o"}), "/b/game.o is not what the live code was made from");
    EXPECT_EQ(keep({"gone.o"}), "/b/gone.o is not what the live code was made from");
    EXPECT_EQ(patch({"enemy.o"}), "/b/enemy.o was not kept before it was compiled");
}

TEST_F(ReloaderLaneTest, ObjectThatIsBeingWrittenIsRefused) {
    Timestamp stamp = *files.timestamp(path("game.o"));
    stamp.size_bytes += 8;
    files.set_stamp(path("game.o"), stamp);
    EXPECT_EQ(keep({"game.o"}), "/b/game.o is being written");
}

class LinkedLaneTest : public WithPatchLoader, public LinkedReloaderTest {
  protected:
    LinkedLaneTest() : LinkedReloaderTest(process()) {}
};

TEST_F(LinkedLaneTest, LibraryThatWaitsForAnotherOneComesFirst) {
    build_game("two");
    files.set_writers("/b/libgame.so", Writers::kSome);
    build("music", linked("music", "two").needed("libgame.so"));
    look();
    EXPECT_EQ(reloader.keep_objects(std::vector<ObjectSet>{{"/b/libmusic.so", {}}}),
              "the live code of music is not what its library holds");
}

TEST_F(LinkedLaneTest, LibraryThatAnotherOneLinksIsLoadedWithIt) {
    EXPECT_EQ(reloader.keep_objects(std::vector<ObjectSet>{{"/b/libgame.so", {}}}),
              "another hot library links game, and is loaded anew with it");
}

TEST_F(ReloaderLaneTest, ProcessMayNotBePatchedForAWhile) {
    patches.why_not = "a debugger is attached";
    EXPECT_EQ(keep({"game.o"}), "a debugger is attached");
    patches.why_not.clear();
    EXPECT_EQ(keep({"game.o"}), "");
}

class KeptStateLaneTest : public WithPatchLoader, public ReloaderTest {
  protected:
    KeptStateLaneTest() : ReloaderTest(process_with_state()) {}

    HostProcess process_with_state() {
        HostProcess with_state = process();
        CodeRecipe recipe;
        recipe.path = "/b/libgame.so";
        recipe.copy = "/s/heap.d/libgame.so.4";
        with_state.kept = KeptCode{"/s/heap", {recipe}};
        return with_state;
    }
};

TEST_F(KeptStateLaneTest, StateOfAFileIsNotPatched) {
    EXPECT_EQ(reloader.keep_objects(std::vector<ObjectSet>{{"/b/libgame.so", {}}}),
              "the state comes from a file");
}

TEST_F(ReloaderTest, HostWithoutPatchesTakesLibraries) {
    EXPECT_EQ(reloader.keep_objects(std::vector<ObjectSet>{{"/b/libgame.so", {}}}),
              "this host can't patch code");
}

TEST_F(ReloaderLaneTest, ObjectsStayKeptUntilTheyArePatched) {
    EXPECT_EQ(keep({"game.o"}), "");
    compile("game.o", "2"); // and then another file failed to compile
    EXPECT_EQ(keep({"game.o", "enemy.o"}), "");
    compile("enemy.o", "2");
    EXPECT_EQ(patch({"game.o", "enemy.o"}), "");
    EXPECT_EQ(calls(), (Words{"open", "prepare /b/game.o /b/enemy.o"}));
}

TEST_F(ReloaderLaneTest, FailedPatchIsUndoneAndItsLibraryIsNotLoaded) {
    save({"game.o"}, "2");
    calls();
    fail_offered();
    EXPECT_EQ(calls(), (Words{"apply 1", "undo 1", "drop"}));
    EXPECT_EQ(live(), 1u);
    EXPECT_FALSE(reloader.in_flight());
    link("two");
    reloader.relinked({kLibrary});
    look();
    EXPECT_FALSE(handover.has_offer());
    EXPECT_EQ(save({"enemy.o"}, "2"), "generation 2 of it was rolled back");
    link("three");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(live(), 3u);
    EXPECT_EQ(save({"enemy.o"}, "3"), "");
}

TEST_F(ReloaderLaneTest, FailedPatchGoesBackToAnOlderPatch) {
    save({"game.o"}, "2");
    deliver(host.switch_now());
    save({"game.o"}, "3");
    fail_offered();
    link("one"); // is not what runs
    look();
    deliver(host.switch_now());
    EXPECT_EQ(live(), 4u);
}

TEST_F(ReloaderLaneTest, UndoneSaveAfterAFailedPatchIsANewBeginning) {
    save({"game.o"}, "2");
    fail_offered();
    link("two");
    reloader.relinked({kLibrary});
    compile("game.o", "1");
    link("one");
    look();
    EXPECT_FALSE(handover.has_offer()) << "that runs";
    EXPECT_EQ(save({"game.o"}, "3"), "");
}

TEST_F(ReloaderLaneTest, LibraryThatIsBeingWrittenComesFirst) {
    link("two");
    files.set_writers(kLibrary, Writers::kSome);
    EXPECT_FALSE(look(Writer::kSomebodyElse));
    EXPECT_EQ(keep({"game.o"}), "the live code of game is not what its library holds");
}

TEST_F(ReloaderLaneTest, NothingIsPatchedWhileTheStateOfTheModuleForbidsIt) {
    EXPECT_EQ(reloader.keep_objects(std::vector<ObjectSet>{{"/b/libmusic.so", {}}}),
              "music has no generation that runs");
    EXPECT_EQ(reloader.keep_objects(std::vector<ObjectSet>{{"/b/libother.so", {}}}),
              "/b/libother.so is no module");
    save({"game.o"}, "2");
    EXPECT_EQ(keep({"enemy.o"}), "what was built before is not live yet");
    deliver(host.switch_now());
    deliver(host.park(0));
    EXPECT_EQ(keep({"enemy.o"}), "game is parked");
}

TEST_F(ReloaderLaneTest, RejectedLibraryIsToBeMendedFirst) {
    files.replace(kLibrary, "no library");
    look();
    EXPECT_EQ(keep({"enemy.o"}), "the library that was built last was rejected");
}

TEST_F(ReloaderLaneTest, FunctionThatOthersLookUpMayNotComeOrGo) {
    EXPECT_EQ(keep({"game.o"}), "");
    compile("game.o", "2", "hotrun_unload");
    EXPECT_EQ(patch({"game.o"}), "game.cpp: the exported function hotrun_unload is new or gone");
}

} // namespace
} // namespace hotrun
