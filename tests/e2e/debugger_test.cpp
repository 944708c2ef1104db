// Debuggers with the scripts for them at work on a program that is edited and reloaded.
#include "e2e/child.hpp"
#include "e2e/fault_test.hpp"
#include "e2e/test_project.hpp"
#include "linux/unique_fd.hpp"

#include <gtest/gtest.h>

#include <optional>

#include <fcntl.h>
#include <sys/stat.h>

namespace hotrun::e2e {
namespace {

// A debugger in batch mode: a session is a list of its commands.
class Debugger : public testing::Test {
  protected:
    void SetUp() override {
        if (is_sanitized())
            GTEST_SKIP() << "needs a build without sanitizers, whose own symbols a debugger reads "
                            "for seconds";
    }

    // Whether the words run a program to its end; if not, the test is skipped.
    void try_out(const std::string &debugger, const std::vector<std::string> &words,
                 const std::string &good_end) const {
        if (!program_exists(debugger))
            GTEST_SKIP() << debugger << " is not installed";
        Child trial(words, ".", Child::Streams::kPipe);
        trial.wait_for_exit();
        if (trial.output().find(good_end) == std::string::npos)
            GTEST_SKIP() << debugger << " does not work here: " << trial.output();
    }

    // `words`: what comes before the session's file, which `separator` parts from the program.
    void start(std::vector<std::string> words, const std::string &session,
               const std::string &separator) {
        words.insert(words.end(), {folder_.write("commands", session), separator, HOTRUN_TOOL,
                                   "--interval", "5", "--color", "never", "game"});
        child_.emplace(words, project_.path(), Child::Streams::kPipe);
    }

    bool wait_for(const std::string &text) { return child_->wait_for(text); }

    // The next row of the list of generations.
    void expect_generation(int number, const std::string &state, const std::string &breakpoints) {
        ASSERT_TRUE(
            wait_for("game    " + std::to_string(number) + "           " + state + "   0x"));
        ASSERT_TRUE(wait_for("  " + breakpoints + "  "));
        ASSERT_TRUE(wait_for("." + std::to_string(number) + ".so\n"));
    }

    TestProject project_;
    TemporaryFolder folder_;
    std::optional<Child> child_;
};

class Gdb : public Debugger {
  protected:
    void SetUp() override {
        Debugger::SetUp();
        if (!IsSkipped())
            try_out("gdb", {"gdb", "-nx", "-batch", "-ex", "run", "--args", "true"},
                    "exited normally");
    }

