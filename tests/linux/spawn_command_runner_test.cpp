#include "linux/spawn_command_runner.hpp"

#include "forked_child.hpp"
#include "linux/yielding_thread.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>

namespace hotrun {
namespace {

constexpr std::chrono::milliseconds kLittlePatience{50};

bool has_children() {
    return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD;
}

std::string errors_of(const Result<CommandEnd> &end) {
    return end ? "" : end.error().message;
}

class SpawnCommandRunnerTest : public testing::Test {
  protected:
    static Command shell(const std::string &script) {
        return {
            .program = "/bin/sh", .arguments = {"-c", script}, .directory = "/", .environment = {}};
    }

    // What it wrote and how it ended go to output_ and end_.
    void start(const Command &command) {
        output_.clear();
        end_.reset();
        auto started = runner_.start(
            command, [this](std::string_view chunk) { output_ += chunk; },
            [this](Result<CommandEnd> end) {
                EXPECT_FALSE(end_) << "ended twice";
                end_ = std::move(end);
            });
        ASSERT_TRUE(started) << started.error().message;
        running_ = std::move(*started);
    }

    testing::AssertionResult ended() {
        if (run_until(loop_, [this] { return end_.has_value(); }))
            return testing::AssertionSuccess();
        return testing::AssertionFailure()
               << "it goes on; output so far: " << output_.substr(0, 99);
    }

    bool has_written(const std::string &text) {
        return run_until(loop_, [&] { return output_.find(text) != std::string::npos; });
    }

    // The output of a script that ends with 0.
    std::string output_of(const std::string &script) {
        start(shell(script));
        EXPECT_TRUE(ended());
        EXPECT_TRUE(end_ && *end_ && (*end_)->exit_status == 0) << output_;
        running_.reset();
        return output_;
    }

