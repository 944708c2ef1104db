// What a person sees on a terminal.
#include "console.hpp"

#include "support/fake_screen.hpp"
#include "support/memory_stream.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

class ConsoleOnATerminal : public testing::Test {
  protected:
    ConsoleOnATerminal() {
        style.stream = stream_.get();
        style.screen = &screen;
        style.parts.row = true;
        style.glyphs = kUnicodeGlyphs;
        style.directory = "/p";
        style.read_line = [](const std::string &path,
                             std::uint32_t line) -> std::optional<std::string> {
            if (path != "/p/game.cpp")
                return std::nullopt;
            return line == 7 ? "\tdraw(stat);" : "*null = 1;";
        };
    }

    Console &console() {
        if (!console_)
            console_.emplace(style);
        return *console_;
    }
    std::string told(const EventBody &body) {
        const std::size_t before = stream_.text().size();
        console().event({1, {}, body});
        return stream_.text().substr(before);
    }
    std::string told_of_failure(const std::vector<DiagnosticEvent> &diagnostics) {
        told(BuildStartedEvent{{"game"}, {}});
        for (const DiagnosticEvent &diagnostic : diagnostics)
            told(diagnostic);
        return told(BuildFinishedEvent{BuildStatus::kFailed, 1, {}, {}, "all of it\n"});
    }
    static DiagnosticEvent error(const std::string &path, std::uint32_t line) {
        return {path, line, 7, Severity::kError, "no stat", "game.o", {}};
    }
    static ReadyEvent ready() {
        ReadyEvent event;
        event.modules = {{"game", "", 1}};
        return event;
    }
    static ReloadedEvent reloaded(const std::string &detail = "") {
        ReloadedEvent event;
        event.module = "game";
        event.generation = 2;
        event.detail = detail;
        return event;
    }

    MemoryStream stream_;
    FakeScreen screen{{10, 60}};
    ConsoleStyle style;
    std::optional<Console> console_;
    const std::string failed_ = "hotrun: error: the build failed; nothing runs yet, save to\n"
                                "    build again\n";
};

TEST_F(ConsoleOnATerminal, AFailedBuildShowsItsFirstErrorAndCountsTheRest) {
    const std::string first = "game.cpp:7:7: error: no stat\n"
                              "    7 |         draw(stat);\n"
                              "      |              ^\n";
    DiagnosticEvent warning = error("/p/game.cpp", 3);
    warning.severity = Severity::kWarning;
    EXPECT_EQ(told_of_failure({warning, error("/p/game.cpp", 7)}), first + failed_);
    EXPECT_EQ(told_of_failure({error("/p/game.cpp", 7), error("/p/game.cpp", 9),
                               error("/q/a.cpp", 1), error("", 0)}),
              first + "and 3 more errors in 2 files (-v: all)\n" + failed_);
    EXPECT_EQ(told_of_failure({error("/q/gone.cpp", 7), error("", 0)}),
              "/q/gone.cpp:7:7: error: no stat\nand 1 more error (-v: all)\n" + failed_);
}

TEST_F(ConsoleOnATerminal, ErrorsThatNameNoPlaceAreShownAsTheyWerePrinted) {
    EXPECT_EQ(told_of_failure({error("", 0)}), "all of it\n" + failed_);
    style.verbosity = Verbosity::kVerbose;
    console_.reset();
    EXPECT_NE(told_of_failure({error("/p/game.cpp", 7)}).find("all of it\n"), std::string::npos);
}

TEST_F(ConsoleOnATerminal, ColoursAreAroundWhatMatters) {
    style.color = true;
    const std::string text = told_of_failure({error("/p/game.cpp", 7)});
    EXPECT_NE(text.find("game.cpp:7:7: \x1b[31;1merror:\x1b[0m no stat\n"), std::string::npos);
    EXPECT_NE(text.find(" \x1b[31;1m^\x1b[0m\n"), std::string::npos);
    EXPECT_NE(text.find("hotrun: \x1b[31;1merror:\x1b[0m the build failed"), std::string::npos);
}

TEST_F(ConsoleOnATerminal, ACrashShowsItsLineOfSource) {
    RolledBackEvent event;
    event.module = "game";
    event.from = 2;
    event.to = 1;
    event.backtrace = {{1, "abort", "/usr/include/vector", 3, ""},
                       {2, "draw", "/p/game.cpp", 9, ""},
                       {3, "hotrun_step", "/p/game.cpp", 20, ""}};
    EXPECT_EQ(told(event), "hotrun: error: game: generation 2 crashed; generation 1 runs\n"
                           "    on, 0 steps lost\n"
                           "    abort at /usr/include/vector:3\n"
                           "    draw at /p/game.cpp:9\n"
                           "    9 | *null = 1;\n"
                           "    hotrun_step at /p/game.cpp:20\n");
}

TEST_F(ConsoleOnATerminal, TheStatusLineSaysWhatIsLive) {
    console().show_status();
    console().event({1, {}, ready()});
    EXPECT_EQ(screen.last_row(), "● game gen 1 · live");
    EXPECT_EQ(told(reloaded()), "");
    EXPECT_TRUE(screen.last_row().starts_with("● game gen 2 · live in 0 ms"));
    EXPECT_NE(told(reloaded("libbase.so changed")).find("libbase.so"), std::string::npos);
    told(BuildStartedEvent{{"game"}, {}});
    console().build_progress(1, 3);
    EXPECT_EQ(screen.last_row(), "○ game building 1/3");
    told(BuildFinishedEvent{BuildStatus::kNothing, 0, {}, {}, ""});
    console().renew_status(4);
    console().set_paused(true);
    EXPECT_EQ(screen.last_row(), "● game gen 2 · nothing to build · paused");
    told(StoppedEvent{0, 1});
    EXPECT_EQ(screen.last_row(), "");
}

TEST_F(ConsoleOnATerminal, WithoutAStatusLineLinesSayIt) {
    style.parts.row = false;
    console().show_status();
    EXPECT_NE(told(reloaded()).find("generation 2 live in 0.0 ms"), std::string::npos);
    const std::size_t before = stream_.text().size();
    console().set_paused(true);
    console().set_paused(false);
    console().answer("an answer");
    EXPECT_EQ(stream_.text().substr(before),
              "hotrun: paused: no module is stepped until p is pressed\n    again\n"
              "hotrun: stepping again\n"
              "hotrun: an answer\n");
    EXPECT_EQ(screen.written, "");
}

TEST_F(ConsoleOnATerminal, WhoAsksForTheStatusGetsItInLines) {
    told(ready());
    const std::size_t before = stream_.text().size();
    console().report_status();
    EXPECT_EQ(stream_.text().substr(before), "hotrun: game: generation 1 is live\n");
}

} // namespace
} // namespace hotrun
