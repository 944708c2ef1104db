#include "terminal_session.hpp"

#include "hotrun/runner.hpp"
#include "terminal.hpp"
#include "terminal_rescue.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace hotrun {

namespace {

constexpr std::array kSignals = {SIGTSTP, SIGCONT, SIGWINCH};

// "PID:BYTES": the mode that the terminal had, for the process that this one is replaced by.
constexpr const char *kVariable = "HOTRUN_TERMINAL";

std::string to_text(const termios &mode) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::array<unsigned char, sizeof mode> bytes;
    std::memcpy(bytes.data(), &mode, sizeof mode);
    std::string text = std::to_string(::getpid()) + ":";
    for (const unsigned char byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

std::optional<termios> handed_over_mode() {
    const char *value = ::getenv(kVariable); // NOLINT(concurrency-mt-unsafe): before any thread
    const std::string own = std::to_string(::getpid()) + ":";
    if (!is_restart() || value == nullptr || !std::string_view(value).starts_with(own))
        return std::nullopt;
    const std::string_view digits = std::string_view(value).substr(own.size());
    std::array<unsigned char, sizeof(termios)> bytes;
    if (digits.size() != 2 * bytes.size())
        return std::nullopt;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<unsigned char>(
            std::strtoul(std::string(digits.substr(2 * i, 2)).c_str(), nullptr, 16));
    termios mode{};
    std::memcpy(&mode, bytes.data(), sizeof mode);
    return mode;
}

int signal_pipe = -1; // of the one session

void note(int signal) {
    const int error = errno;
    const char byte = static_cast<char>(signal);
    write_all(signal_pipe, {&byte, 1});
    errno = error;
}

} // namespace

class TerminalSession::Impl {
  public:
    Impl(std::FILE *output, Calls calls);
    Impl(const Impl &) = delete;
    Impl &operator=(const Impl &) = delete;
    ~Impl();

    int descriptor() const { return poll_; }
    void serve();
    void end();

  private:
    bool has_keys() const { return calls_.typed != nullptr; }
    bool in_foreground() const { return is_in_foreground(has_keys() ? stdin : output_); }
    void add(int fd) const;
    void handle(int signal, bool on);
    void look();
    void take();
    void give_back();
    void stop();
    void read_keys();
    void read_signals();

    std::FILE *output_;
    const Calls calls_;
    int poll_ = -1;
    int timer_ = -1;
    std::array<int, 2> pipe_{-1, -1};
    std::array<struct sigaction, kSignals.size()> before_{};
    std::optional<termios> before_restart_;
    bool taken_ = false;
    bool ended_ = false;
    bool reads_keys_ = false;
};

TerminalSession::Impl::Impl(std::FILE *output, Calls calls)
    : output_(output), calls_(std::move(calls)) {
    rescue::install();
    if (has_keys()) {
        before_restart_ = handed_over_mode();
        termios mode{};
        if (before_restart_)
            rescue::set_mode(STDIN_FILENO, *before_restart_);
        else if (::tcgetattr(STDIN_FILENO, &mode) == 0)
            ::setenv(kVariable, to_text(mode).c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    }
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (::pipe2(pipe_.data(), O_CLOEXEC | O_NONBLOCK) == 0)
        signal_pipe = pipe_[1];
    const itimerspec at_once_then_each_second = {{1, 0}, {0, 1}};
    ::timerfd_settime(timer_, 0, &at_once_then_each_second, nullptr);
    add(timer_);
    add(pipe_[0]);
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
        ::sigaction(kSignals[i], nullptr, &before_[i]);
        handle(kSignals[i], true);
    }
}

TerminalSession::Impl::~Impl() {
    for (std::size_t i = 0; i < kSignals.size(); ++i)
        ::sigaction(kSignals[i], &before_[i], nullptr);
    end();
    for (const int fd : {poll_, timer_, pipe_[0], pipe_[1]})
        ::close(fd);
}

void TerminalSession::Impl::add(int fd) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event);
}

// One that the user's shell has us ignore stays ignored.
void TerminalSession::Impl::handle(int signal, bool on) {
    struct sigaction now {};
    ::sigaction(signal, nullptr, &now);
    if ((now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_IGN)
        return;
    struct sigaction action {};
    action.sa_flags = SA_RESTART;
    action.sa_handler = on ? note : SIG_DFL;
    ::sigaction(signal, &action, nullptr);
}

void TerminalSession::Impl::end() {
    ended_ = true;
    give_back();
    rescue::put_mode_back(); // that was handed over, and not taken again
}

void TerminalSession::Impl::serve() {
    epoll_event event{};
    while (::epoll_wait(poll_, &event, 1, 0) == 1) {
        if (event.data.fd == STDIN_FILENO) {
            read_keys();
        } else if (event.data.fd == pipe_[0]) {
            read_signals();
        } else {
            std::uint64_t expired = 0;
            if (::read(timer_, &expired, sizeof expired) != sizeof expired)
                continue;
            look();
            if (taken_)
                calls_.each_second();
        }
    }
}

// A shell does not always tell that it has put a job into the foreground.
void TerminalSession::Impl::look() {
    if (ended_ || in_foreground() == taken_)
        return;
    if (taken_)
        give_back();
    else
        take();
}

// Also if it is taken already: the shell may have set another mode while the process was stopped.
void TerminalSession::Impl::take() {
    if (has_keys()) {
        termios mode{};
        if (!taken_ && ::tcgetattr(STDIN_FILENO, &mode) == 0) {
            rescue::set_mode(STDIN_FILENO, before_restart_.value_or(mode));
            before_restart_.reset();
        }
        if (::tcgetattr(STDIN_FILENO, &mode) == 0) {
            mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
            mode.c_cc[VMIN] = 1;
            mode.c_cc[VTIME] = 0;
            ::tcsetattr(STDIN_FILENO, TCSANOW, &mode);
            if (!std::exchange(reads_keys_, true))
                add(STDIN_FILENO);
        }
    }
    taken_ = true;
    calls_.taken();
}

void TerminalSession::Impl::give_back() {
    if (!std::exchange(taken_, false))
        return;
    if (std::exchange(reads_keys_, false))
        ::epoll_ctl(poll_, EPOLL_CTL_DEL, STDIN_FILENO, nullptr);
    rescue::put_mode_back();
    calls_.given_back();
}

// As the signal does it without a handler, with the terminal given back before.
void TerminalSession::Impl::stop() {
    give_back();
    handle(SIGTSTP, false);
    ::raise(SIGTSTP);
    handle(SIGTSTP, true);
    look();
}

void TerminalSession::Impl::read_signals() {
    char signal = 0;
    while (::read(pipe_[0], &signal, 1) == 1) {
        if (signal == SIGTSTP)
            stop();
        else if (!ended_ && in_foreground())
            take();
    }
}

void TerminalSession::Impl::read_keys() {
    std::array<char, 64> bytes;
    const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (got > 0)
        calls_.typed({bytes.data(), static_cast<std::size_t>(got)});
    else if (got == 0 || errno != EINTR)
        ::epoll_ctl(poll_, EPOLL_CTL_DEL, STDIN_FILENO, nullptr);
}

TerminalSession::TerminalSession(std::FILE *output, Calls calls)
    : impl_(std::make_unique<Impl>(output, std::move(calls))) {}

TerminalSession::~TerminalSession() = default;

int TerminalSession::descriptor() const {
    return impl_->descriptor();
}

void TerminalSession::serve() {
    impl_->serve();
}

void TerminalSession::end() {
    impl_->end();
}

} // namespace hotrun
