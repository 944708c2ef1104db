#include "linux/debug_text.hpp"

#include "linux/byte_places.hpp"
#include "linux/elf_sections.hpp"
#include "linux/static_symbols.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include <dwarf.h>

namespace hotrun {

namespace {

using Bytes = std::string_view;

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
bool is_whole(Bytes bytes, std::string_view name, std::size_t at) {
    const std::size_t end = at + name.size();
    return end < bytes.size() && bytes[end] == '\0';
}

std::vector<std::uint32_t> offsets_of(Bytes bytes, std::string_view name) {
    std::vector<std::uint32_t> places;
    each_place(bytes, std::array{name}, [&](std::size_t /*number*/, std::size_t at) {
        if (is_whole(bytes, name, at))
            places.push_back(static_cast<std::uint32_t>(at));
    });
    return places;
}

// Words at any address that are one of the offsets: of a name that no linker has merged there are
// many.
void find_offsets(Bytes info, const std::vector<std::uint32_t> &offsets,
                  std::vector<Dwarf_Off> &places) {
    constexpr std::size_t kBlock = 4096;
    const std::uint32_t first = offsets.front();
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

DebugText::DebugText(Elf *elf, std::string_view name, StaticSymbols *symbols) {
    const Bytes info = section_of(elf, ".debug_info");
    const Bytes strings = section_of(elf, ".debug_str");
    is_known_ = !info.empty() && !strings.empty();
    search(info, name, offsets_of(strings, name), symbols);
    std::ranges::sort(places_);
}

// One pass for all of them: what is read is large, and most of it is of no interest.
void DebugText::search(std::string_view info, std::string_view name,
                       const std::vector<std::uint32_t> &offsets, StaticSymbols *symbols) {
    const auto look_at = [&](std::size_t number, std::size_t at) {
        if (number == 2)
            places_.push_back(at);
        else if (number == 1 && is_whole(info, name, at))
            places_.push_back(at);
        else if (number == 0 && symbols != nullptr)
            symbols->look_at(info, at);
    };
    if (offsets.size() == 1) {
        const auto *offset = reinterpret_cast<const char *>(offsets.data());
        const Bytes wanted(offset, sizeof offsets.front());
        return each_place(info, std::array{StaticSymbols::kLocation, name, wanted}, look_at);
    }
    each_place(info, std::array{StaticSymbols::kLocation, name}, look_at);
    if (!offsets.empty())
        find_offsets(info, offsets, places_);
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
