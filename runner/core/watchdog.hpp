// Finds calls into a module that do not return, and has them broken out of.
#pragma once

#include "core/call_monitor.hpp"
#include "core/event_loop.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

namespace hotrun {

// Bound to the runner's thread. Looks every half time-out at which call is under way, so that the
// host's thread does nothing but to store a number. A call that was seen for a whole time-out is
// interrupted, again and again until it is where it can be left; one that never is, is stalled. The
// time is counted in looks: none passes while the whole process is stopped.
class Watchdog {
  public:
    using OnStalled = std::function<void(const std::vector<CodeAddress> &backtrace)>;

    // `alarm`: a name of the loop's that is free.
    Watchdog(EventLoop &loop, const Clock &clock, int alarm, CallMonitor &calls,
             std::chrono::milliseconds timeout, OnStalled on_stalled);

    void start() { look(); }
    void stop() { loop_.clear_alarm(alarm_); }

    // Whether the call that is under way has been told to be stalled.
    bool is_stalled() const { return told_ && calls_.current_call() == call_; }

  private:
    void look();
    void look_later();
    void interrupt();
    void look_at_answer();

    EventLoop &loop_;
    const Clock &clock_;
    const int alarm_;
    CallMonitor &calls_;
    const Duration timeout_;
    OnStalled on_stalled_;

    std::uint64_t call_ = 0; // the one that was seen last
    int seen_again_ = 0;
    TimePoint asked_{};
    int tries_left_ = 0;
    bool told_ = false; // that it is stalled
    std::vector<CodeAddress> found_at_;
};

} // namespace hotrun
