#include "linux/object_types.hpp"

#include "linux/dwarf_entry.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include <dwarf.h>

namespace hotrun {
namespace {

constexpr int kDeepest = 40; // types in types without a name

bool is_class_or_enumeration(unsigned tag) {
    return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
           tag == DW_TAG_enumeration_type;
}

// DW_OP_addr or DW_OP_addrx come first where a variable has a fixed place.
bool has_fixed_place(const DwarfEntry &variable) {
    const auto location = variable.own_attribute(DW_AT_location);
    if (!location || location->form != DW_FORM_exprloc)
        return false;
    DwarfBytes bytes(location->valp, variable.unit().end);
    bytes.uleb();
    const std::uint64_t operation = bytes.byte();
    return operation == DW_OP_addr || operation == DW_OP_addrx;
}

class TypeTexts {
  public:
    explicit TypeTexts(ObjectTypes &types) : types_of_object_(types) {}

    // Empty, or why the types can't be told.
    std::string read(const ObjectFile &object, const ObjectDebugInfo &info);

  private:
    struct Named {
        DwarfEntry entry;
        std::string name;
    };

    void name_types(const DwarfEntry &scope, const std::string &name);
    void name_type(const DwarfEntry &type, const std::string &scope, const std::string &name);
    std::unordered_map<const unsigned char *, std::string>
    typedefs_in(const DwarfEntry &scope) const;
    std::string text_of_type(const DwarfEntry &type, int depth);
    std::string text_of_member(const DwarfEntry &member, int depth);
    std::string text_of_array(const DwarfEntry &array, int depth);
    std::string text_of_signature(const DwarfEntry &function, int depth);
    std::string word_of(const DwarfEntry &entry, int depth); // of the type of the entry
    std::string word_for(DwarfEntry type, int depth);

