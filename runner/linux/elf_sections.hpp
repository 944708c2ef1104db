// The sections of an ELF file by their names.
#pragma once

#include "linux/dwarf_bytes.hpp"

#include <string_view>

#include <gelf.h>

namespace hotrun {

// Calls `visit` with the name and the header of each, and with itself.
template <typename Visit>
void each_section(Elf *elf, Visit visit) {
    std::size_t names = 0;
    if (::elf_getshdrstrndx(elf, &names) != 0)
        return;
    for (Elf_Scn *each = nullptr; (each = ::elf_nextscn(elf, each)) != nullptr;) {
        GElf_Shdr header;
        const char *name = ::gelf_getshdr(each, &header) == nullptr
                               ? nullptr
                               : ::elf_strptr(elf, names, header.sh_name);
        if (name != nullptr)
            visit(std::string_view(name), header, each);
    }
}

// As long as the Elf is there. What libdw has decompressed is what it has made of it.
inline DwarfBytes bytes_of(Elf_Scn *section) {
    const Elf_Data *data = ::elf_getdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr)
        return {nullptr, nullptr};
    const auto *begin = static_cast<const unsigned char *>(data->d_buf);
    return {begin, begin + data->d_size};
}

} // namespace hotrun
