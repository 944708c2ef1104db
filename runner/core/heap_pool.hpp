// What stands at the start of a permanent heap's range, and knows its blocks.
#pragma once

#include "core/heap_block.hpp"
#include "core/permanent_heap.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace hotrun {

namespace heap {

// Sizes below kLinearLimit have a list for each multiple of 16; above, each power of two is divided
// into kSecondLevelCount lists.
constexpr unsigned kSecondLevelLog2 = 5;
constexpr unsigned kSecondLevelCount = 1U << kSecondLevelLog2;
constexpr std::size_t kLinearLimit = kGranularity * kSecondLevelCount;
constexpr unsigned kLinearLog2 = std::bit_width(kLinearLimit) - 1;
constexpr unsigned kFirstLevelCount = kPoolLog2 - kLinearLog2 + 1;
constexpr unsigned kClassCount = kFirstLevelCount * kSecondLevelCount;
static_assert(kFirstLevelCount <= 32);

constexpr std::uint64_t kMagic = 0x70616568746f68ULL; // "hotheap"
constexpr std::uint64_t kVersion = 1;

} // namespace heap

// What stands at the start of the range; the blocks follow it, and a sentinel that is always live
// ends them. Two free blocks never touch. Not thread-safe.
class alignas(heap::kGranularity) PermanentHeap::Pool {
  public:
    static constexpr std::size_t min_bytes() {
        return sizeof(Pool) + 2 * (heap::kHeaderBytes + heap::kMinPayloadBytes);
    }

    explicit Pool(std::size_t bytes);

    std::span<std::byte> allocate(std::size_t bytes, std::size_t alignment, const hotrun_type *);
    std::size_t allocate_run(std::span<void *> blocks, std::size_t bytes, const hotrun_type &);
    std::size_t release_run(std::span<void *const> payloads);
    std::vector<LiveBlock> live_blocks() const;
    Statistics statistics() const;
    std::size_t extent_bytes() const;
    bool check() const;
    bool fits(std::size_t bytes) const { // whether it was made for so many
        return magic_ == heap::kMagic && version_ == heap::kVersion &&
               sentinel_ == sentinel_of(this, bytes);
    }

    void *root_ = nullptr;

  private:
    struct Totals {
        std::size_t used_bytes = 0;
        std::size_t free_bytes = 0;
        std::size_t used_count = 0;
        std::size_t free_count = 0;

        bool operator==(const Totals &) const = default;
    };

    static heap::Block *sentinel_of(const Pool *pool, std::size_t bytes) {
        bytes = std::min(bytes, std::size_t{1} << heap::kPoolLog2) & ~(heap::kGranularity - 1);
        return reinterpret_cast<heap::Block *>(address_of(pool) + bytes - heap::kHeaderBytes -
                                               heap::kMinPayloadBytes);
    }
    heap::Block *first() const;
    bool contains(const heap::Block *) const;
    bool is_intact(const heap::Block *) const;
    bool is_free(const heap::Block *) const;
    bool is_linked(heap::Block *) const;
    bool can_merge(heap::Block *) const;
    heap::Block *free_before(heap::Block *) const;
    heap::Block *live_block(void *payload) const;

    std::optional<unsigned> occupied_from(unsigned size_class) const;
    heap::Block *find(std::size_t size, std::size_t alignment) const;
    heap::Block *find_tight(std::size_t size, std::size_t alignment) const;
    void insert(heap::Block *, std::size_t size);
    void unlink(heap::Block *);
    heap::Block *cut_gap(heap::Block *, std::size_t gap);
    void use(heap::Block *, std::size_t size, const hotrun_type *);

    bool check_block(heap::Block *, bool previous_is_free) const;
    bool check_lists() const;

    std::uint64_t magic_ = heap::kMagic;
    std::uint64_t version_ = heap::kVersion;
    heap::Block *sentinel_;
    Totals totals_;
    std::uint32_t occupied_ = 0; // a bit for each first level that has any free block
    std::array<std::uint32_t, heap::kFirstLevelCount> occupied_lists_{};
    std::array<heap::Block *, heap::kClassCount> lists_{};
};

} // namespace hotrun
