// A second process for a test.
#pragma once

#include "linux/waiting.hpp"

#include <functional>
#include <optional>

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hotrun {

inline UniqueFd open_pidfd(pid_t pid) {
    return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

// A copy of this process that ends with what `work` returns; killed with this object. Fork before
// there are threads.
class ForkedChild {
  public:
    explicit ForkedChild(const std::function<int()> &work) : pid_(::fork()) {
        if (pid_ == 0)
            ::_exit(work());
        ended_ = open_pidfd(pid_);
    }
    ForkedChild(const ForkedChild &) = delete;
    ForkedChild &operator=(const ForkedChild &) = delete;
    ~ForkedChild() { end_now(); }

    pid_t pid() const { return pid_; }

    // Its status as waitpid tells it; none: the deadline passed.
    std::optional<int> wait() {
        if (pid_ <= 0 || !wait_readable(ended_.get()))
            return std::nullopt;
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return status;
    }

    // Without a chance to clean up; back when it is gone.
    void end_now() {
        if (pid_ <= 0)
            return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

    // The exit status, or -1: ended by a signal or not at all.
    int exit_status() {
        const std::optional<int> status = wait();
        return status && WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
    }

  private:
    pid_t pid_;
    UniqueFd ended_;
};

// What this process does on a signal, put back at the end of the scope.
class SignalGuard {
  public:
    SignalGuard(int signal, void (*handler)(int)) : signal_(signal) {
        struct sigaction action = {};
        action.sa_handler = handler;
        ::sigaction(signal, &action, &before_);
    }
    SignalGuard(const SignalGuard &) = delete;
    SignalGuard &operator=(const SignalGuard &) = delete;
    ~SignalGuard() { ::sigaction(signal_, &before_, nullptr); }

  private:
    int signal_;
    struct sigaction before_ = {};
};

inline void (*handler_of(int signal))(int) {
    struct sigaction action = {};
    ::sigaction(signal, nullptr, &action);
    return action.sa_handler;
}

} // namespace hotrun
