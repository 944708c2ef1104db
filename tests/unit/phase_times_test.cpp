#include "core/phase_times.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace hotrun {
namespace {

using std::chrono::nanoseconds;

constexpr TimePoint kStart{std::chrono::hours(1)};

Microseconds at(const PhaseTimes &times, Phase phase) {
    return times.in_microseconds()[static_cast<std::size_t>(phase)];
}

TEST(PhaseTimes, TimeBetweenTwoMarksBelongsToTheSecond) {
    PhaseTimes times(kStart);
    times.mark(Phase::kWatch, kStart + Microseconds(300));
    times.mark(Phase::kBuild, kStart + Microseconds(40'300));
    EXPECT_EQ(at(times, Phase::kWatch), Microseconds(300));
    EXPECT_EQ(at(times, Phase::kBuild), Microseconds(40'000));
    EXPECT_EQ(at(times, Phase::kVerify), Microseconds(0));
    EXPECT_EQ(times.total(), Microseconds(40'300));
}

TEST(PhaseTimes, PhaseThatIsMarkedTwiceIsTheSum) {
    PhaseTimes times(kStart);
    times.mark(Phase::kVerify, kStart + Microseconds(10));
    times.mark(Phase::kCopy, kStart + Microseconds(20));
    times.mark(Phase::kVerify, kStart + Microseconds(25));
    EXPECT_EQ(at(times, Phase::kVerify), Microseconds(15));
}

TEST(PhaseTimes, SumEqualsTheTotalExactly) {
    PhaseTimes times(kStart);
    TimePoint now = kStart;
    for (std::size_t n = 0; n < 3 * kPhaseCount; ++n) {
        now += nanoseconds(999 + 1'337 * n);
        times.mark(static_cast<Phase>((n * 5) % kPhaseCount), now);
        const auto phases = times.in_microseconds();
        EXPECT_EQ(std::accumulate(phases.begin(), phases.end(), Microseconds{}), times.total());
    }
}

TEST(PhaseTimes, RoundingTakesNoPhaseBelowZero) {
    PhaseTimes times(kStart);
    times.mark(Phase::kWatch, kStart + nanoseconds(999));
    times.mark(Phase::kFirstStep, kStart + nanoseconds(1'000));
    EXPECT_EQ(at(times, Phase::kWatch), Microseconds(0));
    EXPECT_EQ(at(times, Phase::kFirstStep), Microseconds(1));
}

TEST(PhaseTimes, PauseReachesFromSnapshotToReload) {
    PhaseTimes times(kStart);
    TimePoint now = kStart;
    for (std::size_t n = 0; n < kPhaseCount; ++n)
        times.mark(static_cast<Phase>(n), now += Microseconds(1 << n));
    Microseconds expected{};
    for (const Phase phase : {Phase::kSnapshot, Phase::kUnload, Phase::kMigrate, Phase::kRebind,
                              Phase::kSwitch, Phase::kReload})
        expected += at(times, phase);
    EXPECT_EQ(times.pause(), expected);
}

} // namespace
} // namespace hotrun
