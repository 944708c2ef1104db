// The two clocks of the benchmarks.
#pragma once

#include <ctime>

namespace hotrun::bench {

inline double clock_ms(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// The machine's monotonic one, which is the same in every process.
inline double now_ms() {
    return clock_ms(CLOCK_MONOTONIC);
}

// What this thread had of a processor, since other programs may run too.
inline double thread_ms() {
    return clock_ms(CLOCK_THREAD_CPUTIME_ID);
}

} // namespace hotrun::bench