    AsioEventLoop loop_;
    SpawnCommandRunner runner_{loop_.io(), kLittlePatience};
    std::string output_;
    std::optional<Result<CommandEnd>> end_;
    std::unique_ptr<RunningCommand> running_;
};

TEST_F(SpawnCommandRunnerTest, MergesBothStreamsInTheirOrder) {
    EXPECT_EQ(output_of("echo 1; echo 2 >&2; echo 3; echo 4 >&2"), "1\n2\n3\n4\n");
}

TEST_F(SpawnCommandRunnerTest, GivesTheOutputCompleteBeforeTheEnd) {
    std::ostringstream numbers;
    for (int i = 1; i <= 200'000; ++i)
        numbers << i << '\n';
    EXPECT_TRUE(output_of("seq 200000") == numbers.str()) << output_.size() << " bytes";
}

TEST_F(SpawnCommandRunnerTest, ACommandDoesNotYieldAsTheThreadThatStartsIt) {
    yield_to_others();
    EXPECT_EQ(output_of("cut -d' ' -f41 /proc/self/stat"), std::to_string(SCHED_OTHER) + "\n");
    stop_yielding();
}

TEST_F(SpawnCommandRunnerTest, TellsTheExitStatus) {
    start(shell("exit 3"));
    ASSERT_TRUE(ended());
    ASSERT_TRUE(*end_) << errors_of(*end_);
    EXPECT_EQ((*end_)->exit_status, 3);
    EXPECT_EQ((*end_)->signal, 0);
    running_.reset();
    EXPECT_FALSE(has_children());
}

TEST_F(SpawnCommandRunnerTest, TellsTheSignalThatEndedIt) {
    start(shell("kill -KILL $$"));
    ASSERT_TRUE(ended());
    ASSERT_TRUE(*end_) << errors_of(*end_);
    EXPECT_EQ((*end_)->signal, SIGKILL);
    EXPECT_EQ((*end_)->exit_status, 128 + SIGKILL);
}

TEST_F(SpawnCommandRunnerTest, AProgramThatIsNotThereIsAnErrorAndLeavesNoZombie) {
    const TemporaryFolder folder;
    for (const std::string &program : {folder / "absent", folder.write("not-executable", "")}) {
        const auto started = runner_.start(
            {.program = program, .arguments = {}, .directory = "/", .environment = {}},
            [](std::string_view) { ADD_FAILURE(); },
            [](const Result<CommandEnd> &) { ADD_FAILURE(); });
        ASSERT_FALSE(started);
        EXPECT_NE(started.error().message.find(program), std::string::npos);
        EXPECT_NE(started.error().system_code, 0);
        EXPECT_FALSE(has_children());
    }
}

TEST_F(SpawnCommandRunnerTest, RunsInItsFolderWithItsEnvironmentOnTopOfOurs) {
    const TemporaryFolder folder;
    ::setenv("HOTRUN_TEST_KEPT", "kept", 1);      // NOLINT(concurrency-mt-unsafe)
    ::setenv("HOTRUN_TEST_CHANGED", "before", 1); // NOLINT(concurrency-mt-unsafe)
    Command command = shell("pwd; echo $HOTRUN_TEST_KEPT $HOTRUN_TEST_CHANGED $HOTRUN_TEST_NEW");
    command.directory = folder.path();
    command.environment = {{"HOTRUN_TEST_CHANGED", "after"}, {"HOTRUN_TEST_NEW", "a=b"}};
    start(command);
    ::unsetenv("HOTRUN_TEST_KEPT");    // NOLINT(concurrency-mt-unsafe)
    ::unsetenv("HOTRUN_TEST_CHANGED"); // NOLINT(concurrency-mt-unsafe)
    ASSERT_TRUE(ended());
    EXPECT_EQ(output_, folder.path() + "\nkept after a=b\n");
}

TEST_F(SpawnCommandRunnerTest, TheProgramInheritsNoOtherDescriptor) {
    std::vector<UniqueFd> leaky; // without CLOEXEC
    for (int i = 0; i < 20; ++i)
        leaky.emplace_back(::dup(2));
    ASSERT_GT(leaky.back().get(), 20);
    ASSERT_LT(leaky.back().get(), 200);
    EXPECT_EQ(output_of("n=0; while [ $n -lt 200 ]; do"
                        "  [ -e /proc/self/fd/$n ] && echo $n; n=$((n + 1)); done; true"),
              "0\n1\n2\n");
}

TEST_F(SpawnCommandRunnerTest, TheProgramReadsNothing) {
    EXPECT_EQ(output_of("readlink /proc/self/fd/0; cat"), "/dev/null\n");
}

// As in a host that was started as a service.
TEST_F(SpawnCommandRunnerTest, AHostWithoutStandardStreamsGetsTheOutput) {
    for (const int last_closed : {0, 1, 2}) {
        ForkedChild host([&] {
            for (int fd = 0; fd <= last_closed; ++fd)
                ::close(fd);
            const std::string script = "readlink /proc/self/fd/0; echo out; echo error >&2";
            return output_of(script) == "/dev/null\nout\nerror\n" ? 0 : 1;
        });
        EXPECT_EQ(host.exit_status(), 0) << "without descriptors up to " << last_closed;
    }
}

TEST_F(SpawnCommandRunnerTest, TheProgramLeadsASessionOfItsOwn) {
    std::istringstream fields(output_of("cat /proc/$$/stat"));
    pid_t pid = 0;
    std::string name, state;
    pid_t parent = 0;
    pid_t group = 0;
    pid_t session = 0;
    fields >> pid >> name >> state >> parent >> group >> session;
    EXPECT_GT(pid, 0);
    EXPECT_EQ(parent, ::getpid());
    EXPECT_EQ(group, pid);
    EXPECT_EQ(session, pid);
}

TEST_F(SpawnCommandRunnerTest, TheProgramHasNoBlockedOrIgnoredSignals) {
    const SignalGuard ignored(SIGUSR2, SIG_IGN);
    const SignalGuard also_ignored(SIGINT, SIG_IGN);
    sigset_t blocked;
    sigset_t before;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGINT);
    ::sigaddset(&blocked, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
    const std::string output = output_of("exec grep -E '^Sig(Blk|Ign)' /proc/self/status");
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    std::istringstream fields(output);
    std::string blocked_name, ignored_name;
    std::uint64_t blocked_set = 1;
    std::uint64_t ignored_set = 1;
    fields >> blocked_name >> std::hex >> blocked_set >> ignored_name >> ignored_set;
    ASSERT_TRUE(fields) << output;
    constexpr std::uint64_t kOfTheCLibrary = std::uint64_t{3} << 31; // 32 and 33
    EXPECT_EQ(blocked_set, 0u) << output;
    EXPECT_EQ(ignored_set & ~kOfTheCLibrary, 0u) << output;
}

TEST_F(SpawnCommandRunnerTest, InterruptEndsAShellAndItsChildren) {
    start(shell("sh -c 'echo pid $$; exec sleep 1000'; echo went on"));
    ASSERT_TRUE(has_written("\n"));
    const UniqueFd sleeper = open_pidfd(std::stoi(output_.substr(4)));
    ASSERT_TRUE(sleeper.is_open());
    EXPECT_FALSE(is_readable(sleeper.get()));
    running_->interrupt();
    ASSERT_TRUE(ended());
    EXPECT_TRUE(wait_readable(sleeper.get())) << "its child goes on";
    EXPECT_EQ(output_.find("went on"), std::string::npos);
    ASSERT_TRUE(*end_) << errors_of(*end_);
    EXPECT_EQ((*end_)->exit_status, 128 + SIGINT);
    running_->interrupt(); // after the end: nothing
}

TEST_F(SpawnCommandRunnerTest, WhatIgnoresAnInterruptIsKilled) {
    start(shell("trap '' INT; echo ready; while :; do sleep 1000; done"));
    ASSERT_TRUE(has_written("ready"));
    running_->interrupt();
    ASSERT_TRUE(ended());
    ASSERT_TRUE(*end_) << errors_of(*end_);
    EXPECT_EQ((*end_)->signal, SIGKILL);
}

// As ninja does: its commands lead process groups of their own, and it waits for them.
class SpawnWithDescendantTest : public SpawnCommandRunnerTest {
  protected:
    // `trap` is what the leader does about an interrupt.
    void start_leader(const std::string &trap) {
        start({.program = "/bin/bash",
               .arguments = {"-c", "set -m; trap '" + trap +
                                       "' INT; sh -c 'trap \"\" INT; echo pid $$; exec sleep 1000'"
                                       " & wait; wait; echo waited; exit 9"},
               .directory = "/",
               .environment = {}});
        ASSERT_TRUE(has_written("\n"));
        pid_ = std::stoi(output_.substr(4));
        descendant_ = open_pidfd(pid_);
        ASSERT_TRUE(descendant_.is_open());
        ASSERT_EQ(::getpgid(pid_), pid_) << "a group of its own";
    }

    pid_t pid_ = 0;
    UniqueFd descendant_;
};

TEST_F(SpawnWithDescendantTest, InterruptEndsADescendantThatIgnoresItAndTheLeaderCleansUp) {
    start_leader("echo interrupted");
    running_->interrupt();
    ASSERT_TRUE(ended());
    EXPECT_TRUE(is_readable(descendant_.get())) << "it outlives the end";
    ASSERT_TRUE(*end_) << errors_of(*end_);
    EXPECT_EQ((*end_)->exit_status, 9) << output_;
    EXPECT_NE(output_.find("waited"), std::string::npos) << "the leader was killed";
}

TEST_F(SpawnWithDescendantTest, ALeaderThatIsKilledLeavesNoDescendant) {
    start_leader("");
    ::kill(::getpgid(::getsid(pid_)), SIGKILL);
    ASSERT_TRUE(ended());
    EXPECT_TRUE(is_readable(descendant_.get())) << "it outlives the end";
    ASSERT_TRUE(*end_) << errors_of(*end_);
    EXPECT_EQ((*end_)->signal, SIGKILL);
}

TEST_F(SpawnWithDescendantTest, DestructionEndsADescendantThatIgnoresAnInterrupt) {
    start_leader("");
    running_.reset();
    EXPECT_FALSE(has_children());
    EXPECT_TRUE(is_readable(descendant_.get()));
}

TEST_F(SpawnCommandRunnerTest, DestructionEndsTheProgramAndLeavesNoZombie) {
    start(shell("sh -c 'echo pid $$; exec sleep 1000'; exit"));
    ASSERT_TRUE(has_written("\n"));
    const UniqueFd sleeper = open_pidfd(std::stoi(output_.substr(4)));
    running_.reset();
    EXPECT_FALSE(has_children());
    EXPECT_TRUE(wait_readable(sleeper.get())) << "its child goes on";
    loop_.io().restart();
    loop_.io().poll();
    EXPECT_FALSE(end_) << "told of the end after destruction";
}

TEST_F(SpawnCommandRunnerTest, DestructionRightAfterTheStartLeavesNoZombie) {
    for (const char *script : {"exit", "sleep 1000"}) {
        start(shell(script));
        running_.reset();
        EXPECT_FALSE(has_children());
    }
    loop_.io().restart();
    loop_.io().poll();
    EXPECT_FALSE(end_);
}

TEST_F(SpawnCommandRunnerTest, DestructionKillsWhatIgnoresAnInterruptAlsoWhileSignalsCome) {
    ForkedChild child([this] {
        start(shell("trap '' INT; echo ready; while :; do sleep 1000; done"));
        if (!has_written("ready"))
            return 1;
        const SignalGuard guard(SIGALRM, [](int) {});
        const itimerval often = {{0, 5'000}, {0, 5'000}};
        ::setitimer(ITIMER_REAL, &often, nullptr);
        running_.reset();
        const itimerval never = {};
        ::setitimer(ITIMER_REAL, &never, nullptr); // without its handler it would end the process
        return has_children() ? 2 : 0;
    });
    EXPECT_EQ(child.exit_status(), 0) << "destruction waits for ever";
}

TEST_F(SpawnCommandRunnerTest, AProgramMayBeDestroyedWhileItTells) {
    auto started = runner_.start(
        shell("echo ready; sleep 1000"), [this](std::string_view) { running_.reset(); },
        [](const Result<CommandEnd> &) { ADD_FAILURE() << "told after destruction"; });
    ASSERT_TRUE(started);
    running_ = std::move(*started);
    EXPECT_TRUE(run_until(loop_, [this] { return running_ == nullptr; }));
    EXPECT_FALSE(has_children());

    started = runner_.start(
        shell("exit"), [](std::string_view) {},
        [this](const Result<CommandEnd> &) { running_.reset(); });
    ASSERT_TRUE(started);
    running_ = std::move(*started);
    EXPECT_TRUE(run_until(loop_, [this] { return running_ == nullptr; }));
    EXPECT_FALSE(has_children());
}

// The kernel then reaps the child itself, and its exit status is nowhere.
TEST_F(SpawnCommandRunnerTest, AHostThatIgnoresItsChildrenGetsAnErrorAndNoSuccess) {
    const SignalGuard guard(SIGCHLD, SIG_IGN);
    auto started = runner_.start(
        shell("exit 3"), [](std::string_view) {},
        [this](Result<CommandEnd> end) { end_ = std::move(end); });
    if (started) {
        ASSERT_TRUE(ended());
        ASSERT_FALSE(*end_) << "exit status " << (*end_)->exit_status;
        EXPECT_EQ(end_->error().system_code, ECHILD);
    }
    EXPECT_FALSE(run_to_end(shell("exit 3")));
}

TEST_F(SpawnCommandRunnerTest, AProgramLeftInTheBackgroundDoesNotDelayTheEnd) {
    start(shell("sleep 1000 & echo pid $!"));
    ASSERT_TRUE(ended());
    ASSERT_TRUE(*end_) << errors_of(*end_);
    EXPECT_EQ((*end_)->exit_status, 0);
    ASSERT_EQ(output_.rfind("pid ", 0), 0u);
    ::kill(std::stoi(output_.substr(4)), SIGKILL);
}

// The only pipe that this process reads without blocking; -1: none.
int output_pipe() {
    for (int fd = 0; fd < 200; ++fd) {
        struct stat status = {};
        const int flags = ::fcntl(fd, F_GETFL);
        if (flags >= 0 && (flags & O_NONBLOCK) != 0 && (flags & O_ACCMODE) == O_RDONLY &&
            ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode))
            return fd;
    }
    return -1;
}

// Lets `yes` write more before it goes on, so that the pipe is never empty; gives up at the
// deadline.
class SlowReader {
  public:
    explicit SlowReader(std::unique_ptr<RunningCommand> &command) : command_(command) {}

