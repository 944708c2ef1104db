#include "core/elf_parts.hpp"

#include <algorithm>
#include <cstring>

namespace hotrun {
namespace {

bool has_host_format(const Elf64_Ehdr &header) {
    return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
           header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == kHostByteOrder;
}

// The segment whose bytes in the file hold these. No sum here can overflow.
bool holds(const Elf64_Phdr &segment, std::uint64_t address, std::uint64_t bytes) {
    return address >= segment.p_vaddr && bytes <= segment.p_filesz &&
           address - segment.p_vaddr <= segment.p_filesz - bytes;
}

} // namespace

std::optional<ElfParts> ElfParts::read(const File &file) {
    ElfParts parts;
    parts.file_ = &file;
    parts.size_ = file.timestamp().size_bytes;
    if (!parts.read_headers())
        return std::nullopt;
    return parts;
}

bool ElfParts::read_headers() {
    std::vector<Elf64_Ehdr> header;
    if (!read_table(0, sizeof(Elf64_Ehdr), header) || !has_host_format(header[0]))
        return false;
    machine = header[0].e_machine;
    return read_sections(header[0]) && read_segments(header[0]);
}

// gABI 4, "ELF Header": a count of sections that needs more than 16 bits is in section header 0.
bool ElfParts::read_sections(const Elf64_Ehdr &header) {
    if (header.e_shoff == 0)
        return true;
    if (header.e_shentsize != sizeof(Elf64_Shdr) ||
        !read_table(header.e_shoff, sizeof(Elf64_Shdr), sections))
        return false;
    const std::uint64_t count = header.e_shnum != 0 ? header.e_shnum : sections[0].sh_size;
    if (count > size_ / sizeof(Elf64_Shdr) ||
        !read_table(header.e_shoff, count * sizeof(Elf64_Shdr), sections))
        return false;
    return std::ranges::all_of(sections, [this](const Elf64_Shdr &section) {
        return section.sh_type == SHT_NULL || section.sh_type == SHT_NOBITS ||
               section.sh_size == 0 || has(section.sh_offset, section.sh_size);
    });
}

bool ElfParts::read_segments(const Elf64_Ehdr &header) {
    std::uint64_t count = header.e_phnum;
    if (count == PN_XNUM && !sections.empty())
        count = sections[0].sh_info;
    if (count == 0)
        return true;
    if (header.e_phentsize != sizeof(Elf64_Phdr) ||
        !read_table(header.e_phoff, count * sizeof(Elf64_Phdr), segments))
        return false;
    for (const Elf64_Phdr &segment : segments) {
        if (segment.p_type == PT_DYNAMIC)
            dynamic = segment;
    }
    std::erase_if(segments, [](const Elf64_Phdr &segment) { return segment.p_type != PT_LOAD; });
    return std::ranges::all_of(segments, [this](const Elf64_Phdr &segment) {
        return segment.p_filesz == 0 || has(segment.p_offset, segment.p_filesz);
    });
}

std::optional<std::uint64_t> ElfParts::offset_of(std::uint64_t address, std::uint64_t bytes) const {
    const auto found = std::ranges::find_if(
        segments, [=](const Elf64_Phdr &segment) { return holds(segment, address, bytes); });
    if (found == segments.end())
        return std::nullopt;
    return found->p_offset + (address - found->p_vaddr);
}

bool ElfParts::read_loaded(std::uint64_t address, std::span<std::byte> bytes) const {
    const auto offset = offset_of(address, bytes.size());
    return offset && file_->read_at(*offset, bytes);
}

std::optional<std::string> ElfParts::text_at(std::uint64_t address, std::size_t limit) const {
    const auto found = std::ranges::find_if(
        segments, [=](const Elf64_Phdr &segment) { return holds(segment, address, 1); });
    if (found == segments.end())
        return std::nullopt;
    const std::uint64_t left = found->p_filesz - (address - found->p_vaddr);
    std::string text(std::min<std::uint64_t>(left, limit), '\0');
    if (!read_loaded(address, std::as_writable_bytes(std::span(text))))
        return std::nullopt;
    const std::size_t end = text.find('\0');
    if (end == std::string::npos)
        return std::nullopt;
    text.resize(end);
    return text;
}

} // namespace hotrun
