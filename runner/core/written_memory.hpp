// Which of the process's private memory is no longer as it was mapped.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hotrun {

// Bound to the host's thread.
class WrittenMemory {
  public:
    virtual ~WrittenMemory() = default;

    // The parts that were written; what lies between them are whole pages.
    virtual std::vector<std::span<std::byte>> written_in(std::span<std::byte> memory) = 0;

    // Makes whole pages again what they were when they were mapped.
    virtual void drop(std::span<std::byte> pages) = 0;
};

} // namespace hotrun
