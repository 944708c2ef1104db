// The runner's thread: what runs on it, and its clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace hotrun {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

class Clock {
  public:
    virtual ~Clock() = default;
    virtual TimePoint now() const = 0;                 // monotonic; any thread
    virtual std::chrono::nanoseconds wall() const = 0; // since the epoch, as files are stamped
};

// Thread-bound save for post().
class EventLoop {
  public:
    virtual ~EventLoop() = default;

    // Runs `work` on the loop's thread; from any thread.
    virtual void post(std::function<void()> work) = 0;

    // Runs `work` once at `when`. One alarm each name: a new one takes the place of the old one.
    virtual void set_alarm(int name, TimePoint when, std::function<void()> work) = 0;
    virtual void clear_alarm(int name) = 0;

    // Runs `work` once when that process has ended; it need be no child.
    virtual void await_end(std::int64_t pid, std::function<void()> work) = 0;
};

} // namespace hotrun
