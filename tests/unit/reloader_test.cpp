#include "unit/reloader_test.hpp"

#include "support/fake_code_holders.hpp"

namespace hotrun {
namespace {

TEST_F(ReloaderTest, KnowsItsLibraries) {
    EXPECT_TRUE(reloader.is_library("/b/libgame.so"));
    EXPECT_FALSE(reloader.is_library("/b/libother.so"));
    EXPECT_EQ(reloader.changed_libraries(), Words{});
    build("music", "one");
    EXPECT_EQ(reloader.changed_libraries(), Words{"/b/libmusic.so"});
}

TEST_F(ReloaderTest, NothingNewIsNoOffer) {
    EXPECT_TRUE(look());
    EXPECT_FALSE(handover.has_news());
    EXPECT_FALSE(reloader.in_flight());
}

TEST_F(ReloaderTest, GenerationsCountFromOneForEachModule) {
    reload("game", "one");
    reload("game", "two");
    reload("music", "one");
    EXPECT_EQ(words(), (Words{"reloaded game 1 fresh", "reloaded game 2 kept",
                              "retired game 1 mapped", "reloaded music 1 fresh"}));
    const std::vector<ModuleStatus> statuses = reloader.statuses();
    EXPECT_EQ(statuses[0].generation, 2u);
    EXPECT_EQ(statuses[1].generation, 1u);
    EXPECT_EQ(statuses[1].library, "/b/libmusic.so");
}

TEST_F(ReloaderTest, OfferIsInFlightUntilTheHostTells) {
    build("game", "one");
    look();
    EXPECT_TRUE(reloader.in_flight());
    std::vector<SwitchReport> reports = host.switch_now();
    EXPECT_TRUE(reloader.in_flight());
    deliver(std::move(reports));
    EXPECT_FALSE(reloader.in_flight());
}

TEST_F(ReloaderTest, TwoModulesSwitchTogether) {
    build("game", "one");
    build("music", "one");
    look();
    std::vector<SwitchReport> reports = host.switch_now();
    EXPECT_EQ(reports.size(), 2u);
    deliver(std::move(reports));
    EXPECT_EQ(words(), (Words{"reloaded game 1 fresh", "reloaded music 1 fresh"}));
}

TEST_F(ReloaderTest, SupersededCandidateLeavesNoGapInTheNumbers) {
    reload("game", "one");
    build("game", "two");
    look();
    build("game", "three");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(words(),
              (Words{"reloaded game 1 fresh", "reloaded game 2 kept", "retired game 1 mapped"}));
    EXPECT_EQ(live_mark(), "three");
    EXPECT_EQ(host.live(0)->code->copy.path(), "/b/libgame_live.42.2-2.so");
    EXPECT_FALSE(files.exists("/b/libgame_live.42.2.so"));
}

TEST_F(ReloaderTest, CandidateThatTheHostHasTakenKeepsItsNumber) {
    reload("game", "one");
    build("game", "two");
    look();
    std::vector<SwitchReport> reports = host.switch_now();
    build("game", "three");
    look();
    deliver(std::move(reports));
    EXPECT_TRUE(reloader.in_flight());
    deliver(host.switch_now());
    EXPECT_EQ(words(),
              (Words{"reloaded game 1 fresh", "reloaded game 2 kept", "retired game 1 mapped",
                     "reloaded game 3 kept", "retired game 2 mapped"}));
}

TEST_F(ReloaderTest, UndoneSaveTakesTheCandidateBack) {
    reload("game", "one");
    build("game", "two");
    look();
    build("game", "one");
    look();
    EXPECT_TRUE(host.switch_now().empty());
    EXPECT_FALSE(reloader.in_flight());
    EXPECT_EQ(words(), Words{"reloaded game 1 fresh"});
}

// The host is in its first step with generation 2, which it has not told of yet.
TEST_F(ReloaderTest, UndoneSaveIsANewGenerationWhenTheHostHasSwitchedAlready) {
    reload("game", "one");
    build("game", "two");
    look();
    std::vector<SwitchReport> reports = host.switch_now();
    build("game", "one");
    look();
    deliver(std::move(reports));
    deliver(host.switch_now());
    EXPECT_EQ(reloader.statuses()[0].generation, 3u);
    EXPECT_EQ(live_mark(), "one");
}

// Reports come later than what the reloader has found out by itself.
TEST_F(ReloaderTest, LateReportOfAnOlderGenerationIsNotTakenForTheRunningOne) {
    reload("game", "one");
    build("game", "two");
    look();
    std::vector<SwitchReport> second = host.switch_now();
    build("game", "three");
    look();
    std::vector<SwitchReport> third = host.switch_now();
    build("game", "four");
    look();
    deliver(std::move(second));
    build("game", "two");
    look();
    deliver(std::move(third));
    deliver(host.switch_now());
    EXPECT_EQ(live_mark(), "two");
}

TEST_F(ReloaderTest, RejectedCandidateConsumesNoNumber) {
    reload("game", "one");
    build("game", ElfBuilder().machine(host_machine()).soname("two"));
    EXPECT_TRUE(look());
    EXPECT_FALSE(handover.has_news());
    reload("game", "three");
    EXPECT_EQ(words(), (Words{"reloaded game 1 fresh", "rejected game no_step runs 1",
                              "reloaded game 2 kept", "retired game 1 mapped"}));
}

TEST_F(ReloaderTest, RejectionOfOneModuleDoesNotHoldUpTheOther) {
    loader.host_symbols = {};
    build("game", stepping_library("one").undefined("__asan_init"));
    build("music", "one");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(words(), (Words{"rejected game sanitizer runs 0", "reloaded music 1 fresh"}));
}

TEST_F(ReloaderTest, LibraryThatSomebodyWritesIsToBeLookedAtAgain) {
    build("game", "one");
    files.set_writers("/b/libgame.so", Writers::kSome);
    EXPECT_FALSE(look(Writer::kSomebodyElse));
    files.set_writers("/b/libgame.so", Writers::kNone);
    EXPECT_TRUE(look(Writer::kSomebodyElse));
    EXPECT_TRUE(reloader.in_flight());
}

TEST_F(ReloaderTest, FirstGenerationIsToldByReadyUntilThen) {
    Reloader early({files, loader, processes, clock}, loop, events, handover,
                   {{"game", "/b/libgame.so"}}, true);
    build("game", "one");
    early.look(Writer::kOurBuild, PhaseTimes(clock.now()));
    for (SwitchReport &report : host.switch_now())
        early.switched(std::move(report));
    EXPECT_EQ(words(), Words{});
    EXPECT_EQ(early.statuses()[0].generation, 1u);
}

TEST_F(ReloaderTest, OldGenerationsStayMappedForAWhile) {
    const std::size_t kept = RetiredCode::kKept;
    for (std::size_t n = 0; n <= kept; ++n)
        reload("game", std::to_string(n));
    EXPECT_EQ(loader.closed, Words{});
    words();
    reload("game", "one more");
    EXPECT_EQ(words(),
              (Words{"reloaded game 10 kept", "retired game 9 mapped", "retired game 1 unmapped"}));
    EXPECT_EQ(loader.closed, Words{"/b/libgame_live.42.1.so"});
    EXPECT_FALSE(files.exists("/b/libgame_live.42.1.so"));
    EXPECT_TRUE(files.exists("/b/libgame_live.42.2.so"));
}

// A reload that is offered holds it: it would be told as held by something else.
TEST_F(ReloaderTest, OldCodeIsClosedWhenNothingIsOffered) {
    for (std::size_t n = 1; n <= RetiredCode::kKept + 1; ++n)
        reload("game", std::to_string(n));
    build("game", "last but one");
    look();
    for (SwitchReport &report : host.switch_now())
        reloader.switched(std::move(report));
    build("game", "last");
    look();
    words();
    loop.run_posted();
    EXPECT_EQ(words(), Words{});
    deliver(host.switch_now());
    EXPECT_EQ(words(), (Words{"reloaded game 11 kept", "retired game 10 mapped",
                              "retired game 1 unmapped", "retired game 2 unmapped"}));
}

TEST_F(ReloaderTest, OldCodeIsClosedWhenTheOfferIsTakenBack) {
    for (std::size_t n = 1; n <= RetiredCode::kKept + 1; ++n)
        reload("game", std::to_string(n));
    build("game", "last");
    look();
    for (SwitchReport &report : host.switch_now())
        reloader.switched(std::move(report));
    build("game", "never taken");
    look();
    loop.run_posted();
    words();
    build("game", ElfBuilder().machine(host_machine()).soname("broken"));
    look();
    loop.run_posted();
    EXPECT_EQ(words(), (Words{"rejected game no_step runs 10", "retired game 1 unmapped"}));
}

TEST_F(ReloaderTest, CodeThatCantLeaveTheProcessIsToldWithWhy) {
    loader.stays_mapped = {"/b/libgame_live.42.1.so", "/b/libgame_live.42.2.so"};
    build("game", stepping_library("0").unique("_ZZ1fvE1s"));
    look();
    deliver(host.switch_now());
    EXPECT_EQ(words(), (Words{"warning unique_symbols", "reloaded game 1 fresh"}));
    for (std::size_t n = 0; n < RetiredCode::kKept + 2; ++n)
        reload("game", "number " + std::to_string(n));

    std::vector<RetiredEvent> first_two;
    for (const RetiredEvent &event : observer.all<RetiredEvent>()) {
        if (event.generation <= 2 && event.why.find("callbacks") == std::string::npos)
            first_two.push_back(event);
    }
    ASSERT_EQ(first_two.size(), 2u);
    EXPECT_FALSE(first_two[0].unmapped);
    EXPECT_NE(first_two[0].why.find("unique symbols"), std::string::npos);
    EXPECT_FALSE(first_two[1].unmapped);
    EXPECT_NE(first_two[1].why.find("thread_local"), std::string::npos);
}

TEST_F(ReloaderTest, UniqueSymbolsAreWarnedOfOnce) {
    for (const char *mark : {"one", "two"}) {
        build("game", stepping_library(mark).unique("_ZZ1fvE1s"));
        look();
        deliver(host.switch_now());
    }
    EXPECT_EQ(observer.all<WarningEvent>().size(), 1u);
}

TEST_F(LinkedReloaderTest, UserIsReloadedAfterTheLibraryAndTellsWhy) {
    build_game("two");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(words(), (Words{"reloaded game 2 kept", "retired game 1 mapped",
                              "reloaded music 2 kept", "retired music 1 mapped"}));
    const auto reloaded = observer.all<ReloadedEvent>();
    EXPECT_EQ(reloaded[reloaded.size() - 2].detail, "");
    EXPECT_EQ(reloaded.back().detail, "libgame.so changed");
    EXPECT_EQ(code(1)->links.at(0), code(0));
}

TEST_F(LinkedReloaderTest, UserIsTakenBackWithTheLibrary) {
    build_game("two");
    look();
    build_game("three");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(code(0)->copy.path(), "/b/libgame_live.42.2-2.so");
    EXPECT_EQ(code(1)->copy.path(), "/b/libmusic_live.42.2-2.so");
    EXPECT_EQ(code(1)->links.at(0), code(0));
    EXPECT_EQ(reloader.statuses()[1].generation, 2u);
    EXPECT_EQ(loader.closed, (Words{"/b/libmusic_live.42.2.so", "/b/libgame_live.42.2.so"}));
}

TEST_F(LinkedReloaderTest, WhatIsStillRightIsOfferedAgainAsItIs) {
    build("music", linked("music", "two").needed("libgame.so"));
    look();
    build("game", ElfBuilder().machine(host_machine()).soname("libgame.so"));
    look();
    deliver(host.switch_now());
    EXPECT_EQ(words(), (Words{"rejected game no_step runs 1", "reloaded music 2 kept",
                              "retired music 1 mapped"}));
    EXPECT_EQ(code(1)->copy.path(), "/b/libmusic_live.42.2.so");
    EXPECT_EQ(code(1)->links.at(0), code(0));
}

TEST_F(ReloaderTest, CompanionsAreLibrariesOfTheRun) {
    files.write("/b/libbase.so",
                content_of(ElfBuilder().machine(host_machine()).soname("libbase.so")));
    build("game", stepping_library("one").needed("libbase.so").run_path("$ORIGIN"));
    EXPECT_EQ(*handover.libraries(), (Words{"/b/libgame.so", "/b/libmusic.so"}));
    look();
    EXPECT_TRUE(reloader.is_library("/b/libbase.so"));
    EXPECT_EQ(reloader.libraries(), (Words{"/b/libgame.so", "/b/libmusic.so", "/b/libbase.so"}));
    EXPECT_EQ(*handover.libraries(), reloader.libraries());
}

TEST_F(ReloaderTest, ReloadTellsItsPhases) {
    build("game", "one");
    PhaseTimes phases(clock.now());
    clock.advance(Microseconds(400));
    phases.mark(Phase::kBuild, clock.now());
    reloader.look(Writer::kOurBuild, phases);
    clock.advance(Microseconds(70));
    deliver(host.switch_now());
    const auto event = observer.last<ReloadedEvent>();
    EXPECT_EQ(event.total, Microseconds(470));
    EXPECT_EQ(event.phases[static_cast<std::size_t>(Phase::kBuild)], Microseconds(400));
    EXPECT_EQ(event.phases[static_cast<std::size_t>(Phase::kWait)], Microseconds(70));
    EXPECT_EQ(event.pause, Microseconds(0));
}

TEST_F(ReloaderTest, CloseLeavesOnlyTheLiveCode) {
    reload("game", "one");
    reload("game", "two");
    build("game", "three");
    look();
    reloader.close();
    EXPECT_EQ(loader.closed.size(), 2u);
    EXPECT_EQ(*files.list("/b"), (Words{"libgame.so", "libgame_live.42.2.so"}));
}

TEST_F(ReloaderTest, FilesCanBeRemovedWithTheCodeStillMapped) {
    reload("game", "one");
    reload("music", "one");
    reloader.remove_files();
    EXPECT_EQ(loader.closed, Words{});
    EXPECT_EQ(*files.list("/b"), (Words{"libgame.so", "libmusic.so"}));
}

struct Threads {
    FakeCodeHolders holders;
};

class ThreadReloaderTest : private Threads, public ReloaderTest {
  protected:
    ThreadReloaderTest() : ReloaderTest({.heaps = {}, .holders = &holders}) {}
    using Threads::holders;
};

TEST_F(ThreadReloaderTest, OldCodeIsClosedOnceTheThreadInItHasLeft) {
    for (char mark = 'a'; mark < 'a' + 8; ++mark)
        reload("game", {mark});
    const std::uint64_t first = FakeLibraryLoader::place(1).begin;
    holders.threads.emplace(first, "thread 43 (worker) runs, and may be in it");
    reload("game", "i");
    reload("game", "j");
    EXPECT_TRUE(words().back().ends_with("mapped"));
    loop.advance(std::chrono::seconds(1));
    EXPECT_EQ(words(), Words{});
    holders.threads.clear();
    loop.advance(std::chrono::seconds(1));
    EXPECT_EQ(words(), Words{"retired game 1 unmapped"});
    EXPECT_EQ(loop.alarm_count(), 0U);
}

} // namespace
} // namespace hotrun
