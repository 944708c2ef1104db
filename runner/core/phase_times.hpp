// How long each phase of one reload takes.
#pragma once

#include "core/event_loop.hpp"
#include "hotrun/events.hpp"

#include <array>

namespace hotrun {

// The phases are disjoint and without gaps: what lies between two marks belongs to the phase that
// the second one names. A phase may be marked more than once.
class PhaseTimes {
  public:
    explicit PhaseTimes(TimePoint start) : start_(start), last_(start) {}

    void mark(Phase phase, TimePoint now) {
        at(phase) += now - last_;
        last_ = now;
    }

    // Whole microseconds that add up: each phase ends where the next begins.
    std::array<Microseconds, kPhaseCount> in_microseconds() const {
        std::array<Microseconds, kPhaseCount> rounded{};
        Duration until{};
        Microseconds told{};
        for (std::size_t i = 0; i < kPhaseCount; ++i) {
            until += durations_[i];
            rounded[i] = std::chrono::floor<Microseconds>(until) - told;
            told += rounded[i];
        }
        return rounded;
    }

    TimePoint start() const { return start_; }
    Duration of(Phase phase) const { return durations_[static_cast<std::size_t>(phase)]; }

    Microseconds total() const { return std::chrono::floor<Microseconds>(last_ - start_); }

    Microseconds pause() const {
        Duration sum{};
        for (auto i = static_cast<std::size_t>(Phase::kSnapshot);
             i <= static_cast<std::size_t>(Phase::kReload); ++i)
            sum += durations_[i];
        return std::chrono::floor<Microseconds>(sum);
    }

  private:
    Duration &at(Phase phase) { return durations_[static_cast<std::size_t>(phase)]; }

    TimePoint start_;
    TimePoint last_;
    std::array<Duration, kPhaseCount> durations_{};
};

} // namespace hotrun
