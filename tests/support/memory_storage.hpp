// Files that are written in place, on a disk in memory that can fail or lose its power.
#pragma once

#include "core/storage.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace hotrun {

// What all files of it share: which operation is the last.
struct MemoryDisk {
    struct PowerCut {}; // thrown

    enum class Fault { kNone, kCut, kError };
    Fault fault = Fault::kNone;
    int operations_left = 0; // until the fault; half of what it meets is done
    int operation_count = 0;

    // Whether the next operation is the one that the fault meets, or comes after it.
    bool fails() {
        ++operation_count;
        return fault != Fault::kNone && operations_left-- <= 0;
    }
};

class MemoryStorage final : public Storage {
  public:
    using Bytes = std::vector<std::byte>;

    explicit MemoryStorage(MemoryDisk &disk, Bytes bytes = {})
        : disk_(disk), bytes_(bytes), synced_(std::move(bytes)) {}

    std::uint64_t size_bytes() const override { return bytes_.size(); }

    Status read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
        if (offset > bytes_.size() || bytes.size() > bytes_.size() - offset)
            return Error{ErrorKind::kFailed, "cut short", 0};
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), bytes.size(),
                    bytes.begin());
        return Done{};
    }

    Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
        const bool fails = disk_.fails();
        if (fails)
            bytes = bytes.first(bytes.size() / 2);
        written_bytes += bytes.size();
        do_now({offset, {bytes.begin(), bytes.end()}, std::nullopt});
        return outcome(fails);
    }

    Status cut(std::uint64_t size_bytes) override {
        const bool fails = disk_.fails();
        if (!fails)
            do_now({0, {}, size_bytes});
        return outcome(fails);
    }

    Status sync() override {
        const bool fails = disk_.fails();
        if (!fails) {
            synced_ = bytes_;
            unsynced_.clear();
        }
        return outcome(fails);
    }

    // As whoever comes later finds it: after the process was killed, all of it; after a power cut
    // what was synced, and of the rest what `stays` says, by the number of the operation.
    const Bytes &bytes() const { return bytes_; }
    template <typename Stays>
    Bytes bytes_after_power_cut(Stays stays) const {
        Bytes bytes = synced_;
        for (std::size_t i = 0; i < unsynced_.size(); ++i) {
            if (stays(i))
                apply(unsynced_[i], bytes);
        }
        return bytes;
    }

    std::size_t written_bytes = 0;

  private:
    struct Operation {
        std::uint64_t offset;
        Bytes bytes;
        std::optional<std::uint64_t> cut_to;
    };

    static void apply(const Operation &operation, Bytes &bytes) {
        if (operation.cut_to)
            return bytes.resize(*operation.cut_to);
        bytes.resize(std::max(bytes.size(), operation.offset + operation.bytes.size()));
        std::ranges::copy(operation.bytes,
                          bytes.begin() + static_cast<std::ptrdiff_t>(operation.offset));
    }
    void do_now(Operation operation) {
        apply(operation, bytes_);
        unsynced_.push_back(std::move(operation));
    }
    Status outcome(bool fails) const {
        if (fails && disk_.fault == MemoryDisk::Fault::kCut)
            throw MemoryDisk::PowerCut();
        if (fails)
            return Error{ErrorKind::kFailed, "can't write /s/heap: No space left on device", 28};
        return Done{};
    }

    MemoryDisk &disk_;
    Bytes bytes_;
    Bytes synced_;
    std::vector<Operation> unsynced_;
};

} // namespace hotrun
