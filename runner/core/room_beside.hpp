// Where beside a library there are addresses that nobody uses.
#pragma once

#include "core/address_range.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace hotrun {

// All of it is so near to all of `library` that code may refer to it by a distance of 32 bits.
// `taken` has what lies in memory, in its order; the library is part of it, and nothing is free
// behind the last. Of free places the largest of at most so many bytes, and of these the nearest.
// None: there are none of `least_bytes`.
std::optional<AddressRange> room_beside(const AddressRange &library,
                                        std::span<const AddressRange> taken,
                                        std::uint64_t least_bytes, std::uint64_t most_bytes);

} // namespace hotrun
