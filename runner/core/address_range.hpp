#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hotrun {

struct AddressRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0; // one past the last

    bool contains(std::uint64_t address) const { return address - begin < end - begin; }
    bool operator==(const AddressRange &) const = default;
};

inline std::uint64_t address_of(const void *pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer);
}

inline AddressRange range_of(std::span<const std::byte> memory) {
    const std::uint64_t begin = address_of(memory.data());
    return {begin, begin + memory.size()};
}

} // namespace hotrun
