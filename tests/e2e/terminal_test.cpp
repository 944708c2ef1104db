// hotrun on a terminal: its status line, its keys, and how it leaves the terminal behind.
#include "e2e/game_test.hpp"
#include "e2e/scoped_variable.hpp"

#include <csignal>
#include <cstdlib>
#include <string_view>

#include <unistd.h>

namespace hotrun::e2e {
namespace {

constexpr auto kTerminal = Child::Streams::kTerminal;
constexpr const char *kCrashInAThirdStep =
    "([] { static int n = 0; if (++n == 3) *static_cast<volatile int *>(nullptr) = n; return n; "
    "})()";
constexpr const char *kRowReleased = "\x1b[r\x1b[9999;1H\x1b[2K\x1b"
                                     "8";

class Terminal : public GameTest {
  protected:
    HotrunProcess &start_on_terminal(std::vector<std::string> options = {}) {
        options.insert(options.begin(), kFast.begin(), kFast.end());
        HotrunProcess &hotrun = start(options, kTerminal);
        EXPECT_TRUE(hotrun.wait_for("● game gen 1"));
        EXPECT_FALSE(hotrun.child().reads_lines());
        return hotrun;
    }

    static void expect_left_as_found(HotrunProcess &hotrun) {
        EXPECT_TRUE(hotrun.child().reads_lines());
        const std::string &output = hotrun.child().output();
        const std::size_t released = output.rfind(kRowReleased);
        ASSERT_NE(released, std::string::npos) << output;
        EXPECT_GT(released, output.rfind("●")) << output;
    }

