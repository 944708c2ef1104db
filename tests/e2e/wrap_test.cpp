// `hotrun ... -- PROGRAM`: a program of the user's own, restarted on save, or reloaded if it can
// be.
#include "e2e/hotmaths_project.hpp"
#include "e2e/hotrun_process.hpp"
#include "e2e/scoped_variable.hpp"
#include "e2e/set_up_project.hpp"
#include "e2e/test_project.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;

// It does what its input says.
constexpr const char *kSource = R"(#include "value.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
int main(int argc, char **argv) {
    struct termios modes;
    const int echoes = tcgetattr(0, &modes) == 0 && (modes.c_lflag & ECHO) != 0;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    if (argc > 1 && strcmp(argv[1], "stubborn") == 0)
        signal(SIGTERM, SIG_IGN);
    printf("value=%d echoes=%d argument=%s pid=%d\n", VALUE, echoes, argv[1], (int)getpid());
    char line[80];
    while (fgets(line, sizeof line, stdin)) {
        int status;
        if (sscanf(line, "exit %d", &status) == 1)
            exit(status);
        if (strcmp(line, "crash\n") == 0)
            abort();
        if (strcmp(line, "quiet\n") == 0) {
            modes.c_lflag &= ~(tcflag_t)ECHO;
            tcsetattr(0, TCSANOW, &modes);
        }
        if (strcmp(line, "fork\n") == 0 && fork() == 0) {
            printf("child=%d.\n", (int)getpid());
            for (;;)
                pause();
        }
        printf("in: %s", line);
    }
    for (;;)
        pause();
}
)";

// A process that is no child of ours.
class Process {
  public:
    explicit Process(int pid) : pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
    Process(const Process &) = delete;
    Process &operator=(const Process &) = delete;
    ~Process() { ::close(pidfd_); }

    bool ends() const {
        pollfd end = {pidfd_, POLLIN, 0};
        const int limit = static_cast<int>(std::chrono::milliseconds(kPatience).count());
        return pidfd_ < 0 || ::poll(&end, 1, limit) == 1;
    }

  private:
    int pidfd_;
};

int number_after(const std::string &text, const std::string &word) {
    const std::size_t at = text.rfind(word);
    EXPECT_NE(at, std::string::npos) << text;
    return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + word.size());
}

class Wrap : public testing::Test {
  protected:
    Wrap() {
        fs::create_directories(path());
        write("meson.build", "project('demo', 'c')\nexecutable('app', 'app.c')\n");
        write("app.c", kSource);
        set_value(1);
        set_up_project({"meson", "setup", "build"}, path(), folder_.path());
    }

    std::string path(const std::string &name = "") const {
        return (fs::path(folder_.path()) / "an äpp" / name).string();
    }
    void write(const std::string &name, const std::string &text) const {
        std::ofstream(path(name)) << text;
    }
    void set_value(int value) const {
        write("value.h", "#define VALUE " + std::to_string(value) + "\n");
    }

    std::string output_of(std::vector<std::string> words) const {
        words.insert(words.begin(), HOTRUN_TOOL);
        Child child(words, path(), Child::Streams::kPipe);
        EXPECT_EQ(child.wait_for_exit(), 0) << child.output();
        return child.output();
    }

    // Waits for the end of the program.
    void expect_end(HotrunProcess &hotrun, const std::string &signal, const std::string &next) {
        const auto *ended = hotrun.next("program_ended");
        ASSERT_NE(ended, nullptr);
        EXPECT_EQ(ended->at("signal"),
                  signal.empty() ? boost::json::value() : boost::json::value(signal));
        EXPECT_EQ(ended->at("next"), next.c_str());
    }

    TemporaryFolder folder_;
};

