#include "linux/debug_text.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include <dwarf.h>
#include <gelf.h>

namespace hotrun {

namespace {

using Bytes = std::span<const char>;

// Empty: there is none, or none that lies in the file as it is.
Bytes section(Elf *elf, std::string_view name) {
    std::size_t names = 0;
    if (::elf_getshdrstrndx(elf, &names) != 0)
        return {};
    for (Elf_Scn *each = nullptr; (each = ::elf_nextscn(elf, each)) != nullptr;) {
        GElf_Shdr header;
        if (::gelf_getshdr(each, &header) == nullptr || (header.sh_flags & SHF_COMPRESSED) != 0)
            continue;
        const char *own_name = ::elf_strptr(elf, names, header.sh_name);
        if (own_name == nullptr || name != own_name)
            continue;
        const Elf_Data *data = ::elf_getdata(each, nullptr);
        return data == nullptr ? Bytes{}
                               : Bytes(static_cast<const char *>(data->d_buf), data->d_size);
    }
    return {};
}

// Where the name is, and ends: linkers let a string be the end of a longer one.
std::vector<std::uint32_t> places_in(Bytes bytes, std::string_view name) {
    std::vector<std::uint32_t> places;
    const std::string_view text(bytes.data(), bytes.size());
    for (std::size_t at = text.find(name); at != std::string_view::npos;
         at = text.find(name, at + 1)) {
        const std::size_t end = at + name.size();
        if (end < text.size() && text[end] == '\0')
            places.push_back(static_cast<std::uint32_t>(at));
    }
    return places;
}

// Words at any address that are one of the offsets. Most blocks have none, and a loop that only
// asks whether there is any takes several words at once.
void find_offsets(Bytes info, const std::vector<std::uint32_t> &offsets,
                  std::vector<Dwarf_Off> &places) {
    constexpr std::size_t kBlock = 1024;
    if (offsets.empty())
        return;
    const std::uint32_t first = offsets.front();
    const std::uint32_t range = offsets.back() - first;
    std::array<std::uint32_t, kBlock> words{};
    for (std::size_t shift = 0; shift < sizeof first; ++shift) {
        for (std::size_t at = shift; at < info.size(); at += sizeof words) {
            const std::size_t bytes = std::min(sizeof words, info.size() - at);
            const std::size_t count = bytes / sizeof first;
            std::memcpy(words.data(), info.data() + at, count * sizeof first);
            std::uint32_t hits = 0;
            for (std::size_t i = 0; i < count; ++i)
                hits += words[i] - first <= range ? 1 : 0;
            for (std::size_t i = 0; hits != 0 && i < count; ++i) {
                if (words[i] - first <= range && std::ranges::binary_search(offsets, words[i]))
                    places.push_back(at + i * sizeof first);
            }
        }
    }
}

} // namespace

DebugText::DebugText(Elf *elf, std::string_view name) {
    const Bytes info = section(elf, ".debug_info");
    const Bytes strings = section(elf, ".debug_str");
    is_known_ = !info.empty() && !strings.empty();
    if (!is_known_)
        return;
    for (const std::uint32_t place : places_in(info, name))
        places_.push_back(place);
    find_offsets(info, places_in(strings, name), places_);
    std::ranges::sort(places_);
}

// A unit that counts its strings, or has its entries in another file, does not have the offsets.
bool DebugText::may_be_in(Dwarf_Die unit, Dwarf_Off begin, Dwarf_Off end) const {
    if (!is_known_ || ::dwarf_hasattr(&unit, DW_AT_str_offsets_base))
        return true;
    const auto found = std::ranges::lower_bound(places_, begin);
    return found != places_.end() && *found < end;
}

} // namespace hotrun
