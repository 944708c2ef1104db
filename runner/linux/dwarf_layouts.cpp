#include "linux/dwarf_layouts.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>

#include <dwarf.h>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

constexpr std::uint64_t kMostDimensions = 16;

// Of what has no entry.
const TypeLayout &void_type() {
    static const TypeLayout kNone;
    return kNone;
}

// Of those that may lie in a namespace, a class or a function, and give their name to what lies in
// them.
bool is_named_type(const DwarfEntry &entry) {
    const unsigned tag = entry.tag();
    return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
           tag == DW_TAG_enumeration_type;
}

bool is_scope(const DwarfEntry &entry) {
    const unsigned tag = entry.tag();
    return is_named_type(entry) || tag == DW_TAG_namespace || tag == DW_TAG_subprogram;
}

} // namespace

const TypeLayout *DwarfLayouts::of(const DwarfEntry &type) {
    const TypeLayout *layout = read(type);
    while (!to_read_.empty()) {
        auto [pointer, pointee] = to_read_.back();
        to_read_.pop_back();
        pointer->element = read(pointee);
    }
    return layout;
}

// An entry does not know what it lies in: the way leads down from the unit, by the places of the
// entries. Types of functions have the function's name.
std::string DwarfLayouts::scope_of(const DwarfEntry &type) {
    std::string scope;
    const DwarfUnit &unit = type.unit();
    DwarfEntry around(unit, unit.begin);
    for (int depth = 0; depth < kDeepestEntry && around; ++depth) {
        const std::vector<DwarfEntry> &children = children_of(around);
        const auto behind =
            std::ranges::upper_bound(children, type.at(), std::less<>(), &DwarfEntry::at);
        if (behind == children.begin() || std::prev(behind)->at() == type.at())
            break;
        around = *std::prev(behind);
        const std::string name = is_scope(around) ? name_of(around) : std::string();
        scope += name.empty() ? name : name + "::";
    }
    return scope;
}

const std::vector<DwarfEntry> &DwarfLayouts::children_of(const DwarfEntry &entry) {
    const auto [known, is_new] = children_.try_emplace(entry.at());
    std::vector<DwarfEntry> &children = known->second;
    if (is_new)
        any_child(entry, [&children](const DwarfEntry &child) {
            children.push_back(child);
            return false;
        });
    return children;
}

const std::string &DwarfLayouts::file_of(const DwarfEntry &entry) {
    static const std::string kNone;
    const auto index = number_of(entry, DW_AT_decl_file);
    if (!index)
        return kNone;
    const std::string &path = file(entry.unit(), *index);
    if (noted_files_ != nullptr)
        noted_files_->emplace(*index, path);
    return path;
}

const std::string &DwarfLayouts::file(const DwarfUnit &unit, std::uint64_t index) {
    if (files_of_ != unit.libdw) {
        files_of_ = unit.libdw;
        const DwarfEntry first(unit, unit.begin);
        const bool has_own = first && has_attribute(first, DW_AT_stmt_list);
        files_.set_unit(has_own ? first : unit_, unit_);
    }
    return files_.path(index);
}

const TypeLayout *DwarfLayouts::read(DwarfEntry type) {
    std::string given_name;
    type = without_qualifiers(type, given_name);
    const auto known = known_.find(type.at());
    if (known != known_.end())
        return known->second;
    TypeLayout &layout = types_->emplace_back();
    known_.emplace(type.at(), &layout);
    layout.name = name_of(type);
    if (layout.name.empty())
        layout.name = given_name;
    if (is_named_type(type))
        layout.scope = scope_of(type);
    layout.file = file_of(type);
    layout.size_bytes = number_of(type, DW_AT_byte_size).value_or(0);
    fill(layout, type);
    return &layout;
}

const TypeLayout *DwarfLayouts::read_type_of(const DwarfEntry &entry) {
    const DwarfEntry type = entry_of(entry, DW_AT_type);
    return type ? read(type) : &void_type();
}

