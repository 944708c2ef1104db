#pragma once

#include <cstdint>

namespace hotrun {

struct AddressRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0; // one past the last

    bool contains(std::uint64_t address) const { return address - begin < end - begin; }
    bool operator==(const AddressRange &) const = default;
};

} // namespace hotrun
