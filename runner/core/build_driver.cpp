#include "core/build_driver.hpp"

#include <algorithm>

namespace hotrun {

void BuildDriver::change(TimePoint now) {
    last_change_ = now;
    if (building())
        changed_during_build_ = true;
    else
        background_ = false;
    if (state_ != State::kIdle)
        return;
    state_ = State::kDue;
    waiting_since_ = now;
    wait_for_quiet_ = false;
}

void BuildDriver::build_in_background(TimePoint now) {
    change(now);
    background_ = true;
}

void BuildDriver::build_ended(TimePoint now) {
    const bool cancelled = state_ == State::kCancelling;
    if (!background_)
        cancels_in_row_ = cancelled ? cancels_in_row_ + 1 : 0;
    wait_for_quiet_ = changed_during_build_ && !background_;
    background_ = false;
    waiting_since_ = now;
    state_ = changed_during_build_ ? State::kDue : State::kIdle;
    changed_during_build_ = false;
}

BuildDriver::Want BuildDriver::next(TimePoint now) {
    if (state_ == State::kDue && now >= due()) {
        state_ = State::kBuilding;
        return Want::kStart;
    }
    if (state_ == State::kBuilding && changed_during_build_ &&
        (background_ || cancels_in_row_ < kCancelsInRow)) {
        state_ = State::kCancelling;
        return Want::kCancel;
    }
    return Want::kNothing;
}

std::optional<TimePoint> BuildDriver::deadline() const {
    return state_ == State::kDue ? std::optional(due()) : std::nullopt;
}

TimePoint BuildDriver::due() const {
    if (!wait_for_quiet_)
        return waiting_since_;
    return std::min(last_change_ + kQuiet, waiting_since_ + kQuietLimit);
}

} // namespace hotrun
