// A recording that is played: which input comes next, and when.
#pragma once

#include "core/event_loop.hpp"
#include "core/recording.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace hotrun {

// Bound to the host's thread.
class Replay {
  public:
    struct Plan {
        std::string file;  // path
        double speed = 1;  // 0: as fast as possible
        bool once = false; // there is one pass
    };

    // The recording has a step.
    Replay(Plan plan, Recording recording)
        : plan_(std::move(plan)), recording_(std::move(recording)) {}

    const Plan &plan() const { return plan_; }
    std::uint64_t first_step() const { return recording_.start->step; }

    // The input of the next step, which is the first one of a pass after restart().
    const StepInput &next(TimePoint now) {
        if (at_ == 0)
            pass_began_ = now;
        return recording_.steps[at_++];
    }
    bool is_at_end() const { return at_ == recording_.steps.size(); }
    void restart() { at_ = 0; }

    // How long after the step before that step is to begin.
    Duration pause() const {
        if (plan_.speed == 0 || at_ == 0 || is_at_end())
            return {};
        const double nanoseconds =
            static_cast<double>(recording_.steps[at_].delta_ns) / plan_.speed;
        constexpr double kLongest = 3.6e12; // an hour; a slow speed does not make it endless
        return Duration(static_cast<Duration::rep>(std::min(nanoseconds, kLongest)));
    }

    struct Pass {
        std::uint64_t number = 0;
        std::uint64_t steps = 0;
        Duration duration{};
    };
    // At the end; the next one begins.
    Pass finish_pass(TimePoint now) {
        restart();
        return {++pass_count_, recording_.steps.size(), now - pass_began_};
    }

  private:
    const Plan plan_;
    const Recording recording_;
    std::size_t at_ = 0;
    std::uint64_t pass_count_ = 0;
    TimePoint pass_began_{};
};

} // namespace hotrun