TEST_F(Wrap, AProgramOnATerminalIsRestartedOnSaveAndKeepsTheTerminal) {
    HotrunProcess hotrun({"--color", "never", "--", "build/app", "x y"}, path(),
                         Child::Streams::kTerminal);
    const auto *ready = hotrun.next("ready");
    ASSERT_NE(ready, nullptr);
    EXPECT_EQ(ready->at("targets"), boost::json::array{"app"});
    EXPECT_EQ(ready->at("program").at("path"), path("build/app").c_str());
    ASSERT_TRUE(hotrun.wait_for("value=1 echoes=1 argument=x y"));
    const std::string files = output_of({"status", "--files"});
    EXPECT_NE(files.find(path("value.h") + "\n"), std::string::npos) << files;
    const std::string status = output_of({"status"});
    EXPECT_NE(status.find("program: " + path("build/app") + " (process "), std::string::npos)
        << status;
    hotrun.child().type("hello\nquiet\n");
    ASSERT_TRUE(hotrun.wait_for("in: hello"));
    ASSERT_TRUE(hotrun.wait_for("in: quiet"));

    write("value.h", "#define VALUE (\n");
    EXPECT_EQ(hotrun.next("diagnostic")->at("severity"), "error");
    EXPECT_EQ(hotrun.next("build_finished")->at("status"), "failed");
    hotrun.child().type("still here\n");
    ASSERT_TRUE(hotrun.wait_for("in: still here"));
    EXPECT_EQ(hotrun.count("program_ended"), 0U);

    set_value(2);
    EXPECT_EQ(output_of({"notify", "value.h"}), "hotrun: live: the program is started again\n");
    expect_end(hotrun, "SIGTERM", "restart");
    ASSERT_TRUE(hotrun.wait_for("value=2 echoes=1"));
    hotrun.child().type("crash\n");
    expect_end(hotrun, "SIGABRT", "wait");
    ASSERT_TRUE(hotrun.wait_for("hotrun: error: app was ended by SIGABRT; save to start it again"));
    set_value(3);
    ASSERT_TRUE(hotrun.wait_for("value=3 "));
    hotrun.child().type("exit 3\n");
    expect_end(hotrun, "", "wait");
    ASSERT_TRUE(hotrun.wait_for("app has ended with status 3"));
    set_value(4);
    ASSERT_TRUE(hotrun.wait_for("value=4 "));
    hotrun.child().type("exit 0\n");
    EXPECT_EQ(hotrun.child().wait_for_exit(), 0);
}

TEST_F(Wrap, TheShellsJobControlWorks) {
    if (!program_exists("bash"))
        GTEST_SKIP() << "bash is not installed";
    Child shell(
        {"env", "PS1=ready> ", "HISTFILE=", "LC_ALL=C", "bash", "--norc", "--noediting", "-i"},
        path(), Child::Streams::kTerminal);
    ASSERT_TRUE(shell.wait_for("ready> "));
    shell.type("'" HOTRUN_TOOL "' -- build/app x\n");
    ASSERT_TRUE(shell.wait_for("value=1 echoes=1"));
    shell.type("quiet\n");
    ASSERT_TRUE(shell.wait_for("in: quiet"));
    shell.type("\x1a");
    ASSERT_TRUE(shell.wait_for("Stopped"));
    ASSERT_TRUE(shell.wait_for("ready> "));
    shell.type("echo modes=$(stty -a | grep -c ' echo ').; fg\n");
    ASSERT_TRUE(shell.wait_for("modes=1.")) << "the shell has its own modes";
    shell.type("hello\n");
    ASSERT_TRUE(shell.wait_for("in: hello"));
    shell.type("\x03");
    ASSERT_TRUE(shell.wait_for("ready> "));
    shell.type("echo status=$?.\n");
    ASSERT_TRUE(shell.wait_for("status=130."));
    shell.type("exit\n");
    EXPECT_EQ(shell.wait_for_exit(), 0);
}

TEST_F(Wrap, AFullScreenProgramGetsTheKeys) {
    if (!program_exists("less"))
        GTEST_SKIP() << "less is not installed";
    const ScopedVariable options("LESS", std::nullopt);
    HotrunProcess hotrun({"app", "--", "less", "value.h"}, path(), Child::Streams::kTerminal);
    ASSERT_TRUE(hotrun.wait_for("#define VALUE 1"));
    hotrun.child().type("q");
    EXPECT_EQ(hotrun.child().wait_for_exit(), 0);
}

