#include "linux/spawn_command_runner.hpp"

#include "linux/process_session.hpp"
#include "linux/system_error.hpp"
#include "linux/unique_fd.hpp"
#include "linux/yielding_thread.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/process/v2/environment.hpp>
#include <boost/process/v2/process_handle.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <map>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern char **environ;

namespace hotrun {

namespace {

namespace asio = boost::asio;
namespace process = boost::process::v2;

constexpr int kStandardError = 2;

// What a command's descendants may take to end after an interrupt before they are killed: a
// cancelled build is over within 50 ms.
constexpr std::chrono::milliseconds kDescendantsPatience{20};
// What the kernel may take to end a process that was killed.
constexpr std::chrono::milliseconds kKillLimit{100};

// With a session of its own, a command and all that it starts can be found and ended, and no
// signal of the terminal reaches them.
enum class Session { kOwn, kOurs };

// What posix_spawn needs, each freed with it.
class SpawnSetup {
  public:
    SpawnSetup(const Command &command, int output, int errors, Session session) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions_, output, 1);
        posix_spawn_file_actions_adddup2(&actions_, errors, 2);
        posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
        posix_spawn_file_actions_addchdir_np(&actions_, command.directory.c_str());
        set_attributes(session);
        fill_arguments(command);
        fill_environment(command);
    }
    SpawnSetup(const SpawnSetup &) = delete;
    SpawnSetup &operator=(const SpawnSetup &) = delete;
    ~SpawnSetup() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }

    // An errno value, or 0 and the pid.
    int spawn(const std::string &program, pid_t &pid) {
        return ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, arguments_.data(),
                             environment_.data());
    }

  private:
    void set_attributes(Session session) {
        posix_spawnattr_init(&attributes_);
        const int own_session = session == Session::kOwn ? POSIX_SPAWN_SETSID : 0;
        const int own_policy = yields_to_others() ? POSIX_SPAWN_SETSCHEDULER : 0;
        posix_spawnattr_setflags(&attributes_, static_cast<short>(own_session | own_policy |
                                                                  POSIX_SPAWN_SETSIGMASK |
                                                                  POSIX_SPAWN_SETSIGDEF));
        const sched_param no_priority{};
        posix_spawnattr_setschedparam(&attributes_, &no_priority);
        posix_spawnattr_setschedpolicy(&attributes_, SCHED_OTHER);
        sigset_t none;
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes_, &none);
        sigset_t all;
        sigfillset(&all);
        posix_spawnattr_setsigdefault(&attributes_, &all);
    }

    void fill_arguments(const Command &command) {
        text_.push_back(command.program);
        text_.insert(text_.end(), command.arguments.begin(), command.arguments.end());
        for (std::string &argument : text_)
            arguments_.push_back(argument.data());
        arguments_.push_back(nullptr);
    }

    void fill_environment(const Command &command) {
        std::map<std::string, std::string> merged;
        for (char **entry = environ; *entry != nullptr; ++entry) {
            const std::string text = *entry;
            merged[text.substr(0, text.find('='))] = text;
        }
        for (const auto &[name, value] : command.environment)
            merged[name] = name + "=" + value;
        for (auto &[name, entry] : merged)
            variables_.push_back(std::move(entry));
        for (std::string &entry : variables_)
            environment_.push_back(entry.data());
        environment_.push_back(nullptr);
    }

    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
    std::vector<std::string> text_;
    std::vector<std::string> variables_;
    std::vector<char *> arguments_;
    std::vector<char *> environment_;
};

// A process that runs, and a descriptor that becomes readable when it has ended.
struct Child {
    pid_t pid = 0;
    UniqueFd pidfd;
    UniqueFd second_pidfd; // for who wants to own one too
};

