// The permanent heap: the memory of a module that outlives each generation of its code.
//
// The algorithm is the two-level segregated fit of M. Masmano, I. Ripoll, A. Crespo and J. Real,
// "TLSF: a New Dynamic Memory Allocator for Real-Time Systems", ECRTS 2004: lists of free blocks by
// size class, two levels of bitmaps that find a class with a block in it, and boundary tags that
// find a block's neighbours. To allocate and to release take constant time.
#pragma once

#include "hotrun/module.h"

#include <cstddef>
#include <mutex>
#include <span>
#include <vector>

namespace hotrun {

// A general allocator over one fixed range of memory that the caller owns. All bookkeeping lies
// inside the range: whoever copies its bytes away and later back, to the same address and while
// nobody calls, has taken and restored a snapshot of the allocator too.
//
// A module may write where it should not, so block headers are sealed: a damaged or unknown block
// is refused, where that can be seen, and never followed. Thread-safe.
class PermanentHeap {
  public:
    struct Statistics {
        std::size_t used_bytes = 0;         // in live blocks, without their headers
        std::size_t free_bytes = 0;         // in free blocks, without their headers
        std::size_t largest_free_bytes = 0; // the largest free block
        std::size_t block_count = 0;        // live blocks

        bool operator==(const Statistics &) const = default;
    };

    // Formats the range, whatever it held. A range too small to hold the bookkeeping and a block
    // makes a heap that is always full; what lies beyond 1 TiB is not used.
    PermanentHeap(void *base, std::size_t bytes) noexcept;

    // Goes on with a range of that address and size that another PermanentHeap has left; one that
    // holds none is formatted.
    struct Attach {};
    PermanentHeap(void *base, std::size_t bytes, Attach) noexcept;
    PermanentHeap(const PermanentHeap &) = delete;
    PermanentHeap &operator=(const PermanentHeap &) = delete;

    // As after construction: all blocks are gone.
    void format() noexcept;

    // `alignment` is a power of two; 0 means that of max_align_t. Null: the heap is full, or the
    // request can't be met by any heap. No bytes is a block of its own, as with malloc.
    [[nodiscard]] void *allocate(std::size_t bytes, std::size_t alignment) noexcept;

    // Zero-filled; the block may be a little larger than asked for. The heap
    // keeps the address of `type` and never reads through it later: the module that holds the type
    // may be gone by then.
    [[nodiscard]] void *allocate_typed(std::size_t count, const hotrun_type &type) noexcept;

    // As many blocks as there are places for them, each of `count` objects. False: the heap is
    // full; where it was, null was written.
    [[nodiscard]] bool allocate_typed(std::span<void *> blocks, std::size_t count,
                                      const hotrun_type &type) noexcept;

    // Typed blocks have the bytes that were asked for; the others may have a few more.
    struct LiveBlock {
        std::span<std::byte> payload;
        const hotrun_type *type = nullptr; // null: untyped
    };

    // By address. Up to the first header that is damaged.
    [[nodiscard]] std::vector<LiveBlock> live_blocks() const;

    // False when the pointer is no live block of this heap (released already, foreign, inside a
    // block) or a neighbour's header is damaged; nothing has happened then. Null is true.
    bool release(void *payload) noexcept;
    // As one after another, up to the first that is none; fast for neighbours, by address.
    bool release(std::span<void *const> payloads) noexcept;

    // Kept in the range: where whoever finds the heap again starts to read.
    [[nodiscard]] void *root() const noexcept;
    void set_root(void *root) noexcept;

    [[nodiscard]] Statistics statistics() const noexcept;

    // What is in use lies below; above there is one free block, and in the range's last 64 bytes
    // how it ends.
    [[nodiscard]] std::size_t extent_bytes() const noexcept;
    [[nodiscard]] void *base() const noexcept { return base_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

    // Walks all blocks and all lists: whether they agree. Takes time linear in the blocks.
    [[nodiscard]] bool check() const noexcept;

  private:
    class Pool;

    [[nodiscard]] std::span<std::byte> take(std::size_t bytes, std::size_t alignment,
                                            const hotrun_type *type) noexcept;

    void *const base_;
    const std::size_t bytes_;
    Pool *pool_ = nullptr; // at base_; null when the range is too small
    mutable std::mutex mutex_;
};

} // namespace hotrun
