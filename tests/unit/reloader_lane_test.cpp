#include "unit/reloader_test.hpp"

#include "support/fake_patch_loader.hpp"
#include "support/object_builder.hpp"

namespace hotrun {
namespace {

struct WithPatchLoader {
    FakePatchLoader patches;

    HostProcess process() {
        HostProcess process;
        process.patches = &patches;
        return process;
    }
};

// The game is live, and made of two object files.
class ReloaderLaneTest : public WithPatchLoader, public ReloaderTest {
  protected:
    ReloaderLaneTest() : ReloaderTest(process()) {
        compile("game.o", "1");
        compile("enemy.o", "1");
        reload("game", "one");
        words();
    }

    static constexpr const char *kLibrary = "/b/libgame.so";
    static std::string path(const std::string &object) { return "/b/" + object; }

    void compile(const std::string &object, const std::string &body,
                 const std::string &function = "_Z4turnv") {
        clock.advance(std::chrono::milliseconds(1));
        ObjectBuilder builder;
        builder.symbol(function, builder.code(".text", body + std::string(32, '\x90')), 0, 32);
        const std::vector<std::byte> bytes = builder.build();
        files.write(path(object), {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
    }

    std::string keep(const Words &objects) {
        return reloader.keep_objects({{kLibrary, paths(objects)}});
    }
    std::string patch(const Words &objects) {
        return reloader.patch({{kLibrary, paths(objects)}}, PhaseTimes(clock.now()));
    }
    // A save of these, up to the offer.
    std::string save(const Words &objects, const std::string &body) {
        std::string why = keep(objects);
        for (const std::string &object : objects)
            compile(object, body);
        return why.empty() ? patch(objects) : why;
    }
    void link(const std::string &mark) { build("game", mark); }

    Words calls() { return std::exchange(patches.trace.calls, {}); }
    std::uint64_t live() const { return reloader.statuses().front().generation; }

  private:
    static Words paths(const Words &objects) {
        Words all;
        for (const std::string &object : objects)
            all.push_back(path(object));
        return all;
    }
};

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

TEST_F(ReloaderLaneTest, WhatTheHostCantPatchComesAsALibrary) {
    save({"game.o"}, "2");
    FailureReport report;
    report.from = 2;
    report.to = 1;
    report.is_patch_refused = true;
    report.refusal = "the code can't be patched: thread 7 (worker) is in it";
    handover.take();
    deliver(std::move(report));
    EXPECT_EQ(words(), Words{}) << "the library is yet to come";
    EXPECT_EQ(live(), 1u);
    link("two");
    reloader.relinked({kLibrary});
    look();
    deliver(host.switch_now());
    EXPECT_EQ(words().front(),
              "reloaded game 2 kept, the code can't be patched: thread 7 (worker) is in it");
    EXPECT_EQ(live_mark(), "two");
}

TEST_F(ReloaderLaneTest, PatchThatIsNotTakenGivesWayToTheLibrary) {
    save({"game.o"}, "2");
    link("two");
    look();
    EXPECT_EQ(calls(), (Words{"open", "prepare /b/game.o", "drop"}));
    link("three");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(live(), 2u);
    EXPECT_EQ(live_mark(), "three");
    EXPECT_EQ(words().front(),
              "reloaded game 2 kept, the library was linked before the patch was live");
}

TEST_F(ReloaderLaneTest, PatchThatIsNotTakenStaysWhenAnotherModuleIsBuilt) {
    save({"game.o"}, "2");
    build("music", "one");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(live(), 2u);
    EXPECT_EQ(calls().back(), "apply 1");
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
