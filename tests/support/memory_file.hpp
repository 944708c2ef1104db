// A file without a disk.
#pragma once

#include "core/file_system.hpp"

#include <algorithm>
#include <utility>

namespace hotrun {

class MemoryFile final : public File {
  public:
    explicit MemoryFile(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {
        timestamp_.size_bytes = bytes_.size();
    }

    Timestamp timestamp() const override { return timestamp_; }

    bool read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
        if (offset > bytes_.size() || bytes.size() > bytes_.size() - offset) {
            ++outside_read_count_;
            return false;
        }
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), bytes.size(),
                    bytes.begin());
        return true;
    }

    Writers lock_out_writers() override { return writers; }

    // Cuts the content, but not the size that timestamp() tells: as if it had been cut since.
    void cut_behind_our_back(std::size_t size) { bytes_.resize(size); }

    std::size_t outside_read_count() const { return outside_read_count_; }

    Writers writers = Writers::kNone;

  private:
    std::vector<std::byte> bytes_;
    Timestamp timestamp_;
    mutable std::size_t outside_read_count_ = 0;
};

} // namespace hotrun
