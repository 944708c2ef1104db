// The memory of a permanent heap, and its image, as plain vectors.
#pragma once

#include "core/heap_image.hpp"

#include <algorithm>
#include <functional>
#include <optional>

namespace hotrun {

// Keeps no byte more than it is asked to: what was not to be taken is garbage after restore().
class FakeHeapImage final : public HeapImage {
  public:
    static constexpr std::size_t kPageBytes = 4096;
    static constexpr std::byte kGarbage{0xdb};

    explicit FakeHeapImage(std::size_t bytes = 16 * kPageBytes)
        : memory_(bytes), image_(bytes), changed_at_(bytes / kPageBytes) {}

    std::span<std::byte> memory() override { return memory_; }

    Status take(std::size_t used_bytes, Memory memory) override {
        takes.push_back(memory);
        ++version_;
        if (during_take)
            during_take();
        if (failure)
            return *failure;
        taken_bytes_ = used_bytes;
        take_part(0, used_bytes);
        take_part(memory_.size() - kPageBytes, memory_.size());
        return Done{};
    }

    void restore() override {
        ++restore_count;
        const std::size_t last_page = memory_.size() - kPageBytes;
        for (std::size_t i = 0; i < memory_.size(); ++i)
            memory_[i] = i < taken_bytes_ || i >= last_page ? image_[i] : kGarbage;
    }

    std::uint64_t version() const override { return version_; }
    Status read_image(std::size_t offset, std::span<std::byte> bytes) const override {
        std::copy_n(image_.begin() + static_cast<std::ptrdiff_t>(offset), bytes.size(),
                    bytes.begin());
        return Done{};
    }
    std::span<const std::byte> image() const override { return {image_.data(), taken_bytes_}; }
    std::uint64_t mark() override { return ++now_; }

    std::vector<HeapPart> changed_since(std::uint64_t mark, std::size_t used_bytes) const override {
        std::vector<HeapPart> parts;
        for (std::size_t page = 0; page * kPageBytes < used_bytes; ++page) {
            if (changed_at_[page] >= mark)
                parts.push_back({page * kPageBytes, (page + 1) * kPageBytes});
        }
        return parts;
    }

    std::optional<Error> failure; // of each take() as long as it is set
    std::function<void()> during_take;
    std::vector<Memory> takes;
    int restore_count = 0;

  private:
    void take_part(std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            if (image_[i] == memory_[i])
                continue;
            image_[i] = memory_[i];
            changed_at_[i / kPageBytes] = now_;
        }
    }

    std::vector<std::byte> memory_;
    std::vector<std::byte> image_;
    std::vector<std::uint64_t> changed_at_; // by page
    std::size_t taken_bytes_ = 0;
    std::uint64_t version_ = 0;
    std::uint64_t now_ = 1;
};

} // namespace hotrun
