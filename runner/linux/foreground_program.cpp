#include "linux/foreground_program.hpp"

#include "linux/system_error.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hotrun {

namespace {

constexpr int kInput = 0;
constexpr int kOutput = 1;

} // namespace

ForegroundProgram::ForegroundProgram(ForegroundProgramSetup setup, OnEnd on_end)
    : setup_(std::move(setup)), on_end_(std::move(on_end)) {
    on_terminal_ = ::tcgetattr(kInput, &modes_) == 0;
    if (on_terminal_ && ::isatty(kOutput) == 1)
        terminal_ = kInput;
}

ForegroundProgram::~ForegroundProgram() {
    if (pid_ == 0)
        return;
    kill();
    keeper_.keep(0);
    ::waitpid(pid_, nullptr, 0);
    take_terminal();
}

// Both sides make the group: neither waits for the other.
Result<std::int64_t> ForegroundProgram::start() {
    std::array<int, 2> report{};
    if (::pipe2(report.data(), O_CLOEXEC) != 0)
        return system_error("can't start " + setup_.path);
    const UniqueFd reader(report[0]);
    UniqueFd writer(report[1]);
    const pid_t own_pid = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0)
        become(writer.get(), own_pid);
    writer.reset();
    if (pid < 0)
        return system_error("can't start " + setup_.path);
    pid_ = pid;
    if (leads_group())
        ::setpgid(pid, pid);
    give_terminal();
    keeper_.keep(leads_group() ? pid : 0);
    int code = 0;
    if (::read(reader.get(), &code, sizeof code) != static_cast<ssize_t>(sizeof code))
        return pid;
    keeper_.keep(0);
    ::waitpid(pid, nullptr, 0);
    pid_ = 0;
    take_terminal();
    return system_error("can't start " + setup_.path, code);
}

// Between fork and exec. Tells errno if it can't be started.
void ForegroundProgram::become(int report, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(1);
    if (leads_group())
        ::setpgid(0, 0);
    if (terminal_ >= 0 && ::tcgetpgrp(terminal_) == ::getpgid(parent))
        ::tcsetpgrp(terminal_, ::getpid()); // SIGTTOU is blocked
    std::vector<char *> words;
    for (std::string &word : setup_.words)
        words.push_back(word.data());
    words.push_back(nullptr);
    if (setup_.socket.empty())
        ::unsetenv("HOTRUN_SOCKET");
    else
        ::setenv("HOTRUN_SOCKET", setup_.socket.c_str(), 1);
    ::sigprocmask(SIG_SETMASK, &setup_.signal_mask, nullptr);
    ::execv(setup_.path.c_str(), words.data());
    const int code = errno;
    if (::write(report, &code, sizeof code) < 0)
        ::_exit(126);
    ::_exit(127);
}

void ForegroundProgram::send(int signal) const {
    if (pid_ > 0)
        ::kill(leads_group() ? -pid_ : pid_, signal);
}

// One that is stopped hears only when it goes on.
void ForegroundProgram::terminate() {
    send(SIGTERM);
    send(SIGCONT);
}

void ForegroundProgram::kill() {
    send(SIGKILL);
}

// If it is ours to give: a shell may have us in the background.
void ForegroundProgram::give_terminal() {
    const pid_t foreground = terminal_ < 0 || is_given_ ? -1 : ::tcgetpgrp(terminal_);
    if (foreground < 0 || (foreground != ::getpgrp() && foreground != pid_))
        return;
    is_given_ = true;
    if (modes_of_stopped_)
        ::tcsetattr(terminal_, TCSADRAIN, &*modes_of_stopped_);
    modes_of_stopped_.reset();
    ::tcsetpgrp(terminal_, pid_);
}

// With the modes that we were given it with, whatever the program has left.
void ForegroundProgram::take_terminal() {
    if (!std::exchange(is_given_, false))
        return;
    ::tcsetpgrp(terminal_, ::getpgrp());
    ::tcsetattr(terminal_, TCSADRAIN, &modes_);
}

void ForegroundProgram::pass(int signal, bool from_terminal) {
    const bool has_it = from_terminal && !leads_group();
    if (pid_ > 0 && !has_it && signal != SIGTSTP && signal != SIGCONT)
        send(signal);
    if (signal == SIGTSTP) {
        if (!has_it)
            send(SIGTSTP);
        stop_with_it();
    }
    if (signal == SIGCONT) {
        give_terminal();
        send(SIGCONT);
    }
}

// The shell sees its whole job stopped. Where there is none that could let us go on, the kernel
// does not stop us, and the program goes on at once.
void ForegroundProgram::stop_with_it() {
    termios modes{};
    if (is_given_ && ::tcgetattr(terminal_, &modes) == 0)
        modes_of_stopped_ = modes;
    take_terminal();
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    ::kill(terminal_ >= 0 ? 0 : ::getpid(), SIGTSTP);
    ::sigprocmask(SIG_UNBLOCK, &stop, nullptr); // here we are stopped
    ::sigprocmask(SIG_BLOCK, &stop, nullptr);
    if (terminal_ >= 0 && ::tcgetpgrp(terminal_) == ::getpgrp())
        ::tcgetattr(terminal_, &modes_);
    give_terminal();
    send(SIGCONT);
}

void ForegroundProgram::look() {
    siginfo_t info{};
    while (pid_ > 0 &&
           ::waitid(P_PID, static_cast<id_t>(pid_), &info,
                    WEXITED | WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid_) {
        if (info.si_code != CLD_STOPPED)
            return reap();
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WNOHANG);
        stop_with_it();
        info = {};
    }
}

// While its number is still its own, whatever it has left in its group is ended.
void ForegroundProgram::reap() {
    if (leads_group())
        send(SIGKILL);
    keeper_.keep(0);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    take_terminal();
    pid_ = 0;
    modes_of_stopped_.reset();
    CommandEnd end{.exit_status = WEXITSTATUS(status), .signal = 0};
    if (WIFSIGNALED(status))
        end = {128 + WTERMSIG(status), WTERMSIG(status)};
    const char *name = end.signal == 0 ? nullptr : ::sigabbrev_np(end.signal);
    on_end_(end, name == nullptr ? std::string() : std::string("SIG") + name);
}

} // namespace hotrun