    // "wait" among the commands is for go_on().
    void start_gdb(const std::string &session) {
        const std::string fifo = folder_ / "go_on";
        ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
        go_on_ = UniqueFd(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
        start({"gdb", "-nx", "-batch", "-x"},
              "set pagination off\nset confirm off\nset width 0\n"
              "set breakpoint pending on\n"
              "source " HOTRUN_SCRIPTS "/gdb/hotrun.py\n"
              "define wait\nshell read -r line < '" +
                  fifo + "'\nend\n" + session,
              "--args");
    }

    void go_on() const { ASSERT_EQ(::write(go_on_.get(), "\n", 1), 1); }

  private:
    UniqueFd go_on_;
};

const std::string kTop = "#include \"hotrun/module.h\"\n"
                         "#include <stdio.h>\n";
const std::string kSecond = "static void second() {\n"
                            "    puts(\"second\");\n"
                            "}\n";
const std::string kThird = "static void third() { puts(\"third\"); }\n";
const std::string kFourth = "static void fourth() { puts(\"fourth\"); }\n";
const std::string kCounted = "static long counted(long x) {\n"
                             "    x += 1;\n"
                             "    return x;\n"
                             "}\n";
const std::string kUncounted = "static long counted(long x) {\n"
                               "    return x;\n"
                               "}\n";

// The text of a module that calls these functions in each step.
std::string module_source(const std::string &functions, const std::string &calls) {
    return kTop + functions +
           "struct state { long x; };\n"
           "extern \"C\" void hotrun_step(hotrun_context *ctx) {\n"
           "    if (!ctx->state)\n"
           "        ctx->state = HOTRUN_NEW(ctx, struct state);\n"
           "    struct state *s = (struct state *)ctx->state;\n"
           "    s->x = counted(s->x);\n    " +
           calls + "\n}\n";
}

// `x += 1;` is line 4 of the first text, 7 of the second and 8 of the third; the fourth has none.
TEST_F(Gdb, BreakpointsStayOnTheirStatements) {
    project_.set_source(module_source(kCounted, ""));
    project_.set_up();
    start_gdb("break game.cpp:4 if x >= 0\n"
              "commands\ncontinue\nend\n"
              "break second\n"
              "run\n"
              "info hotrun\n"
              "wait\n"
              "delete 2\n"
              "break game.cpp:9\n"
              "echo <continue>\\n\n"
              "continue\n"
              "print x\n"
              "delete 4\n"
              "tbreak fourth\n"
              "continue\n"
              "info hotrun\n"
              "kill\n");
    ASSERT_TRUE(wait_for(", counted (x=2) at ../game.cpp:4\n4\t    x += 1;\n"));

    // The breakpoint has its condition and its commands, and gdb shows the new text.
    project_.set_source(module_source(kSecond + kCounted, "second();"));
    ASSERT_TRUE(wait_for("hotrun: the statement of breakpoint 1, game.cpp:4, is at line 7 in "
                         "generation 2 of game: it has breakpoint 3 now\n"));
    ASSERT_TRUE(wait_for("hit Breakpoint 3, counted (x="));
    ASSERT_TRUE(wait_for(") at ../game.cpp:7\n7\t    x += 1;\n"));
    ASSERT_TRUE(
        wait_for("hit Breakpoint 2, second () at ../game.cpp:4\n4\t    puts(\"second\");\n"));
    expect_generation(1, "old ", "-   ");
    expect_generation(2, "live", "2, 3");

    // Set by a text that is not built yet.
    project_.set_source(module_source(kThird + kSecond + kCounted, "second(), third();"));
    go_on();
    ASSERT_TRUE(wait_for("hotrun: game.cpp was edited after the code that runs was built: "
                         "breakpoint 4 waits for the next generation\n"));
    ASSERT_TRUE(wait_for("<continue>\n"));
    ASSERT_TRUE(wait_for("hotrun: the statement of breakpoint 3, game.cpp:7, is at line 8 in "
                         "generation 3 of game: it has breakpoint 5 now\n"));
    ASSERT_TRUE(wait_for("hit Breakpoint 4"));
    ASSERT_TRUE(wait_for(") at ../game.cpp:9\n9\t    return x;\n"));

    ASSERT_TRUE(wait_for("$1 = "));
    ASSERT_TRUE(wait_for("\n"));
    const std::string &output = child_->output();
    EXPECT_GT(std::stol(output.substr(output.rfind("$1 = ") + 5)), 3) << "the state was kept";

    project_.set_source(
        module_source(kFourth + kThird + kSecond + kUncounted, "second(), third(), fourth();"));
    ASSERT_TRUE(wait_for("hotrun: the statement of breakpoint 5, game.cpp:8, is gone in generation "
                         "4 of game: the breakpoint stays at line 8\n"));
    ASSERT_TRUE(wait_for("fourth () at ../game.cpp:3\n"));
    expect_generation(1, "old ", "-");
    expect_generation(2, "old ", "-");
    expect_generation(3, "old ", "5");
    expect_generation(4, "live", "5");
    EXPECT_EQ(child_->wait_for_exit(), 0);
}

// Debian 12 has its modules for Python where it does not look for them.
class Lldb : public Debugger {
  protected:
    void SetUp() override {
        Debugger::SetUp();
        if (!IsSkipped())
            try_out("lldb-14", {"env", kPath, "lldb-14", "-b", "-o", "script print(6 * 7)"},
                    "\n42\n");
    }

    static constexpr const char *kPath = "PYTHONPATH=/usr/lib/llvm-14/lib/python3.11/dist-packages";
};

TEST_F(Lldb, BreakpointsStayOnTheirStatements) {
    project_.set_source(module_source(kCounted, ""));
    project_.set_up();
    start({"env", kPath, "lldb-14", "-b", "-s"},
          "command script import " HOTRUN_SCRIPTS "/lldb/hotrun.py\n"
          "breakpoint set -f game.cpp -l 4 -c 'x >= 0' --auto-continue true -C 'frame info'\n"
          "breakpoint set -n second\n"
          "process launch\n"
          "hotrun\n"
          "process kill\n",
          "--");
    ASSERT_TRUE(wait_for("counted(x=2) at game.cpp:4:"));
    project_.set_source(module_source(
        kSecond + kCounted, "if (rename(\"go on\", \"gone on\") == 0)\n        second();"));
    ASSERT_TRUE(wait_for("hotrun: the statement of breakpoint 1, game.cpp:4, is at line 7 in "
                         "generation 2 of game: it has breakpoint 3 now\n"));
    ASSERT_TRUE(wait_for(") at game.cpp:7:"));
    project_.write("go on", "");
    ASSERT_TRUE(wait_for("second() at game.cpp:4:"));
    expect_generation(1, "old ", "-   ");
    expect_generation(2, "live", "2, 3");
}

} // namespace
} // namespace hotrun::e2e
