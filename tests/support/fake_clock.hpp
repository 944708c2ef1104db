// A clock that stands still until a test moves it.
#pragma once

#include "core/event_loop.hpp"

namespace hotrun {

class FakeClock final : public Clock {
  public:
    TimePoint now() const override { return TimePoint(std::chrono::hours(1)) + elapsed_; }
    std::chrono::nanoseconds wall() const override { return kWallAtStart + elapsed_; }

    void advance(Duration by) { elapsed_ += by; }

  private:
    static constexpr std::chrono::nanoseconds kWallAtStart = std::chrono::hours(24 * 365 * 50);

    Duration elapsed_{};
};

} // namespace hotrun