TEST_F(Wrap, InputInAPipeReachesItAndItsStatusIsHotruns) {
    const std::string program = "'" HOTRUN_TOOL "' -q -- build/app x";
    Child whole({"sh", "-c", "printf 'hello\\nexit 0\\n' | " + program}, path(),
                Child::Streams::kPipe);
    EXPECT_EQ(whole.wait_for_exit(), 0);
    EXPECT_NE(whole.output().find("in: hello\n"), std::string::npos) << whole.output();
}

TEST_F(Wrap, WhatDoesNotEndIsKilledWithAllThatItHasStarted) {
    HotrunProcess hotrun({"--stop-timeout", "1", "--", "build/app", "stubborn"}, path(),
                         Child::Streams::kTerminal);
    ASSERT_NE(hotrun.next("ready"), nullptr);
    hotrun.child().type("fork\n");
    ASSERT_TRUE(hotrun.wait_for("child="));
    ASSERT_TRUE(hotrun.wait_for(".\r\n"));
    const Process child(number_after(hotrun.child().output(), "child="));
    set_value(2);
    expect_end(hotrun, "SIGKILL", "restart");
    EXPECT_TRUE(child.ends());
    ASSERT_TRUE(hotrun.wait_for("1 ms after SIGTERM (--stop-timeout), and was killed, and is "));
    ASSERT_TRUE(hotrun.wait_for("value=2 "));

    hotrun.child().type("fork\n");
    ASSERT_TRUE(hotrun.wait_for("child="));
    ASSERT_TRUE(hotrun.wait_for(".\r\n"));
    const Process second(number_after(hotrun.child().output(), "child="));
    const Process program(number_after(hotrun.child().output(), "pid="));
    EXPECT_EQ(hotrun.end_with(SIGKILL), 128 + SIGKILL);
    EXPECT_TRUE(program.ends());
    EXPECT_TRUE(second.ends());
}

TEST_F(Wrap, SignalsAndTheEndPassThrough) {
    write("app.c", R"(#include <signal.h>
#include <stdio.h>
static void say(int number) { printf("signal %d\n", number); }
int main(void) {
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGTSTP);
    sigprocmask(SIG_SETMASK, &all, NULL);
    puts("waiting");
    for (int number; sigwait(&all, &number) == 0;) {
        say(number);
        if (number == SIGTERM)
            return 0;
    }
})");
    HotrunProcess hotrun({"--", "build/app"}, path());
    ASSERT_TRUE(hotrun.wait_for("waiting"));
    for (const int number : {SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH}) {
        hotrun.child().signal(number);
        ASSERT_TRUE(hotrun.wait_for("signal " + std::to_string(number) + "\n"));
    }
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0);
    EXPECT_NE(hotrun.child().output().find("signal 15\n"), std::string::npos);
    EXPECT_EQ(hotrun.next("program_ended")->at("next"), "end");
}

TEST_F(Wrap, AFirstBuildThatFailsWaitsForTheSaveThatMendsIt) {
    write("value.h", "#define VALUE (\n");
    HotrunProcess hotrun({"--", "build/app", "x"}, path());
    EXPECT_TRUE(hotrun.next("ready")->at("program").at("pid").is_null());
    ASSERT_TRUE(hotrun.wait_for("the build failed; nothing runs yet"));
    set_value(1);
    ASSERT_NE(hotrun.next("program_started"), nullptr);
    EXPECT_EQ(hotrun.count("program_ended"), 0U);
    ASSERT_TRUE(hotrun.wait_for("value=1 "));
    EXPECT_EQ(hotrun.end_with(SIGINT), 130);
}

