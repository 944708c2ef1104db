#include "save_history.hpp"

#include "report_page.hpp"
#include "report_plots.hpp"
#include "save_figures.hpp"

#include "control/event_json.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// A run as its event stream tells of it.
class SaveHistoryTest : public testing::Test {
  protected:
    void tell(EventBody body) {
        now_ += milliseconds(10);
        EXPECT_TRUE(history.take(to_json_line({++seq_, now_, std::move(body)})));
    }
    void start() {
        tell(BuildStartedEvent{});
        tell(BuildFinishedEvent{});
        tell(ReadyEvent{});
    }
    void change(const std::vector<std::string> &paths) {
        ChangeEvent event;
        event.paths = paths;
        tell(event);
    }
    void build(BuildStatus status, milliseconds duration = milliseconds(80),
               const std::vector<BuiltEdge> &edges = {}) {
        tell(BuildStartedEvent{});
        end_build(status, duration, edges);
    }
    void end_build(BuildStatus status, milliseconds duration = milliseconds(80),
                   const std::vector<BuiltEdge> &edges = {}) {
        BuildFinishedEvent finished;
        finished.status = status;
        finished.duration = duration;
        finished.edges = edges;
        tell(finished);
    }
    void reload(const std::string &module, std::uint64_t generation,
                const std::vector<std::pair<Phase, milliseconds>> &phases) {
        ReloadedEvent event;
        event.module = module;
        event.generation = generation;
        for (const auto &[phase, time] : phases) {
            event.phases[static_cast<std::size_t>(phase)] = time;
            event.total += time;
        }
        tell(event);
    }
    void save(const std::string &path, milliseconds build_time) {
        change({path});
        build(BuildStatus::kOk, build_time);
        reload("game", ++generation_, {{Phase::kBuild, build_time}});
    }
    void roll_back(std::uint64_t from, std::uint64_t to) {
        RolledBackEvent event;
        event.module = "game";
        event.from = from;
        event.to = to;
        tell(event);
    }

    const Save &last() const { return history.saves().back(); }
    Microseconds part(Part part) const { return last().parts[static_cast<std::size_t>(part)]; }
    using Paths = std::vector<std::string>;

    SaveHistory history;

  private:
    Microseconds now_{0};
    std::uint64_t seq_ = 0;
    std::uint64_t generation_ = 1;
};

TEST_F(SaveHistoryTest, TheTimeOfASaveIsSplitByWhatTheBuildRan) {
    start();
    change({"/p/a.cpp"});
    build(BuildStatus::kOk, milliseconds(80),
          {{"game.p/a.cpp.o", milliseconds(5), milliseconds(30)},
           {"game.p/b.cpp.o", milliseconds(10), milliseconds(40)},
           {"libgame.so", milliseconds(50), milliseconds(20)}});
    reload("game", 2,
           {{Phase::kWatch, milliseconds(1)},
            {Phase::kBuild, milliseconds(80)},
            {Phase::kVerify, milliseconds(2)},
            {Phase::kCopy, milliseconds(3)},
            {Phase::kWait, milliseconds(4)},
            {Phase::kSnapshot, milliseconds(5)},
            {Phase::kReload, milliseconds(6)},
            {Phase::kFirstStep, milliseconds(7)}});
    ASSERT_EQ(history.saves().size(), 1U) << "the first build is none";
    EXPECT_EQ(last().outcome, SaveOutcome::kLive);
    EXPECT_EQ(last().total, milliseconds(108));
    EXPECT_EQ(last().edge_count, 3U);
    EXPECT_EQ(part(Part::kCompile), milliseconds(45)) << "two at a time";
    EXPECT_EQ(part(Part::kLink), milliseconds(20));
    EXPECT_EQ(part(Part::kNinja), milliseconds(15));
    EXPECT_EQ(part(Part::kLoad), milliseconds(5));
    EXPECT_EQ(part(Part::kPause), milliseconds(11));
    Microseconds sum{0};
    for (const Microseconds time : last().parts)
        sum += time;
    EXPECT_EQ(sum, last().total);
}

