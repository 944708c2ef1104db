#include "status_line.hpp"

#include "screen_text.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using std::chrono::milliseconds;

class StatusLineTest : public testing::Test {
  protected:
    void tell(const EventBody &body) { line.event({1, {}, body}); }
    std::string text(std::size_t columns = 200) const { return line.text(columns); }

    void start(std::vector<ModuleStatus> modules = {{"hotmaths", "", 1}}) {
        ReadyEvent ready;
        ready.modules = std::move(modules);
        tell(ready);
    }
    void build(BuildStatus status, std::vector<BuiltEdge> edges = {}) {
        tell(BuildStartedEvent{{"hotmaths"}, {}});
        tell(BuildFinishedEvent{status, 0, milliseconds(79), std::move(edges), ""});
    }
    void reload(std::uint64_t generation) {
        build(BuildStatus::kOk, {{"libhotmaths.so.p/a.cpp.o", milliseconds(3), milliseconds(52)},
                                 {"libhotmaths.so", milliseconds(56), milliseconds(22)}});
        ReloadedEvent reloaded;
        reloaded.module = "hotmaths";
        reloaded.generation = generation;
        reloaded.total = milliseconds(84);
        reloaded.phases[static_cast<std::size_t>(Phase::kBuild)] = milliseconds(80);
        reloaded.phases[static_cast<std::size_t>(Phase::kLoad)] = Microseconds(620);
        tell(reloaded);
    }
    void roll_back(std::uint64_t from, std::uint64_t to, bool parked) {
        RolledBackEvent event;
        event.module = "hotmaths";
        event.from = from;
        event.to = to;
        event.parked = parked;
        tell(event);
    }

    StatusLine line{kUnicodeGlyphs, false};
    const std::string whole =
        "● hotmaths gen 7 · live in 84 ms (compile 52 · link 22 · load 0.6 · ours 4) · state kept "
        "· 12 steps/s";
};

TEST_F(StatusLineTest, SaysWhatIsLiveAndWhereTheTimeWent) {
    EXPECT_EQ(text(), "● hotrun · nothing runs yet");
    start();
    EXPECT_EQ(text(), "● hotmaths gen 1 · live");
    line.set_steps_per_second(12.3);
    reload(7);
    EXPECT_EQ(text(), whole);
    EXPECT_EQ(line.title(), "hotmaths gen 7 - live in 84 ms");
}

TEST_F(StatusLineTest, LeavesOutWhatMattersLeastAndIsNeverTooWide) {
    start();
    line.set_steps_per_second(12);
    reload(7);
    EXPECT_EQ(text(columns_of(whole)), whole);
    EXPECT_EQ(text(columns_of(whole) - 1),
              "● hotmaths gen 7 · live in 84 ms · state kept · 12 steps/s");
    EXPECT_EQ(text(50), "● hotmaths gen 7 · live in 84 ms · 12 steps/s");
    EXPECT_EQ(text(24), "● hotmaths gen 7 · live…");
    for (std::size_t columns = 1; columns < 110; ++columns)
        EXPECT_LE(columns_of(text(columns)), columns);
    tell(BuildStartedEvent{{"hotmaths"}, {}});
    for (std::size_t columns = 1; columns < 40; ++columns)
        EXPECT_LE(columns_of(text(columns)), columns);
}

TEST_F(StatusLineTest, IsPlainWhereTheLocaleIs) {
    line = StatusLine(kAsciiGlyphs, false);
    reload(7);
    EXPECT_EQ(text(), "* hotmaths gen 7 | live in 84 ms (compile 52, link 22, load 0.6, ours 4) | "
                      "state kept");
    EXPECT_EQ(text(20), "* hotmaths gen 7 ...");
}

TEST_F(StatusLineTest, ABuildShowsItsProgress) {
    tell(BuildStartedEvent{{"hotmaths"}, {}});
    EXPECT_EQ(text(), "○ hotmaths building");
    line.build_progress(3, 12);
    EXPECT_EQ(text(), "○ hotmaths building 3/12");
    EXPECT_EQ(line.title(), "hotmaths building 3/12");
    tell(BuildFinishedEvent{BuildStatus::kNothing, 0, {}, {}, ""});
    EXPECT_EQ(text(), "● hotrun · nothing to build");
}

TEST_F(StatusLineTest, AFailureStaysUntilItIsMended) {
    start();
    tell(BuildStartedEvent{{"hotmaths"}, {}});
    for (int i = 0; i < 2; ++i)
        tell(DiagnosticEvent{});
    tell(BuildFinishedEvent{BuildStatus::kFailed, 1, {}, {}, ""});
    EXPECT_EQ(text(), "● hotmaths gen 1 · build failed, 2 errors");
    build(BuildStatus::kCancelled);
    EXPECT_EQ(text(), "● hotmaths gen 1 · build failed, 2 errors");
    tell(RejectedEvent{"hotmaths", 1, RejectReason::kUndefinedSymbol, ""});
    EXPECT_EQ(text(), "● hotmaths gen 1 · new code rejected (undefined_symbol)");
    build(BuildStatus::kOk);
    EXPECT_EQ(text(), "● hotmaths gen 1 · built in 79 ms");
}

