// The names of functions as C++ writes them.
#pragma once

#include <cstdint>
#include <string>

#include <elfutils/libdw.h>

namespace hotrun {

// The name that the symbol tables give to the address; empty: none.
std::string symbol_at(Elf *elf, std::uint64_t address);

// The name of the function, which has the address; empty: the entry gives none.
std::string function_name(Dwarf_Die function, Elf *elf, std::uint64_t address);

} // namespace hotrun