TEST_F(SaveHistoryTest, TheBuildOfWhatTheHostCouldNotPatchIsOfTheSameSave) {
    start();
    BuildStartedEvent started;
    for (std::uint64_t cause : {4, 9}) {
        change({"/p/a.cpp"});
        started.cause_seq = cause;
        tell(started);
        end_build(BuildStatus::kOk, milliseconds(40),
                  {{"game.p/a.cpp.o", milliseconds(5), milliseconds(30)}});
        tell(started);
        end_build(BuildStatus::kOk, milliseconds(30),
                  {{"libgame.so", milliseconds(5), milliseconds(20)}});
        reload("game", cause, {{Phase::kBuild, milliseconds(70)}});
    }
    ASSERT_EQ(history.saves().size(), 2U);
    EXPECT_EQ(last().paths, Paths{"/p/a.cpp"});
    EXPECT_EQ(last().outcome, SaveOutcome::kLive);
    EXPECT_EQ(last().edge_count, 2U);
    EXPECT_EQ(part(Part::kCompile), milliseconds(30));
    EXPECT_EQ(part(Part::kLink), milliseconds(20));
    EXPECT_EQ(part(Part::kNinja), milliseconds(20));
}

TEST_F(SaveHistoryTest, ACancelledBuildHandsItsFilesOn) {
    start();
    change({"/p/a.cpp"});
    tell(BuildStartedEvent{});
    change({"/p/b.cpp", "/p/a.cpp"});
    end_build(BuildStatus::kCancelled);
    build(BuildStatus::kFailed);
    ASSERT_EQ(history.saves().size(), 1U);
    EXPECT_EQ(last().paths, (Paths{"/p/a.cpp", "/p/b.cpp"}));
    EXPECT_EQ(last().outcome, SaveOutcome::kFailed);
    EXPECT_EQ(last().total, milliseconds(80));
}

TEST_F(SaveHistoryTest, TheTimeOfAFailedBuildIsThatOfWhatFailed) {
    start();
    for (const auto &[target, part] :
         {std::pair("game.p/a.cpp.o", Part::kCompile), std::pair("libgame.so", Part::kLink)}) {
        change({"/p/a.cpp"});
        tell(BuildStartedEvent{});
        DiagnosticEvent diagnostic;
        diagnostic.severity = Severity::kError;
        diagnostic.target = target;
        diagnostic.message = "no";
        tell(diagnostic);
        end_build(BuildStatus::kFailed);
        EXPECT_EQ(last().parts[static_cast<std::size_t>(part)], milliseconds(80));
        EXPECT_EQ(last().detail, "no");
    }
}

// The next one begins before the host has switched to the last.
TEST_F(SaveHistoryTest, AnOutcomeBelongsToTheBuildBeforeIt) {
    start();
    change({"/p/a.cpp"});
    build(BuildStatus::kOk);
    change({"/p/b.cpp"});
    tell(BuildStartedEvent{});
    reload("game", 2, {{Phase::kBuild, milliseconds(80)}});
    end_build(BuildStatus::kFailed);
    ASSERT_EQ(history.saves().size(), 2U);
    EXPECT_EQ(history.saves()[0].outcome, SaveOutcome::kLive);
    EXPECT_EQ(history.saves()[0].paths, Paths{"/p/a.cpp"});
    EXPECT_EQ(last().outcome, SaveOutcome::kFailed);
    EXPECT_EQ(last().paths, Paths{"/p/b.cpp"});
}

TEST_F(SaveHistoryTest, AReloadThatWasAskedForIsNoOutcomeOfTheSaveBeforeIt) {
    start();
    change({"/p/a.cpp"});
    build(BuildStatus::kNothing);
    reload("game", 2, {{Phase::kLoad, milliseconds(3)}});
    ASSERT_EQ(history.saves().size(), 2U);
    EXPECT_EQ(history.saves()[0].outcome, SaveOutcome::kNothing);
    EXPECT_EQ(last().outcome, SaveOutcome::kLive);
}

