#include "linux/dwarf_types.hpp"

#include "core/demangle.hpp"
#include "hotrun/module.h"
#include "linux/debug_info.hpp"
#include "linux/debug_text.hpp"
#include "linux/die.hpp"
#include "linux/dwarf_closures.hpp"
#include "linux/dwarf_layouts.hpp"
#include "linux/loaded_text.hpp"
#include "linux/static_symbols.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <dwarf.h>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

constexpr const char *kDescriptorName = "hotrun_type_";
constexpr const char *kTypePointerName = "of";
constexpr const char *kConstructorName = "construct";
constexpr std::string_view kRenamePrefix = "hotrun_renamed_";
constexpr std::string_view kMigratorPrefix = "hotrun_migrated_";

// Finds the descriptors and the static variables in one unit.
class VariableSearch {
  public:
    // Where there may be one, between two offsets in the entries of a unit.
    using MayBeIn = std::function<bool(Dwarf_Off begin, Dwarf_Off end)>;

    // Without symbols no variables are looked for that are the program's.
    VariableSearch(const DebugInfo &info, LibraryTypes &types, DwarfLayouts &layouts,
                   const StaticSymbols *symbols)
        : info_(info), types_(types), layouts_(layouts), symbols_(symbols) {}

    void search_unit(Dwarf_Die unit, const std::string &file, MayBeIn may_be_in) {
        file_ = file;
        may_be_in_ = std::move(may_be_in);
        search(unit, UINT64_MAX, {}, 0);
    }

  private:
    struct Scope { // around an entry
        const Scope *outer = nullptr;
        const Dwarf_Die *entry = nullptr;
    };

    // `end`: where the entries of the parent end.
    void search(Dwarf_Die parent, Dwarf_Off end, const Scope &scope, int depth) {
        Dwarf_Die child;
        bool has_more = depth < kDeepestEntry && ::dwarf_child(&parent, &child) == 0;
        while (has_more) {
            Dwarf_Die next;
            has_more = ::dwarf_siblingof(&child, &next) == 0;
            look_at(child, has_more ? ::dwarf_dieoffset(&next) : end, scope, depth);
            child = next;
        }
    }

    void look_at(Dwarf_Die child, Dwarf_Off end, const Scope &scope, int depth) {
        switch (::dwarf_tag(&child)) {
        case DW_TAG_variable:
            take(child, scope);
            break;
        case DW_TAG_namespace: // a rename has no address
            search(child, end, {&scope, &child}, depth + 1);
            break;
        case DW_TAG_subprogram:
        case DW_TAG_inlined_subroutine:
        case DW_TAG_lexical_block:
        case DW_TAG_try_block:
        case DW_TAG_catch_block:
        case DW_TAG_class_type:
        case DW_TAG_structure_type:
            if (may_be_in_(::dwarf_dieoffset(&child), end))
                search(child, end, {&scope, &child}, depth + 1);
            break;
        default:
            break;
        }
    }

    void take(Dwarf_Die variable, const Scope &scope) {
        const std::string name = name_of(variable);
        const bool is_rename = name.starts_with(kRenamePrefix);
        const bool is_migrator = name.starts_with(kMigratorPrefix);
        if (name != kDescriptorName && !is_rename && !is_migrator)
            return take_own(variable, name, scope);
        const std::optional<Dwarf_Die> type = entry_of(variable, DW_AT_type);
        if (!type)
            return;
        std::string no_name;
        const Dwarf_Die object = without_qualifiers(*type, no_name);
        if (is_rename)
            return take_rename(variable, object);
        const std::optional<std::uint64_t> address = address_of(variable);
        if (address && is_migrator)
            take_migrator(object, *address);
        else if (address)
            take_descriptor(object, *address);
    }

    void take_descriptor(Dwarf_Die object, std::uint64_t address) {
        LibraryTypes::Descriptor descriptor{address, nullptr, 0, size_at(address)};
        any_child(object, [&](Dwarf_Die member) {
            take_member(member, descriptor);
            return false;
        });
        if (descriptor.type != nullptr)
            types_.descriptors.push_back(descriptor);
    }

    // A variable of the program.
    void take_own(Dwarf_Die variable, const std::string &name, const Scope &scope) {
        if (symbols_ == nullptr || name.empty())
            return;
        if (const std::optional<std::uint64_t> address = address_of(variable))
            take_static(variable, name, *address, scope);
        else if (has_computed_value(variable))
            take_computed(variable, name, scope);
    }

