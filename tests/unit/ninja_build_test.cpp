#include "core/ninja_build.hpp"

#include "support/fake_command_runner.hpp"
#include "support/fake_file_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hotrun {
namespace {

using std::chrono::milliseconds;
using Words = std::vector<std::string>;

const std::string kLog = "/b/.ninja_log";

class NinjaBuildTest : public testing::Test {
  protected:
    NinjaBuildTest() { files.write("/b/build.ninja", "rules"); }

    void start() {
        const Status started = ninja.build(
            {"libgame.so.p/game.cpp.o", "docs"},
            [this](std::size_t done, std::size_t total) { progress.emplace_back(done, total); },
            [this](NinjaBuild::Outcome ended) { outcomes.push_back(std::move(ended)); });
        ASSERT_TRUE(started.ok());
    }
    FakeRun &run() { return commands.last(); }
    const BuildFinishedEvent &finished() const { return outcomes.back().finished; }
    Words messages() const {
        Words texts;
        for (const DiagnosticEvent &diagnostic : outcomes.back().diagnostics)
            texts.push_back(diagnostic.message);
        return texts;
    }
    Words built() const {
        Words outputs;
        for (const BuiltEdge &edge : finished().edges)
            outputs.push_back(edge.output);
        return outputs;
    }

    FakeClock clock;
    FakeFileSystem files{clock};
    FakeCommandRunner commands;
    std::vector<std::pair<std::size_t, std::size_t>> progress;
    std::vector<NinjaBuild::Outcome> outcomes;
    NinjaBuild ninja{{commands, files, clock}, {"/usr/bin/ninja", "/b", {"libgame.so", "docs"}}};
};

TEST_F(NinjaBuildTest, RunsNinjaInTheBuildFolderWithItsStatusLine) {
    start();
    EXPECT_TRUE(ninja.running());
    EXPECT_EQ(run().command.program, "/usr/bin/ninja");
    EXPECT_EQ(run().command.directory, "/b");
    EXPECT_EQ(run().command.arguments, (Words{"libgame.so.p/game.cpp.o", "docs"}));
    const std::vector<std::pair<std::string, std::string>> expected = {
        {"NINJA_STATUS", std::string(kNinjaStatus)}, {"CLICOLOR_FORCE", "1"}};
    EXPECT_EQ(run().command.environment, expected);
}

TEST_F(NinjaBuildTest, EndWithZeroIsOk) {
    start();
    clock.advance(milliseconds(40));
    run().print("\x1e"
                "1 1 1 0 1 Linking target libgame.so\n");
    run().end(0);
    EXPECT_FALSE(ninja.running());
    EXPECT_EQ(finished().status, BuildStatus::kOk);
    EXPECT_EQ(finished().exit_status, 0);
    EXPECT_EQ(finished().duration, Microseconds(40'000));
    EXPECT_EQ(outcomes.back().ended, clock.now());
    EXPECT_EQ(messages(), Words{});
}

TEST_F(NinjaBuildTest, NoWorkIsNothing) {
    start();
    run().print("ninja: no work to do.\n");
    run().end(0);
    EXPECT_EQ(finished().status, BuildStatus::kNothing);
}

TEST_F(NinjaBuildTest, ProgressIsToldAsItChanges) {
    start();
    run().print("\x1e"
                "1 2 1 1 1 Compiling");
    EXPECT_TRUE(progress.empty());
    run().print(" game.cpp\n../src/game.cpp:1:1: warning: odd\n");
    run().print("\x1e"
                "2 2 1 0 2 Linking\n");
    const std::vector<std::pair<std::size_t, std::size_t>> expected = {{1, 2}, {2, 2}};
    EXPECT_EQ(progress, expected);
}

TEST_F(NinjaBuildTest, FailureBringsItsDiagnostics) {
    start();
    run().print("\x1e"
                "1 2 1 1 1 Compiling C++ object game.cpp.o\n"
                "FAILED: game.cpp.o \n"
                "c++ -c ../src/game.cpp\n"
                "../src/game.cpp:3:5: error: expected ';'\n"
                "ninja: build stopped: subcommand failed.\n");
    run().end(1);
    EXPECT_EQ(finished().status, BuildStatus::kFailed);
    EXPECT_EQ(finished().exit_status, 1);
    EXPECT_EQ(finished().output, "FAILED: game.cpp.o \n../src/game.cpp:3:5: error: expected ';'\n");
    ASSERT_EQ(messages(), Words{"expected ';'"});
    const DiagnosticEvent &diagnostic = outcomes.back().diagnostics.front();
    EXPECT_EQ(diagnostic.path, "/src/game.cpp");
    EXPECT_EQ(diagnostic.line, 3u);
    EXPECT_EQ(diagnostic.target, "game.cpp.o");
}

TEST_F(NinjaBuildTest, WarningsOfAGoodBuildAreTold) {
    start();
    run().print("\x1e"
                "1 1 1 0 1 Compiling\n../src/game.cpp:3:5: warning: unused variable 'x'\n");
    run().end(0);
    EXPECT_EQ(finished().status, BuildStatus::kOk);
    EXPECT_EQ(messages(), Words{"unused variable 'x'"});
}

TEST_F(NinjaBuildTest, CancelledBuildTellsNoDiagnostics) {
    start();
    run().print("\x1e"
                "1 2 1 1 1 Compiling\nFAILED: game.cpp.o \nc++\n"
                "../src/game.cpp:3:5: error: expected ';'\n");
    ninja.cancel();
    EXPECT_EQ(run().interrupt_count, 1);
    EXPECT_TRUE(ninja.running());
    run().end(2);
    EXPECT_EQ(finished().status, BuildStatus::kCancelled);
    EXPECT_EQ(finished().exit_status, 2);
    EXPECT_EQ(messages(), Words{});
}

TEST_F(NinjaBuildTest, CancelThatCameTooLateIsStillACancel) {
    start();
    ninja.cancel();
    run().end(0);
    EXPECT_EQ(finished().status, BuildStatus::kCancelled);
}

TEST_F(NinjaBuildTest, CancelIsOfOneBuildOnly) {
    start();
    ninja.cancel();
    run().end(2);
    start();
    run().end(0);
    EXPECT_EQ(finished().status, BuildStatus::kOk);
}

TEST_F(NinjaBuildTest, OutputOfTheBuildBeforeIsForgotten) {
    start();
    run().print("ninja: error: unknown target 'x'\nhalf a line");
    run().end(1);
    start();
    run().end(0);
    EXPECT_EQ(finished().output, "");
    EXPECT_EQ(messages(), Words{});
}

TEST_F(NinjaBuildTest, SignalThatEndsNinjaIsAFailureThatNamesIt) {
    start();
    run().end_by_signal(9);
    EXPECT_EQ(finished().status, BuildStatus::kFailed);
    EXPECT_EQ(finished().exit_status, 137);
    EXPECT_TRUE(outcomes.back().killed);
    EXPECT_EQ(messages(), Words{"ninja was ended by signal 9; save to build again"});
}

TEST_F(NinjaBuildTest, FolderThatIsNotSetUpIsNoWorkForNinja) {
    ASSERT_TRUE(files.remove("/b/build.ninja").ok());
    const Status started = ninja.build({}, {}, {});
    ASSERT_FALSE(started.ok());
    EXPECT_EQ(started.error().message, "the build folder /b is not set up; run meson setup /b in "
                                       "the project's folder");
    EXPECT_TRUE(commands.runs.empty());
}

TEST_F(NinjaBuildTest, ObstacleIsOneSentenceInPlaceOfWhatTheCommandsSay) {
    start();
    run().print("\x1e"
                "1 2 1 1 1 Compiling\nFAILED: game.cpp.o \nc++\n"
                "../src/game.cpp:1:1: fatal error: closing game.d: No space left on device\n"
                "../src/game.cpp:3:1: warning: unused\n");
    run().end(1);
    ASSERT_EQ(messages().size(), 2u);
    EXPECT_EQ(messages()[0], "unused");
    EXPECT_EQ(messages()[1], "there is no space left for what the build writes, in /b or the "
                             "temporary folder; free some, then save again");
    EXPECT_FALSE(outcomes.back().meson_busy);
    EXPECT_FALSE(outcomes.back().killed);
}

TEST_F(NinjaBuildTest, WaitsForAnotherMesonByItsLock) {
    start();
    run().print("\x1e"
                "0 1 1 0 0 Regenerating build files.\n\nERROR: Some other Meson process is already "
                "using this build directory. Exiting.\nFAILED: build.ninja \nmeson\n"
                "ninja: error: rebuilding 'build.ninja': subcommand failed\n");
    run().end(1);
    EXPECT_TRUE(outcomes.back().meson_busy);
    EXPECT_EQ(messages(), Words{"another Meson works in /b; hotrun builds again when it is done"});

    const Status without = ninja.wait_for_meson({});
    ASSERT_FALSE(without);
    EXPECT_EQ(without.error().message, "there is no flock");
    NinjaBuild with_flock({commands, files, clock}, {"/usr/bin/ninja", "/b", {}, "/usr/bin/flock"});
    bool is_free = false;
    ASSERT_TRUE(with_flock.wait_for_meson([&] { is_free = true; }).ok());
    EXPECT_EQ(run().command.program, "/usr/bin/flock");
    EXPECT_EQ(run().command.arguments, (Words{"meson-private/meson.lock", "true"}));
    EXPECT_EQ(run().command.directory, "/b");
    EXPECT_TRUE(with_flock.running());
    run().end(0);
    EXPECT_TRUE(is_free);
    EXPECT_FALSE(with_flock.running());
}

// When the host has reaped ninja itself, its code reads as 0, but there is an error: ECHILD.
TEST_F(NinjaBuildTest, ErrorCountsBeforeTheCode) {
    start();
    run().end_unknown("can't learn how a command ended: No child processes");
    EXPECT_EQ(finished().status, BuildStatus::kFailed);
    EXPECT_EQ(finished().exit_status, 1);
    EXPECT_EQ(messages(), Words{"can't learn how a command ended: No child processes"});
}

TEST_F(NinjaBuildTest, EdgesAreThoseThatTheLogGrewBy) {
    files.write(kLog, "# ninja log v5\n0\t10\t1\told.o\tff\n");
    start();
    files.write(kLog,
                files.content(kLog) + "0\t25\t2\tgame.cpp.o\taa\n25\t31\t3\tlibgame.so\tbb\n");
    run().end(0);
    EXPECT_EQ(built(), (Words{"game.cpp.o", "libgame.so"}));
    EXPECT_EQ(finished().edges[1].duration, milliseconds(6));
}

TEST_F(NinjaBuildTest, FirstLogIsReadFromItsStart) {
    start();
    files.write(kLog, "# ninja log v5\n0\t25\t2\tgame.cpp.o\taa\n");
    run().end(0);
    EXPECT_EQ(built(), Words{"game.cpp.o"});
}

TEST_F(NinjaBuildTest, LogThatDidNotGrowHasNoEdges) {
    files.write(kLog, "# ninja log v5\n0\t10\t1\told.o\tff\n");
    start();
    run().end(0);
    EXPECT_EQ(built(), Words{});
}

TEST_F(NinjaBuildTest, LogThatNinjaWroteAnewTellsNoEdges) {
    files.write(kLog, "# ninja log v5\n0\t10\t1\told.o\tff\n");
    start();
    files.replace(kLog, files.content(kLog) + "0\t25\t2\tgame.cpp.o\taa\n");
    run().end(0);
    EXPECT_EQ(built(), Words{});
}

TEST_F(NinjaBuildTest, NinjaThatCantBeStartedIsAnError) {
    commands.failure = Error{ErrorKind::kFailed, "can't start /usr/bin/ninja", 2};
    const Status started = ninja.build({}, {}, {});
    ASSERT_FALSE(started.ok());
    EXPECT_EQ(started.error().message,
              "can't start /usr/bin/ninja; install ninja-build if it is gone");
    EXPECT_FALSE(ninja.running());
    EXPECT_FALSE(ninja.graph({}, {}).ok());
}

TEST_F(NinjaBuildTest, StopEndsNinjaAndTellsNothing) {
    start();
    ninja.stop();
    EXPECT_TRUE(run().given_up);
    EXPECT_FALSE(ninja.running());
    EXPECT_TRUE(outcomes.empty());
}

TEST_F(NinjaBuildTest, NextBuildMayStartFromTheEndOfThisOne) {
    bool second_started = false;
    const Status started = ninja.build({}, {}, [&](const NinjaBuild::Outcome &) {
        second_started = ninja.build({}, {}, [](const NinjaBuild::Outcome &) {}).ok();
    });
    ASSERT_TRUE(started.ok());
    commands.runs.front()->end(0);
    EXPECT_TRUE(second_started);
    EXPECT_TRUE(ninja.running());
    EXPECT_FALSE(commands.runs.front()->running());
}

// What graph() gives.
class NinjaGraphTest : public NinjaBuildTest {
  protected:
    NinjaGraphTest() {
        EXPECT_TRUE(
            ninja
                .graph({"gen.h"},
                       [this](Result<std::string> text) { given.push_back(std::move(text)); })
                .ok());
    }

    std::vector<Result<std::string>> given;
};

TEST_F(NinjaGraphTest, AsksForTheTargetsTheBuildFileAndWhatElseIsWanted) {
    EXPECT_EQ(run().command.arguments,
              (Words{"-n", "-t", "graph", "libgame.so", "docs", "build.ninja", "gen.h"}));
    EXPECT_EQ(run().command.directory, "/b");
}

TEST_F(NinjaGraphTest, GivesAllOfTheText) {
    run().print("digraph ");
    run().print("ninja {}\n");
    run().end(0);
    ASSERT_EQ(given.size(), 1u);
    EXPECT_EQ(*given[0], "digraph ninja {}\n");
    EXPECT_FALSE(ninja.running());
}

TEST_F(NinjaGraphTest, FailureIsWhatNinjaSaidWithoutColours) {
    run().print("\x1b[31mninja: error: \x1b[0munknown target 'x'\n");
    run().end(1);
    ASSERT_EQ(given.size(), 1u);
    ASSERT_FALSE(given[0].ok());
    EXPECT_EQ(given[0].error().message, "ninja: error: unknown target 'x'\n");
}

TEST_F(NinjaGraphTest, UnknownEndIsAnError) {
    run().print("digraph ninja {}\n");
    run().end_unknown("can't learn how a command ended");
    ASSERT_EQ(given.size(), 1u);
    EXPECT_FALSE(given[0].ok());
}

} // namespace
} // namespace hotrun