void DwarfLayouts::fill(TypeLayout &layout, const DwarfEntry &type) {
    switch (type.tag()) {
    case DW_TAG_base_type:
        layout.kind = kind_of_encoding(number_of(type, DW_AT_encoding).value_or(0));
        if (layout.kind == Kind::kFloat && !is_known_float(layout))
            layout.kind = Kind::kOther;
        break;
    case DW_TAG_enumeration_type:
        return fill_enumeration(layout, type);
    case DW_TAG_pointer_type:
    case DW_TAG_reference_type:
    case DW_TAG_rvalue_reference_type:
        layout.kind = Kind::kPointer;
        layout.size_bytes = sizeof(void *);
        layout.element = &void_type();
        if (const DwarfEntry pointee = entry_of(type, DW_AT_type))
            to_read_.emplace_back(&layout, pointee);
        break;
    case DW_TAG_ptr_to_member_type:
        layout.kind = Kind::kMemberPointer;
        layout.element = read_type_of(type);
        layout.size_bytes = (layout.element->kind == Kind::kVoid ? 2 : 1) * sizeof(std::ptrdiff_t);
        if (const DwarfEntry owner = entry_of(type, DW_AT_containing_type))
            layout.arguments = {read(owner)};
        break;
    case DW_TAG_array_type:
        return fill_array(layout, type);
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
        layout.kind = Kind::kStruct;
        return fill_members(layout, type);
    case DW_TAG_union_type:
        layout.kind = Kind::kUnion;
        return fill_members(layout, type);
    case DW_TAG_subroutine_type:
        layout.is_function = true;
        [[fallthrough]];
    default:
        layout.kind = Kind::kVoid;
    }
}

TypeLayout::Kind DwarfLayouts::kind_of_encoding(Dwarf_Word encoding) {
    switch (encoding) {
    case DW_ATE_boolean:
        return Kind::kBoolean;
    case DW_ATE_signed:
    case DW_ATE_signed_char:
        return Kind::kSigned;
    case DW_ATE_unsigned:
    case DW_ATE_unsigned_char:
    case DW_ATE_UTF:
        return Kind::kUnsigned;
    case DW_ATE_float:
        return Kind::kFloat;
    default:
        return Kind::kOther;
    }
}

// float, double, long double: not _Float16, and not _Float128, which has the size of another.
bool DwarfLayouts::is_known_float(const TypeLayout &type) {
    return (type.size_bytes == sizeof(float) || type.size_bytes == sizeof(double) ||
            type.size_bytes == sizeof(long double)) &&
           type.name.find("128") == std::string::npos;
}

void DwarfLayouts::fill_enumeration(TypeLayout &layout, const DwarfEntry &type) {
    layout.kind = Kind::kEnumeration;
    any_child(type, [&](const DwarfEntry &child) {
        auto value = child.own_attribute(DW_AT_const_value);
        Dwarf_Sword number = 0;
        if (child.tag() == DW_TAG_enumerator && value && ::dwarf_formsdata(&*value, &number) == 0)
            layout.enumerators.push_back({name_of(child), number});
        layout.is_signed |= number < 0;
        return false;
    });
}

// One array in the other for each dimension.
void DwarfLayouts::fill_array(TypeLayout &layout, const DwarfEntry &type) {
    std::vector<std::uint64_t> counts;
    any_child(type, [&](const DwarfEntry &child) {
        if (child.tag() == DW_TAG_subrange_type && counts.size() < kMostDimensions) {
            const auto count = number_of(child, DW_AT_count);
            const auto last = number_of(child, DW_AT_upper_bound);
            counts.push_back(count ? *count : last && *last + 1 != 0 ? *last + 1 : 0);
        }
        return false;
    });
    if (counts.empty())
        counts.push_back(0);
    const TypeLayout *element = read_type_of(type);
    while (counts.size() > 1) {
        TypeLayout &inner = types_->emplace_back();
        make_array(inner, *element, counts.back());
        counts.pop_back();
        element = &inner;
    }
    make_array(layout, *element, counts.front());
}

