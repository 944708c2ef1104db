#include "core/watchdog.hpp"

#include "support/fake_call_monitor.hpp"
#include "support/fake_event_loop.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using std::chrono::milliseconds;

class WatchdogTest : public testing::Test {
  protected:
    static constexpr milliseconds kTimeout{100};

    WatchdogTest() { watchdog.start(); }

    // The thread answers that it is at this place, each time.
    void answer_with(std::uint64_t address) {
        calls.on_interrupt = [this, address] {
            calls.place = {CodeAddress{address, 0, "libgame.so"}};
        };
    }
    // Each call number is left when it is interrupted for the n-th time.
    void leave_after(std::size_t count) {
        answer_with(0x1000);
        calls.on_interrupt = [this, count, answer = calls.on_interrupt] {
            if (++tries == count)
                calls.call = 0;
            else
                answer();
        };
    }

    FakeClock clock;
    FakeEventLoop loop{clock};
    FakeCallMonitor calls;
    std::vector<std::vector<CodeAddress>> stalled;
    std::size_t tries = 0;
    Watchdog watchdog{loop,  clock,    7,
                      calls, kTimeout, [this](const auto &where) { stalled.push_back(where); }};
};

TEST_F(WatchdogTest, LooksEveryHalfTimeout) {
    calls.call = 1;
    loop.advance(milliseconds(149)); // seen first at 50
    EXPECT_TRUE(calls.interrupted.empty());
    loop.advance(milliseconds(1));
    EXPECT_EQ(calls.interrupted, std::vector<std::uint64_t>{1});
}

TEST_F(WatchdogTest, CallsThatReturnInTimeAreLeftAlone) {
    for (std::uint64_t call = 1; call <= 20; ++call) {
        calls.call = call;
        loop.advance(milliseconds(99));
        calls.call = 0;
        loop.advance(milliseconds(1));
    }
    EXPECT_TRUE(calls.interrupted.empty());
    EXPECT_TRUE(stalled.empty());
}

TEST_F(WatchdogTest, NoCallIsNeverOverdue) {
    loop.advance(std::chrono::seconds(10));
    EXPECT_TRUE(calls.interrupted.empty());
}

TEST_F(WatchdogTest, TimeInWhichTheProcessIsStoppedDoesNotCount) {
    calls.call = 1;
    loop.advance(milliseconds(60));
    clock.advance(std::chrono::hours(1));
    loop.advance(milliseconds(49));
    EXPECT_TRUE(calls.interrupted.empty());
    loop.advance(milliseconds(1));
    EXPECT_EQ(calls.interrupted.size(), 1u);
}

TEST_F(WatchdogTest, CallThatIsDebuggedMayTakeItsTime) {
    calls.call = 1;
    calls.debugged = true;
    loop.advance(std::chrono::seconds(10));
    EXPECT_TRUE(calls.interrupted.empty());
    EXPECT_TRUE(stalled.empty());
    calls.debugged = false;
    loop.advance(milliseconds(99));
    EXPECT_TRUE(calls.interrupted.empty()) << "a time-out from then on";
    loop.advance(milliseconds(1));
    EXPECT_EQ(calls.interrupted, std::vector<std::uint64_t>{1});
}

TEST_F(WatchdogTest, TriesAgainUntilTheCallIsLeft) {
    leave_after(5);
    calls.call = 3;
    loop.advance(milliseconds(160));
    EXPECT_EQ(calls.interrupted, std::vector<std::uint64_t>(5, 3));
    EXPECT_TRUE(stalled.empty());
    EXPECT_FALSE(watchdog.is_stalled());
    loop.advance(std::chrono::seconds(1));
    EXPECT_EQ(calls.interrupted.size(), 5u);
}

TEST_F(WatchdogTest, TenthHangIsLeftAsTheFirst) {
    for (std::uint64_t call = 1; call <= 10; ++call) {
        tries = 0;
        leave_after(3);
        calls.call = call;
        loop.advance(milliseconds(210));
        EXPECT_EQ(calls.call, 0u) << call;
        EXPECT_EQ(calls.interrupted.size(), 3 * call);
        EXPECT_EQ(calls.interrupted.back(), call);
    }
    EXPECT_TRUE(stalled.empty());
}

TEST_F(WatchdogTest, CallThatIsNeverLeftIsStalledOnceWithItsLastPlace) {
    calls.call = 1;
    calls.on_interrupt = [this] { calls.place = {CodeAddress{++tries, 0, "libgame.so"}}; };
    loop.advance(std::chrono::seconds(1));
    ASSERT_EQ(stalled.size(), 1u);
    EXPECT_EQ(stalled[0].at(0).address, 400u);
    EXPECT_TRUE(watchdog.is_stalled());
    EXPECT_GT(calls.interrupted.size(), 400u) << "it may still be left";
    loop.advance(std::chrono::seconds(10));
    EXPECT_EQ(stalled.size(), 1u);
    calls.call = 0;
    EXPECT_FALSE(watchdog.is_stalled());
}

TEST_F(WatchdogTest, StalledCallIsLeftWhenItComesToASafePlace) {
    calls.call = 1;
    answer_with(0x1000);
    loop.advance(std::chrono::seconds(1));
    EXPECT_TRUE(watchdog.is_stalled());
    calls.on_interrupt = [this] { calls.call = 0; };
    const std::size_t before = calls.interrupted.size();
    loop.advance(milliseconds(60));
    EXPECT_EQ(calls.interrupted.size(), before + 1);
    EXPECT_FALSE(watchdog.is_stalled());
}

TEST_F(WatchdogTest, NextCallThatStallsIsToldTooWithItsOwnPlace) {
    calls.call = 1;
    answer_with(0x1000);
    loop.advance(std::chrono::seconds(1));
    calls.call = 2;
    calls.on_interrupt = nullptr; // and this one blocks the signal
    loop.advance(std::chrono::seconds(1));
    ASSERT_EQ(stalled.size(), 2u);
    EXPECT_TRUE(stalled[1].empty());
}

TEST_F(WatchdogTest, ThreadThatDoesNotAnswerIsStalled) {
    calls.call = 1;
    loop.advance(milliseconds(199)); // asked at 150
    EXPECT_TRUE(stalled.empty());
    EXPECT_EQ(calls.interrupted.size(), 1u);
    loop.advance(milliseconds(2));
    ASSERT_EQ(stalled.size(), 1u);
    EXPECT_TRUE(stalled[0].empty());
}

TEST_F(WatchdogTest, CallThatReturnsWhileItIsInterruptedIsForgotten) {
    calls.call = 1;
    loop.advance(milliseconds(150));
    ASSERT_EQ(calls.interrupted.size(), 1u);
    calls.call = 2;
    loop.advance(milliseconds(99));
    EXPECT_EQ(calls.interrupted.size(), 1u);
    EXPECT_TRUE(stalled.empty());
    loop.advance(milliseconds(52));
    EXPECT_EQ(calls.interrupted.back(), 2u) << "a time-out of its own";
}

TEST_F(WatchdogTest, StopEndsTheLooks) {
    calls.call = 1;
    watchdog.stop();
    EXPECT_EQ(loop.alarm_count(), 0u);
    loop.advance(std::chrono::seconds(1));
    EXPECT_TRUE(calls.interrupted.empty());
}

} // namespace
} // namespace hotrun
