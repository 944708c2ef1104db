#include "core/compared_runs.hpp"

#include <algorithm>

namespace hotrun {

namespace {

using namespace std::chrono_literals;

// Nobody sees less, and a tenth of the whole is what a remedy should be worth.
constexpr Microseconds kLeastGain = 20ms;
constexpr int kLeastPart = 10;

std::size_t rounds_for(Microseconds first) {
    if (first < 150ms)
        return 5;
    if (first < 1s)
        return 3;
    return first < 10s ? 2 : 1;
}

RunTime to_time(std::vector<Microseconds> runs) {
    std::ranges::sort(runs);
    return {runs[(runs.size() - 1) / 2], runs.front()};
}

// The runs of one comparison.
class Comparison {
  public:
    Comparison(Trials &trials, const std::vector<Command> &commands)
        : trials_(trials), commands_(commands), runs_(commands.size()),
          is_left_out_(commands.size(), false) {}

    Status run_once() {
        for (std::size_t i = 0; i < commands_.size() && !has_failed(); ++i) {
            if (is_left_out_[i])
                continue;
            const Result<Trials::Outcome> outcome = trials_.run(commands_[i]);
            if (!outcome)
                return outcome.error();
            runs_[i].push_back(outcome->duration);
            if (outcome->exit_status != 0) {
                is_left_out_[i] = true;
                runs_[i].clear();
            }
        }
        return Done{};
    }

    Status run(std::size_t rounds) {
        for (std::size_t round = 0; round < rounds; ++round) {
            if (const Status done = run_once(); !done)
                return done;
        }
        return Done{};
    }

    // Those that are no better than the first one need no further look.
    bool leave_out_the_slower() {
        bool is_any_left = false;
        for (std::size_t i = 1; i < runs_.size(); ++i) {
            is_left_out_[i] = is_left_out_[i] || !gain(*time(0), time(i), time(0)->least);
            is_any_left = is_any_left || !is_left_out_[i];
        }
        return is_any_left;
    }

    bool has_failed() const { return is_left_out_.front(); }
    std::size_t rounds() const { return rounds_for(runs_.front().front()); }
    std::optional<RunTime> time(std::size_t i) const {
        return runs_[i].empty() || has_failed() ? std::nullopt : std::optional(to_time(runs_[i]));
    }

  private:
    Trials &trials_;
    const std::vector<Command> &commands_;
    std::vector<std::vector<Microseconds>> runs_;
    std::vector<bool> is_left_out_;
};

} // namespace

Result<std::vector<std::optional<RunTime>>> compare_runs(Trials &trials,
                                                         const std::vector<Command> &commands) {
    Comparison comparison(trials, commands);
    if (const Status done = comparison.run_once(); !done)
        return done.error();
    if (!comparison.has_failed()) {
        const std::size_t rounds = comparison.rounds();
        if (const Status done = comparison.run(rounds - 1); !done)
            return done.error();
        // What looks better has to do so twice.
        if (!comparison.has_failed() && comparison.leave_out_the_slower()) {
            if (const Status done = comparison.run(rounds); !done)
                return done.error();
        }
    }
    std::vector<std::optional<RunTime>> times;
    for (std::size_t i = 0; i < commands.size(); ++i)
        times.push_back(comparison.time(i));
    return times;
}

// A busy machine makes some runs longer and none shorter: the least ones decide, and the others
// must not say the contrary.
std::optional<Microseconds> gain(const RunTime &now, const std::optional<RunTime> &other,
                                 Microseconds whole) {
    if (!other)
        return std::nullopt;
    const Microseconds enough = std::max(kLeastGain, whole / kLeastPart);
    const Microseconds of_least = now.least - other->least;
    const Microseconds of_median = now.median - other->median;
    if (of_least < enough || of_median < enough)
        return std::nullopt;
    return std::min(of_least, of_median);
}

} // namespace hotrun