    void take_computed(Dwarf_Die variable, const std::string &name, const Scope &scope) {
        StaticVariable found;
        found.name = found.symbol = text_of(scope) + name;
        if (!is_external(variable))
            found.file = file_;
        found.is_computed = true;
        types_.statics.push_back(std::move(found));
    }

    // What several units have is taken from the first.
    void take_static(Dwarf_Die variable, const std::string &name, std::uint64_t address,
                     const Scope &scope) {
        const StaticSymbols::Variable *symbol = symbols_->find(address);
        const std::optional<Dwarf_Die> type =
            symbol == nullptr ? std::nullopt : entry_of(variable, DW_AT_type);
        if (!type || !taken_.insert(address).second)
            return;
        StaticVariable found;
        found.symbol = symbol->symbol;
        found.name = demangle(found.symbol);
        if (found.name == found.symbol)
            found.name = text_of(scope) + name;
        if (!is_external(variable))
            found.file = file_;
        found.address = address;
        found.type = layouts_.of(*type);
        found.guard = symbols_->guard_of(*symbol);
        found.resets = symbol->resets || is_constant(*type);
        types_.statics.push_back(std::move(found));
    }

    // Itself, or what it was declared as before.
    static bool is_external(Dwarf_Die variable) {
        Dwarf_Attribute found;
        bool is_set = false;
        return ::dwarf_attr_integrate(&variable, DW_AT_external, &found) != nullptr &&
               ::dwarf_formflag(&found, &is_set) == 0 && is_set;
    }

    // What the program can't change is as the source has it. A constant pointer may lead to what it
    // does change.
    static bool is_constant(Dwarf_Die type) {
        for (int depth = 0; depth < kDeepestEntry; ++depth) {
            const int tag = ::dwarf_tag(&type);
            std::string no_name;
            if (const std::optional<Dwarf_Die> next = entry_of(type, DW_AT_type); !next)
                return false;
            else if (tag == DW_TAG_const_type)
                return !is_pointer(without_qualifiers(*next, no_name));
            else if (tag == DW_TAG_typedef || tag == DW_TAG_volatile_type ||
                     tag == DW_TAG_array_type)
                type = *next;
            else
                return false;
        }
        return false;
    }

    static bool is_pointer(Dwarf_Die type) {
        const int tag = ::dwarf_tag(&type);
        return tag == DW_TAG_pointer_type || tag == DW_TAG_reference_type ||
               tag == DW_TAG_rvalue_reference_type;
    }

    static std::string text_of(const Scope &scope) {
        if (scope.entry == nullptr)
            return {};
        const std::string name = name_of(*scope.entry);
        const std::string outer = scope.outer == nullptr ? "" : text_of(*scope.outer);
        return name.empty() ? outer : outer + name + "::";
    }

