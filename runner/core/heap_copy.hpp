// A second image of a heap: all of it that is in use, copied.
#pragma once

#include "core/copy_bytes.hpp"
#include "core/heap_image.hpp"

#include <algorithm>
#include <vector>

namespace hotrun {

// Bound to the host's thread.
class HeapCopy final : public HeapImage {
  public:
    explicit HeapCopy(std::span<std::byte> memory) : memory_(memory) {}

    std::span<std::byte> memory() override { return memory_; }

    // With the last page, where the heap's own bookkeeping ends.
    Status take(std::size_t used_bytes, Memory) override {
        const auto used = memory_.first(used_bytes);
        used_.resize(used.size());
        copy_bytes(used_.data(), used.data(), used.size());
        const auto last = last_page();
        last_.resize(last.size());
        copy_bytes(last_.data(), last.data(), last.size());
        return Done{};
    }
    void restore() override {
        copy_bytes(memory_.data(), used_.data(), used_.size());
        copy_bytes(last_page().data(), last_.data(), last_.size());
    }

    std::uint64_t version() const override { return 0; }
    Status read_image(std::size_t offset, std::span<std::byte> bytes) const override {
        copy_bytes(bytes.data(), used_.data() + offset, bytes.size());
        return Done{};
    }
    std::span<const std::byte> image() const override { return used_; }
    std::uint64_t mark() override { return 0; }
    std::vector<HeapPart> changed_since(std::uint64_t, std::size_t used_bytes) const override {
        return {{0, used_bytes}};
    }

  private:
    static constexpr std::size_t kPageBytes = 4096;
    std::span<std::byte> last_page() {
        const std::size_t begin = (memory_.size() - 1) / kPageBytes * kPageBytes;
        return memory_.subspan(begin);
    }

    std::span<std::byte> memory_;
    std::vector<std::byte> used_;
    std::vector<std::byte> last_;
};

} // namespace hotrun
