#include "core/permanent_heap.hpp"

#include "core/heap_pool.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <new>

namespace hotrun {

PermanentHeap::PermanentHeap(void *base, std::size_t bytes) noexcept : base_(base), bytes_(bytes) {
    if (base != nullptr && address_of(base) % alignof(Pool) == 0 &&
        bytes >= Pool::min_bytes()) {
        pool_ = new (base) Pool(bytes);
    }
}

PermanentHeap::PermanentHeap(void *base, std::size_t bytes, Attach) noexcept
    : base_(base), bytes_(bytes) {
    if (base == nullptr || address_of(base) % alignof(Pool) != 0 || bytes < Pool::min_bytes())
        return;
    auto *const pool = static_cast<Pool *>(base);
    pool_ = pool->fits(bytes) ? pool : new (base) Pool(bytes);
}

void PermanentHeap::format() noexcept {
    const std::lock_guard lock(mutex_);
    if (pool_ != nullptr)
        pool_ = new (base_) Pool(bytes_);
}

std::span<std::byte> PermanentHeap::take(std::size_t bytes, std::size_t alignment,
                                         const hotrun_type *type) noexcept {
    if (alignment == 0) {
        alignment = alignof(std::max_align_t);
    }
    if (pool_ == nullptr || !std::has_single_bit(alignment)) {
        return {};
    }
    const std::lock_guard lock(mutex_);
    return pool_->allocate(bytes, alignment, type);
}

void *PermanentHeap::allocate(std::size_t bytes, std::size_t alignment) noexcept {
    return take(bytes, alignment, nullptr).data();
}

namespace {

// Zero, and how many bytes were not asked for.
void fill_typed(std::span<std::byte> payload, std::size_t bytes) {
    if (!payload.empty())
        std::memset(payload.data(), 0, payload.size());
    if (payload.size() > bytes)
        payload.back() = static_cast<std::byte>(payload.size() - bytes);
}

} // namespace

void *PermanentHeap::allocate_typed(std::size_t count, const hotrun_type &type) noexcept {
    if (type.size_bytes != 0 && count > SIZE_MAX / type.size_bytes) {
        return nullptr;
    }
    const std::size_t bytes = count * type.size_bytes;
    const auto payload = take(bytes, type.alignment, &type);
    fill_typed(payload, bytes);
    return payload.data();
}

bool PermanentHeap::allocate_typed(std::span<void *> blocks, std::size_t count,
                                   const hotrun_type &type) noexcept {
    const bool is_run = pool_ != nullptr && type.alignment <= heap::kGranularity &&
                        (type.size_bytes == 0 || count <= bytes_ / type.size_bytes);
    std::size_t made = 0;
    if (is_run) {
        const std::lock_guard lock(mutex_);
        made = pool_->allocate_run(blocks, count * type.size_bytes, type);
    }
    for (void *&payload : blocks.first(made)) {
        const std::size_t size =
            heap::size_of(heap::block_at(static_cast<std::byte *>(payload) - heap::kHeaderBytes));
        fill_typed({static_cast<std::byte *>(payload), size}, count * type.size_bytes);
    }
    for (void *&payload : blocks.subspan(made)) {
        payload = allocate_typed(count, type);
        if (payload == nullptr)
            return false;
    }
    return true;
}

bool PermanentHeap::release(void *payload) noexcept {
    return payload == nullptr || release(std::span<void *const>(&payload, 1));
}

bool PermanentHeap::release(std::span<void *const> payloads) noexcept {
    const std::lock_guard lock(mutex_);
    while (!payloads.empty()) {
        const std::size_t count = pool_ != nullptr ? pool_->release_run(payloads) : 0;
        if (count == 0)
            return false;
        payloads = payloads.subspan(count);
    }
    return true;
}

void *PermanentHeap::root() const noexcept {
    const std::lock_guard lock(mutex_);
    return pool_ != nullptr ? pool_->root_ : nullptr;
}

void PermanentHeap::set_root(void *root) noexcept {
    const std::lock_guard lock(mutex_);
    if (pool_ != nullptr) {
        pool_->root_ = root;
    }
}

std::vector<PermanentHeap::LiveBlock> PermanentHeap::live_blocks() const {
    const std::lock_guard lock(mutex_);
    return pool_ != nullptr ? pool_->live_blocks() : std::vector<LiveBlock>{};
}

PermanentHeap::Statistics PermanentHeap::statistics() const noexcept {
    const std::lock_guard lock(mutex_);
    return pool_ != nullptr ? pool_->statistics() : Statistics{};
}

std::size_t PermanentHeap::extent_bytes() const noexcept {
    const std::lock_guard lock(mutex_);
    return pool_ != nullptr ? pool_->extent_bytes() : 0;
}

bool PermanentHeap::check() const noexcept {
    const std::lock_guard lock(mutex_);
    return pool_ == nullptr || pool_->check();
}

} // namespace hotrun
