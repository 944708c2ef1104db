#include "linux/asio_event_loop.hpp"

#include "forked_child.hpp"
#include "waiting.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include <unistd.h>

namespace hotrun {
namespace {

class AsioEventLoopTest : public testing::Test {
  protected:
    std::function<void()> note(int number) {
        return [this, number] { done_.push_back(number); };
    }
    TimePoint in(std::chrono::nanoseconds time) const { return clock_.now() + time; }

    // Runs until an alarm that is due a little later than now: what was due has run by then.
    void run_what_is_due() {
        constexpr int kLast = 1000;
        bool over = false;
        loop_.set_alarm(kLast, in(std::chrono::milliseconds(1)), [&] { over = true; });
        EXPECT_TRUE(run_until(loop_, [&] { return over; }));
    }

    using Numbers = std::vector<int>;
    SystemClock clock_;
    AsioEventLoop loop_;
    Numbers done_;
};

TEST_F(AsioEventLoopTest, RunsPostedWorkInItsOrder) {
    for (int i = 0; i < 3; ++i)
        loop_.post(note(i));
    EXPECT_EQ(done_, Numbers{}) << "ran at once";
    ASSERT_TRUE(run_until(loop_, [&] { return done_.size() == 3; }));
    EXPECT_EQ(done_, (Numbers{0, 1, 2}));
}

TEST_F(AsioEventLoopTest, TellsEachTimeThatADescriptorIsReadable) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    char read = 0;
    loop_.watch(ends[0], [&] {
        ASSERT_EQ(::read(ends[0], &read, 1), 1);
        done_.push_back(read);
    });
    for (const char byte : {'a', 'b'}) {
        ASSERT_EQ(::write(ends[1], &byte, 1), 1);
        ASSERT_TRUE(run_until(loop_, [&] { return !done_.empty() && done_.back() == byte; }));
    }
    EXPECT_EQ(done_, (Numbers{'a', 'b'}));
    for (const int end : ends)
        ::close(end);
}

TEST_F(AsioEventLoopTest, RunsWorkOfOtherThreadsOnItsOwnInTheirOrder) {
    constexpr int kThreads = 3;
    constexpr int kEach = 1000;
    std::array<Numbers, kThreads> by_thread;
    int count = 0;
    bool all_here = true;
    const std::thread::id here = std::this_thread::get_id();
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < kEach; ++i) {
                loop_.post([&, t, i] {
                    by_thread[t].push_back(i);
                    all_here &= std::this_thread::get_id() == here;
                    ++count;
                });
            }
        });
    }
    EXPECT_TRUE(run_until(loop_, [&] { return count == kThreads * kEach; })) << count;
    for (std::thread &thread : threads)
        thread.join();
    EXPECT_TRUE(all_here);
    for (const Numbers &numbers : by_thread)
        EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
}

TEST_F(AsioEventLoopTest, AnAlarmRunsOnceAndNotBeforeItsTime) {
    const TimePoint when = in(std::chrono::milliseconds(5));
    TimePoint ran;
    loop_.set_alarm(1, when, [&] {
        ran = clock_.now();
        done_.push_back(1);
    });
    ASSERT_TRUE(run_until(loop_, [&] { return !done_.empty(); }));
    EXPECT_GE(ran, when);
    run_what_is_due();
    EXPECT_EQ(done_, Numbers{1});
}

TEST_F(AsioEventLoopTest, ANewAlarmTakesThePlaceOfTheOldOneOfItsName) {
    loop_.set_alarm(1, in(std::chrono::nanoseconds(0)), note(1));
    loop_.set_alarm(2, in(std::chrono::nanoseconds(0)), note(2));
    loop_.set_alarm(1, in(std::chrono::nanoseconds(0)), note(3));
    run_what_is_due();
    std::sort(done_.begin(), done_.end());
    EXPECT_EQ(done_, (Numbers{2, 3}));
}

TEST_F(AsioEventLoopTest, AnAlarmCanBeSetToAnEarlierTime) {
    loop_.set_alarm(1, in(std::chrono::hours(1)), note(1));
    loop_.set_alarm(1, in(std::chrono::nanoseconds(0)), note(2));
    run_what_is_due();
    EXPECT_EQ(done_, Numbers{2});
}

TEST_F(AsioEventLoopTest, AClearedAlarmDoesNotRun) {
    loop_.clear_alarm(7); // never set
    loop_.set_alarm(1, in(std::chrono::nanoseconds(0)), note(1));
    loop_.clear_alarm(1);
    run_what_is_due();
    EXPECT_EQ(done_, Numbers{});
    loop_.set_alarm(1, in(std::chrono::nanoseconds(0)), note(2));
    run_what_is_due();
    EXPECT_EQ(done_, Numbers{2}) << "set again";
}

// Both have expired when the first one runs.
TEST_F(AsioEventLoopTest, AnAlarmThatIsDueCanBeClearedByOneThatIsDueBefore) {
    const TimePoint when = clock_.now();
    loop_.set_alarm(1, when - std::chrono::milliseconds(2), [&] {
        done_.push_back(1);
        loop_.clear_alarm(2);
    });
    loop_.set_alarm(2, when - std::chrono::milliseconds(1), note(2));
    run_what_is_due();
    EXPECT_EQ(done_, Numbers{1});
}

TEST_F(AsioEventLoopTest, AnAlarmThatIsDueCanBeReplacedByOneThatIsDueBefore) {
    const TimePoint when = clock_.now();
    loop_.set_alarm(1, when - std::chrono::milliseconds(2), [&] {
        done_.push_back(1);
        loop_.set_alarm(2, when, note(3));
    });
    loop_.set_alarm(2, when - std::chrono::milliseconds(1), note(2));
    run_what_is_due();
    EXPECT_EQ(done_, (Numbers{1, 3}));
}

TEST_F(AsioEventLoopTest, AnAlarmCanSetItselfAgain) {
    std::function<void()> tick = [&] {
        done_.push_back(1);
        if (done_.size() < 3)
            loop_.set_alarm(1, clock_.now(), tick);
    };
    loop_.set_alarm(1, clock_.now(), tick);
    ASSERT_TRUE(run_until(loop_, [&] { return done_.size() == 3; }));
    run_what_is_due();
    EXPECT_EQ(done_.size(), 3u);
}

TEST_F(AsioEventLoopTest, TellsTheEndOfAProcess) {
    const Gate end;
    ForkedChild child([&] { return end.wait() ? 0 : 1; });
    loop_.await_end(child.pid(), note(1));
    run_what_is_due();
    EXPECT_EQ(done_, Numbers{}) << "it goes on";
    end.open();
    ASSERT_TRUE(run_until(loop_, [&] { return !done_.empty(); }));
    EXPECT_EQ(done_, Numbers{1});
    const pid_t gone = child.pid();
    EXPECT_EQ(child.exit_status(), 0);
    loop_.await_end(gone, note(2));
    ASSERT_TRUE(run_until(loop_, [&] { return done_.size() == 2; }));
}

} // namespace
} // namespace hotrun
