// A file that is written in place, bit by bit.
#pragma once

#include "hotrun/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace hotrun {

// Bound to one thread at a time.
class Storage {
  public:
    virtual ~Storage() = default;

    virtual std::uint64_t size_bytes() const = 0;
    virtual Status read_at(std::uint64_t offset, std::span<std::byte> bytes) const = 0; // all
    virtual Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
    virtual Status cut(std::uint64_t size_bytes) = 0;

    // What was written is there after a power failure too.
    virtual Status sync() = 0;
};

} // namespace hotrun
