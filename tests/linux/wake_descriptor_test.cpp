#include "linux/wake_descriptor.hpp"

#include "forked_child.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include <pthread.h>

namespace hotrun {
namespace {

constexpr std::chrono::hours kForEver{24};

const WakeDescriptor *notified_by_signal = nullptr;
std::atomic<int> signal_count = 0;

WakeDescriptor make_wake() {
    auto wake = WakeDescriptor::create();
    EXPECT_TRUE(wake);
    return std::move(*wake);
}

TEST(WakeDescriptor, ANotificationBeforeTheWaitEndsIt) {
    const WakeDescriptor wake = make_wake();
    EXPECT_FALSE(is_readable(wake.descriptor()));
    wake.notify();
    EXPECT_TRUE(is_readable(wake.descriptor()));
    wake.wait(kForEver);
    EXPECT_TRUE(is_readable(wake.descriptor())) << "waiting does not take it";
}

TEST(WakeDescriptor, ANotificationFromAnotherThreadEndsTheWait) {
    const WakeDescriptor wake = make_wake();
    std::thread other([&] { wake.notify(); });
    wake.wait(kForEver);
    EXPECT_TRUE(is_readable(wake.descriptor()));
    other.join();
}

TEST(WakeDescriptor, ASignalHandlerMayNotify) {
    const WakeDescriptor wake = make_wake();
    notified_by_signal = &wake;
    const SignalGuard guard(SIGUSR1, [](int) { notified_by_signal->notify(); });
    const pthread_t waiting = ::pthread_self();
    std::thread other([&] { ::pthread_kill(waiting, SIGUSR1); });
    wake.wait(kForEver);
    EXPECT_TRUE(is_readable(wake.descriptor()));
    other.join();
}

TEST(WakeDescriptor, LeavesErrnoAlone) {
    const WakeDescriptor wake = make_wake();
    const std::uint64_t nearly_full = ~std::uint64_t{0} - 1;
    ASSERT_EQ(::write(wake.descriptor(), &nearly_full, sizeof nearly_full),
              static_cast<ssize_t>(sizeof nearly_full));
    errno = 42;
    wake.notify(); // can't be counted any more
    EXPECT_EQ(errno, 42);
    EXPECT_TRUE(is_readable(wake.descriptor()));
}

TEST(WakeDescriptor, ClearTakesAllNotifications) {
    const WakeDescriptor wake = make_wake();
    wake.notify();
    wake.notify();
    wake.clear();
    EXPECT_FALSE(is_readable(wake.descriptor()));
    wake.clear(); // does not block
    wake.notify();
    EXPECT_TRUE(is_readable(wake.descriptor()));
}

TEST(WakeDescriptor, AWaitEndsAtItsLimit) {
    const WakeDescriptor wake = make_wake();
    wake.wait(std::chrono::milliseconds(1));
    wake.wait(std::chrono::nanoseconds(0));
    wake.wait(std::chrono::nanoseconds(-5));
    EXPECT_FALSE(is_readable(wake.descriptor()));
}

// Another thread interrupts the wait with signals before it notifies.
void expect_only_a_notification_ends(std::chrono::nanoseconds limit) {
    const WakeDescriptor wake = make_wake();
    signal_count = 0;
    const SignalGuard guard(SIGUSR1, [](int) { ++signal_count; });
    std::atomic<bool> notified = false;
    const pthread_t waiting = ::pthread_self();
    std::thread other([&] {
        const auto deadline = std::chrono::steady_clock::now() + kDeadline;
        while (signal_count < 100 && std::chrono::steady_clock::now() < deadline) {
            ::pthread_kill(waiting, SIGUSR1);
            std::this_thread::yield();
        }
        notified = true;
        wake.notify();
    });
    wake.wait(limit);
    EXPECT_TRUE(notified);
    other.join();
}

TEST(WakeDescriptor, ASignalDoesNotEndTheWait) {
    expect_only_a_notification_ends(kForEver);
}

TEST(WakeDescriptor, TheLongestLimitIsForEver) {
    expect_only_a_notification_ends(std::chrono::nanoseconds::max());
}

} // namespace
} // namespace hotrun
