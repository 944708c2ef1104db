// What the kernel tells of a process.
#pragma once

#include "core/address_range.hpp"

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

// Where files are mapped whose name has that in it.
std::vector<AddressRange> mapped_at(pid_t pid, const std::string &part_of_name);

// The lines of what is mapped there and can be read, written or executed.
std::string accessible_in(pid_t pid, const std::vector<AddressRange> &places);

} // namespace hotrun::e2e