Result<Child> spawn(const Command &command, int output, int errors, Session session) {
    Child child;
    SpawnSetup setup(command, output, errors, session);
    if (const int code = setup.spawn(command.program, child.pid); code != 0)
        return system_error("can't start " + command.program, code);
    child.pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
    child.second_pidfd = UniqueFd(::fcntl(child.pidfd.get(), F_DUPFD_CLOEXEC, 0));
    if (child.pidfd.is_open() && child.second_pidfd.is_open())
        return child;
    const int code = errno;
    ::kill(child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    return system_error("can't watch over " + command.program, code);
}

CommandEnd to_end(int status) {
    CommandEnd end;
    if (WIFSIGNALED(status))
        end.signal = WTERMSIG(status);
    end.exit_status = WIFSIGNALED(status) ? 128 + end.signal : WEXITSTATUS(status);
    return end;
}

// Keeps account of one program while it runs.
class Account {
  public:
    Account(RunningPids *running, pid_t pid) {
        if (running == nullptr)
            return;
        for (std::atomic<std::int32_t> &place : *running) {
            std::int32_t free = 0;
            if (place.compare_exchange_strong(free, pid)) {
                place_ = &place;
                return;
            }
        }
    }
    Account(const Account &) = delete;
    Account &operator=(const Account &) = delete;
    ~Account() { close(); }

    void close() {
        if (place_ != nullptr)
            std::exchange(place_, nullptr)->store(0);
    }

  private:
    std::atomic<std::int32_t> *place_ = nullptr;
};

class SpawnedCommand : public RunningCommand {
  public:
    SpawnedCommand(asio::io_context &io, Child child, UniqueFd output,
                   std::chrono::milliseconds patience, RunningPids *running,
                   CommandRunner::OnOutput on_output, CommandRunner::OnEnd on_end)
        : state_(std::make_shared<State>(io, std::move(child), std::move(output), running)),
          patience_(patience) {
        state_->on_output = std::move(on_output);
        state_->on_end = std::move(on_end);
        read(state_);
        wait(state_);
    }
    SpawnedCommand(const SpawnedCommand &) = delete;
    SpawnedCommand &operator=(const SpawnedCommand &) = delete;

    ~SpawnedCommand() override {
        state_->on_end = nullptr;
        state_->patience.cancel();
        state_->output.close();
        if (state_->ended)
            return;
        state_->ended = true;
        end_and_reap();
        state_->account.close();
        state_->exit.cancel();
    }

    std::int64_t pid() const override { return state_->pid; }

    void interrupt() override {
        if (state_->ended)
            return;
        state_->interrupted = true;
        ::kill(-state_->pid, SIGINT);
        // The descendants first: ninja waits for its commands, then removes what they left half
        // done.
        if_still_running(state_, kDescendantsPatience, [patience = patience_](const Shared &state) {
            kill_session(state->pid, Leader::kSpared, kKillLimit);
            if_still_running(state, patience,
                             [](const Shared &stubborn) { ::kill(stubborn->pid, SIGKILL); });
        });
    }

  private:
    // Shared with the handlers that are under way.
    struct State {
        State(asio::io_context &io, Child started, UniqueFd output_fd, RunningPids *running)
            : pid(started.pid), account(running, started.pid),
              child(io.get_executor(), started.pid, started.second_pidfd.release()),
              exit(io, started.pidfd.release()), output(io, output_fd.release()), patience(io) {}

        const pid_t pid;
        Account account;
        process::process_handle child;
        asio::posix::stream_descriptor exit; // readable when it has ended
        asio::posix::stream_descriptor output;
        asio::steady_timer patience;
        CommandRunner::OnOutput on_output;
        CommandRunner::OnEnd on_end;
        bool interrupted = false;
        bool ended = false;
    };
    using Shared = std::shared_ptr<State>;

    template <typename Work>
    static void if_still_running(const Shared &state, std::chrono::milliseconds after, Work work) {
        state->patience.expires_after(after);
        state->patience.async_wait([state, work](const boost::system::error_code &error) {
            if (!error && !state->ended)
                work(state);
        });
    }

    static void read(const Shared &state) {
        state->output.async_wait(asio::posix::stream_descriptor::wait_read,
                                 [state](const boost::system::error_code &error) {
                                     if (!error && read_some(*state) >= 0)
                                         read(state);
                                 });
    }

    // Once: a program that writes faster than we read would keep the loop from all else. How many
    // bytes, or -1: the end of the output was reached.
    static ssize_t read_some(State &state) {
        std::array<char, 64 * 1024> buffer;
        const ssize_t got = ::read(state.output.native_handle(), buffer.data(), buffer.size());
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return 0;
        if (got > 0 && state.on_end)
            state.on_output(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
        return got > 0 && state.output.is_open() ? got : -1;
    }

    // What the pipe holds now; more may come from a program that was left behind.
    static void read_the_rest(State &state) {
        int left = 0;
        ::ioctl(state.output.native_handle(), FIONREAD, &left);
        while (left > 0) {
            const ssize_t got = read_some(state);
            if (got < 0)
                return;
            left -= static_cast<int>(got);
        }
    }

    // The end of the process counts, not that of its output: a program that it left behind in the
    // background may hold the pipe for ever.
    static void wait(const Shared &state) {
        state->exit.async_wait(asio::posix::stream_descriptor::wait_read,
                               [state](const boost::system::error_code &error) {
                                   if (state->ended)
                                       return;
                                   // The loop may tell of a descriptor that had this number before:
                                   // the child itself is asked, and not waited for (as Boost's
                                   // async_wait does).
                                   int status = 0;
                                   boost::system::error_code failed = error;
                                   if (!error && state->child.running(status, failed))
                                       wait(state);
                                   else
                                       tell_end(state, failed, status);
                               });
    }

    static void tell_end(const Shared &state, const boost::system::error_code &error, int status) {
        state->ended = true;
        state->account.close();
        state->patience.cancel();
        // A command that did not end by itself may have left others at work.
        if (state->interrupted || (!error && WIFSIGNALED(status)))
            kill_session(state->pid, Leader::kToo, kKillLimit);
        read_the_rest(*state);
        state->output.close();
        if (!state->on_end)
            return;
        const CommandRunner::OnEnd on_end = std::exchange(state->on_end, nullptr);
        // Before the code: when somebody else has reaped the child, the code is 0 and untrue.
        if (error)
            on_end(system_error("can't learn how a command ended", error.value()));
        else
            on_end(to_end(status));
    }

    // Blocks until the child and its descendants have ended; they are asked first, and killed when
    // they do not listen.
    void end_and_reap() {
        ::kill(-state_->pid, SIGINT);
        if (!ends_within(kDescendantsPatience)) {
            kill_session(state_->pid, Leader::kSpared, kKillLimit);
            if (!ends_within(patience_))
                ::kill(state_->pid, SIGKILL);
        }
        siginfo_t info{};
        while (::waitid(P_PID, static_cast<id_t>(state_->pid), &info, WEXITED) < 0 &&
               errno == EINTR) {
        }
        kill_session(state_->pid, Leader::kToo, kKillLimit);
    }

    bool ends_within(std::chrono::milliseconds patience) const {
        pollfd exit = {state_->exit.native_handle(), POLLIN, 0};
        const auto deadline = std::chrono::steady_clock::now() + patience;
        int ready = 0;
        do {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(
                deadline - std::chrono::steady_clock::now());
            ready = ::poll(&exit, 1, std::max(0, static_cast<int>(left.count())));
        } while (ready < 0 && errno == EINTR);
        return ready > 0;
    }

    Shared state_;
    const std::chrono::milliseconds patience_; // after an interrupt, before a kill
};

} // namespace

Result<std::unique_ptr<RunningCommand>>
SpawnCommandRunner::start(const Command &command, OnOutput on_output, OnEnd on_end) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return system_error("can't make a pipe");
    UniqueFd reader(ends[0]);
    const UniqueFd writer(ends[1]);
    ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
    Result<Child> child = spawn(command, writer.get(), writer.get(), Session::kOwn);
    if (!child)
        return child.error();
    return std::unique_ptr<RunningCommand>(
        std::make_unique<SpawnedCommand>(io_, std::move(*child), std::move(reader), patience_,
                                         running_, std::move(on_output), std::move(on_end)));
}