TEST_F(SaveHistoryTest, OfSeveralModulesTheWorstOutcomeAndTheSlowestCount) {
    start();
    change({"/p/a.h"});
    build(BuildStatus::kOk);
    reload("one", 2, {{Phase::kBuild, milliseconds(80)}, {Phase::kWait, milliseconds(9)}});
    reload("two", 2, {{Phase::kBuild, milliseconds(80)}});
    RejectedEvent rejected;
    rejected.module = "three";
    tell(rejected);
    ASSERT_EQ(history.saves().size(), 1U);
    EXPECT_EQ(last().outcome, SaveOutcome::kRejected);
    EXPECT_EQ(last().total, milliseconds(89));
}

TEST_F(SaveHistoryTest, ARollBackIsTheSavesOnlyIfItsCodeWasNew) {
    start();
    change({"/p/a.cpp"});
    build(BuildStatus::kOk);
    roll_back(2, 1);
    EXPECT_EQ(last().outcome, SaveOutcome::kRolledBack);
    save("/p/a.cpp", milliseconds(20));
    roll_back(2, 2);
    ASSERT_EQ(history.saves().size(), 2U);
    EXPECT_EQ(last().outcome, SaveOutcome::kLive);
    ASSERT_EQ(history.incidents().size(), 1U);
    EXPECT_EQ(history.incidents().front().save_count, 2U);
}

TEST_F(SaveHistoryTest, WithoutBuildsEachReloadIsASave) {
    tell(ReadyEvent{});
    for (const std::uint64_t generation : {2U, 3U}) {
        change({"/p/libgame.so"});
        reload("game", generation, {{Phase::kLoad, milliseconds(2)}});
    }
    ASSERT_EQ(history.saves().size(), 2U);
    EXPECT_EQ(last().paths, Paths{"/p/libgame.so"});
    EXPECT_EQ(last().total, milliseconds(2));
}

