// Whether two libraries have the same types.
#pragma once

#include "core/type_layout.hpp"

#include <cstdint>

namespace hotrun {

// Of all that LayoutDiff would compare, of the types that blocks may have and what they lead to:
// not where they are declared, nor where their descriptors lie.
std::uint64_t checksum_of(const LibraryTypes &types);

} // namespace hotrun
