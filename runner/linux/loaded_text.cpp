#include "linux/loaded_text.hpp"

#include <algorithm>
#include <cstddef>

#include <gelf.h>

namespace hotrun {

std::string loaded_text(Elf *elf, std::uint64_t address) {
    std::size_t count = 0;
    std::size_t file_bytes = 0;
    const char *file = ::elf_rawfile(elf, &file_bytes);
    if (file == nullptr || ::elf_getphdrnum(elf, &count) != 0)
        return {};
    for (std::size_t i = 0; i < count; ++i) {
        GElf_Phdr segment;
        if (::gelf_getphdr(elf, static_cast<int>(i), &segment) == nullptr ||
            segment.p_type != PT_LOAD || address < segment.p_vaddr ||
            address - segment.p_vaddr >= segment.p_filesz || segment.p_offset > file_bytes)
            continue;
        const std::uint64_t begin = segment.p_offset + (address - segment.p_vaddr);
        const std::uint64_t end =
            std::min<std::uint64_t>(segment.p_offset + segment.p_filesz, file_bytes);
        const char *last = begin < end ? std::find(file + begin, file + end, '\0') : nullptr;
        return last == nullptr || last == file + end ? std::string()
                                                     : std::string(file + begin, last);
    }
    return {};
}

} // namespace hotrun
