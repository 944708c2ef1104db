// The names by which the dynamic linker tells the live copies of one library apart. It takes a name
// that it knows for a library that it has: without a name of its own, new code that links a hot
// library would be bound to the oldest copy of that one.
#pragma once

#include "core/elf_image.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hotrun {

// Whether the library `name` can get another name of the same length in a copy of `image`, without
// a change to any other string. It can't if what comes before ".so" is shorter than four letters.
bool can_rename(const ElfImage &image, const std::string &name);

// The number-th name for a library `name` that can be renamed: libgame.so.1 becomes #00000a.so.1.
std::string unique_soname(const std::string &name, std::uint64_t number);

// What makes the library `from` the library `to` wherever `image` mentions it.
std::vector<Patch> rename_library(const ElfImage &image, const std::string &from,
                                  const std::string &to);

} // namespace hotrun
