#include "linux/library_layout.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

namespace hotrun {

namespace {

struct Segments {
    const link_map *map;
    std::span<const ElfW(Phdr)> headers;
};

int find_headers(dl_phdr_info *info, std::size_t /*bytes*/, void *argument) {
    auto &wanted = *static_cast<Segments *>(argument);
    if (info->dlpi_addr != wanted.map->l_addr ||
        std::strcmp(info->dlpi_name, wanted.map->l_name) != 0)
        return 0;
    wanted.headers = {info->dlpi_phdr, info->dlpi_phnum};
    return 1;
}

std::uint64_t page_start(std::uint64_t address) {
    return address & ~(static_cast<std::uint64_t>(::getpagesize()) - 1);
}

// The linker protects whole pages: what of the last one is shared stays writable.
void add_writable(const ElfW(Phdr) & segment, const ElfW(Phdr) * relro, std::uint64_t bias,
                  LibraryLayout &layout) {
    std::uint64_t begin = bias + segment.p_vaddr;
    const std::uint64_t end = begin + segment.p_memsz;
    if (relro != nullptr && relro->p_vaddr + relro->p_memsz > segment.p_vaddr &&
        relro->p_vaddr < segment.p_vaddr + segment.p_memsz)
        begin = std::max(begin, page_start(bias + relro->p_vaddr + relro->p_memsz));
    if (begin >= end)
        return;
    layout.writable.emplace_back(reinterpret_cast<std::byte *>(begin), end - begin);
    layout.stored_bytes.push_back(std::max(begin, bias + segment.p_vaddr + segment.p_filesz) -
                                  begin);
}

} // namespace

LibraryLayout layout_of(void *handle) {
    LibraryLayout layout;
    link_map *map = nullptr;
    if (::dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0)
        return layout;
    Segments segments{map, {}};
    ::dl_iterate_phdr(find_headers, &segments);
    const ElfW(Phdr) *relro = nullptr;
    for (const ElfW(Phdr) & header : segments.headers) {
        if (header.p_type == PT_GNU_RELRO)
            relro = &header;
    }
    std::uint64_t begin = UINT64_MAX;
    std::uint64_t end = 0;
    for (const ElfW(Phdr) & header : segments.headers) {
        if (header.p_type != PT_LOAD)
            continue;
        begin = std::min<std::uint64_t>(begin, map->l_addr + header.p_vaddr);
        end = std::max<std::uint64_t>(end, map->l_addr + header.p_vaddr + header.p_memsz);
        if ((header.p_flags & PF_W) != 0)
            add_writable(header, relro, map->l_addr, layout);
    }
    if (end != 0)
        layout.place = {map->l_addr, page_start(begin),
                        page_start(end + static_cast<std::uint64_t>(::getpagesize()) - 1)};
    return layout;
}

} // namespace hotrun
