// What a thread had of a processor, since other programs may run too.
#pragma once

#include <ctime>

namespace hotrun::bench {

inline double thread_ms() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

} // namespace hotrun::bench
