#include "console.hpp"

#include "support/memory_stream.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

class ConsoleTest : public testing::Test {
  protected:
    // What one event makes a console of that style print.
    static std::string printed(const EventBody &body, ConsoleStyle style = {}) {
        MemoryStream stream;
        style.stream = stream.get();
        Console(style).event({1, {}, body});
        return stream.text();
    }

    std::string told(const EventBody &body) {
        const std::size_t before = stream_.text().size();
        console_.event({1, {}, body});
        return stream_.text().substr(before);
    }

    static BuildFinishedEvent failed_build() {
        BuildFinishedEvent finished{BuildStatus::kFailed, 1, {}, {}, "oops\n"};
        return finished;
    }

    static ReloadedEvent reloaded(const std::string &module, std::uint64_t generation) {
        ReloadedEvent event;
        event.module = module;
        event.generation = generation;
        return event;
    }

    static RolledBackEvent rolled_back(std::uint64_t from, std::uint64_t to) {
        RolledBackEvent event;
        event.module = "game";
        event.from = from;
        event.to = to;
        event.parked = to == 0 || from == to;
        return event;
    }

    MemoryStream stream_;
    Console console_{{.stream = stream_.get()}};
};

TEST_F(ConsoleTest, AFailureIsAnErrorWithALineForEachCall) {
    RolledBackEvent event = rolled_back(3, 2);
    event.backtrace = {{1, "draw", "/p/game.cpp", 9, ""}, {2, "hotrun_step", "", 0, "/p/x.so"}};
    EXPECT_EQ(printed(event), "hotrun: error: game: generation 3 crashed; generation 2 runs on, "
                              "0 steps lost\n"
                              "    draw at /p/game.cpp:9\n"
                              "    hotrun_step in /p/x.so\n");
}

TEST_F(ConsoleTest, ALongBacktraceIsForVerbose) {
    StalledEvent event{"game", 1, "", {}};
    event.backtrace.resize(10, {1, "f", "", 0, ""});
    EXPECT_NE(printed(event).find("    f\n    and 2 more (-v: all)\n"), std::string::npos);
    EXPECT_EQ(printed(event, {.verbosity = Verbosity::kVerbose}).find("more"), std::string::npos);
}

TEST_F(ConsoleTest, QuietKeepsFailures) {
    const ConsoleStyle quiet{.verbosity = Verbosity::kQuiet};
    EXPECT_TRUE(printed(rolled_back(2, 2), quiet).starts_with("hotrun: error: game: generation 2"));
    EXPECT_TRUE(printed(StalledEvent{"game", 1, "", {}}, quiet).starts_with("hotrun: error: game"));
    EXPECT_EQ(printed(RestartedEvent{42, "a lock was held", 139}, quiet),
              "hotrun: warning: the process has replaced itself (a lock was held); pid 42, state "
              "of the last snapshot\n");
}

TEST_F(ConsoleTest, AFailedBuildSaysWhatRunsMeanwhile) {
    EXPECT_NE(told(failed_build()).find("; nothing runs yet, save"), std::string::npos);
    told(reloaded("game", 1));
    EXPECT_NE(told(failed_build()).find("; the code that runs goes on, save"), std::string::npos);
    told(rolled_back(1, 1));
    EXPECT_NE(told(failed_build()).find("; game stays parked, save"), std::string::npos);
    told(reloaded("game", 2));
    told(rolled_back(3, 2));
    EXPECT_NE(told(failed_build()).find("; the code that runs goes on, save"), std::string::npos);
}

TEST_F(ConsoleTest, ARejectedLibraryLeavesAParkedModuleParked) {
    const RejectedEvent rejected{"game", 1, RejectReason::kAbi, "no"};
    told(reloaded("game", 1));
    EXPECT_EQ(told(rejected), "hotrun: error: game: the new library is rejected (abi): no; "
                              "generation 1 runs on\n");
    told(rolled_back(1, 1));
    EXPECT_TRUE(told(rejected).ends_with("; generation 1 stays parked\n"));
}

TEST_F(ConsoleTest, WhatBecomesOfOldCodeIsForVerbose) {
    const ConsoleStyle verbose{.verbosity = Verbosity::kVerbose};
    EXPECT_EQ(printed(RetiredEvent{"game", 1, true, ""}), "");
    EXPECT_EQ(printed(RetiredEvent{"game", 1, true, ""}, verbose),
              "hotrun: game: generation 1 has left the process\n");
    EXPECT_EQ(printed(RetiredEvent{"game", 1, false, "a thread is in it"}, verbose),
              "hotrun: game: generation 1 stays mapped: a thread is in it\n");
}

TEST_F(ConsoleTest, AProcessThatHasReplacedItselfRunsWhatRanBefore) {
    told(RestartedEvent{42, "", 139});
    EXPECT_NE(told(failed_build()).find("; the code that runs goes on, save"), std::string::npos);
}

TEST_F(ConsoleTest, TheLaneIsNamedWhereItIsNotTheUsualOne) {
    ReloadedEvent event = reloaded("game", 2);
    event.why = "a struct has changed";
    EXPECT_EQ(told(event), "hotrun: game: generation 2 live in 0.0 ms (), state kept\n");
    ConsoleStyle verbose;
    verbose.verbosity = Verbosity::kVerbose;
    EXPECT_NE(printed(event, verbose).find("ms (library, since a struct has changed: watch 0.0"),
              std::string::npos);
    event.lane = Lane::kObject;
    event.phases[static_cast<std::size_t>(Phase::kBuild)] = Microseconds(30000);
    EXPECT_EQ(told(event),
              "hotrun: game: generation 2 live in 0.0 ms (object lane: build 30.0), state kept\n");
}

TEST_F(ConsoleTest, ABuildInTheBackgroundIsForVerbose) {
    const BuildStartedEvent started{{"libgame.so"}, 1, {}, true};
    EXPECT_EQ(printed(started), "");
    EXPECT_EQ(printed(started, {.verbosity = Verbosity::kVerbose}),
              "hotrun: building libgame.so in the background\n");
}

TEST_F(ConsoleTest, PreamblesAreForVerbose) {
    const PreambleMadeEvent made{"/p/game.cpp", Microseconds(1'500'000)};
    EXPECT_EQ(printed(made), "");
    EXPECT_EQ(printed(made, {.verbosity = Verbosity::kVerbose}),
              "hotrun: made the preamble of /p/game.cpp in 1500.0 ms, for its next save\n");
    BuildFinishedEvent finished;
    finished.preamble = true;
    EXPECT_EQ(printed(finished), "");
    EXPECT_EQ(printed(finished, {.verbosity = Verbosity::kVerbose}),
              "hotrun: build ok in 0.0 ms with its preamble\n");
}

TEST_F(ConsoleTest, AFailedBuildInTheBackgroundSaysWhatItIsOf) {
    BuildFinishedEvent finished = failed_build();
    finished.background = true;
    EXPECT_NE(told(finished).find("the library behind the live code can't be built; "),
              std::string::npos);
}

} // namespace
} // namespace hotrun
