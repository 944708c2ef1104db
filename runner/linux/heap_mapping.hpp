// The memory of one module's permanent heap.
#pragma once

#include "hotrun/result.hpp"

#include <cstddef>

namespace hotrun {

// Zeroed memory at an address that every run gets again, so that a pointer into the heap can be
// kept. One for each module: the n-th heap of the process lies at the n-th place.
class HeapMapping {
  public:
    static constexpr std::size_t kMaxBytes = std::size_t{16} << 30;

    static Result<HeapMapping> create(std::size_t bytes);

    HeapMapping(HeapMapping &&other) noexcept;
    HeapMapping &operator=(HeapMapping &&other) noexcept;
    ~HeapMapping();

    void *base() const { return base_; }
    std::size_t bytes() const { return bytes_; }

  private:
    HeapMapping(void *base, std::size_t bytes) : base_(base), bytes_(bytes) {}

    void *base_ = nullptr;
    std::size_t bytes_ = 0;
};

} // namespace hotrun
