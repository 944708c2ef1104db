#include "linux/yielding_thread.hpp"

#include <gtest/gtest.h>

#include <thread>

#include <sched.h>

namespace hotrun {
namespace {

int policy() {
    return ::sched_getscheduler(0);
}

void on_new_thread(void (*test)()) {
    std::thread(test).join();
}

TEST(YieldingThread, OnlyTheCallerYields) {
    on_new_thread([] {
        ASSERT_EQ(policy(), SCHED_OTHER);
        EXPECT_FALSE(yields_to_others());
        yield_to_others();
        EXPECT_TRUE(yields_to_others());
        EXPECT_EQ(policy(), SCHED_BATCH);
    });
    EXPECT_FALSE(yields_to_others());
    EXPECT_EQ(policy(), SCHED_OTHER);
}

TEST(YieldingThread, CanStop) {
    on_new_thread([] {
        yield_to_others();
        stop_yielding();
        EXPECT_FALSE(yields_to_others());
        EXPECT_EQ(policy(), SCHED_OTHER);
    });
}

TEST(YieldingThread, APolicyThatTheUserHasChosenIsKept) {
    on_new_thread([] {
        const sched_param none{};
        ASSERT_EQ(::sched_setscheduler(0, SCHED_IDLE, &none), 0);
        yield_to_others();
        EXPECT_FALSE(yields_to_others());
        stop_yielding();
        EXPECT_EQ(policy(), SCHED_IDLE);
    });
}

} // namespace
} // namespace hotrun
