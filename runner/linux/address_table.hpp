// Numbers by addresses.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hotrun {

// Made for many more questions than answers.
class AddressTable {
  public:
    static constexpr std::uint32_t kNone = UINT32_MAX; // no number

    // For so many addresses at most.
    explicit AddressTable(std::size_t count = 0) : slots_(std::bit_ceil(count * 4 + 1)) {}

    // Unless the address has one.
    void add(std::uint64_t address, std::uint32_t number) {
        Slot &slot = slots_[place_of(address)];
        if (slot.number == kNone)
            slot = {address, number};
    }

    std::uint32_t find(std::uint64_t address) const { return slots_[place_of(address)].number; }

  private:
    struct Slot {
        std::uint64_t address = 0;
        std::uint32_t number = kNone;
    };

    // Most of the slots stay empty.
    std::size_t place_of(std::uint64_t address) const {
        constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15; // 2^64 by the golden ratio
        std::size_t at = address * kOdd >> 32;
        for (; true; ++at) {
            at &= slots_.size() - 1;
            if (slots_[at].number == kNone || slots_[at].address == address)
                return at;
        }
    }

    std::vector<Slot> slots_; // of which there are a power of two
};

} // namespace hotrun
