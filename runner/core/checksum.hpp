// Whether bytes are still what they were.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace hotrun {

// Of bytes that come in pieces, all of them but the last a multiple of eight. No protection against
// intent. Each word is mixed in by a step that can be undone, so that one word more or less, or
// another one, always gives another sum.
class Checksum {
  public:
    void add(std::span<const std::byte> bytes) {
        for (; bytes.size() >= sizeof(std::uint64_t);
             bytes = bytes.subspan(sizeof(std::uint64_t))) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes.data(), sizeof word);
            add(word);
        }
        if (bytes.empty())
            return;
        std::uint64_t word = std::uint64_t{bytes.size()} << 56;
        std::memcpy(&word, bytes.data(), bytes.size());
        add(word);
    }
    void add(std::uint64_t word) {
        constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15; // 2^64 by the golden ratio
        sum_ = std::rotl((sum_ ^ word) * kOdd, 31);
    }

    std::uint64_t sum() const { return sum_ ^ (sum_ >> 29); }

    static std::uint64_t of(std::span<const std::byte> bytes) {
        Checksum checksum;
        checksum.add(bytes);
        return checksum.sum();
    }

  private:
    std::uint64_t sum_ = 0x686f7472756e0001;
};

} // namespace hotrun