    void operator()(std::string_view /*chunk*/) {
        if (!told_to_end_)
            wait_readable(output_pipe());
        if (std::chrono::steady_clock::now() > deadline_)
            command_.reset();
    }

    void told_to_end() { told_to_end_ = true; }

  private:
    std::unique_ptr<RunningCommand> &command_;
    std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::now() + kDeadline;
    bool told_to_end_ = false;
};

TEST_F(SpawnCommandRunnerTest, AProgramThatWritesWithoutEndCanBeInterrupted) {
    bool seen = false;
    SlowReader reader(running_);
    auto started = runner_.start(
        shell("exec yes"),
        [&](std::string_view chunk) {
            if (!std::exchange(seen, true))
                loop_.post([&] {
                    reader.told_to_end();
                    if (running_)
                        running_->interrupt();
                });
            reader(chunk);
        },
        [this](Result<CommandEnd> end) { end_ = std::move(end); });
    ASSERT_TRUE(started);
    running_ = std::move(*started);
    ASSERT_TRUE(ended());
    EXPECT_EQ((*end_)->signal, SIGINT);
}

TEST_F(SpawnCommandRunnerTest, ABackgroundProgramThatWritesWithoutEndDoesNotDelayTheEnd) {
    auto started = runner_.start(shell("yes & exit 4"), SlowReader(running_),
                                 [this](Result<CommandEnd> end) { end_ = std::move(end); });
    ASSERT_TRUE(started);
    running_ = std::move(*started);
    ASSERT_TRUE(ended()); // and yes ends of the broken pipe
    ASSERT_TRUE(*end_) << errors_of(*end_);
    EXPECT_EQ((*end_)->exit_status, 4);
}

int fork_count = 0;

// To fork a large host is to copy its page tables.
TEST_F(SpawnCommandRunnerTest, ALargeHostIsNotForked) {
    constexpr std::size_t kBytes = std::size_t{512} << 20;
    void *memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED)
        GTEST_SKIP() << "there is not so much memory";
    static const int registered = ::pthread_atfork([] { ++fork_count; }, nullptr, nullptr);
    ASSERT_EQ(registered, 0);
    fork_count = 0;
    EXPECT_EQ(output_of("echo started"), "started\n");
    ::munmap(memory, kBytes);
    EXPECT_EQ(fork_count, 0);
}

TEST_F(SpawnCommandRunnerTest, LeavesNoDescriptorBehind) {
    const auto count = [this] {
        loop_.io().restart();
        loop_.io().poll(); // handlers that were cancelled
        return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
    };
    output_of("true"); // the loop makes its own with the first one
    const auto before = count();
    for (int i = 0; i < 3; ++i)
        output_of("true");
    EXPECT_FALSE(
        runner_.start({.program = "/absent", .arguments = {}, .directory = "/", .environment = {}},
                      nullptr, nullptr));
    EXPECT_EQ(count(), before);
}

TEST(RunToEnd, TellsTheExitStatusAndWritesToStandardError) {
    testing::internal::CaptureStderr();
    const auto end = run_to_end({.program = "/bin/sh",
                                 .arguments = {"-c", "echo out; pwd; exit 5"},
                                 .directory = "/",
                                 .environment = {}});
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "out\n/\n");
    ASSERT_TRUE(end);
    EXPECT_EQ(end->exit_status, 5);
    EXPECT_FALSE(has_children());
    const auto killed = run_to_end({.program = "/bin/sh",
                                    .arguments = {"-c", "kill -TERM $$"},
                                    .directory = "/",
                                    .environment = {}});
    ASSERT_TRUE(killed);
    EXPECT_EQ(killed->signal, SIGTERM);
    EXPECT_FALSE(
        run_to_end({.program = "/absent", .arguments = {}, .directory = "/", .environment = {}}));
}

