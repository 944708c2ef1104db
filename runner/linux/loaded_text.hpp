// Text in the part of an ELF file that is loaded.
#pragma once

#include <cstdint>
#include <string>

#include <libelf.h>

namespace hotrun {

// What stands at an address, up to its NUL; empty: nothing that ends.
std::string loaded_text(Elf *elf, std::uint64_t address);

} // namespace hotrun
