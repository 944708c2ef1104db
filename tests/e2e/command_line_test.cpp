// What a user types, and what is said to it.
#include "e2e/game_test.hpp"
#include "e2e/scoped_variable.hpp"

#include <csignal>
#include <filesystem>

namespace hotrun::e2e {
namespace {

class CommandLine : public GameTest {};

namespace fs = std::filesystem;

struct Ended {
    int status;
    std::string output;
};

Ended run_hotrun(const std::vector<std::string> &arguments, const std::string &directory) {
    std::vector<std::string> words = {HOTRUN_TOOL};
    words.insert(words.end(), arguments.begin(), arguments.end());
    Child child(words, directory, Child::Streams::kPipe);
    const int status = child.wait_for_exit();
    return {status, child.output()};
}

void expect_error(const Ended &ended, int status, const std::string &part) {
    EXPECT_EQ(ended.status, status);
    EXPECT_TRUE(ended.output.starts_with("hotrun: error: ")) << ended.output;
    EXPECT_NE(ended.output.find(part), std::string::npos) << ended.output;
    EXPECT_EQ(ended.output.find('\n'), ended.output.size() - 1) << ended.output;
}

TEST_F(CommandLine, HelpAndVersionEndWith0) {
    const Ended help = run_hotrun({"--help"}, "/");
    EXPECT_EQ(help.status, 0);
    for (const char *option : {"--builddir",
                               "--interval",
                               "--steps",
                               "--heap",
                               "--snapshot",
                               "--no-build",
                               "--poll",
                               "--guard",
                               "--on-crash",
                               "--on-refuse",
                               "--step-timeout",
                               "--load-on-main",
                               "--events",
                               "--heap-file",
                               "--trace",
                               "--stop-timeout",
                               "--keys",
                               "--status-line",
                               "--title",
                               "--desktop-notify",
                               "--color",
                               "-q",
                               "-v",
                               "--version"})
        EXPECT_NE(help.output.find(option), std::string::npos) << option;
    EXPECT_TRUE(run_hotrun({"--version"}, "/").output.starts_with("hotrun 0."));
}

TEST_F(CommandLine, MisuseEndsWith2AndOneSentence) {
    expect_error(run_hotrun({"--intervall=3"}, "/"), 2, "--interval");
    expect_error(run_hotrun({"--interval"}, "/"), 2, "--interval needs a value");
    expect_error(run_hotrun({"--interval", "soon"}, "/"), 2, "soon");
    expect_error(run_hotrun({"--interval", "-1"}, "/"), 2, "-1");
    expect_error(run_hotrun({"--steps", "0"}, "/"), 2, "0");
    expect_error(run_hotrun({"--heap", "12Q"}, "/"), 2, "12Q");
    expect_error(run_hotrun({"--heap", "99999999999G"}, "/"), 2, "99999999999G");
    expect_error(run_hotrun({"--color", "blue"}, "/"), 2, "blue, is not auto, always or never;");
    expect_error(run_hotrun({"-z"}, "/"), 2, "-z");
    expect_error(run_hotrun({"x", "--"}, "/"), 2, "behind the --");
    expect_error(run_hotrun({}, "/"), 2, "no Meson project");
    expect_error(run_hotrun({"-C", "nowhere"}, "/"), 2, "/nowhere");
}

TEST_F(CommandLine, MisuseOfWhatToDoAboutCrashesEndsWith2AndOneSentence) {
    expect_error(run_hotrun({"--guard", "maybe"}, "/"), 2, "maybe, is not auto, on or off;");
    expect_error(run_hotrun({"--on-crash", "pray"}, "/"), 2, "pray, is not park, restart or exit;");
    expect_error(run_hotrun({"--on-refuse", "ask"}, "/"), 2, "ask, is not keep or fresh;");
    expect_error(run_hotrun({"--on-crash="}, "/"), 2, "is not park, restart or exit;");
    expect_error(run_hotrun({"--step-timeout", "5s"}, "/"), 2, "5s, is no number of milliseconds;");
    expect_error(run_hotrun({"--snapshot", "-1"}, "/"), 2, "-1, is no number of milliseconds;");
    expect_error(run_hotrun({"--snapshot"}, "/"), 2, "--snapshot needs a value (MS)");
    expect_error(run_hotrun({"--load-on-main=yes"}, "/"), 2, "--load-on-main");
    expect_error(run_hotrun({"--gard", "on"}, "/"), 2, "did you mean --guard?");
}

TEST_F(CommandLine, WhatToDoAboutCrashesIsTaken) {
    project.set_up();
    const std::vector<std::string> once = {"--steps", "1", "-q", "--load-on-main"};
    const std::vector<std::vector<std::string>> choices = {
        {"--guard", "auto", "--on-crash", "park", "--step-timeout", "0", "--snapshot", "0"},
        {"--guard", "on", "--on-crash", "restart", "--step-timeout", "60000"},
        {"--guard", "off", "--on-crash", "exit", "--snapshot", "20"},
    };
    for (std::vector<std::string> words : choices) {
        words.insert(words.end(), once.begin(), once.end());
        const Ended ended = run_hotrun(words, project.path());
        EXPECT_EQ(ended.status, 0) << ended.output;
        EXPECT_EQ(ended.output, "value=1 steps=1\n");
    }
}

TEST_F(CommandLine, AnUnknownTargetEndsWith2AndTheNearestNames) {
    project.set_up();
    expect_error(run_hotrun({"gane"}, project.path()), 2, "did you mean game?");
    expect_error(run_hotrun({"quite-other"}, project.path()), 2, "game");
}

TEST_F(CommandLine, StepsEndTheRunWith0) {
    project.set_up();
    const Ended ended = run_hotrun({"--steps", "3", "--interval", "0", "game"}, project.path());
    EXPECT_EQ(ended.status, 0);
    EXPECT_NE(ended.output.find("value=1 steps=3\n"), std::string::npos) << ended.output;
    EXPECT_EQ(ended.output.find("steps=4"), std::string::npos) << ended.output;
    EXPECT_EQ(project.files_with("_live.").size(), 0U);
}

TEST_F(CommandLine, AFirstBuildThatFailsEndsWith1OnlyWithSteps) {
    project.set_source("oops\n");
    project.set_up();
    EXPECT_EQ(run_hotrun({"--steps", "3"}, project.path()).status, 1);
    HotrunProcess hotrun(kFast, project.path());
    const auto *ready = hotrun.next("ready");
    ASSERT_NE(ready, nullptr);
    EXPECT_EQ(ready->at("modules").as_array()[0].at("generation").to_number<int>(), 0);
    project.set_value(3);
    const auto *reloaded = hotrun.next("reloaded");
    ASSERT_NE(reloaded, nullptr);
    EXPECT_EQ(reloaded->at("state").as_string(), "fresh");
    EXPECT_EQ(reloaded->at("generation").to_number<int>(), 1);
    EXPECT_TRUE(hotrun.wait_for("value=3 steps=1\n"));
}

TEST_F(CommandLine, ASecondRunInABuildFolderEndsWith1AndNamesThePid) {
    HotrunProcess &first = start();
    expect_error(run_hotrun({}, project.path()), 1, std::to_string(first.child().pid()));
}

TEST_F(CommandLine, WhatStandsInTheWayIsOneSentenceWithItsRemedy) {
    project.set_up();
    const auto refused = [this](const std::vector<std::string> &words, int status,
                                const std::string &part) {
        expect_error(run_hotrun(words, project.path()), status, part);
    };
    refused({"--heap-file", "h", "--record", "r"}, 2,
            "a heap file, a recording and a replay don't go together: leave one of h and r out");
    refused({"--record", std::string(5000, 'r')}, 2, "rrr is too long; choose a shorter one");
    {
        const ScopedVariable path("PATH", "/nowhere");
        refused({}, 1, "can't find ninja in PATH; install ninja-build");
    }
    {
        const ScopedVariable temporary("TMPDIR", "/nowhere");
        refused({"doctor"}, 1, "can't find the folder for temporary files");
    }
    refused({"init", "/proc/new"}, 1, "can't make the folder /proc/new");
    project.write("taken.d", "");
    refused({"--record", "taken"}, 1, "taken.d");
    project.write("build/build.ninja", content_of(project.path("build/build.ninja")) + "rule\n");
    refused({"status", "--files"}, 1,
            "can't learn from ninja what the target is made of: ninja: error: build.ninja:");
}

TEST_F(CommandLine, ABuildFolderIsSetUpWhereThereIsNone) {
    fs::create_directories(project.path("src/deeper"));
    {
        const ScopedVariable path("PATH", "/nowhere");
        const Ended ended = run_hotrun({}, project.path());
        EXPECT_EQ(ended.status, 1);
        EXPECT_TRUE(ended.output.ends_with("can't find meson in PATH; install meson\n"))
            << ended.output;
    }
    const Ended ended = run_hotrun({"--steps", "1"}, project.path("src/deeper"));
    EXPECT_EQ(ended.status, 0) << ended.output;
    EXPECT_NE(ended.output.find("setting up the build folder " + project.builddir()),
              std::string::npos)
        << ended.output;
    EXPECT_NE(ended.output.find("value=1 steps=1"), std::string::npos) << ended.output;
}

TEST_F(CommandLine, FromSeveralBuildFoldersOneIsChosenByCOrByStandingInIt) {
    project.set_up();
    run_command({"meson", "setup", "other"}, project.path());
    expect_error(run_hotrun({"--steps", "1"}, project.path()), 2, "several build folders");
    EXPECT_EQ(run_hotrun({"--steps", "1", "-C", "other"}, project.path()).status, 0);
    EXPECT_EQ(run_hotrun({"--steps", "1"}, project.path("other")).status, 0);
}

TEST_F(CommandLine, ABrokenProjectIsOneSentenceAfterMesonsOwnWords) {
    project.write("meson.build", "project('demo', 'cpp'\n");
    const Ended ended = run_hotrun({}, project.path());
    EXPECT_NE(ended.status, 0);
    EXPECT_NE(ended.output.find("hotrun: error: meson setup"), std::string::npos) << ended.output;
    EXPECT_TRUE(ended.output.ends_with(" failed; mend what it says above\n")) << ended.output;
}

TEST_F(CommandLine, SeveralModulesRunBesideEachOther) {
    project.write("meson.build",
                  "project('demo', 'cpp')\n"
                  "inc = include_directories(get_option('hotrun'))\n"
                  "shared_module('game', 'game.cpp', include_directories: inc)\n"
                  "shared_module('second', 'second.cpp', include_directories: inc)\n");
    project.write("second.cpp", project.source("100"));
    project.set_up();
    expect_error(run_hotrun({}, project.path()), 2, "second");
    expect_error(run_hotrun({"--heap-file", "h", "game", "second"}, project.path()), 2,
                 "a heap file keeps the heap of one module, and this run has 2: name one of them");
    HotrunProcess hotrun({"--interval", "5", "game", "second"}, project.path());
    hotrun.wait_until_ready();
    EXPECT_TRUE(hotrun.wait_for("value=1 steps=2\nvalue=100 steps=2\n"));
    project.write("second.cpp", project.source("200"));
    const auto *reloaded = hotrun.next("reloaded");
    ASSERT_NE(reloaded, nullptr);
    EXPECT_EQ(reloaded->at("module").as_string(), "second");
    EXPECT_TRUE(hotrun.wait_for("value=200 steps="));
    EXPECT_EQ(hotrun.count("reloaded"), 1U);
}

TEST_F(CommandLine, PollingFindsASaveToo) {
    HotrunProcess &hotrun = start({"--interval", "5", "--poll", "20"});
    project.set_value(2);
    const auto *change = hotrun.next("change");
    ASSERT_NE(change, nullptr);
    EXPECT_EQ(change->at("source").as_string(), "poll");
    EXPECT_TRUE(hotrun.wait_for("value=2 "));
}

TEST_F(CommandLine, EventsOnStandardOutputLeaveOurWordsToStandardError) {
    project.set_up();
    const std::string command = std::string("exec 2>/dev/null; exec '") + HOTRUN_TOOL +
                                "' --events - --steps 1 --interval 0";
    Child child({"sh", "-c", command}, project.path(), Child::Streams::kPipe);
    EXPECT_EQ(child.wait_for_exit(), 0);
    EXPECT_NE(child.output().find("{\"event\":\"ready\""), std::string::npos) << child.output();
    EXPECT_EQ(child.output().find("hotrun: "), std::string::npos) << child.output();
}

TEST_F(CommandLine, AReaderThatGoesAwayEndsTheRun) {
    project.set_up();
    const std::string command =
        std::string("'") + HOTRUN_TOOL + "' --interval 1 | head -n 20 > /dev/null; echo done";
    Child child({"sh", "-c", command}, project.path(), Child::Streams::kPipe);
    EXPECT_TRUE(child.wait_for("done"));
    EXPECT_EQ(child.wait_for_exit(), 0);
    EXPECT_EQ(project.files_with("_live.").size(), 0U);
}

TEST_F(CommandLine, QuietSaysNothingAndVerboseNamesThePhases) {
    project.set_up();
    const Ended quiet = run_hotrun({"-q", "--steps", "1"}, project.path());
    EXPECT_EQ(quiet.output, "value=1 steps=1\n");
    HotrunProcess hotrun({"-v", "--interval", "5"}, project.path());
    hotrun.wait_until_ready();
    project.set_value(2);
    EXPECT_TRUE(hotrun.wait_for("changed: " + project.path("game.cpp")));
    EXPECT_TRUE(hotrun.wait_for("generation 2 live in "));
    EXPECT_TRUE(hotrun.wait_for("switch 0."));
}

} // namespace
} // namespace hotrun::e2e
