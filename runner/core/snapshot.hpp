// A state of a module that it can go back to: its heap, its statics, its context.
#pragma once

#include "core/heap_image.hpp"
#include "core/permanent_heap.hpp"
#include "core/written_memory.hpp"
#include "hotrun/module.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace hotrun {

using Statics = std::vector<std::span<std::byte>>;

// Bound to the host's thread. There is one snapshot, the last one.
class Snapshot {
  public:
    // Without `written` all of the statics is taken to be written.
    explicit Snapshot(HeapImage &heap, WrittenMemory *written = nullptr)
        : heap_(heap), written_(written) {}

    // `statics`: the writable segments of the code that runs; they stay mapped while this snapshot
    // may be restored.
    Status take(const PermanentHeap &heap, const Statics &statics, const hotrun_context &context,
                HeapImage::Memory memory);

    void restore(hotrun_context &context);

    std::uint64_t step() const { return step_; }
    void *state() const { return state_; }

    // The memory of the statics, as it is in the snapshot.
    using Visit = std::function<void(std::uintptr_t address, std::span<const std::byte> bytes)>;
    void visit_statics(const Visit &visit) const;

  private:
    void take_statics(const Statics &statics);

    // Large arrays are hardly ever written whole, and pages that were not need no copy.
    struct Segment {
        std::span<std::byte> memory;
        std::vector<std::span<std::byte>> parts; // that were written
        std::vector<std::byte> bytes;            // of these, in turn
    };
    void take_segment(Segment &segment);
    void restore_segment(const Segment &segment);

    HeapImage &heap_;
    WrittenMemory *written_;
    std::vector<Segment> segments_;
    std::size_t segment_count_ = 0; // of those above that are in use: their memory is used again
    std::uint64_t generation_ = 0;
    std::uint64_t step_ = 0;
    void *state_ = nullptr;
};

} // namespace hotrun