TEST_F(Wrap, WhatCanNotBeStartedIsOneSentence) {
    const auto expect_refusal = [this](const std::vector<std::string> &words,
                                       const std::string &part) {
        std::vector<std::string> all = {HOTRUN_TOOL};
        all.insert(all.end(), words.begin(), words.end());
        Child child(all, path(), Child::Streams::kPipe);
        EXPECT_EQ(child.wait_for_exit(), 2);
        EXPECT_TRUE(child.output().starts_with("hotrun: error: ")) << child.output();
        EXPECT_NE(child.output().find(part), std::string::npos) << child.output();
        EXPECT_EQ(child.output().find('\n'), child.output().size() - 1) << child.output();
    };
    expect_refusal({"--", "build/ap"}, "there is no program build/ap; name one");
    expect_refusal({"--", "app"}, "did you mean " + path("build/app"));
    expect_refusal({"app", "--", "./value.h"}, "can't be started; make it executable");
    expect_refusal({"--"}, "name the program to run behind the --");
    expect_refusal({"--steps", "3", "--", "build/app"}, "--steps is for hotrun's own host");
    expect_refusal({"--stop-timeout", "3"}, "--stop-timeout is for a PROGRAM behind --");

    write("script", "no program at all");
    ::chmod(path("script").c_str(), 0755);
    HotrunProcess hotrun({"app", "--", "./script"}, path());
    const auto *ended = hotrun.next("program_ended");
    ASSERT_NE(ended, nullptr);
    EXPECT_TRUE(ended->at("pid").is_null());
    ASSERT_TRUE(hotrun.wait_for("Exec format error; mend that and save to start it"));
    write("script", "#!/bin/sh\necho mended; exec sleep 1000\n"); // seen as the program's file
    ASSERT_NE(hotrun.next("program_started"), nullptr);
    ASSERT_TRUE(hotrun.wait_for("mended"));
}

// The example host embeds a Runner.
TEST(WrapEmbedded, AProgramThatEmbedsTheRunnerReloadsByItself) {
    const HotmathsProject project;
    HotrunProcess hotrun({"hotmaths", "--", "build/hotmaths-host"}, project.path());
    const auto *attached = hotrun.next("program_attached");
    ASSERT_NE(attached, nullptr);
    EXPECT_EQ(attached->at("modules").at(0).at("generation"), 1);
    const auto pid = attached->at("pid");
    ASSERT_TRUE(hotrun.wait_for("operate(6, 7) = 13\n"));

    project.multiply();
    Child notify({HOTRUN_TOOL, "notify", "hotmaths.cpp"}, project.path(), Child::Streams::kPipe);
    EXPECT_EQ(notify.wait_for_exit(), 0);
    EXPECT_NE(notify.output().find("live (hotmaths: generation 2)"), std::string::npos)
        << notify.output();
    const auto *reloaded = hotrun.next("reloaded");
    ASSERT_NE(reloaded, nullptr);
    EXPECT_EQ(reloaded->at("state"), "kept");
    EXPECT_GT(reloaded->at("phases_us").at("build").to_number<int>(), 0);
    ASSERT_TRUE(hotrun.wait_for("operate(6, 7) = 42\n"));

    project.replace("return a * b", "extern int missing(); return missing()");
    EXPECT_EQ(hotrun.next("rejected")->at("reason"), "undefined_symbol");
    EXPECT_EQ(hotrun.count("program_started"), 1U);

    project.replace("extern int missing(); return missing()", "return b - a");
    ASSERT_TRUE(hotrun.wait_for("operate(6, 7) = 1\n"));
    fs::copy_file(HOTMATHS_HOST, project.path("build/new"));
    fs::rename(project.path("build/new"), project.path("build/hotmaths-host"));
    EXPECT_EQ(hotrun.next("program_ended")->at("next"), "restart");
    attached = hotrun.next("program_attached");
    ASSERT_NE(attached, nullptr);
    EXPECT_NE(attached->at("pid"), pid);
    ASSERT_TRUE(hotrun.wait_for("operate(6, 7) = 1\n"));
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0);
    for (const auto &entry : fs::directory_iterator(project.path("build")))
        EXPECT_EQ(entry.path().string().find("_live."), std::string::npos);
}

} // namespace
} // namespace hotrun::e2e