// Of another version, or cut off where a run was killed.
TEST_F(SaveHistoryTest, WhatItDoesNotKnowIsPassedBy) {
    EXPECT_FALSE(history.take(""));
    EXPECT_FALSE(history.take("[1, 2]"));
    EXPECT_FALSE(history.take(R"({"seq":1})"));
    EXPECT_FALSE(history.take(R"({"event":"reloaded","seq":3,"modu)"));
    EXPECT_EQ(history.event_count(), 0U);
    EXPECT_TRUE(history.take(R"({"event":"dreamt","seq":1,"of":{"sheep":[]}})"));
    EXPECT_TRUE(history.take(R"({"event":"ready","seq":"x"})"));
    EXPECT_TRUE(history.take(R"({"event":"change","seq":2,"paths":7})"));
    EXPECT_TRUE(history.take(R"({"event":"build_finished","seq":3,"edges":[1,{"start_us":-5}]})"));
    EXPECT_TRUE(history.take(
        R"({"event":"reloaded","seq":4,"total_us":9000,"phases_us":{"build":8000,"paint":1000}})"));
    ASSERT_EQ(history.saves().size(), 1U);
    EXPECT_EQ(last().total, milliseconds(9));
    EXPECT_EQ(part(Part::kNinja), milliseconds(8));
    EXPECT_EQ(part(Part::kPause), milliseconds(1)) << "a phase that is yet to come";
}

TEST_F(SaveHistoryTest, FilesAreRankedByWhatTheyCostTogether) {
    start();
    save("/p/often.cpp", milliseconds(40));
    save("/p/rare.hpp", milliseconds(100));
    save("/p/often.cpp", milliseconds(60));
    save("/p/often.cpp", milliseconds(50));
    const std::vector<FileFigures> files = files_of(history.saves());
    ASSERT_EQ(files.size(), 2U);
    EXPECT_EQ(files[0].path, "/p/often.cpp");
    EXPECT_EQ(files[0].save_count, 3U);
    EXPECT_EQ(files[0].median, milliseconds(50));
    EXPECT_EQ(files[0].most, milliseconds(60));
    EXPECT_EQ(files[0].sum, milliseconds(150));
    EXPECT_TRUE(is_header("/p.d/rare.hpp"));
    EXPECT_FALSE(is_header("/p.h/rare"));
}

TEST(SaveFigures, AQuantileIsOneOfTheTimes) {
    std::vector<Microseconds> times;
    for (int i = 100; i >= 1; --i)
        times.emplace_back(i);
    const Quantiles quantiles = quantiles_of(times);
    EXPECT_EQ(quantiles.least, microseconds(1));
    EXPECT_EQ(quantiles.median, microseconds(50));
    EXPECT_EQ(quantiles.slow, microseconds(95));
    EXPECT_EQ(quantiles.most, microseconds(100));
    EXPECT_EQ(quantiles_of({}).most, microseconds(0));
    EXPECT_EQ(quantiles_of({microseconds(7)}).quarter, microseconds(7));
}

TEST_F(SaveHistoryTest, ManySavesShareColumnsAndNoneIsLost) {
    start();
    for (int i = 1; i <= 25; ++i)
        save("/p/a.cpp", milliseconds(i));
    roll_back(26, 26);
    const std::vector<Column> columns = columns_of(history, 10);
    ASSERT_EQ(columns.size(), 9U);
    std::size_t count = 0;
    for (const Column &column : columns)
        count += column.count;
    EXPECT_EQ(count, 25U);
    EXPECT_EQ(columns[0].parts[static_cast<std::size_t>(Part::kNinja)], milliseconds(2));
    EXPECT_EQ(columns[0].most, milliseconds(3));
    EXPECT_EQ(columns.back().count, 1U);
    EXPECT_EQ(columns.back().incident_count, 1U);
}

TEST(ReportPlots, TextIsNoMarkup) {
    EXPECT_EQ(in_html("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    EXPECT_EQ(in_html("a\xff\x01z"), "a\xef\xbf\xbd\xef\xbf\xbdz");
}

TEST(ReportPlots, ATimeHasTheDigitsThatMatter) {
    EXPECT_EQ(in_words(microseconds(0)), "0.0 ms");
    EXPECT_EQ(in_words(microseconds(42)), "0.04 ms");
    EXPECT_EQ(in_words(microseconds(8'120)), "8.1 ms");
    EXPECT_EQ(in_words(microseconds(84'300)), "84 ms");
    EXPECT_EQ(in_words(microseconds(1'250'000)), "1.2 s");
    EXPECT_EQ(in_words(microseconds(125'000'000)), "2 min 5 s");
    EXPECT_EQ(clock_time(microseconds(67'000'000)), "1:07");
    EXPECT_EQ(clock_time(microseconds(7'390'000'000)), "2:03:10");
}

TEST_F(SaveHistoryTest, ANameMayBeAnything) {
    start();
    const std::string name = "/p/a\xff<b>.cpp";
    EXPECT_TRUE(history.take(R"({"event":"change","seq":5,"paths":[")" + name + R"("]})"));
    build(BuildStatus::kFailed);
    const std::string page = report_page(history, "<i>.json");
    EXPECT_NE(page.find("/p/a\xef\xbf\xbd&lt;b&gt;.cpp"), std::string::npos);
    EXPECT_EQ(page.find("<b>.cpp"), std::string::npos);
    EXPECT_EQ(page.find("<i>"), std::string::npos);
}

TEST_F(SaveHistoryTest, APageSaysWhatItShows) {
    start();
    save("/p/a.hpp", milliseconds(80));
    change({"/p/a.hpp"});
    build(BuildStatus::kFailed, milliseconds(80), {{"a.o", {}, milliseconds(70)}});
    const auto expect = [&](const std::vector<std::string> &texts) {
        const std::string page = report_page(history, "events.json");
        for (const std::string &text : texts)
            EXPECT_NE(page.find(text), std::string::npos) << text;
    };
    expect({"<h1>From save to live</h1>", "median from save to live", "95 of 100 within",
            "<p>Each save a bar, from its reading to the end of the first new step; where it did "
            "not go live, the time of the build. The time of the run is below.</p>",
            "<p>Of the 1 saves that went live: from the fastest to the slowest, the middle half as "
            "a box, the median as a line. The scale is logarithmic.</p>",
            "<p>What the saves of each file have cost; the most expensive together first. A save "
            "of several files counts for each. Steps: what ninja ran, the median.</p>",
            "<h2>Slowest headers</h2>\n<p>A header compiles whatever includes it: the fewer steps "
            "a save needs, the sooner it is live.</p>",
            "<h2>Slowest build steps</h2>\n<p>What ninja ran after saves, by its output.</p>",
            "<h2>What went wrong</h2>\n<p>The time is since the start of the run.</p>",
            "aria-label=\"the latency of each save\"", "aria-label=\"the times of each phase\""});
    for (int i = 0; i < 299; ++i) {
        change({"/p/b.cpp"});
        build(BuildStatus::kFailed);
    }
    expect({"<p>The last 100 of 300; the time is since the start.</p>",
            " that follow each other. The time of the run is below. Marks: a build failed, new "
            "code was rejected or rolled back, or something else went wrong.</p>",
            "<p>Of 301 saves; each bar is the mean of "});
}

TEST_F(SaveHistoryTest, APageSaysWhatIsNotRemembered) {
    EXPECT_TRUE(history.take(R"({"event":"change","seq":7,"paths":["/p/a.cpp"]})"));
    EXPECT_NE(report_page(history, "the run at work (process 42)")
                  .find("<p>the run at work (process 42), 0:00 of a run; it begins with event 7, "
                        "those before it are not remembered</p>"),
              std::string::npos);
}

TEST_F(SaveHistoryTest, APageOfNoSavesSaysSo) {
    start();
    const std::string page = report_page(history, "events.json");
    EXPECT_TRUE(page.starts_with(kReportHead));
    EXPECT_NE(page.find("No save is in these events yet."), std::string::npos);
}

// What it is of is live; that it failed is for the page all the same.
TEST_F(SaveHistoryTest, BuildInTheBackgroundIsNoSave) {
    start();
    change({"/p/a.cpp"});
    build(BuildStatus::kOk, milliseconds(30), {{"a.cpp.o", {}, milliseconds(25)}});
    ReloadedEvent reloaded;
    reloaded.module = "game";
    reloaded.generation = 2;
    reloaded.lane = Lane::kObject;
    reloaded.phases[static_cast<std::size_t>(Phase::kBuild)] = milliseconds(30);
    reloaded.total = milliseconds(33);
    tell(reloaded);
    for (const BuildStatus status :
         {BuildStatus::kOk, BuildStatus::kCancelled, BuildStatus::kFailed}) {
        BuildStartedEvent started;
        started.background = true;
        tell(started);
        BuildFinishedEvent finished;
        finished.status = status;
        finished.background = true;
        if (status == BuildStatus::kOk)
            finished.edges = {{"libgame.so", {}, milliseconds(20)}};
        tell(finished);
    }
    ASSERT_EQ(history.saves().size(), 1u);
    EXPECT_TRUE(last().by_objects);
    EXPECT_EQ(last().paths, Paths{"/p/a.cpp"});
    EXPECT_EQ(last().total, milliseconds(33));
    EXPECT_EQ(history.edges().count("libgame.so"), 1u);
    ASSERT_EQ(history.incidents().size(), 1u);
    EXPECT_EQ(history.incidents().front().what, "library behind");
    EXPECT_NE(report_page(history, "x").find("by the object lane"), std::string::npos);
}

} // namespace
} // namespace hotrun
