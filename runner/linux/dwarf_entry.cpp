#include "linux/dwarf_entry.hpp"

#include "linux/elf_sections.hpp"

#include <algorithm>
#include <string_view>

#include <dwarf.h>

namespace hotrun {

namespace {

constexpr int kMostCompleted = 16; // entries that complete another one

bool is_in_unit(unsigned form) {
    return form == DW_FORM_ref1 || form == DW_FORM_ref2 || form == DW_FORM_ref4 ||
           form == DW_FORM_ref8;
}

// DWARF 5, 7.5.1.1: the header begins with the length of what follows.
const unsigned char *end_of_unit(DwarfBytes bytes) {
    constexpr std::uint64_t kIsLong = 0xffffffff;
    std::uint64_t length = bytes.word();
    if (length == kIsLong)
        length = bytes.number(8);
    return length < bytes.left() ? bytes.at() + length : bytes.end();
}

// In the unit; null: elsewhere, or damaged.
const unsigned char *place_in(const DwarfUnit &unit, const Dwarf_Attribute &reference) {
    DwarfBytes bytes(reference.valp, unit.end);
    std::uint64_t offset = 0;
    if (reference.form == DW_FORM_ref_udata)
        offset = bytes.uleb();
    else if (is_in_unit(reference.form))
        offset = bytes.number(*fixed_bytes(reference.form, unit.format));
    const auto size = static_cast<std::uint64_t>(unit.end - unit.header);
    const unsigned char *place = offset < size ? unit.header + offset : nullptr;
    return place != nullptr && place >= unit.begin ? place : nullptr;
}

DwarfEntry entry_at(Dwarf_Attribute reference, const DwarfUnit &unit) {
    if (is_in_unit(reference.form) || reference.form == DW_FORM_ref_udata) {
        const unsigned char *place = place_in(unit, reference);
        return place == nullptr ? DwarfEntry() : DwarfEntry(unit, place);
    }
    Dwarf_Die die;
    return ::dwarf_formref_die(&reference, &die) == nullptr ? DwarfEntry() : unit.all->entry(die);
}

} // namespace

DwarfEntry::DwarfEntry(const DwarfUnit &unit, const unsigned char *at) : unit_(&unit), at_(at) {
    DwarfBytes bytes(at, unit.end);
    const std::uint64_t code = bytes.uleb();
    shape_ = unit.shapes->find(code);
    if (shape_ != nullptr || code == 0) // which ends a list of children
        values_ = bytes.at();
}

Dwarf_Die DwarfEntry::die() const {
    return {const_cast<unsigned char *>(at_), unit_->libdw, nullptr, 0};
}

std::optional<Dwarf_Attribute> DwarfEntry::own_attribute(unsigned name) const {
    const auto all = unit_->shapes->attributes_of(*shape_);
    const auto found = std::ranges::find(all, name, &EntryShapes::Attribute::name);
    if (found == all.end())
        return std::nullopt;
    DwarfBytes bytes(values_, unit_->end);
    const unsigned char *value = nullptr;
    unsigned form = found->form;
    if (form == DW_FORM_implicit_const) {
        value = unit_->shapes->constant_of(*found);
    } else {
        if (found->at != EntryShape::kVaries)
            bytes.skip(found->at);
        else
            skip_values({all.begin(), found}, bytes);
        if (form == DW_FORM_indirect)
            form = static_cast<unsigned>(bytes.uleb());
        value = bytes.at();
    }
    if (found->bytes == EntryShapes::Attribute::kVaries)
        bytes.skip_value(form, unit_->format);
    else
        bytes.skip(found->bytes);
    if (bytes.is_damaged())
        return std::nullopt;
    return Dwarf_Attribute{name, form, const_cast<unsigned char *>(value), unit_->libdw};
}

void DwarfEntry::skip_values(std::span<const EntryShapes::Attribute> attributes,
                             DwarfBytes &bytes) const {
    for (const EntryShapes::Attribute &each : attributes) {
        if (each.bytes != EntryShapes::Attribute::kVaries)
            bytes.skip(each.bytes);
        else
            bytes.skip_value(each.form, unit_->format);
    }
}

std::optional<Dwarf_Attribute> DwarfEntry::attribute(unsigned name) const {
    DwarfEntry entry = *this;
    for (int i = 0; i < kMostCompleted && entry; ++i) {
        if (const auto found = entry.own_attribute(name))
            return found;
        auto completed = entry.own_attribute(DW_AT_abstract_origin);
        if (!completed)
            completed = entry.own_attribute(DW_AT_specification);
        if (!completed)
            break;
        entry = entry_at(*completed, *entry.unit_);
    }
    return std::nullopt;
}

const unsigned char *DwarfEntry::end_of_attributes() const {
    DwarfBytes bytes(values_, unit_->end);
    if (shape_->bytes != EntryShape::kVaries)
        bytes.skip(shape_->bytes);
    else
        skip_values(unit_->shapes->attributes_of(*shape_), bytes);
    return bytes.is_damaged() ? nullptr : bytes.at();
}

// Only one that leads on, so that a search comes to an end.
const unsigned char *DwarfEntry::sibling() const {
    if (!shape_->has_sibling)
        return nullptr;
    const unsigned char *place = nullptr;
    if (shape_->sibling_at != EntryShape::kVaries) {
        DwarfBytes bytes(values_, unit_->end);
        bytes.skip(shape_->sibling_at);
        const std::uint64_t offset = bytes.word();
        if (offset < static_cast<std::uint64_t>(unit_->end - unit_->header))
            place = unit_->header + offset;
    } else if (const auto reference = own_attribute(DW_AT_sibling)) {
        place = place_in(*unit_, *reference);
    }
    return place != nullptr && place > at_ ? place : nullptr;
}

const unsigned char *DwarfEntry::end() const {
    if (!has_children())
        return end_of_attributes();
    if (const unsigned char *behind = sibling())
        return behind;
    const unsigned char *at = end_of_attributes();
    for (int depth = 1; depth != 0 && at != nullptr && at != unit_->end;) {
        const DwarfEntry next(*unit_, at);
        if (next) {
            const unsigned char *behind = next.has_children() ? next.sibling() : nullptr;
            depth += next.has_children() && behind == nullptr ? 1 : 0;
            at = behind != nullptr ? behind : next.end_of_attributes();
        } else {
            depth -= 1;
            at = next.is_end() ? next.values_ : nullptr;
        }
    }
    return at;
}

DwarfEntry DwarfUnits::entry(const Dwarf_Die &die) {
    const DwarfUnit *found = unit(die);
    const auto *at = static_cast<const unsigned char *>(die.addr);
    return found == nullptr || at < found->begin || at >= found->end ? DwarfEntry()
                                                                     : DwarfEntry(*found, at);
}

const DwarfUnit *DwarfUnits::unit(const Dwarf_Die &die) {
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
            if (!is_table && !name.ends_with("debug_info") && !name.ends_with("debug_types"))
                return;
            const DwarfBytes bytes = bytes_of(section);
            Sections &sections = all[is_split ? 1 : 0];
            if (is_table)
                sections.abbreviations = bytes;
            else
                sections.entries.push_back(bytes);
        });
    return all;
}

