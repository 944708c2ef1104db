// What tells one content of a file from another without reading it.
#pragma once

#include <cstdint>

namespace hotrun {

// Two writes within one tick of the clock that stamps files have equal times, and a file that is
// moved over another may be older: only all four parts together say "changed", and any difference
// does, in either direction.
struct Timestamp {
    std::int64_t mtime_ns = 0; // since the epoch, the file system's clock
    std::uint64_t size_bytes = 0;
    std::uint64_t inode = 0;
    std::uint64_t device = 0;

    bool operator==(const Timestamp &) const = default;
};

} // namespace hotrun