void DwarfLayouts::make_array(TypeLayout &layout, const TypeLayout &element, std::uint64_t count) {
    layout.kind = Kind::kArray;
    layout.element = &element;
    layout.count = count;
    layout.size_bytes = count * element.size_bytes;
}

void DwarfLayouts::fill_members(TypeLayout &layout, const DwarfEntry &type) {
    if (has_flag(type, DW_AT_declaration)) {
        layout.kind = Kind::kIncomplete;
        return;
    }
    any_child(type, [&](const DwarfEntry &child) {
        const auto is_static = [&child] {
            return has_flag(child, DW_AT_external) || has_flag(child, DW_AT_declaration);
        };
        const unsigned tag = child.tag();
        if (tag == DW_TAG_inheritance || (tag == DW_TAG_member && !is_static()))
            add_member(layout, child);
        add_arguments(layout, child);
        return false;
    });
    show_stored(layout);
}

// Nodes of libstdc++'s containers have room for an element, and say in an argument of what
// type.
void DwarfLayouts::show_stored(TypeLayout &layout) {
    const bool is_room = layout.name.starts_with("__aligned_membuf<") ||
                         layout.name.starts_with("__aligned_buffer<");
    if (!is_room || layout.arguments.empty())
        return;
    MemberLayout element;
    element.name = "element";
    element.type = layout.arguments.front();
    layout.members = {std::move(element)};
    layout.is_room = true;
}

void DwarfLayouts::add_arguments(TypeLayout &layout, const DwarfEntry &child) {
    if (child.tag() == DW_TAG_template_type_parameter)
        layout.arguments.push_back(read_type_of(child));
    if (child.tag() != DW_TAG_GNU_template_parameter_pack)
        return;
    any_child(child, [&](const DwarfEntry &argument) {
        if (argument.tag() == DW_TAG_template_type_parameter)
            layout.arguments.push_back(read_type_of(argument));
        return false;
    });
}

void DwarfLayouts::add_member(TypeLayout &layout, const DwarfEntry &entry) {
    MemberLayout member;
    member.type = read_type_of(entry);
    member.is_base = entry.tag() == DW_TAG_inheritance;
    member.name = member.is_base ? member.type->name : name_of(entry);
    if (const auto offset = number_of(entry, DW_AT_data_member_location))
        member.offset_bytes = *offset;
    else if (has_attribute(entry, DW_AT_data_member_location))
        layout.has_virtual_bases = true; // it is to be computed from the object
    if (const auto virtuality = number_of(entry, DW_AT_virtuality))
        layout.has_virtual_bases |= *virtuality == DW_VIRTUALITY_virtual;
    if (const auto count = number_of(entry, DW_AT_bit_size))
        add_bits(member, entry, *count);
    if (const Dwarf_Word line = number_of(entry, DW_AT_decl_line).value_or(0); line != 0) {
        member.file = file_of(entry);
        member.line = static_cast<std::uint32_t>(line);
    }
    layout.members.push_back(std::move(member));
}

// Counted from the start of the struct, or (DWARF 3, and g++ with -gdwarf-4) from the highest
// bit of a unit of a given size.
void DwarfLayouts::add_bits(MemberLayout &member, const DwarfEntry &entry, Dwarf_Word count) {
    const Dwarf_Word unit_bits = 8 * member.type->size_bytes;
    Dwarf_Word first = 8 * member.offset_bytes;
    if (const auto from_start = number_of(entry, DW_AT_data_bit_offset))
        first = *from_start;
    else if (const auto from_top = number_of(entry, DW_AT_bit_offset))
        first += 8 * number_of(entry, DW_AT_byte_size).value_or(member.type->size_bytes) -
                 *from_top - count;
    if (unit_bits == 0)
        return;
    member.offset_bytes = first / unit_bits * member.type->size_bytes;
    member.bit_offset = static_cast<std::uint32_t>(first % unit_bits);
    member.bit_count = static_cast<std::uint32_t>(count);
}

} // namespace hotrun
