// The memory of a permanent heap, and the image of it to which it can go back.
#pragma once

#include "hotrun/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hotrun {

// A part of the heap, in bytes from its start.
struct HeapPart {
    std::size_t begin = 0;
    std::size_t end = 0;
};

// Bound to the host's thread, save where something else is said.
class HeapImage {
  public:
    virtual ~HeapImage() = default;

    virtual std::span<std::byte> memory() = 0;

    // What take() does with the memory that it has put into the image. To give back what is rarely
    // written makes the next image cheaper, and is only right while no other thread writes into the
    // heap: kGivenBackIfAlone finds out whether there is any.
    enum class Memory { kKept, kGivenBack, kGivenBackIfAlone };

    // Brings the image up to the memory: its first `used_bytes` and its last page; what lies
    // between is free. After an Error the image is of no use until the next take().
    virtual Status take(std::size_t used_bytes, Memory memory) = 0;

    // Brings the memory back to the image.
    virtual void restore() = 0;

    // From any thread: a copy of a part of the image, which is one state of it if version() is the
    // same before and after. Any take() changes that number, at its begin and at its end.
    virtual std::uint64_t version() const = 0;
    virtual Status read_image(std::size_t offset, std::span<std::byte> bytes) const = 0;

    // From any thread: what is in use of the image, which take() may be changing; a mark of now.
    virtual std::span<const std::byte> image() const = 0;
    virtual std::uint64_t mark() = 0;

    // The parts below `used_bytes` that any take() since the mark has changed; of mark 0: all.
    virtual std::vector<HeapPart> changed_since(std::uint64_t mark,
                                                std::size_t used_bytes) const = 0;
};

} // namespace hotrun