const EntryShapes &DwarfUnits::shapes_at(DwarfBytes table, const DwarfFormat &format) {
    return shapes_.try_emplace({table.at(), format}, table, format).first->second;
}

std::optional<Dwarf_Word> number_of(const DwarfEntry &entry, unsigned attribute) {
    auto found = entry.attribute(attribute);
    Dwarf_Word number = 0;
    if (!found || ::dwarf_formudata(&*found, &number) != 0)
        return std::nullopt;
    return number;
}

bool has_flag(const DwarfEntry &entry, unsigned attribute) {
    auto found = entry.own_attribute(attribute);
    bool is_set = false;
    return found && ::dwarf_formflag(&*found, &is_set) == 0 && is_set;
}

bool has_attribute(const DwarfEntry &entry, unsigned attribute) {
    return entry.own_attribute(attribute).has_value();
}

const char *text_of(const DwarfEntry &entry, unsigned attribute) {
    auto found = entry.attribute(attribute);
    return found ? ::dwarf_formstring(&*found) : nullptr;
}

std::string name_of(const DwarfEntry &entry) {
    const char *name = text_of(entry, DW_AT_name);
    return name == nullptr ? "" : name;
}

DwarfEntry entry_of(const DwarfEntry &from, unsigned attribute) {
    const auto found = from.attribute(attribute);
    return found ? entry_at(*found, from.unit()) : DwarfEntry();
}

std::optional<std::uint64_t> address_of(const DwarfEntry &variable) {
    auto location = variable.own_attribute(DW_AT_location);
    if (!location)
        return std::nullopt;
    if (location->form == DW_FORM_exprloc) { // most are an address and nothing else
        DwarfBytes bytes(location->valp, variable.unit().end);
        if (bytes.uleb() == 1 + sizeof(Dwarf_Addr) && bytes.byte() == DW_OP_addr)
            return bytes.number(sizeof(Dwarf_Addr));
    }
    Dwarf_Op *operations = nullptr;
    std::size_t count = 0;
    if (::dwarf_getlocation(&*location, &operations, &count) != 0 || count != 1)
        return std::nullopt;
    if (operations[0].atom == DW_OP_addr)
        return operations[0].number;
    Dwarf_Attribute indexed;
    Dwarf_Addr address = 0;
    if (operations[0].atom == DW_OP_addrx &&
        ::dwarf_getlocation_attr(&*location, operations, &indexed) == 0 &&
        ::dwarf_formaddr(&indexed, &address) == 0)
        return address;
    return std::nullopt;
}

bool has_computed_value(const DwarfEntry &variable) {
    auto location = variable.own_attribute(DW_AT_location);
    Dwarf_Op *operations = nullptr;
    std::size_t count = 0;
    if (!location || ::dwarf_getlocation(&*location, &operations, &count) != 0)
        return false;
    bool has_address = false;
    bool is_read = false; // and not what is pointed to
    for (std::size_t i = 0; i < count; ++i) {
        const auto atom = operations[i].atom;
        has_address |= atom == DW_OP_addr || atom == DW_OP_addrx;
        is_read |= atom == DW_OP_piece || atom == DW_OP_deref || atom == DW_OP_deref_size;
    }
    return has_address && is_read;
}

DwarfEntry without_qualifiers(DwarfEntry type, std::string &given_name) {
    for (int i = 0; i < kDeepestEntry; ++i) {
        unsigned next = DW_AT_type;
        switch (type.tag()) {
        case DW_TAG_typedef:
            given_name = name_of(type);
            break;
        case DW_TAG_const_type:
        case DW_TAG_volatile_type:
        case DW_TAG_restrict_type:
        case DW_TAG_atomic_type:
            break;
        default: // with -fdebug-types-section the definition is elsewhere
            if (!has_attribute(type, DW_AT_signature))
                return type;
            next = DW_AT_signature;
        }
        const DwarfEntry target = entry_of(type, next);
        if (!target)
            return type;
        type = target;
    }
    return type;
}

} // namespace hotrun
