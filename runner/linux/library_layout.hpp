// Where the parts of a loaded library lie.
#pragma once

#include "core/library_loader.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace hotrun {

struct LibraryLayout {
    Library::Place place;
    std::vector<std::span<std::byte>> writable; // without what is read-only once it is relocated
    std::vector<std::size_t> stored_bytes;      // of these: the file has so many, the rest is zero
};

// Empty if the dynamic linker does not know the handle.
LibraryLayout layout_of(void *handle);

} // namespace hotrun