    void take_rename(Dwarf_Die variable, Dwarf_Die object) {
        LibraryTypes::Rename rename;
        any_child(object, [&](Dwarf_Die member) {
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

    void take_migrator(Dwarf_Die object, std::uint64_t address) {
        LibraryTypes::Migrator migrator;
        any_child(object, [&](Dwarf_Die member) {
            if (name_of(member) == kDescriptorName)
                migrator.type = pointee_of(member);
            else
                migrator.function =
                    address + number_of(member, DW_AT_data_member_location).value_or(0);
            return false;
        });
        if (migrator.type != nullptr)
            types_.migrators.push_back(migrator);
    }

    // g++ has the bytes of constants in namespaces, and does not tell where they lie.
    std::string text_in(Dwarf_Die variable, std::uint64_t offset) const {
        if (const std::optional<std::uint64_t> address = address_of(variable))
            return loaded_text(info_.elf(), *address + offset);
        Dwarf_Attribute value;
        Dwarf_Block bytes;
        if (::dwarf_formblock(::dwarf_attr(&variable, DW_AT_const_value, &value), &bytes) != 0 ||
            offset >= bytes.length)
            return {};
        const char *first = reinterpret_cast<const char *>(bytes.data) + offset;
        return {first, ::strnlen(first, bytes.length - offset)};
    }

    const TypeLayout *pointee_of(Dwarf_Die member) {
        const std::optional<Dwarf_Die> pointer = entry_of(member, DW_AT_type);
        const std::optional<Dwarf_Die> type =
            pointer ? entry_of(*pointer, DW_AT_type) : std::nullopt;
        return type ? layouts_.of(*type) : nullptr;
    }

    void take_member(Dwarf_Die member, LibraryTypes::Descriptor &descriptor) {
        const char *name = ::dwarf_diename(&member);
        if (name == nullptr || ::dwarf_tag(&member) != DW_TAG_member)
            return;
        if (std::strcmp(name, kConstructorName) == 0)
            descriptor.constructor =
                descriptor.address + number_of(member, DW_AT_data_member_location).value_or(0);
        if (std::strcmp(name, kTypePointerName) == 0)
            descriptor.type = pointee_of(member);
    }

    // As the hotrun_type at that address says.
    std::uint64_t size_at(std::uint64_t address) const {
        return info_.word_at(address + offsetof(hotrun_type, size_bytes)).value_or(0);
    }

    const DebugInfo &info_;
    LibraryTypes &types_;
    DwarfLayouts &layouts_;
    const StaticSymbols *symbols_;
    std::string file_;
    MayBeIn may_be_in_;
    std::unordered_set<std::uint64_t> taken_;
};

// Where the next unit begins.
Dwarf_Off end_of(Dwarf_Die unit) {
    Dwarf_Off next = 0;
    const Dwarf_Off header = ::dwarf_dieoffset(&unit) - ::dwarf_cuoffset(&unit);
    return ::dwarf_nextcu(::dwarf_cu_getdwarf(unit.cu), header, &next, nullptr, nullptr, nullptr,
                          nullptr) == 0
               ? next
               : UINT64_MAX;
}

// Calls `visit` with the entry of each unit that may have one of that name, or one of the
// variables, with the entry of the unit that has its files, and with a function that says of a part
// of it whether it may have one. False: there is no debug information.
template <typename Visit>
bool each_unit(const DebugInfo &info, const char *name, const StaticSymbols *symbols, Visit visit) {
    // A name may stand in one entry and the address in another, which completes it.
    const bool can_skip = symbols != nullptr && symbols->knows_places();
    std::optional<DebugText> text;
    Dwarf_CU *unit = nullptr;
    Dwarf_Die entry;
    Dwarf_Die split;
    std::uint8_t unit_type = 0;
    while (info.dwarf() != nullptr &&
           ::dwarf_get_units(info.dwarf(), unit, &unit, nullptr, &unit_type, &entry, &split) == 0) {
        if (!text)
            text.emplace(info.elf(), name);
        if (unit_type == DW_UT_type) // has no variables
            continue;
        const auto may_be_in = [&](Dwarf_Off begin, Dwarf_Off end) {
            return text->may_be_in(entry, begin, end) ||
                   (symbols != nullptr && symbols->may_be_in(entry, begin, end));
        };
        const auto may_be_in_part = [&](Dwarf_Off begin, Dwarf_Off end) {
            return !can_skip || may_be_in(begin, end);
        };
        if (unit_type == DW_UT_skeleton && split.addr != nullptr) // its entries are elsewhere
            visit(split, entry, [](Dwarf_Off, Dwarf_Off) { return true; });
        else if (may_be_in(::dwarf_dieoffset(&entry), end_of(entry)))
            visit(entry, entry, may_be_in_part);
    }
    return text.has_value();
}

bool has_functions(const LibraryTypes &types) {
    return std::ranges::any_of(types.types, [](const TypeLayout &type) {
        return type.kind == Kind::kStruct && type.name.starts_with("function<");
    });
}

} // namespace

std::shared_ptr<const LibraryTypes> DwarfTypeReader::read(const std::string &path) {
    const DebugInfo info(path);
    auto types = std::make_shared<LibraryTypes>();
    DwarfLayouts layouts(*types);
    std::optional<StaticSymbols> symbols;
    if (statics_ == Statics::kRead) {
        symbols.emplace(info.elf());
        types->array_destructors = symbols->array_destructors();
    }
    const StaticSymbols *wanted = symbols ? &*symbols : nullptr;
    VariableSearch variables(info, *types, layouts, wanted);
    const bool has_any =
        each_unit(info, kDescriptorName, wanted,
                  [&](Dwarf_Die entry, Dwarf_Die with_files, const auto &may_be_in) {
                      layouts.set_unit(with_files);
                      variables.search_unit(
                          entry, absolute_path(with_files, ::dwarf_diename(&entry)), may_be_in);
                  });
    if (!has_any)
        return nullptr;
    if (has_functions(*types))
        each_unit(info, kClosureManager, nullptr,
                  [&](Dwarf_Die entry, Dwarf_Die with_files, const auto &) {
                      layouts.set_unit(with_files);
                      ClosureSearch closures;
                      closures.search(entry);
                      closures.add_found(types->closures,
                                         [&](Dwarf_Die functor) { return layouts.of(functor); });
                  });
    return types;
}

} // namespace hotrun