TEST(OutputOf, GivesAllOfStandardOutputAndLeavesErrorsToStandardError) {
    testing::internal::CaptureStderr();
    const auto output = output_of({.program = "/bin/sh",
                                   .arguments = {"-c", "echo wrong >&2; head -c 1000000 /dev/zero; "
                                                       "echo end; exit 4"},
                                   .directory = "/",
                                   .environment = {}});
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "wrong\n");
    ASSERT_TRUE(output);
    EXPECT_EQ(output->text, std::string(1'000'000, '\0') + "end\n");
    EXPECT_EQ(output->end.exit_status, 4);
    EXPECT_FALSE(has_children());
    EXPECT_FALSE(
        output_of({.program = "/absent", .arguments = {}, .directory = "/", .environment = {}}));
}

TEST(FindProgram, GivesTheFirstNameThatPathHasAsAProgram) {
    const TemporaryFolder folder;
    folder.make_folder("a/tool"); // no file
    folder.write("a/data", "");   // not executable
    folder.make_folder("b");
    for (const char *name : {"b/tool", "b/other"}) {
        std::filesystem::permissions(folder.write(name, ""), std::filesystem::perms::owner_all);
    }
    const std::string path = std::getenv("PATH"); // NOLINT(concurrency-mt-unsafe)
    const std::string search = (folder / "a") + ":" + (folder / "b");
    ::setenv("PATH", search.c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    EXPECT_EQ(find_program({"tool"}), folder / "b/tool");
    EXPECT_EQ(find_program({"absent", "data", "other", "tool"}), folder / "b/other");
    EXPECT_EQ(find_program({"absent"}), "");
    EXPECT_EQ(find_program({folder / "a/data", folder / "b/tool", "other"}), folder / "b/tool");
    EXPECT_EQ(find_program({}), "");
    ::setenv("PATH", path.c_str(), 1); // NOLINT(concurrency-mt-unsafe)
}

} // namespace
} // namespace hotrun
