// Memory of this process of which nobody knows whether it is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hotrun {

class ProcessMemory {
  public:
    virtual ~ProcessMemory() = default;

    // False: not all of it is there.
    virtual bool read(std::uint64_t address, std::span<std::byte> to) const = 0;
};

} // namespace hotrun
