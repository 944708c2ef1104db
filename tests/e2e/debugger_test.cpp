// gdb with scripts/gdb/hotrun.py at work on a program that is edited and reloaded.
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

// gdb in batch mode: a session is a list of its commands, "wait" among them for go_on().
class Debugger : public testing::Test {
  protected:
    void SetUp() override {
        if (is_sanitized())
            GTEST_SKIP() << "needs a build without sanitizers, whose own symbols gdb reads for "
                            "seconds";
        if (!program_exists("gdb"))
            GTEST_SKIP() << "gdb is not installed";
        Child trial({"gdb", "-nx", "-batch", "-ex", "run", "--args", "true"}, ".",
                    Child::Streams::kPipe);
        trial.wait_for_exit();
        if (trial.output().find("exited normally") == std::string::npos)
            GTEST_SKIP() << "gdb can't run a program here: " << trial.output();
    }

    void start(const std::string &session) {
        const std::string fifo = folder_ / "go_on";
        ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
        go_on_ = UniqueFd(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
        const std::string commands = "set pagination off\nset confirm off\nset width 0\n"
                                     "set breakpoint pending on\n"
                                     "source " HOTRUN_SCRIPTS "/gdb/hotrun.py\n"
                                     "define wait\nshell read -r line < '" +
                                     fifo + "'\nend\n" + session;
        gdb_.emplace(std::vector<std::string>{"gdb", "-nx", "-batch", "-x",
                                              folder_.write("commands", commands), "--args",
                                              HOTRUN_TOOL, "--interval", "5", "game"},
                     project_.path(), Child::Streams::kPipe);
    }

    void go_on() const { ASSERT_EQ(::write(go_on_.get(), "\n", 1), 1); }
    bool wait_for(const std::string &text) { return gdb_->wait_for(text); }

    // The next row of `info hotrun`.
    void expect_generation(int number, const std::string &state, const std::string &breakpoints) {
        ASSERT_TRUE(
            wait_for("game    " + std::to_string(number) + "           " + state + "   0x"));
        ASSERT_TRUE(wait_for("  " + breakpoints + "  "));
        ASSERT_TRUE(wait_for("." + std::to_string(number) + ".so\n"));
    }

    TestProject project_;
    std::optional<Child> gdb_;

  private:
    TemporaryFolder folder_;
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
TEST_F(Debugger, BreakpointsStayOnTheirStatements) {
    project_.set_source(module_source(kCounted, ""));
    project_.set_up();
    start("break game.cpp:4 if x >= 0\n"
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
    const std::string &output = gdb_->output();
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
    EXPECT_EQ(gdb_->wait_for_exit(), 0);
}

} // namespace
} // namespace hotrun::e2e
