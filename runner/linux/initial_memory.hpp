// The static variables of a library as they were when it was loaded.
#pragma once

#include "linux/library_layout.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace hotrun {

class InitialMemory {
  public:
    // As they are now.
    explicit InitialMemory(const LibraryLayout &layout);

    // False: the variable is not known.
    bool read(std::uint64_t address, std::span<std::byte> to) const;

  private:
    struct Part {
        std::uint64_t begin = 0;
        std::vector<std::byte> bytes;
    };
    struct Segment {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        std::vector<Part> parts; // by address; what lies between them is zero
    };

    std::vector<Segment> segments_;
};

} // namespace hotrun