TEST_F(StatusLineTest, WhatGaveWayAndWhatIsParkedIsSaid) {
    start();
    line.set_steps_per_second(4);
    roll_back(2, 1, false);
    EXPECT_EQ(text(), "● hotmaths gen 1 · gen 2 crashed, rolled back · 4 steps/s");
    roll_back(1, 1, true);
    EXPECT_EQ(text(), "● hotmaths gen 1 parked · gen 1 crashed");
    build(BuildStatus::kNothing);
    EXPECT_EQ(text(), "● hotmaths gen 1 parked · nothing to build");
    reload(3);
    EXPECT_TRUE(text().starts_with("● hotmaths gen 3 · live in 84 ms"));
    tell(StalledEvent{"hotmaths", 3, "", {}});
    EXPECT_EQ(text(), "● hotmaths gen 3 · a call does not return · 4 steps/s");
    tell(RestartedEvent{1, "", 0});
    EXPECT_EQ(text(), "● hotmaths gen 3 · the process has replaced itself · 4 steps/s");
}

TEST_F(StatusLineTest, ColoursSayHowItStands) {
    line = StatusLine(kUnicodeGlyphs, true);
    start();
    EXPECT_EQ(text(), "\x1b[32m● hotmaths gen 1\x1b[0m · live");
    build(BuildStatus::kFailed);
    EXPECT_EQ(text(), "\x1b[31;1m● hotmaths gen 1\x1b[0m · \x1b[31;1mbuild failed\x1b[0m");
    roll_back(2, 1, false);
    EXPECT_TRUE(text().starts_with("\x1b[33;1m● hotmaths gen 1\x1b[0m"));
    roll_back(1, 1, true);
    EXPECT_TRUE(text().starts_with("\x1b[35;1m● hotmaths gen 1 parked\x1b[0m"));
    EXPECT_EQ(text(10), "● hotmath…");
}

TEST_F(StatusLineTest, APausedRunHasNoPace) {
    start();
    line.set_steps_per_second(0.5);
    EXPECT_EQ(text(), "● hotmaths gen 1 · live · 0.5 steps/s");
    line.set_paused(true);
    EXPECT_EQ(text(), "● hotmaths gen 1 · live · paused");
    EXPECT_EQ(line.title(), "hotmaths gen 1 - live - paused");
    line.set_paused(false);
    line.set_steps_per_second(1);
    EXPECT_TRUE(text().ends_with(" · 1 step/s"));
    line.set_steps_per_second(12'345);
    EXPECT_TRUE(text().ends_with(" · 12k steps/s"));
    line.set_steps_per_second(1'234'567);
    EXPECT_TRUE(text().ends_with(" · 1.2M steps/s"));
}

TEST_F(StatusLineTest, TheReportHasALineForEachFact) {
    using Lines = std::vector<std::string>;
    start({{"hotmaths", "", 1}, {"music", "", 0}});
    reload(2);
    line.set_paused(true);
    EXPECT_EQ(
        line.report(),
        (Lines{"hotmaths: generation 2 is live", "music: nothing runs yet",
               "last change: live in 84 ms (compile 52 · link 22 · load 0.6 · ours 4), state kept",
               "last build: ok in 79 ms", "paused: no module is stepped"}));
    roll_back(2, 2, true);
    tell(BuildStartedEvent{{"hotmaths"}, {}});
    line.set_paused(false);
    EXPECT_EQ(line.report(), (Lines{"hotmaths: generation 2, parked until the next save",
                                    "music: nothing runs yet", "last change: gen 2 crashed",
                                    "last build: ok in 79 ms", "building now"}));
}

TEST_F(StatusLineTest, NamesTheObjectLaneAndIsNotMovedByTheLibraryBehindIt) {
    start();
    build(BuildStatus::kOk, {{"libhotmaths.so.p/a.cpp.o", milliseconds(3), milliseconds(32)}});
    ReloadedEvent reloaded;
    reloaded.module = "hotmaths";
    reloaded.generation = 2;
    reloaded.lane = Lane::kObject;
    reloaded.total = milliseconds(41);
    reloaded.phases[static_cast<std::size_t>(Phase::kBuild)] = milliseconds(38);
    tell(reloaded);
    const std::string live =
        "● hotmaths gen 2 · live in 41 ms (object lane: compile 32 · ours 3) · state kept";
    EXPECT_EQ(text(), live);
    BuildStartedEvent started;
    started.background = true;
    tell(started);
    EXPECT_EQ(text(), live);
    BuildFinishedEvent finished;
    finished.background = true;
    tell(finished);
    EXPECT_EQ(text(), live);
    finished.status = BuildStatus::kFailed;
    tell(started);
    tell(finished);
    EXPECT_EQ(text(), "● hotmaths gen 2 · build failed");
}

} // namespace
} // namespace hotrun
