// The blocks of a permanent heap: their headers, and how they lie side by side.
#pragma once

#include "core/address_range.hpp"
#include "hotrun/module.h"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace hotrun::heap {

// A block is a header and a payload. A free block keeps its list links in the words that a live one
// uses otherwise, and its own address in the payload's last word, where the next block finds it.
struct Block {
    std::uint64_t sealed; // seal, payload size, flags
    union {
        const hotrun_type *type; // live: null when untyped
        Block *next_free;
    };
    Block *previous_free; // free only: the payload starts here
};

constexpr std::size_t kGranularity = 16;
constexpr std::size_t kHeaderBytes = offsetof(Block, previous_free);
constexpr std::size_t kMinPayloadBytes = 16; // previous_free and the last word
static_assert(kHeaderBytes == 16 && kGranularity >= alignof(std::max_align_t));

constexpr std::uint64_t kUsed = 1;
constexpr std::uint64_t kPreviousFree = 2;
// The last byte of the payload tells how many of its bytes were not asked for: how many objects a
// typed block has is known from what is left.
constexpr std::uint64_t kHasSpare = 4;
constexpr std::uint64_t kFlags = kGranularity - 1;

constexpr unsigned kPoolLog2 = 40; // the seal has the bits of a header word from here on

constexpr std::size_t round_up(std::size_t value, std::size_t alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

// Not against malice: against data that looks like a header, and a header that was written over.
inline std::uint64_t seal(const Block *block, std::uint64_t size_and_flags) {
    const std::uint64_t mixed =
        (address_of(block) ^ std::rotl(size_and_flags, 32)) * 0x9e3779b97f4a7c15ULL;
    return size_and_flags | (mixed >> kPoolLog2 << kPoolLog2);
}

inline std::uint64_t unsealed(const Block *block) {
    return block->sealed & ((std::uint64_t{1} << kPoolLog2) - 1);
}

inline std::size_t size_of(const Block *block) {
    return unsealed(block) & ~kFlags;
}
inline bool has(const Block *block, std::uint64_t flag) {
    return (block->sealed & flag) != 0;
}

inline void write(Block *block, std::size_t size, std::uint64_t flags) {
    block->sealed = seal(block, size | flags);
}

inline void set_previous_free(Block *block, bool free) {
    const std::uint64_t others = unsealed(block) & ~kPreviousFree;
    block->sealed = seal(block, free ? others | kPreviousFree : others);
}

inline std::byte *payload_of(Block *block) {
    return reinterpret_cast<std::byte *>(block) + kHeaderBytes;
}

inline Block *block_at(std::byte *header) {
    return reinterpret_cast<Block *>(header);
}

inline Block *next_of(Block *block) {
    return block_at(payload_of(block) + size_of(block));
}

// The last word of the block before this one; meaningful while that block is free.
inline Block *&last_word_before(Block *block) {
    return *(reinterpret_cast<Block **>(block) - 1);
}

} // namespace hotrun::heap
