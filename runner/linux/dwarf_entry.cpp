#include "linux/dwarf_entry.hpp"

#include <algorithm>

#include <dwarf.h>

namespace hotrun {

namespace {

constexpr int kMostCompleted = 16; // entries that complete another one

bool is_in_unit(unsigned form) {
    return form == DW_FORM_ref1 || form == DW_FORM_ref2 || form == DW_FORM_ref4 ||
           form == DW_FORM_ref8;
}

// How the location begins that is an address and nothing else, as most are.
constexpr std::array<unsigned char, 2> kPlainAddress = {1 + sizeof(Dwarf_Addr), DW_OP_addr};

std::optional<std::uint64_t> plain_address(const Dwarf_Attribute &location, const DwarfUnit &unit) {
    DwarfBytes bytes(location.valp, unit.end);
    if (location.form != DW_FORM_exprloc || bytes.byte() != kPlainAddress[0] ||
        bytes.byte() != kPlainAddress[1])
        return std::nullopt;
    return bytes.number(sizeof(Dwarf_Addr));
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
    unit.all->set_met();
    return ::dwarf_formref_die(&reference, &die) == nullptr ? DwarfEntry() : unit.all->entry(die);
}

} // namespace

DwarfEntry::DwarfEntry(const DwarfUnit &unit, const unsigned char *at) : unit_(&unit), at_(at) {
    DwarfBytes bytes(at, unit.end);
    const std::uint64_t code = bytes.uleb();
    shape_ = unit.shapes->find(code);
    if (shape_ != nullptr || code == 0) // which ends a list of children
        values_ = bytes.at();
    unit.note(at, bytes.at());
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
        value = unit_->table + found->at;
    } else {
        if (found->at != EntryShape::kVaries)
            bytes.skip(found->at);
        else
            skip_values({all.begin(), found}, bytes);
        if (form == DW_FORM_indirect) {
            const unsigned char *begin = bytes.at();
            form = static_cast<unsigned>(bytes.uleb());
            unit_->note(begin, bytes.at());
        }
        value = bytes.at();
    }
    if (found->bytes == EntryShapes::Attribute::kVaries)
        bytes.skip_value(form, unit_->format);
    else
        bytes.skip(found->bytes);
    if (bytes.is_damaged())
        return std::nullopt;
    const Dwarf_Attribute attribute{name, form, const_cast<unsigned char *>(value), unit_->libdw};
    if (unit_->read != nullptr)
        note_value(attribute, bytes.at());
    return attribute;
}

// What another link of the same objects may make another number is not compared as such: of a text
// what it says is, and addresses are asked for again.
void DwarfEntry::note_value(const Dwarf_Attribute &attribute, const unsigned char *end) const {
    const auto at = static_cast<std::size_t>(attribute.valp - unit_->header);
    switch (attribute.form) {
    case DW_FORM_implicit_const: // of the table
    case DW_FORM_addr:
    case DW_FORM_sec_offset:
        break;
    case DW_FORM_strp:
    case DW_FORM_line_strp:
    case DW_FORM_strx:
    case DW_FORM_strx1:
    case DW_FORM_strx2:
    case DW_FORM_strx3:
    case DW_FORM_strx4:
    case DW_FORM_strp_sup:
    case DW_FORM_GNU_str_index:
    case DW_FORM_GNU_strp_alt:
        unit_->read->add_text(at, attribute.form);
        break;
    case DW_FORM_exprloc:
        unit_->note(attribute.valp,
                    plain_address(attribute, *unit_) ? attribute.valp + kPlainAddress.size() : end);
        break;
    default:
        unit_->note(attribute.valp, end);
    }
}

void DwarfEntry::skip_values(std::span<const EntryShapes::Attribute> attributes,
                             DwarfBytes &bytes) const {
    for (const EntryShapes::Attribute &each : attributes) {
        if (each.bytes != EntryShapes::Attribute::kVaries) {
            bytes.skip(each.bytes);
            continue;
        }
        const unsigned char *begin = bytes.at();
        DwarfBytes length = bytes;
        length.uleb();
        bytes.skip_value(each.form, unit_->format);
        unit_->note(begin, each.form == DW_FORM_exprloc ? length.at() : bytes.at());
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
        unit_->note(bytes.at(), bytes.at() + std::min(sizeof(std::uint32_t), bytes.left()));
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
    if (const auto address = plain_address(*location, variable.unit()))
        return address;
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