std::string find_program(const std::vector<std::string> &names) {
    for (const std::string &name : names) {
        if (name.find('/') != std::string::npos && ::access(name.c_str(), X_OK) == 0)
            return name;
        const auto found = process::environment::find_executable(name);
        if (!found.empty())
            return found.string();
    }
    return "";
}

namespace {

Result<CommandEnd> wait_for(const Child &child, const Command &command) {
    int status = 0;
    while (::waitpid(child.pid, &status, 0) < 0) {
        if (errno != EINTR)
            return system_error("can't learn how " + command.program + " ended");
    }
    return to_end(status);
}

} // namespace

Result<CommandEnd> run_to_end(const Command &command) {
    const Result<Child> child = spawn(command, kStandardError, kStandardError, Session::kOurs);
    return child ? wait_for(*child, command) : child.error();
}

Result<CommandOutput> output_of(const Command &command) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return system_error("can't make a pipe");
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const Result<Child> child = spawn(command, writer.get(), kStandardError, Session::kOurs);
    if (!child)
        return child.error();
    writer.reset();
    CommandOutput output;
    std::array<char, 64 * 1024> buffer;
    for (ssize_t got = 1; got > 0 || (got < 0 && errno == EINTR);) {
        got = ::read(reader.get(), buffer.data(), buffer.size());
        if (got > 0)
            output.text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    const Result<CommandEnd> end = wait_for(*child, command);
    if (!end)
        return end.error();
    output.end = *end;
    return output;
}

} // namespace hotrun
