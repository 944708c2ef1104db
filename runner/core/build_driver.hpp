// Decides when to build and when to give a build up. Pure: the caller brings the time.
#pragma once

#include "core/event_loop.hpp"

#include <optional>

namespace hotrun {

// A first change starts the build at once. A change during a build makes what that build reads
// out of date: it is cancelled, and the next one waits until the burst of saves is over. A project
// that is saved faster than it builds still gets a build: after kCancelsInRow cancelled ones the
// next runs to its end; what was saved meanwhile is built when it is quiet, too. A build in the
// background is one that nobody waits for: it gives way to a change at once.
//
//     idle ─change→ due ─next→ building ─end→ idle, or due, after quiet, if there was a change
//                                 │ change
//                                 └→ cancelling ─end→ due, after quiet
class BuildDriver {
  public:
    static constexpr std::chrono::milliseconds kQuiet{15};
    static constexpr std::chrono::milliseconds kQuietLimit{500};
    static constexpr int kCancelsInRow = 3;

    enum class Want { kNothing, kStart, kCancel };

    void change(TimePoint now);
    void build_in_background(TimePoint now); // idle
    void build_ended(TimePoint now);

    // What to do now; the caller does it. Ask again after each call above and at deadline().
    Want next(TimePoint now);
    std::optional<TimePoint> deadline() const;

    bool idle() const { return state_ == State::kIdle; }

    // What is due or runs is for no change.
    bool in_background() const { return background_ && !changed_during_build_; }
    bool cancelling() const { return state_ == State::kCancelling; }
    bool building() const { return state_ == State::kBuilding || state_ == State::kCancelling; }

  private:
    enum class State { kIdle, kDue, kBuilding, kCancelling };

    TimePoint due() const;

    State state_ = State::kIdle;
    bool changed_during_build_ = false;
    bool wait_for_quiet_ = false;
    bool background_ = false;
    int cancels_in_row_ = 0;
    TimePoint last_change_{};
    TimePoint waiting_since_{};
};

} // namespace hotrun
