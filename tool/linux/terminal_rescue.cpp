#include "terminal_rescue.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hotrun {

void write_all(int fd, std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return;
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

namespace rescue {

namespace {

// Of a process that the module forks nothing is put back: the terminal is not its.
struct State {
    pid_t owner = 0;
    std::atomic<std::size_t> words_bytes{0};
    int words_fd = -1;
    std::array<char, 128> words{};
    std::atomic<bool> has_mode{false};
    int mode_fd = -1;
    termios mode{};
};
State state;

void put_back() noexcept {
    if (::getpid() != state.owner)
        return;
    const std::size_t bytes = state.words_bytes.exchange(0);
    if (bytes != 0)
        write_all(state.words_fd, {state.words.data(), bytes});
    put_mode_back();
}

// Then what would have happened without us: the instruction fails again, or the signal is sent
// again.
void on_fatal(int signal, siginfo_t *info, void *) {
    put_back();
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    ::sigaction(signal, &standard, nullptr);
    if (info->si_code <= 0 || info->si_code == SI_KERNEL || signal == SIGSYS)
        ::syscall(SYS_tgkill, ::getpid(), ::syscall(SYS_gettid), signal);
}

} // namespace

void install() {
    state.owner = ::getpid();
    std::atexit(put_back);
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT, SIGSYS}) {
        struct sigaction before {};
        ::sigaction(signal, nullptr, &before);
        if ((before.sa_flags & SA_SIGINFO) != 0 || before.sa_handler != SIG_DFL)
            continue;
        struct sigaction action {};
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        action.sa_sigaction = on_fatal;
        ::sigaction(signal, &action, nullptr);
    }
}

void set_last_words(int fd, std::string_view bytes) noexcept {
    state.words_bytes = 0;
    state.words_fd = fd;
    const std::size_t kept = std::min(bytes.size(), state.words.size());
    std::memcpy(state.words.data(), bytes.data(), kept);
    state.words_bytes = kept;
}

void set_mode(int fd, const termios &mode) noexcept {
    state.has_mode = false;
    state.mode_fd = fd;
    state.mode = mode;
    state.has_mode = true;
}

// To set it from the background would stop the process: its shell has set it by then.
void put_mode_back() noexcept {
    if (state.has_mode.exchange(false) && ::tcgetpgrp(state.mode_fd) == ::getpgrp())
        ::tcsetattr(state.mode_fd, TCSANOW, &state.mode);
}

} // namespace rescue
} // namespace hotrun