    ScopedVariable locale{"LC_ALL", "C.UTF-8"};
};

TEST_F(Terminal, KeysAreObeyedAndTheStatusLineSaysSo) {
    HotrunProcess &hotrun = start_on_terminal({"--title", "on", "--desktop-notify", "on"});
    Child &child = hotrun.child();
    EXPECT_NE(child.output().find("\x1b[22;0t"), std::string::npos) << "the title from before";
    child.type("?");
    EXPECT_TRUE(hotrun.wait_for("hotrun: keys: r reload, b build, p pause"));
    child.type("s");
    EXPECT_TRUE(hotrun.wait_for("hotrun: game: generation 1 is live"));
    child.type("l");
    EXPECT_TRUE(hotrun.wait_for("nothing was recorded that could be played"));
    child.type("p");
    EXPECT_TRUE(hotrun.wait_for("paused"));
    project.set_value(2);
    EXPECT_TRUE(hotrun.wait_for("○ game building"));
    ASSERT_NE(hotrun.next("reloaded"), nullptr) << "switches go on";
    Child status({HOTRUN_TOOL, "status"}, project.path(), Child::Streams::kPipe);
    EXPECT_TRUE(status.wait_for("idle, paused"));
    EXPECT_EQ(child.output().find("value=2 "), std::string::npos);
    child.type("p");
    EXPECT_TRUE(hotrun.wait_for("\nvalue=2 steps="));
    child.type("r");
    const boost::json::object *reloaded = hotrun.next("reloaded");
    ASSERT_NE(reloaded, nullptr);
    EXPECT_EQ(reloaded->at("generation").to_number<int>(), 3);
    child.type("b");
    const boost::json::object *built = hotrun.next("build_finished");
    ASSERT_NE(built, nullptr);
    EXPECT_EQ(built->at("status"), "nothing");
    EXPECT_TRUE(hotrun.wait_for("nothing to build"));
    child.resize(12, 60);
    EXPECT_TRUE(hotrun.wait_for("\x1b[1;11r")) << "the last row is another one";
    project.set_source(project.source("oops"));
    EXPECT_TRUE(hotrun.wait_for("\x1b[31;1merror:\x1b[0m"));
    EXPECT_TRUE(hotrun.wait_for("| "));
    EXPECT_TRUE(hotrun.wait_for("\x1b[31;1m^\x1b[0m"));
    EXPECT_TRUE(hotrun.wait_for("build failed, 1 error"));
    EXPECT_TRUE(hotrun.wait_for("\x1b]9;hotrun: the build failed: game.cpp:"));
    child.type("q");
    EXPECT_EQ(child.wait_for_exit(), 0);
    expect_left_as_found(hotrun);
    EXPECT_NE(child.output().find("\x1b]2;game building\a"), std::string::npos);
    EXPECT_NE(child.output().find("\x1b]2;game gen 3"), std::string::npos);
    EXPECT_NE(child.output().find("\x1b[23;0t"), std::string::npos);
}

TEST_F(Terminal, IsLeftAsItWasFoundByEachSignalAndLeftAloneIfItIsDumb) {
    for (const auto &[signal, status] : {std::pair(SIGTERM, 0), {SIGHUP, 129}}) {
        HotrunProcess &hotrun = start_on_terminal();
        EXPECT_EQ(hotrun.end_with(signal), status);
        expect_left_as_found(hotrun);
    }
    HotrunProcess &hotrun = start_on_terminal();
    hotrun.child().type("\x03");
    EXPECT_EQ(hotrun.child().wait_for_exit(), 130);
    expect_left_as_found(hotrun);

    const ScopedVariable dumb("TERM", "dumb");
    HotrunProcess &plain = start({"--interval", "5", "--keys", "off"}, kTerminal);
    EXPECT_TRUE(plain.child().reads_lines());
    project.set_value(2);
    EXPECT_TRUE(plain.wait_for("hotrun: game: generation 2 live in "));
    EXPECT_EQ(plain.end_with(SIGTERM), 0);
    EXPECT_EQ(plain.child().output().find('\x1b'), std::string::npos) << plain.child().output();
}

TEST_F(Terminal, IsLeftAsItWasFoundAfterACrashAndByAProcessThatReplacesItself) {
    if (std::string_view(HOTRUN_SANITIZE) != "none")
        GTEST_SKIP() << "a sanitizer sees the crash first";
    using Options = std::vector<std::string>;
    for (const Options &options : {Options{"--on-crash", "exit"}, Options{"--guard", "off"}}) {
        HotrunProcess &hotrun = start_on_terminal(options);
        project.set_source(project.source(kCrashInAThirdStep));
        EXPECT_EQ(hotrun.child().wait_for_exit(), 128 + SIGSEGV);
        expect_left_as_found(hotrun);
        project.set_value(1);
    }
    HotrunProcess &killed = start_on_terminal();
    EXPECT_EQ(killed.end_with(SIGSEGV), 128 + SIGSEGV) << "in none of the module's calls";
    expect_left_as_found(killed);

    HotrunProcess &replaced = start_on_terminal();
    project.set_source(project.source("3") +
                       "static int bad = *static_cast<volatile int *>(nullptr);\n");
    ASSERT_NE(replaced.next("restarted"), nullptr);
    EXPECT_TRUE(replaced.wait_for("new code rejected"));
    project.set_value(5);
    ASSERT_NE(replaced.next("reloaded"), nullptr);
    EXPECT_TRUE(replaced.wait_for("\nvalue=5 "));
    replaced.child().type("q");
    EXPECT_EQ(replaced.child().wait_for_exit(), 0);
    expect_left_as_found(replaced);
}

// A shell with job control; what hotrun is in it is a job.
class TerminalJob : public Terminal {
  protected:
    Child in_shell(const std::string &script) {
        return Child({"bash", "-m", "-c", script, HOTRUN_TOOL}, project.path(), kTerminal);
    }
};

TEST_F(TerminalJob, GivesTheTerminalBackWhileItIsStoppedAndLeavesItAloneInTheBackground) {
    project.set_up();
    project.build();
    {
        Child background =
            in_shell("\"$0\" --color never --interval 5 --steps 3 & wait; echo ended $?");
        ASSERT_TRUE(background.wait_for("ended 0"));
        EXPECT_EQ(background.wait_for_exit(), 0);
        EXPECT_EQ(background.output().find('\x1b'), std::string::npos) << background.output();
        EXPECT_TRUE(background.reads_lines());
    }
    Child shell = in_shell("\"$0\" --interval 5; stty -a; echo stopped; fg; echo ended $?");
    ASSERT_TRUE(shell.wait_for("● game gen 1"));
    shell.type("\x1a");
    ASSERT_TRUE(shell.wait_for(kRowReleased));
    ASSERT_TRUE(shell.wait_for(" icanon "));
    ASSERT_TRUE(shell.wait_for("stopped"));
    ASSERT_TRUE(shell.wait_for("● game gen 1"));
    EXPECT_FALSE(shell.reads_lines());
    shell.type("q");
    ASSERT_TRUE(shell.wait_for("ended 0"));
    EXPECT_EQ(shell.wait_for_exit(), 0);
    EXPECT_TRUE(shell.reads_lines());
}

} // namespace
} // namespace hotrun::e2e
