// The part of linux/dwarf_entry.hpp that finds the units and their tables.
#include "linux/dwarf_entry.hpp"
#include "linux/elf_sections.hpp"

#include <algorithm>
#include <functional>
#include <string_view>

#include <dwarf.h>

namespace hotrun {

namespace {

// DWARF 5, 7.5.1.1: the header begins with the length of what follows.
const unsigned char *end_of_unit(DwarfBytes bytes) {
    constexpr std::uint64_t kIsLong = 0xffffffff;
    std::uint64_t length = bytes.word();
    if (length == kIsLong)
        length = bytes.number(8);
    return length < bytes.left() ? bytes.at() + length : bytes.end();
}

DwarfUnits::Shapes find(const DwarfUnits::Tables &tables, std::size_t start,
                        const DwarfBytes &table, const DwarfFormat &format) {
    const auto [first, last] = tables.equal_range(start);
    const auto found = std::find_if(
        first, last, [&](const auto &known) { return known.second->are_those_of(table, format); });
    return found == last ? nullptr : found->second;
}

} // namespace

DwarfEntry DwarfUnits::entry(const Dwarf_Die &die) {
    const DwarfUnit *found = unit(die);
    const auto *at = static_cast<const unsigned char *>(die.addr);
    return found == nullptr || at < found->begin || at >= found->end ? DwarfEntry()
                                                                     : DwarfEntry(*found, at);
}

DwarfUnit *DwarfUnits::unit(const Dwarf_Die &die) {
    const auto [known, is_new] = units_.try_emplace(die.cu);
    if (is_new)
        known->second = read_unit(die);
    return known->second.get();
}

std::unique_ptr<DwarfUnit> DwarfUnits::read_unit(const Dwarf_Die &die) {
    Dwarf_Die first;
    Dwarf_Half version = 0;
    Dwarf_Off shapes_at = 0;
    auto unit = std::make_unique<DwarfUnit>();
    DwarfFormat &format = unit->format;
    if (::dwarf_cu_die(die.cu, &first, &version, &shapes_at, &format.address_bytes,
                       &format.offset_bytes, nullptr, nullptr) == nullptr)
        return nullptr;
    format.version = static_cast<std::uint8_t>(version);
    unit->libdw = die.cu;
    unit->all = this;
    unit->begin = static_cast<const unsigned char *>(first.addr);
    unit->header = unit->begin - ::dwarf_cuoffset(&first);
    unit->offset = ::dwarf_dieoffset(&first) - ::dwarf_cuoffset(&first);
    for (const Sections &sections : sections_of(::dwarf_cu_getdwarf(die.cu))) {
        DwarfBytes table = sections.abbreviations;
        table.skip(shapes_at);
        for (const DwarfBytes &section : sections.entries) {
            if (unit->header < section.at() || unit->header >= section.end())
                continue;
            unit->end = end_of_unit({unit->header, section.end()});
            unit->shapes = &this->shapes_at(table, format);
            unit->table = table.at();
            unit->strings = sections.strings;
            unit->line_strings = sections.line_strings;
            return unit->begin < unit->end ? std::move(unit) : nullptr;
        }
    }
    return nullptr;
}

const std::array<DwarfUnits::Sections, 2> &DwarfUnits::sections_of(Dwarf *dwarf) {
    const auto [known, is_new] = sections_.try_emplace(dwarf);
    std::array<Sections, 2> &all = known->second;
    if (!is_new)
        return all;
    each_section(
        ::dwarf_getelf(dwarf), [&](std::string_view name, const GElf_Shdr &, Elf_Scn *section) {
            constexpr std::string_view kSplit = ".dwo";
            const bool is_split = name.ends_with(kSplit);
            if (is_split)
                name.remove_suffix(kSplit.size());
            const bool is_table = name.ends_with("debug_abbrev");
            Sections &sections = all[is_split ? 1 : 0];
            if (name.ends_with("debug_str"))
                sections.strings = bytes_of(section);
            else if (name.ends_with("debug_line_str"))
                sections.line_strings = bytes_of(section);
            if (!is_table && !name.ends_with("debug_info") && !name.ends_with("debug_types"))
                return;
            const DwarfBytes bytes = bytes_of(section);
            if (is_table)
                sections.abbreviations = bytes;
            else
                sections.entries.push_back(bytes);
        });
    return all;
}

const EntryShapes &DwarfUnits::shapes_at(const DwarfBytes &table, const DwarfFormat &format) {
    Shapes &shapes = shapes_[{table.at(), format}];
    if (shapes != nullptr)
        return *shapes;
    constexpr std::size_t kMostStartBytes = 256;
    const auto *begin = reinterpret_cast<const char *>(table.at());
    const std::size_t start =
        std::hash<std::string_view>()({begin, std::min(table.left(), kMostStartBytes)});
    shapes = find(tables_, start, table, format);
    if (shapes == nullptr && known_ != nullptr)
        shapes = find(*known_, start, table, format);
    if (shapes == nullptr)
        shapes = std::make_shared<EntryShapes>(table, format);
    tables_.emplace(start, shapes);
    return *shapes;
}

const char *text_at(const DwarfUnit &unit, const unsigned char *value, unsigned form) {
    if (form == DW_FORM_strp || form == DW_FORM_line_strp) {
        const DwarfBytes &section = form == DW_FORM_strp ? unit.strings : unit.line_strings;
        const std::uint64_t offset = DwarfBytes(value, unit.end).number(unit.format.offset_bytes);
        const bool has_end = section.left() != 0 && *(section.end() - 1) == '\0';
        return has_end && offset < section.left()
                   ? reinterpret_cast<const char *>(section.at() + offset)
                   : nullptr;
    }
    Dwarf_Attribute attribute{0, form, const_cast<unsigned char *>(value), unit.libdw};
    return ::dwarf_formstring(&attribute);
}

} // namespace hotrun
