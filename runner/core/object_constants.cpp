#include "core/object_constants.hpp"

#include "core/x86_references.hpp"

#include <algorithm>

namespace hotrun {
namespace {

bool counts_from_end(std::uint32_t type) {
    return type == R_X86_64_PC32 || type == R_X86_64_PLT32 || type == R_X86_64_GOTPCREL ||
           type == R_X86_64_GOTPCRELX || type == R_X86_64_REX_GOTPCRELX;
}

} // namespace

std::optional<ObjectPlace> referred_place(const ObjectFile &object, const ObjectSection &section,
                                          const Elf64_Rela &relocation) {
    const ObjectSymbol &symbol = object.symbol_of(relocation);
    if (!symbol.is_place() || !object.is_defined(symbol))
        return std::nullopt;
    const bool is_in_code = section.role == SectionRole::kCode;
    const std::uint64_t end =
        is_in_code && counts_from_end(ELF64_R_TYPE(relocation.r_info)) ? 4 : 0;
    return ObjectPlace{symbol.section,
                       symbol.value + static_cast<std::uint64_t>(relocation.r_addend) + end};
}

ObjectConstants::ObjectConstants(const ObjectFile &object)
    : object_(object), starts_(object.sections().size()), is_unclear_(object.sections().size()) {
    for (const ObjectSection &section : object.sections()) {
        if (section.role != SectionRole::kIgnored && section.role != SectionRole::kUnwinding)
            add_references(section);
    }
    for (const ObjectSymbol &symbol : object.symbols()) {
        if (object.is_defined(symbol) && !symbol.is_place())
            starts_[symbol.section].push_back(symbol.value);
    }
    for (std::vector<std::uint64_t> &starts : starts_)
        std::ranges::sort(starts);
}

void ObjectConstants::add_references(const ObjectSection &section) {
    for (const Elf64_Rela &relocation : section.relocations) {
        const auto place = referred_place(object_, section, relocation);
        if (!place)
            continue;
        starts_[place->section].push_back(place->offset);
        if (section.role == SectionRole::kCode &&
            !ends_with_reference(section.content, relocation.r_offset))
            is_unclear_[place->section] = true;
    }
}

std::optional<std::uint64_t> ObjectConstants::bytes_at(ObjectPlace place) const {
    const std::uint64_t end = object_.sections()[place.section].size_bytes;
    if (is_unclear_[place.section] || place.offset >= end)
        return std::nullopt;
    const std::vector<std::uint64_t> &starts = starts_[place.section];
    const auto next = std::ranges::upper_bound(starts, place.offset);
    return (next == starts.end() ? end : std::min(*next, end)) - place.offset;
}

} // namespace hotrun
