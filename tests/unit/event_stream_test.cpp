#include "core/event_stream.hpp"

#include "support/fake_clock.hpp"
#include "support/recording_observer.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

TEST(EventStream, CountsFromOneAndFromItsStart) {
    FakeClock clock;
    RecordingObserver first, second;
    EventStream events(clock, {&first, &second});
    EXPECT_EQ(events.tell(WarningEvent{"a", ""}), 1u);
    clock.advance(std::chrono::nanoseconds(1'999));
    EXPECT_EQ(events.tell(WarningEvent{"b", ""}), 2u);
    ASSERT_EQ(second.events.size(), 2u);
    EXPECT_EQ(first.events[1].seq, 2u);
    EXPECT_EQ(first.events[0].time, Microseconds(0));
    EXPECT_EQ(first.events[1].time, Microseconds(1));
}

TEST(EventStream, GoesOnWhereAProcessBeforeHasEnded) {
    FakeClock clock;
    RecordingObserver observer;
    const TimePoint start = clock.now();
    std::atomic<std::uint64_t> last_seq = 7;
    clock.advance(std::chrono::seconds(2));
    EventStream events(clock, {&observer}, start, last_seq);
    EXPECT_EQ(events.tell(WarningEvent{"a", ""}), 8u);
    EXPECT_EQ(last_seq.load(), 8u);
    EXPECT_EQ(observer.events[0].seq, 8u);
    EXPECT_EQ(observer.events[0].time, Microseconds(2'000'000));
}

} // namespace
} // namespace hotrun
