// Waiting for events. What does not come within the deadline is a failure of the test.
#pragma once

#include "linux/asio_event_loop.hpp"
#include "linux/unique_fd.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <chrono>
#include <cstdint>
#include <functional>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace hotrun {

constexpr std::chrono::seconds kDeadline{10};

// Runs what the loop has to do until `done` holds; false: the deadline passed.
inline bool run_until(AsioEventLoop &loop, const std::function<bool()> &done) {
    const auto work = boost::asio::make_work_guard(loop.io());
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    loop.io().restart();
    while (!done()) {
        if (loop.io().run_one_until(deadline) == 0)
            return done();
    }
    return true;
}

// Until `fd` is readable; false: the deadline passed.
inline bool wait_readable(int fd) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() < 0)
            return false;
        pollfd waited = {fd, POLLIN, 0};
        if (::poll(&waited, 1, static_cast<int>(left.count())) > 0)
            return true;
    }
}

inline bool is_readable(int fd) {
    pollfd waited = {fd, POLLIN, 0};
    return ::poll(&waited, 1, 0) > 0;
}

// One event that another thread, a forked child or a signal handler tells of.
class Gate {
  public:
    void open() const {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = ::write(fd_.get(), &one, sizeof one);
    }
    bool is_open() const { return is_readable(fd_.get()); }
    bool wait() const { return wait_readable(fd_.get()); }
    int descriptor() const { return fd_.get(); }
    void close() const { // again
        std::uint64_t count = 0;
        [[maybe_unused]] const ssize_t got = ::read(fd_.get(), &count, sizeof count);
    }

  private:
    UniqueFd fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

} // namespace hotrun
