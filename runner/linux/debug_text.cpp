#include "linux/debug_text.hpp"

#include "linux/byte_places.hpp"
#include "linux/elf_sections.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include <dwarf.h>

namespace hotrun {

namespace {

using Bytes = std::span<const char>;

// Empty: there is none, or none that lies in the file as it is.
Bytes section_of(Elf *elf, std::string_view name) {
    Bytes found;
    each_section(elf, [&](std::string_view each, const GElf_Shdr &header, Elf_Scn *section) {
        if (name != each || (header.sh_flags & SHF_COMPRESSED) != 0)
            return;
        const DwarfBytes bytes = bytes_of(section);
        found = {reinterpret_cast<const char *>(bytes.at()), bytes.left()};
    });
    return found;
}

// Where the name is, and ends: linkers let a string be the end of a longer one.
std::vector<std::uint32_t> offsets_of(Bytes bytes, std::string_view name) {
    std::vector<std::uint32_t> places;
    const std::string_view text(bytes.data(), bytes.size());
    each_place(text, name, [&](std::size_t at) {
        const std::size_t end = at + name.size();
        if (end < text.size() && text[end] == '\0')
            places.push_back(static_cast<std::uint32_t>(at));
    });
    return places;
}

// Words at any address that are one of the offsets: of a name that no linker has merged there are
// many.
void find_offsets(Bytes info, const std::vector<std::uint32_t> &offsets,
                  std::vector<Dwarf_Off> &places) {
    constexpr std::size_t kBlock = 4096;
    if (offsets.empty())
        return;
    const std::uint32_t first = offsets.front();
    if (offsets.size() == 1) {
        const std::string_view wanted(reinterpret_cast<const char *>(&first), sizeof first);
        return each_place({info.data(), info.size()}, wanted,
                          [&places](std::size_t at) { places.push_back(at); });
    }
    const std::uint32_t range = offsets.back() - first;
    const auto word_at = [&info](std::size_t at) {
        std::uint32_t word = 0;
        std::memcpy(&word, info.data() + at, sizeof word);
        return word;
    };
    const auto look_at = [&](std::size_t begin, std::size_t end) {
        for (std::size_t at = begin; at < end; ++at) {
            if (std::ranges::binary_search(offsets, word_at(at)))
                places.push_back(at);
        }
    };
    std::size_t at = 0;
    for (; at + kBlock + sizeof first <= info.size(); at += kBlock) {
        std::uint32_t hits = 0;
        for (std::size_t shift = 0; shift < sizeof first; ++shift) {
            for (std::size_t i = 0; i < kBlock; i += sizeof first)
                hits += word_at(at + shift + i) - first <= range ? 1 : 0;
        }
        if (hits != 0)
            look_at(at, at + kBlock);
    }
    if (info.size() - at >= sizeof first)
        look_at(at, info.size() - sizeof first + 1);
}

} // namespace

DebugText::DebugText(Elf *elf, std::string_view name) {
    const Bytes info = section_of(elf, ".debug_info");
    const Bytes strings = section_of(elf, ".debug_str");
    is_known_ = !info.empty() && !strings.empty();
    if (!is_known_)
        return;
    for (const std::uint32_t place : offsets_of(info, name))
        places_.push_back(place);
    find_offsets(info, offsets_of(strings, name), places_);
    std::ranges::sort(places_);
}

// A unit that counts its strings, or has its entries in another file, does not have the offsets.
DebugPlaces DebugText::places_in(const DwarfEntry &unit, Dwarf_Off begin, Dwarf_Off end) const {
    if (!is_known_ || has_attribute(unit, DW_AT_str_offsets_base))
        return std::nullopt;
    return places_from(places_, begin, end);
}

std::span<const Dwarf_Off> places_from(std::span<const Dwarf_Off> places, Dwarf_Off begin,
                                       Dwarf_Off end) {
    const auto first = std::ranges::lower_bound(places, begin);
    return {first, std::lower_bound(first, places.end(), end)};
}

} // namespace hotrun
