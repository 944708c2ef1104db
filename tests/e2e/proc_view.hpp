// What the kernel tells of a process.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <sys/types.h>

namespace hotrun::e2e {

std::string read_text(const std::string &path);

// What each open descriptor leads to, without the numbers that differ from one to the next; sorted.
std::vector<std::string> descriptors_of(pid_t pid);

struct ProcessUsage {
    std::size_t descriptors = 0;
    std::size_t threads = 0;
    std::size_t libraries = 0; // mapped segments of live copies
    std::size_t resident_kb = 0;
    std::string children;
};

ProcessUsage usage_of(pid_t pid);

} // namespace hotrun::e2e
