#include "linux/variable_search.hpp"

#include "core/demangle.hpp"
#include "hotrun/module.h"
#include "linux/loaded_text.hpp"

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <dwarf.h>

namespace hotrun {

namespace {

constexpr const char *kTypePointerName = "of";
constexpr const char *kConstructorName = "construct";
constexpr std::string_view kRenamePrefix = "hotrun_renamed_";
constexpr std::string_view kMigratorPrefix = "hotrun_migrated_";

// Of what begins there; null: the end of the unit.
Dwarf_Off offset_of(const DwarfEntry &entry, const unsigned char *place) {
    const DwarfUnit &unit = entry.unit();
    return unit.offset +
           static_cast<Dwarf_Off>((place == nullptr ? unit.end : place) - unit.header);
}

// Itself, or what it was declared as before.
bool is_external(const DwarfEntry &variable) {
    auto found = variable.attribute(DW_AT_external);
    bool is_set = false;
    return found && ::dwarf_formflag(&*found, &is_set) == 0 && is_set;
}

bool is_pointer(const DwarfEntry &type) {
    const unsigned tag = type.tag();
    return tag == DW_TAG_pointer_type || tag == DW_TAG_reference_type ||
           tag == DW_TAG_rvalue_reference_type;
}

// What the program can't change is as the source has it. A constant pointer may lead to what it
// does change.
bool is_constant(DwarfEntry type) {
    for (int depth = 0; depth < kDeepestEntry; ++depth) {
        const unsigned tag = type.tag();
        std::string no_name;
        if (const DwarfEntry next = entry_of(type, DW_AT_type); !next)
            return false;
        else if (tag == DW_TAG_const_type)
            return !is_pointer(without_qualifiers(next, no_name));
        else if (tag == DW_TAG_typedef || tag == DW_TAG_volatile_type || tag == DW_TAG_array_type)
            type = next;
        else
            return false;
    }
    return false;
}

} // namespace

void VariableSearch::search_unit(const DwarfEntry &unit, const std::string &file,
                                 const Places &places, ReadUnit &read) {
    file_ = file;
    read_ = &read;
    search(unit, {}, places, 0);
}

void VariableSearch::search(const DwarfEntry &parent, const Scope &scope, const Places &places,
                            int depth) {
    if (depth == kDeepestEntry)
        return;
    const std::vector<DwarfEntry> &children = layouts_.children_of(parent);
    for (std::size_t i = 0; i < children.size(); ++i) {
        const DwarfEntry &child = children[i];
        const auto next = [&] {
            return i + 1 < children.size() ? children[i + 1].at() : child.end();
        };
        look_at(child, next, scope, places, depth);
    }
}

template <typename Next>
void VariableSearch::look_at(const DwarfEntry &child, const Next &next, const Scope &scope,
                             const Places &places, int depth) {
    Places own = places;
    switch (child.tag()) {
    case DW_TAG_variable:
        take(child, scope);
        break;
    case DW_TAG_namespace: // a rename has no address
        search(child, {&scope, &child}, places, depth + 1);
        break;
    case DW_TAG_subprogram:
    case DW_TAG_inlined_subroutine:
    case DW_TAG_lexical_block:
    case DW_TAG_try_block:
    case DW_TAG_catch_block:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
        own.narrow(child.offset(), offset_of(child, next()));
        if (own.has_any())
            search(child, {&scope, &child}, own, depth + 1);
        break;
    default:
        break;
    }
}

void VariableSearch::take(const DwarfEntry &variable, const Scope &scope) {
    const std::string name = name_of(variable);
    const bool is_rename = name.starts_with(kRenamePrefix);
    const bool is_migrator = name.starts_with(kMigratorPrefix);
    if (name != kDescriptorName && !is_rename && !is_migrator)
        return take_own(variable, name, scope);
    const DwarfEntry type = entry_of(variable, DW_AT_type);
    if (!type)
        return;
    read_->is_whole &= name == kDescriptorName; // texts and functions are elsewhere
    std::string no_name;
    const DwarfEntry object = without_qualifiers(type, no_name);
    if (is_rename)
        return take_rename(variable, object);
    const std::optional<std::uint64_t> address = address_of(variable);
    if (address && is_migrator)
        take_migrator(object, *address);
    else if (address && take_descriptor(object, *address))
        note(variable, Sort::kDescriptor);
}

void VariableSearch::note(const DwarfEntry &variable, Sort sort, bool is_constant) {
    const std::ptrdiff_t at = variable.at() - variable.unit().header;
    read_->variables.push_back({sort, static_cast<std::uint32_t>(at), is_constant});
}

bool VariableSearch::take_descriptor(const DwarfEntry &object, std::uint64_t address) {
    LibraryTypes::Descriptor descriptor{address, nullptr, 0, size_at(address)};
    any_child(object, [&](const DwarfEntry &member) {
        take_member(member, descriptor);
        return false;
    });
    if (descriptor.type != nullptr)
        types_.descriptors.push_back(descriptor);
    return descriptor.type != nullptr;
}

// A variable of the program.
void VariableSearch::take_own(const DwarfEntry &variable, const std::string &name,
                              const Scope &scope) {
    if (symbols_ == nullptr || name.empty())
        return;
    if (const std::optional<std::uint64_t> address = address_of(variable))
        take_static(variable, name, *address, scope);
    else if (has_computed_value(variable))
        take_computed(variable, name, scope);
}

std::string VariableSearch::text_of(const Scope &scope) {
    if (scope.entry == nullptr)
        return {};
    const std::string name = name_of(*scope.entry);
    const std::string outer = scope.outer == nullptr ? "" : text_of(*scope.outer);
    return name.empty() ? outer : outer + name + "::";
}

// Empty: it is of several.
std::string VariableSearch::file_of(const DwarfEntry &variable) const {
    return is_external(variable) ? "" : file_;
}

void VariableSearch::take_computed(const DwarfEntry &variable, const std::string &name,
                                   const Scope &scope) {
    const std::string whole = text_of(scope) + name;
    StaticVariable found;
    found.called = std::make_shared<StaticName>(whole, whole, file_of(variable));
    found.is_computed = true;
    types_.statics.push_back(std::move(found));
    note(variable, Sort::kComputed);
}

// What several units have is taken from the first.
void VariableSearch::take_static(const DwarfEntry &variable, const std::string &name,
                                 std::uint64_t address, const Scope &scope) {
    const StaticSymbols::Variable *symbol = symbols_->find(address);
    if (symbol == nullptr)
        return note(variable, Sort::kNoSymbol);
    const DwarfEntry type = entry_of(variable, DW_AT_type);
    if (!type)
        return;
    if (is_taken(*symbol))
        return note(variable, Sort::kTaken);
    is_taken_[symbols_->index_of(*symbol)] = true;
    const std::string text = demangle(symbol->symbol);
    StaticVariable found;
    found.called =
        std::make_shared<StaticName>(text == symbol->symbol ? text_of(scope) + name : text,
                                     std::string(symbol->symbol), file_of(variable));
    found.address = address;
    found.type = layouts_.of(type);
    found.guard = symbols_->guard_of(*symbol);
    const bool is_fixed = is_constant(type);
    found.resets = symbol->resets || is_fixed;
    types_.statics.push_back(std::move(found));
    note(variable, Sort::kStatic, is_fixed);
}

void VariableSearch::take_rename(const DwarfEntry &variable, const DwarfEntry &object) {
    LibraryTypes::Rename rename;
    any_child(object, [&](const DwarfEntry &member) {
        const std::string name = name_of(member);
        if (name == kDescriptorName)
            rename.type = pointee_of(member);
        else if (name == "from" || name == "to")
            (name == "to" ? rename.to : rename.from) =
                text_in(variable, number_of(member, DW_AT_data_member_location).value_or(0));
        return false;
    });
    if (rename.type != nullptr && !rename.from.empty())
        types_.renames.push_back(std::move(rename));
}

void VariableSearch::take_migrator(const DwarfEntry &object, std::uint64_t address) {
    LibraryTypes::Migrator migrator;
    any_child(object, [&](const DwarfEntry &member) {
        if (name_of(member) == kDescriptorName)
            migrator.type = pointee_of(member);
        else
            migrator.function = address + number_of(member, DW_AT_data_member_location).value_or(0);
        return false;
    });
    if (migrator.type != nullptr)
        types_.migrators.push_back(migrator);
}

// g++ has the bytes of constants in namespaces, and does not tell where they lie.
std::string VariableSearch::text_in(const DwarfEntry &variable, std::uint64_t offset) const {
    if (const std::optional<std::uint64_t> address = address_of(variable))
        return loaded_text(info_.elf(), *address + offset);
    auto value = variable.own_attribute(DW_AT_const_value);
    Dwarf_Block bytes;
    if (!value || ::dwarf_formblock(&*value, &bytes) != 0 || offset >= bytes.length)
        return {};
    const char *first = reinterpret_cast<const char *>(bytes.data) + offset;
    return {first, ::strnlen(first, bytes.length - offset)};
}

const TypeLayout *VariableSearch::pointee_of(const DwarfEntry &member) {
    const DwarfEntry pointer = entry_of(member, DW_AT_type);
    const DwarfEntry type = pointer ? entry_of(pointer, DW_AT_type) : DwarfEntry();
    return type ? layouts_.of(type) : nullptr;
}

void VariableSearch::take_member(const DwarfEntry &member, LibraryTypes::Descriptor &descriptor) {
    const char *name = hotrun::text_of(member, DW_AT_name);
    if (name == nullptr || member.tag() != DW_TAG_member)
        return;
    if (std::strcmp(name, kConstructorName) == 0)
        descriptor.constructor =
            descriptor.address + number_of(member, DW_AT_data_member_location).value_or(0);
    if (std::strcmp(name, kTypePointerName) == 0)
        descriptor.type = pointee_of(member);
}

// As the hotrun_type at that address says.
std::uint64_t VariableSearch::size_at(std::uint64_t address) const {
    return info_.word_at(address + offsetof(hotrun_type, size_bytes)).value_or(0);
}

bool VariableSearch::take_known(const ReadUnits::Unit &known, const LibraryTypes &before,
                                const DwarfUnit &unit) {
    const std::vector<ReadUnit::Variable> &variables = known.read->variables;
    known_.clear();
    const StaticVariable *next_static = before.statics.data() + known.first_static;
    for (const ReadUnit::Variable &variable : variables) {
        const bool is_own = variable.sort == Sort::kStatic || variable.sort == Sort::kComputed;
        const auto address = address_of({unit, unit.header + variable.at});
        const StaticSymbols::Variable *symbol =
            symbols_ == nullptr || !address ? nullptr : symbols_->find(*address);
        if (!is_as_known(variable, address, symbol, next_static))
            return give_back_known();
        known_.push_back({address.value_or(0), symbol, variable.sort == Sort::kStatic});
        if (variable.sort == Sort::kStatic)
            is_taken_[symbols_->index_of(*symbol)] = true;
        next_static += is_own ? 1 : 0;
    }
    std::size_t static_at = known.first_static;
    std::size_t descriptor_at = known.first_descriptor;
    for (std::size_t i = 0; i < variables.size(); ++i) {
        if (variables[i].sort == Sort::kComputed)
            types_.statics.push_back(before.statics[static_at++]);
        else if (variables[i].sort == Sort::kStatic)
            add_known(before.statics[static_at++], variables[i].is_constant, *known_[i].symbol);
        else if (variables[i].sort == Sort::kDescriptor)
            add_known(before.descriptors[descriptor_at++], known_[i].address);
    }
    return true;
}

bool VariableSearch::give_back_known() {
    for (const Known &known : known_) {
        if (known.is_taken)
            is_taken_[symbols_->index_of(*known.symbol)] = false;
    }
    return false;
}

// `address`: where it lies now, and what symbols say of it, which may have changed though the unit
// has not. `known`: the next static variable.
bool VariableSearch::is_as_known(const ReadUnit::Variable &variable,
                                 std::optional<std::uint64_t> address,
                                 const StaticSymbols::Variable *symbol,
                                 const StaticVariable *known) const {
    if (!address)
        return variable.sort == Sort::kComputed;
    switch (variable.sort) {
    case Sort::kNoSymbol:
        return symbol == nullptr;
    case Sort::kTaken:
        return symbol != nullptr && is_taken(*symbol);
    case Sort::kStatic:
        return symbol != nullptr && symbol->symbol == known->symbol() && !is_taken(*symbol);
    case Sort::kComputed:
        return false;
    case Sort::kDescriptor:
        return true;
    }
    return false;
}

void VariableSearch::add_known(const StaticVariable &known, bool is_constant,
                               const StaticSymbols::Variable &symbol) {
    StaticVariable &found = types_.statics.emplace_back(known);
    found.address = symbol.address;
    found.guard = symbols_->guard_of(symbol);
    found.resets = symbol.resets || is_constant;
}

void VariableSearch::add_known(const LibraryTypes::Descriptor &known, std::uint64_t address) {
    const std::uint64_t constructor_at = known.constructor - known.address;
    types_.descriptors.push_back({address, known.type,
                                  known.constructor == 0 ? 0 : address + constructor_at,
                                  size_at(address)});
}

} // namespace hotrun
