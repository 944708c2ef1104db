// Calls that another thread breaks out of.
#include "linux/crash_guard.hpp"

#include "forked_child.hpp"
#include "guarded_faults.hpp"
#include "sanitizers.hpp"

#include <functional>
#include <thread>

namespace hotrun {
namespace {

class CrashGuardInterrupt : public testing::Test {
  protected:
    void SetUp() override {
        if (kThreadSanitizer)
            GTEST_SKIP() << "ThreadSanitizer holds signals back while code computes";
    }

    // Calls the function while another thread does `work`, which begins when the function tells of
    // itself.
    bool call_while(const std::string &function, const std::function<void()> &work) {
        std::thread runner([&] {
            if (faults_.event.wait()) {
                faults_.event.close();
                work();
            } else {
                ADD_FAILURE() << function << " does not begin";
            }
        });
        const bool returned = faults_.call(function);
        runner.join();
        return returned;
    }

    // Interrupts the call that is under way until the guard answers, or the call is over.
    std::optional<std::vector<CodeAddress>> interrupt() {
        const std::uint64_t call = monitor_.current_call();
        EXPECT_NE(call, 0u);
        const auto deadline = std::chrono::steady_clock::now() + kDeadline;
        monitor_.interrupt(call);
        while (monitor_.current_call() == call && std::chrono::steady_clock::now() < deadline) {
            if (auto place = monitor_.found_unsafe())
                return place;
            std::this_thread::yield();
        }
        return std::nullopt;
    }

    void expect_timeout() {
        const Fault fault = faults_.guard().take_fault();
        EXPECT_EQ(fault.reason, RollBackReason::kTimeout);
        EXPECT_EQ(fault.signal_number, 0);
        EXPECT_EQ(fault.signal, "");
        EXPECT_FALSE(fault.address);
        ASSERT_FALSE(fault.backtrace.empty());
        EXPECT_EQ(fault.backtrace.front().file, faults_.path());
    }

    GuardedFaults faults_;
    CallMonitor &monitor_ = faults_.guard();
};

TEST_F(CrashGuardInterrupt, LeavesALoopTheTenthTimeAsTheFirst) {
    for (int round = 0; round < 10; ++round) {
        ASSERT_FALSE(call_while("hang",
                                [this] {
                                    while (monitor_.current_call() != 0 && interrupt()) {
                                    }
                                }))
            << "round " << round;
        expect_timeout();
        ASSERT_TRUE(faults_.call("none"));
    }
}

TEST_F(CrashGuardInterrupt, SaysWhereACallIsThatCannotBeLeftAndLeavesItOnceItCan) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    faults_.shared.mutex = &mutex;
    for (int round = 0; round < 10; ++round) {
        ::pthread_mutex_lock(&mutex);
        ASSERT_FALSE(
            call_while("hang_in_mutex",
                       [&] {
                           for (int i = 0; i < 10; ++i) {
                               const auto place = interrupt();
                               ASSERT_TRUE(place) << "a call was left that waits for a lock";
                               EXPECT_TRUE(std::any_of(place->begin(), place->end(),
                                                       [this](const auto &frame) {
                                                           return frame.file == faults_.path();
                                                       }));
                           }
                           ::pthread_mutex_unlock(&mutex);
                           ASSERT_TRUE(faults_.event.wait());
                           while (monitor_.current_call() != 0 && interrupt()) {
                           }
                       }))
            << "round " << round;
        faults_.event.close();
        expect_timeout();
    }
}

// Two calls later the number is another one.
TEST_F(CrashGuardInterrupt, ACallThatIsOverIsLeftAlone) {
    ASSERT_FALSE(call_while("hang", [this] {
        monitor_.interrupt(monitor_.current_call() - 2);
        EXPECT_FALSE(monitor_.found_unsafe());
        while (monitor_.current_call() != 0 && interrupt()) {
        }
    }));
    expect_timeout();
    monitor_.interrupt(1); // of the call that has just been left
    EXPECT_FALSE(monitor_.found_unsafe()) << "the answer to a question about no call";
    EXPECT_TRUE(faults_.call("none"));
}

int urgent_count = 0;

TEST(CrashGuardUrgent, WhatOthersSendGoesToTheHandlerBefore) {
    if (kThreadSanitizer)
        GTEST_SKIP() << "ThreadSanitizer holds signals back while code computes";
    const SignalGuard before(SIGURG, [](int) { ++urgent_count; });
    GuardedFaults faults;
    urgent_count = 0;
    ::raise(SIGURG);
    EXPECT_EQ(urgent_count, 1);
    sigval value{};
    value.sival_int = 5;
    ::sigqueue(::getpid(), SIGURG, value);
    EXPECT_EQ(urgent_count, 2);
    EXPECT_TRUE(faults.call("none"));
}

TEST(CrashGuardUrgent, WhatOthersSendIsIgnoredWhereThereIsNone) {
    GuardedFaults faults;
    ::raise(SIGURG);
    EXPECT_TRUE(faults.call("none"));
}

} // namespace
} // namespace hotrun
