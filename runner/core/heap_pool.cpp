#include "core/heap_pool.hpp"

namespace hotrun {

using namespace heap;

namespace {

// How many blocks a search that found no certain fit may look at.
constexpr int kTightProbes = 32;

// The index of the list that holds free blocks of this size.
unsigned class_of(std::size_t size) {
    if (size < kLinearLimit) {
        return static_cast<unsigned>(size / kGranularity);
    }
    const unsigned log2 = static_cast<unsigned>(std::bit_width(size)) - 1;
    const auto second = static_cast<unsigned>(size >> (log2 - kSecondLevelLog2));
    return (log2 - kLinearLog2 + 1) * kSecondLevelCount + second - kSecondLevelCount;
}

// The first list whose blocks are all at least that large.
unsigned class_that_fits(std::size_t size) {
    if (size < kLinearLimit) {
        return class_of(size);
    }
    const auto log2 = static_cast<unsigned>(std::bit_width(size)) - 1;
    return class_of(size + (std::size_t{1} << (log2 - kSecondLevelLog2)) - 1);
}

// What has to be left free in front, so that the payload is aligned: nothing, or a whole block.
std::size_t gap_before(Block *block, std::size_t alignment) {
    const std::uintptr_t payload = address_of(payload_of(block));
    const std::size_t gap = round_up(payload, alignment) - payload;
    constexpr std::size_t kSmallest = kHeaderBytes + kMinPayloadBytes;
    return gap == 0 || gap >= kSmallest ? gap : round_up(payload + kSmallest, alignment) - payload;
}

std::size_t largest_gap(std::size_t alignment) {
    return alignment <= kGranularity ? 0 : alignment + kGranularity;
}

} // namespace

PermanentHeap::Pool::Pool(std::size_t bytes) : sentinel_(sentinel_of(this, bytes)) {
    write(sentinel_, kMinPayloadBytes, kUsed);
    sentinel_->type = nullptr;
    insert(first(), address_of(sentinel_) - address_of(first()) - kHeaderBytes);
}

Block *PermanentHeap::Pool::first() const {
    return reinterpret_cast<Block *>(address_of(this) + sizeof(Pool));
}

bool PermanentHeap::Pool::contains(const Block *block) const {
    const std::uintptr_t address = address_of(block);
    return address % kGranularity == 0 && address >= address_of(first()) &&
           address < address_of(sentinel_);
}

// Whether a block may be read as one; any value of the pointer may be asked for.
bool PermanentHeap::Pool::is_intact(const Block *block) const {
    if (block != sentinel_ && !contains(block)) {
        return false;
    }
    if (block->sealed != seal(block, unsealed(block)) || size_of(block) < kMinPayloadBytes) {
        return false;
    }
    return block == sentinel_ ||
           size_of(block) + kHeaderBytes <= address_of(sentinel_) - address_of(block);
}

bool PermanentHeap::Pool::is_free(const Block *block) const {
    return is_intact(block) && !has(block, kUsed);
}

// Whether a free block can be taken out of its list without following a damaged link.
bool PermanentHeap::Pool::is_linked(Block *block) const {
    Block *const next = block->next_free;
    if (next != nullptr && !(is_free(next) && next->previous_free == block)) {
        return false;
    }
    Block *const previous = block->previous_free;
    if (previous == nullptr) {
        return lists_[class_of(size_of(block))] == block;
    }
    return is_free(previous) && previous->next_free == block;
}

// The free block right before this one; null when its last word or its header is damaged.
Block *PermanentHeap::Pool::free_before(Block *block) const {
    Block *const previous = last_word_before(block);
    return is_free(previous) && next_of(previous) == block ? previous : nullptr;
}

bool PermanentHeap::Pool::can_merge(Block *block) const {
    if (has(block, kPreviousFree)) {
        Block *const previous = free_before(block);
        if (previous == nullptr || !is_linked(previous)) {
            return false;
        }
    }
    Block *const next = next_of(block);
    return has(next, kUsed) || (is_intact(next_of(next)) && is_linked(next));
}

// The sentinel is none: no block follows it.
Block *PermanentHeap::Pool::live_block(void *payload) const {
    const auto block = reinterpret_cast<Block *>(address_of(payload) - kHeaderBytes);
    if (!is_intact(block) || !has(block, kUsed)) {
        return nullptr;
    }
    Block *const next = next_of(block);
    return is_intact(next) && !has(next, kPreviousFree) ? block : nullptr;
}

// The first list from this one on that holds a block.
std::optional<unsigned> PermanentHeap::Pool::occupied_from(unsigned size_class) const {
    if (size_class >= kClassCount) {
        return std::nullopt;
    }
    unsigned level = size_class / kSecondLevelCount;
    std::uint32_t lists = occupied_lists_[level] & (~0U << size_class % kSecondLevelCount);
    if (lists == 0) {
        const auto levels = static_cast<std::uint32_t>(occupied_ & (~std::uint64_t{1} << level));
        if (levels == 0) {
            return std::nullopt;
        }
        level = static_cast<unsigned>(std::countr_zero(levels));
        lists = occupied_lists_[level];
    }
    return level * kSecondLevelCount + static_cast<unsigned>(std::countr_zero(lists));
}

Block *PermanentHeap::Pool::find(std::size_t size, std::size_t alignment) const {
    const auto fitting = occupied_from(class_that_fits(size + largest_gap(alignment)));
    return fitting ? lists_[*fitting] : find_tight(size, alignment);
}

// Only blocks are left that may fit, by their exact size and address. To look at a few of them lets
// the heap be filled to its end; to look at all of them would not be constant time.
Block *PermanentHeap::Pool::find_tight(std::size_t size, std::size_t alignment) const {
    int probes = kTightProbes;
    for (auto at = occupied_from(class_of(size)); at; at = occupied_from(*at + 1)) {
        for (Block *block = lists_[*at]; is_free(block); block = block->next_free) {
            if (gap_before(block, alignment) + size <= size_of(block)) {
                return block;
            }
            if (--probes == 0) {
                return nullptr;
            }
        }
    }
    return nullptr;
}

// Makes a free block of raw memory between two live ones.
void PermanentHeap::Pool::insert(Block *block, std::size_t size) {
    const unsigned at = class_of(size);
    write(block, size, 0);
    set_previous_free(next_of(block), true);
    last_word_before(next_of(block)) = block;
    block->previous_free = nullptr;
    block->next_free = lists_[at];
    if (block->next_free != nullptr) {
        block->next_free->previous_free = block;
    }
    lists_[at] = block;
    occupied_ |= 1U << at / kSecondLevelCount;
    occupied_lists_[at / kSecondLevelCount] |= 1U << at % kSecondLevelCount;
    totals_.free_bytes += size;
    ++totals_.free_count;
}

void PermanentHeap::Pool::unlink(Block *block) {
    const unsigned at = class_of(size_of(block));
    if (block->next_free != nullptr) {
        block->next_free->previous_free = block->previous_free;
    }
    (block->previous_free != nullptr ? block->previous_free->next_free : lists_[at]) =
        block->next_free;
    if (lists_[at] == nullptr) {
        std::uint32_t &lists = occupied_lists_[at / kSecondLevelCount];
        lists &= ~(1U << at % kSecondLevelCount);
        occupied_ &= ~((lists == 0 ? 1U : 0U) << at / kSecondLevelCount);
    }
    totals_.free_bytes -= size_of(block);
    --totals_.free_count;
}

// Gives the front of an unlinked block back and answers the rest.
Block *PermanentHeap::Pool::cut_gap(Block *block, std::size_t gap) {
    if (gap == 0) {
        return block;
    }
    Block *const rest = block_at(reinterpret_cast<std::byte *>(block) + gap);
    write(rest, size_of(block) - gap, kUsed);
    insert(block, gap - kHeaderBytes);
    return rest;
}

// Makes an unlinked block live and gives what it has too much at its end back.
void PermanentHeap::Pool::use(Block *block, std::size_t size, const hotrun_type *type) {
    const std::uint64_t previous_free = unsealed(block) & kPreviousFree;
    const std::size_t spare = size_of(block) - size;
    if (spare >= kHeaderBytes + kMinPayloadBytes) {
        write(block, size, kUsed | previous_free);
        insert(next_of(block), spare - kHeaderBytes);
    } else {
        write(block, size + spare, kUsed | previous_free);
        set_previous_free(next_of(block), false);
    }
    block->type = type;
    totals_.used_bytes += size_of(block);
    ++totals_.used_count;
}

std::span<std::byte> PermanentHeap::Pool::allocate(std::size_t bytes, std::size_t alignment,
                                                   const hotrun_type *type) {
    const std::size_t pool_bytes = address_of(sentinel_) - address_of(this);
    if (bytes > pool_bytes || alignment > pool_bytes) {
        return {}; // from here on no sum overflows
    }
    const std::size_t size = std::max(round_up(bytes, kGranularity), kMinPayloadBytes);
    Block *block = find(size, alignment);
    if (!is_free(block) || !is_linked(block) || !is_intact(next_of(block))) {
        return {};
    }
    unlink(block);
    block = cut_gap(block, gap_before(block, alignment));
    use(block, size, type);
    if (type != nullptr && size_of(block) > bytes) { // the caller writes how many
        write(block, size_of(block), (unsealed(block) & kFlags) | kHasSpare);
    }
    return {payload_of(block), size_of(block)};
}

std::vector<PermanentHeap::LiveBlock> PermanentHeap::Pool::live_blocks() const {
    std::vector<LiveBlock> blocks;
    blocks.reserve(totals_.used_count);
    for (Block *block = first(); block != sentinel_ && is_intact(block); block = next_of(block)) {
        if (!has(block, kUsed))
            continue;
        std::size_t bytes = size_of(block);
        if (has(block, kHasSpare))
            bytes -= std::min(bytes, static_cast<std::size_t>(payload_of(block)[bytes - 1]));
        blocks.push_back({{payload_of(block), bytes}, block->type});
    }
    return blocks;
}

// Cuts them all from one free block, if there is one that is large enough. Alignment is that of any
// block.
std::size_t PermanentHeap::Pool::allocate_run(std::span<void *> blocks, std::size_t bytes,
                                              const hotrun_type &type) {
    const std::size_t size = std::max(round_up(bytes, kGranularity), kMinPayloadBytes);
    const std::size_t stride = kHeaderBytes + size;
    const std::size_t pool_bytes = address_of(sentinel_) - address_of(this);
    if (blocks.empty() || bytes > pool_bytes || blocks.size() > pool_bytes / stride)
        return 0;
    Block *block = find(blocks.size() * stride - kHeaderBytes, 0);
    if (!is_free(block) || !is_linked(block) || !is_intact(next_of(block)))
        return 0;
    unlink(block);
    std::size_t left = size_of(block);
    for (void *&payload : blocks) {
        write(block, left, 0);
        if (&payload != &blocks.back()) {
            write(block, size, kUsed);
            block->type = &type;
            totals_.used_bytes += size;
            ++totals_.used_count;
        } else {
            use(block, size, &type);
        }
        if (size_of(block) > bytes)
            write(block, size_of(block), (unsealed(block) & kFlags) | kHasSpare);
        payload = payload_of(block);
        left -= stride;
        block = block_at(payload_of(block) + size);
    }
    return blocks.size();
}

// The first, and those after it as far as each is the neighbour of the one before: how many. The
// headers that vanish in a merge are wiped: no stale one can be taken for a block.
std::size_t PermanentHeap::Pool::release_run(std::span<void *const> payloads) {
    Block *block = live_block(payloads.front());
    if (block == nullptr || !can_merge(block)) {
        return 0;
    }
    std::size_t size = size_of(block);
    std::size_t count = 1;
    Block *next = next_of(block);
    while (count < payloads.size() && payload_of(next) == payloads[count] &&
           live_block(payloads[count]) == next && can_merge(next)) {
        size += kHeaderBytes + size_of(next);
        ++count;
        Block *const after = next_of(next);
        next->sealed = 0;
        next = after;
    }
    totals_.used_bytes -= size - (count - 1) * kHeaderBytes;
    totals_.used_count -= count;
    if (!has(next, kUsed)) {
        unlink(next);
        size += kHeaderBytes + size_of(next);
        next->sealed = 0;
    }
    if (has(block, kPreviousFree)) {
        Block *const previous = free_before(block);
        unlink(previous);
        size += kHeaderBytes + size_of(previous);
        block->sealed = 0;
        block = previous;
    }
    insert(block, size);
    return count;
}

PermanentHeap::Statistics PermanentHeap::Pool::statistics() const {
    std::size_t largest = 0;
    if (occupied_ != 0) {
        const auto level = static_cast<unsigned>(std::bit_width(occupied_)) - 1;
        const auto list = static_cast<unsigned>(std::bit_width(occupied_lists_[level])) - 1;
        Block *block = lists_[level * kSecondLevelCount + list];
        for (; is_free(block); block = block->next_free) {
            largest = std::max(largest, size_of(block));
        }
    }
    return {totals_.used_bytes, totals_.free_bytes, largest, totals_.used_count};
}

// A free block's header and links count as in use.
std::size_t PermanentHeap::Pool::extent_bytes() const {
    Block *const last = has(sentinel_, kPreviousFree) ? free_before(sentinel_) : nullptr;
    const std::uintptr_t end =
        last == nullptr ? address_of(sentinel_) : address_of(last) + sizeof(Block);
    return end - address_of(this);
}

bool PermanentHeap::Pool::check_block(Block *block, bool previous_is_free) const {
    if (!is_intact(block) || has(block, kPreviousFree) != previous_is_free) {
        return false;
    }
    if (has(block, kUsed)) {
        return true;
    }
    return !previous_is_free && is_linked(block) && free_before(next_of(block)) == block;
}

// That a block is in the list of its size is seen from is_linked and the equal count.
bool PermanentHeap::Pool::check_lists() const {
    std::size_t count = 0;
    for (unsigned at = 0; at < kClassCount; ++at) {
        const bool marked = (occupied_lists_[at / kSecondLevelCount] >> at % kSecondLevelCount) & 1;
        const bool level_marked = (occupied_ >> at / kSecondLevelCount) & 1;
        if (marked != (lists_[at] != nullptr) || (marked && !level_marked)) {
            return false;
        }
        for (Block *block = lists_[at]; block != nullptr; block = block->next_free) {
            if (++count > totals_.free_count || !is_free(block) || !is_linked(block) ||
                class_of(size_of(block)) != at) {
                return false;
            }
        }
    }
    return count == totals_.free_count;
}

bool PermanentHeap::Pool::check() const {
    Totals seen;
    bool previous_is_free = false;
    for (Block *block = first(); block != sentinel_; block = next_of(block)) {
        if (!check_block(block, previous_is_free)) {
            return false;
        }
        previous_is_free = !has(block, kUsed);
        (previous_is_free ? seen.free_bytes : seen.used_bytes) += size_of(block);
        ++(previous_is_free ? seen.free_count : seen.used_count);
    }
    return magic_ == heap::kMagic && version_ == heap::kVersion && seen == totals_ &&
           check_block(sentinel_, previous_is_free) && check_lists();
}

} // namespace hotrun