    ObjectTypes &types_of_object_;
    std::unordered_map<const unsigned char *, std::string> names_; // of types, by their entries
    std::vector<Named> types_;
    std::vector<Named> variables_;
    bool has_types_ = false;
};

std::string TypeTexts::read(const ObjectFile &object, const ObjectDebugInfo &info) {
    if (info.dwarf() == nullptr)
        return info.why();
    DwarfUnits units;
    Dwarf_CU *unit = nullptr;
    Dwarf_Die die;
    while (::dwarf_get_units(info.dwarf(), unit, &unit, nullptr, nullptr, &die, nullptr) == 0) {
        const DwarfEntry first = units.entry(die);
        if (!first)
            return object.path() + " has damaged debug information";
        if (has_attribute(first, DW_AT_dwo_name) || has_attribute(first, DW_AT_GNU_dwo_name))
            return object.path() + " has its debug information in a file of its own";
        name_types(first, "");
    }
    if (!has_types_)
        return object.path() + " has no types in its debug information (-g1?)";
    auto &all = types_of_object_.descriptions;
    for (const Named &type : types_)
        all["the layout of " + type.name].push_back(text_of_type(type.entry, 0));
    for (const Named &variable : variables_)
        all["the type of the variable " + variable.name].push_back(word_of(variable.entry, 0));
    return {};
}

// C names most of its types by a typedef alone.
std::unordered_map<const unsigned char *, std::string>
TypeTexts::typedefs_in(const DwarfEntry &scope) const {
    std::unordered_map<const unsigned char *, std::string> names;
    any_child(scope, [&names](const DwarfEntry &child) {
        if (child.tag() == DW_TAG_typedef) {
            if (const DwarfEntry type = entry_of(child, DW_AT_type))
                names.emplace(type.at(), name_of(child));
        }
        return false;
    });
    return names;
}

void TypeTexts::name_type(const DwarfEntry &type, const std::string &scope,
                          const std::string &name) {
    const std::string whole = scope + (name.empty() ? "(unnamed)" : name);
    if (!name.empty())
        names_.emplace(type.at(), whole);
    if (!has_flag(type, DW_AT_declaration))
        types_.push_back({type, whole});
    name_types(type, whole + "::");
}

void TypeTexts::name_types(const DwarfEntry &scope, const std::string &name) {
    const auto typedefs = typedefs_in(scope);
    any_child(scope, [&](const DwarfEntry &child) {
        const unsigned tag = child.tag();
        if (is_class_or_enumeration(tag)) {
            has_types_ = true;
            const auto given = typedefs.find(child.at());
            const std::string own = name_of(child);
            name_type(child, name, own.empty() && given != typedefs.end() ? given->second : own);
        } else if (tag == DW_TAG_namespace || tag == DW_TAG_subprogram) {
            const std::string own = name_of(child);
            name_types(child, name + (own.empty() ? "(anonymous)" : own) + "::");
        } else if (tag == DW_TAG_lexical_block) {
            name_types(child, name);
        } else if (tag == DW_TAG_variable && has_fixed_place(child)) {
            variables_.push_back({child, name + name_of(child)});
        }
        has_types_ |= tag == DW_TAG_base_type;
        return false;
    });
}

std::string number_text(const DwarfEntry &entry, unsigned attribute) {
    const auto number = number_of(entry, attribute);
    return number ? std::to_string(*number) : "";
}

std::string TypeTexts::text_of_member(const DwarfEntry &member, int depth) {
    std::string text = name_of(member) + ":" + word_of(member, depth + 1);
    for (const unsigned attribute : {DW_AT_data_member_location, DW_AT_bit_size,
                                     DW_AT_data_bit_offset, DW_AT_bit_offset, DW_AT_virtuality})
        text += "," + number_text(member, attribute);
    return text;
}

// Names of functions say in which order a virtual table has them.
std::string TypeTexts::text_of_type(const DwarfEntry &type, int depth) {
    std::string text = std::to_string(type.tag()) + "," + number_text(type, DW_AT_byte_size) + "," +
                       number_text(type, DW_AT_alignment);
    if (type.tag() == DW_TAG_enumeration_type)
        text += word_of(type, depth + 1);
    any_child(type, [&](const DwarfEntry &child) {
        const unsigned tag = child.tag();
        if (tag == DW_TAG_inheritance ||
            (tag == DW_TAG_member && !has_flag(child, DW_AT_external) &&
             !has_flag(child, DW_AT_declaration)))
            text += ";" + text_of_member(child, depth);
        else if (tag == DW_TAG_enumerator)
            text += ";" + name_of(child) + "=" + number_text(child, DW_AT_const_value);
        else if (tag == DW_TAG_subprogram && number_of(child, DW_AT_virtuality).value_or(0) != 0)
            text += ";virtual " + name_of(child) + text_of_signature(child, depth);
        return false;
    });
    return text;
}

std::string TypeTexts::text_of_array(const DwarfEntry &array, int depth) {
    std::string text;
    any_child(array, [&text](const DwarfEntry &child) {
        if (child.tag() == DW_TAG_subrange_type)
            text += "[" + number_text(child, DW_AT_count) + "," +
                    number_text(child, DW_AT_upper_bound) + "]";
        return false;
    });
    return text + word_of(array, depth + 1);
}

std::string TypeTexts::text_of_signature(const DwarfEntry &function, int depth) {
    std::string text = "(";
    any_child(function, [&](const DwarfEntry &child) {
        if (child.tag() == DW_TAG_formal_parameter)
            text += word_of(child, depth + 1) + ",";
        return false;
    });
    return text + ")" + word_of(function, depth + 1);
}

std::string TypeTexts::word_of(const DwarfEntry &entry, int depth) {
    const DwarfEntry type = entry_of(entry, DW_AT_type);
    return type ? word_for(type, depth) : "void";
}

// What has a name is described by itself.
std::string TypeTexts::word_for(DwarfEntry type, int depth) {
    std::string ignored;
    type = without_qualifiers(type, ignored);
    if (const auto known = names_.find(type.at()); known != names_.end())
        return known->second;
    if (depth > kDeepest)
        return "...";
    switch (type.tag()) {
    case DW_TAG_base_type:
        return name_of(type) + number_text(type, DW_AT_byte_size) + "/" +
               number_text(type, DW_AT_encoding);
    case DW_TAG_pointer_type:
        return "*" + word_of(type, depth + 1);
    case DW_TAG_reference_type:
    case DW_TAG_rvalue_reference_type:
        return "&" + word_of(type, depth + 1);
    case DW_TAG_array_type:
        return text_of_array(type, depth);
    case DW_TAG_subroutine_type:
        return text_of_signature(type, depth);
    case DW_TAG_ptr_to_member_type: {
        const DwarfEntry owner = entry_of(type, DW_AT_containing_type);
        return (owner ? word_for(owner, depth + 1) : "?") + "::*" + word_of(type, depth + 1);
    }
    default:
        return "{" + name_of(type) + text_of_type(type, depth + 1) + "}";
    }
}

} // namespace

ObjectTypes types_of(const ObjectFile &object, const ObjectDebugInfo &info) {
    ObjectTypes types;
    types.source = object.source();
    types.why = TypeTexts(types).read(object, info);
    return types;
}

std::string difference_of_types(const ObjectTypes &before, const ObjectTypes &after) {
    for (const ObjectTypes *types : {&before, &after}) {
        if (!types->why.empty())
            return types->why;
    }
    for (const auto &[name, texts] : after.descriptions) {
        const auto known = before.descriptions.find(name);
        if (known != before.descriptions.end() && known->second != texts)
            return after.source + ": " + name + " has changed";
    }
    return {};
}

} // namespace hotrun
