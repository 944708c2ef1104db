#include "linux/yielding_thread.hpp"

#include <sched.h>

namespace hotrun {

namespace {

thread_local bool yields = false;

bool set_policy(int policy) noexcept {
    const sched_param none{};
    return ::sched_setscheduler(0, policy, &none) == 0;
}

} // namespace

void yield_to_others() noexcept {
    if (::sched_getscheduler(0) == SCHED_OTHER)
        yields = set_policy(SCHED_BATCH);
}

bool yields_to_others() noexcept {
    return yields;
}

void stop_yielding() noexcept {
    if (yields)
        yields = !set_policy(SCHED_OTHER);
}

} // namespace hotrun
