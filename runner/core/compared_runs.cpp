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

} // namespace

Result<std::vector<std::optional<RunTime>>> compare_runs(Trials &trials,
                                                         const std::vector<Command> &commands) {
    std::vector<std::vector<Microseconds>> runs(commands.size());
    std::vector<bool> failed(commands.size(), false);
    for (std::size_t round = 0, rounds = 1; round < rounds; ++round) {
        for (std::size_t i = 0; i < commands.size() && !failed.front(); ++i) {
            if (failed[i])
                continue;
            const Result<Trials::Outcome> outcome = trials.run(commands[i]);
            if (!outcome)
                return outcome.error();
            failed[i] = outcome->exit_status != 0;
            runs[i].push_back(outcome->duration);
        }
        if (round == 0 && !failed.front())
            rounds = rounds_for(runs.front().front());
    }
    std::vector<std::optional<RunTime>> times(commands.size());
    for (std::size_t i = 0; i < commands.size() && !failed.front(); ++i) {
        if (!failed[i] && !runs[i].empty())
            times[i] = to_time(std::move(runs[i]));
    }
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
    if (of_least < enough || of_median < enough / 2)
        return std::nullopt;
    return std::min(of_least, of_median);
}

} // namespace hotrun
