// What a person sees on a terminal.
#include "console.hpp"

#include "keys.hpp"
#include "screen_text.hpp"

#include "support/fake_screen.hpp"
#include "support/memory_stream.hpp"

#include <gtest/gtest.h>

#include <sstream>

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

// One of each kind, with names that do not fit.
std::vector<EventBody> wordy_events() {
    const std::string name(30, 'm');
    const std::string path = "/home/ada/" + std::string(90, 'p') + "/game.cpp";
    const std::string words = "what a long sentence of many words has to say about " + path;
    const std::vector<ModuleStatus> modules = {{name, path, 1, "its heap is that of " + path}};
    ReadyEvent ready;
    ready.builddir = path;
    ready.modules = modules;
    ready.watched_files = 12;
    ReloadedEvent reloaded;
    reloaded.module = name;
    reloaded.detail = words;
    reloaded.phases.fill(Microseconds(1234));
    RolledBackEvent crash;
    crash.module = name;
    crash.detail = words;
    crash.backtrace = {{1, name + "::draw(int)", path, 9, ""}, {2, "step", "", 0, path}};
    const ProgramStatus program{path, 42};
    return {ready,
            ChangeEvent{{path, path}, ChangeSource::kWatch},
            BuildStartedEvent{{name, name}, {}},
            DiagnosticEvent{"/p/game.cpp", 7, 7, Severity::kError, words, name, {}},
            DiagnosticEvent{path, 8, 7, Severity::kError, words, name, {}},
            BuildFinishedEvent{BuildStatus::kFailed, 1, {}, {{path, {}, {}}}, ""},
            reloaded,
            RejectedEvent{name, 1, RejectReason::kLayoutRefused, words},
            crash,
            StalledEvent{name, 1, words, crash.backtrace},
            RestartedEvent{42, words, 139},
            RetiredEvent{name, 1, false, words},
            WarningEvent{"watch_limit", words},
            ReplayedEvent{path, 1, 12, Microseconds(9), 1},
            RecordedEvent{path, 12, 4096},
            ProgramStartedEvent{program, 2},
            ProgramAttachedEvent{42, modules},
            ProgramEndedEvent{program, 1, "", AfterEnd::kWait, words},
            StoppedEvent{0, 12}};
}

TEST_F(ConsoleOnATerminal, NoLineIsWiderThanTheTerminal) {
    for (const std::size_t columns : {40U, 60U, 80U}) {
        for (const Verbosity verbosity : {Verbosity::kNormal, Verbosity::kVerbose}) {
            screen.resize({10, columns});
            style.verbosity = verbosity;
            console_.reset();
            const std::size_t before = stream_.text().size();
            for (const EventBody &body : wordy_events())
                told(body);
            console().answer(kKeysHelp);
            console().answer(kNeverBuilds);
            console().set_paused(true);
            console().report_status();
            console().say("setting up the build folder /home/ada/" + std::string(90, 'b'));
            std::istringstream lines(stream_.text().substr(before));
            for (std::string line; std::getline(lines, line);)
                EXPECT_LE(columns_of(line), columns) << line;
            EXPECT_FALSE(screen.overflowed) << columns;
        }
    }
}

TEST_F(ConsoleOnATerminal, AnAnswerToAKeyIsFoldedBetweenItsWords) {
    screen.resize({10, 40});
    console().answer(kNeverBuilds);
    console().answer(kKeysHelp);
    EXPECT_EQ(stream_.text(), "hotrun: this run never builds\n"
                              "    (--no-build); r loads the library\n"
                              "    anew\n"
                              "hotrun: keys: r reload, b build, p\n"
                              "    pause, l loop what was recorded, s\n"
                              "    status, q quit, ? help\n");
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
