// What the runner's side makes of code that has failed.
#include "unit/reloader_test.hpp"

namespace hotrun {
namespace {

class ReloaderFailureTest : public ReloaderTest {
  protected:
    // Its content is that of the library all along.
    void touch(const std::string &module) {
        clock.advance(std::chrono::milliseconds(1));
        files.set_time("/b/lib" + module + ".so", clock.wall());
    }
    void fail(const std::string &module, const std::string &mark) {
        build(module, mark);
        look();
        fail_offered();
    }
};

TEST_F(ReloaderFailureTest, RollBackIsToldAndItsNumberIsUsedUp) {
    reload("game", "one");
    fail("game", "two");
    EXPECT_EQ(reloader.statuses()[0].generation, 1u);
    reload("game", "three");
    EXPECT_EQ(words(),
              (Words{"reloaded game 1 fresh", "rolled_back game 2 to 1 crash",
                     "retired game 2 mapped", "reloaded game 3 kept", "retired game 1 mapped"}));
    EXPECT_EQ(reloader.statuses()[0].generation, 3u);
}

TEST_F(ReloaderFailureTest, RollBackTellsAllOfTheFault) {
    reload("game", "one");
    build("game", "two");
    look();
    FailureReport failure = host.roll_back(std::move(host.switch_now().at(0)));
    failure.where = CallKind::kReload;
    failure.fault.reason = RollBackReason::kAbort;
    failure.fault.signal = "SIGABRT";
    failure.fault.address = 24;
    failure.fault.detail = "assertion failed";
    failure.fault.backtrace = {{0x1234, 0x1000, "/b/libgame_live.42.2.so"}};
    failure.steps_lost = 3;
    failure.detail = "and more";
    deliver(std::move(failure));
    const auto event = observer.last<RolledBackEvent>();
    EXPECT_EQ(to_word(event.reason), "abort");
    EXPECT_EQ(event.signal, "SIGABRT");
    EXPECT_EQ(event.address, std::optional<std::uint64_t>(24));
    EXPECT_EQ(event.steps_lost, 3u);
    EXPECT_EQ(event.detail, "assertion failed; in hotrun_reload; and more");
    ASSERT_EQ(event.backtrace.size(), 1u);
    EXPECT_EQ(event.backtrace[0].address, 0x1234u);
    EXPECT_EQ(event.backtrace[0].library, "/b/libgame_live.42.2.so");
}

TEST_F(ReloaderFailureTest, FailedContentIsNotOfferedAgainUntilItIsSaved) {
    reload("game", "one");
    fail("game", "two");
    EXPECT_TRUE(look());
    build("music", "one");
    look();
    EXPECT_EQ(host.switch_now().size(), 1u);
    EXPECT_EQ(host.live(0)->number, 1u);
    touch("game");
    look();
    EXPECT_EQ(host.switch_now().size(), 1u);
    EXPECT_EQ(host.live(0)->number, 3u);
    EXPECT_EQ(live_mark(), "two");
}

TEST_F(ReloaderFailureTest, UndoneSaveAfterARollBackIsNoNews) {
    reload("game", "one");
    fail("game", "two");
    words();
    build("game", "one");
    EXPECT_TRUE(look());
    EXPECT_FALSE(handover.has_news());
    EXPECT_FALSE(reloader.in_flight());
    reload("game", "three");
    EXPECT_EQ(words(), (Words{"reloaded game 3 kept", "retired game 1 mapped"}));
}

TEST_F(ReloaderFailureTest, RollBackWithANewerSaveOfferedLeavesThatOffered) {
    reload("game", "one");
    build("game", "two");
    look();
    std::vector<SwitchReport> second = host.switch_now();
    build("game", "three");
    look();
    deliver(host.roll_back(std::move(second.at(0))));
    EXPECT_TRUE(reloader.in_flight());
    deliver(host.switch_now());
    EXPECT_EQ(words(),
              (Words{"reloaded game 1 fresh", "rolled_back game 2 to 1 crash",
                     "retired game 2 mapped", "reloaded game 3 kept", "retired game 1 mapped"}));
    EXPECT_EQ(live_mark(), "three");
}

// The host runs generation 3 by the time that it is told that 2 has failed.
TEST_F(ReloaderFailureTest, LateReportOfAFailureIsNotTakenForTheRunningCode) {
    reload("game", "one");
    build("game", "two");
    look();
    FailureReport failure = host.roll_back(std::move(host.switch_now().at(0)));
    build("game", "three");
    look();
    std::vector<SwitchReport> third = host.switch_now();
    build("music", "one");
    look();
    deliver(std::move(failure));
    deliver(std::move(third));
    deliver(host.switch_now());
    touch("game");
    look();
    EXPECT_FALSE(handover.has_news()) << "it runs already";
    build("game", "one");
    look();
    EXPECT_EQ(host.switch_now().size(), 1u) << "an undone save";
    EXPECT_EQ(live_mark(), "one");
}

TEST_F(ReloaderFailureTest, FailedFirstGenerationLeavesNone) {
    fail("game", "one");
    EXPECT_EQ(words(), (Words{"rolled_back game 1 to 0 crash", "retired game 1 mapped"}));
    EXPECT_EQ(reloader.statuses()[0].generation, 0u);
    EXPECT_FALSE(reloader.in_flight());
    EXPECT_TRUE(look());
    EXPECT_FALSE(handover.has_news());
    touch("game");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(words(), Words{"reloaded game 2 fresh"});
}

TEST_F(ReloaderFailureTest, ParkedGenerationIsToldAndStaysTheLiveOne) {
    reload("game", "one");
    words();
    deliver(host.park(0));
    EXPECT_EQ(words(), Words{"rolled_back game 1 to 1 crash"});
    EXPECT_EQ(reloader.statuses()[0].generation, 1u);
    EXPECT_TRUE(look());
    EXPECT_FALSE(handover.has_news());
}

TEST_F(ReloaderFailureTest, SameContentWakesAParkedModule) {
    reload("game", "one");
    deliver(host.park(0));
    words();
    touch("game");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(words(), (Words{"reloaded game 2 kept", "retired game 1 mapped"}));
    touch("game");
    look();
    EXPECT_FALSE(handover.has_news()) << "it runs again";
}

TEST_F(ReloaderFailureTest, UndoneSaveThatTheHostHasNotTakenWakesAParkedModule) {
    reload("game", "one");
    deliver(host.park(0));
    build("game", "two");
    look();
    build("game", "one");
    look();
    EXPECT_EQ(host.switch_now().size(), 1u);
    EXPECT_EQ(host.live(0)->number, 2u);
    EXPECT_EQ(live_mark(), "one");
}

TEST_F(ReloaderFailureTest, ModuleThatIsParkedAgainIsWokenBySameContentAgain) {
    reload("game", "one");
    deliver(host.park(0));
    build("game", "two");
    look();
    FailureReport failure = host.roll_back(std::move(host.switch_now().at(0)));
    failure.parked = true; // as it was
    deliver(std::move(failure));
    build("game", "one");
    look();
    deliver(host.switch_now());
    EXPECT_EQ(reloader.statuses()[0].generation, 3u);
    EXPECT_EQ(live_mark(), "one");
}

TEST_F(ReloaderFailureTest, CrashInUnloadIsADetailOfTheReload) {
    reload("game", "one");
    build("game", "two");
    look();
    std::vector<SwitchReport> reports = host.switch_now();
    reports.at(0).detail = "generation 1 failed in hotrun_unload (SIGSEGV)";
    deliver(std::move(reports));
    EXPECT_EQ(observer.last<ReloadedEvent>().detail,
              "generation 1 failed in hotrun_unload (SIGSEGV)");
}

TEST_F(ReloaderFailureTest, StalledCallIsOfTheGenerationThatTheHostRuns) {
    reload("game", "one");
    reloader.stalled(0, {{0x1234, 0x1000, "/b/libgame_live.42.1.so"}});
    EXPECT_EQ(words().back(), "stalled game 1");
    EXPECT_EQ(observer.last<StalledEvent>().backtrace.size(), 1u);
    EXPECT_EQ(observer.last<StalledEvent>().detail,
              "the call can't be left where it is: it sleeps, waits, or holds a lock");
    build("game", "two");
    look();
    std::vector<SwitchReport> reports = host.switch_now();
    reloader.stalled(0, {});
    EXPECT_EQ(words().back(), "stalled game 2") << "in its first step";
    build("music", "one");
    look();
    reloader.stalled(0, {});
    EXPECT_EQ(words().back(), "stalled game 2") << "with an offer for another module";
    deliver(host.roll_back(std::move(reports.at(0))));
    build("game", "three");
    look();
    reloader.stalled(0, {});
    EXPECT_EQ(words().back(), "stalled game 1") << "generation 3 is not taken yet";
}

TEST_F(LinkedReloaderTest, FailureOfTheUserLeavesTheNewLibrary) {
    build_game("two");
    look();
    std::vector<SwitchReport> reports = host.switch_now();
    ASSERT_EQ(reports.size(), 2u);
    std::vector<SwitchReport> game;
    game.push_back(std::move(reports[0]));
    deliver(host.roll_back(std::move(reports[1])));
    deliver(std::move(game));
    EXPECT_EQ(words(), (Words{"rolled_back music 2 to 1 crash", "retired music 2 mapped",
                              "reloaded game 2 kept", "retired game 1 mapped"}));
    EXPECT_TRUE(look());
    EXPECT_FALSE(handover.has_news());
    build("music", linked("music", "two").needed("libgame.so"));
    look();
    deliver(host.switch_now());
    EXPECT_EQ(code(1)->links.at(0), code(0));
}

TEST_F(LinkedReloaderTest, UserIsBoundToTheOldLibraryAgainWithTheNextSave) {
    build_game("two");
    look();
    std::vector<SwitchReport> reports = host.switch_now();
    deliver(host.roll_back(std::move(reports.at(0))));
    reports.erase(reports.begin());
    deliver(std::move(reports));
    words();
    build("music", linked("music", "two").needed("libgame.so"));
    look();
    deliver(host.switch_now());
    EXPECT_EQ(words(), (Words{"reloaded music 3 kept", "retired music 2 mapped"}));
    EXPECT_EQ(code(1)->links.at(0), code(0));
    EXPECT_EQ(host.live(0)->number, 1u);
}

} // namespace
} // namespace hotrun
