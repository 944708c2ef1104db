#include "linux/dwarf_types.hpp"

#include "core/demangle.hpp"
#include "hotrun/module.h"
#include "linux/debug_info.hpp"
#include "linux/debug_text.hpp"
#include "linux/dwarf_closures.hpp"
#include "linux/dwarf_entry.hpp"
#include "linux/dwarf_layouts.hpp"
#include "linux/loaded_text.hpp"
#include "linux/static_symbols.hpp"
#include "linux/unit_files.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

#include <dwarf.h>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

constexpr const char *kDescriptorName = "hotrun_type_";
constexpr const char *kTypePointerName = "of";
constexpr const char *kConstructorName = "construct";
constexpr std::string_view kRenamePrefix = "hotrun_renamed_";
constexpr std::string_view kMigratorPrefix = "hotrun_migrated_";

// Where the entries of a unit may have what is looked for.
struct Places {
    bool are_everywhere = false;
    std::span<const Dwarf_Off> of_text;
    std::span<const Dwarf_Off> of_symbols;

    void narrow(Dwarf_Off begin, Dwarf_Off end) {
        of_text = places_from(of_text, begin, end);
        of_symbols = places_from(of_symbols, begin, end);
    }
    bool has_any() const { return are_everywhere || !of_text.empty() || !of_symbols.empty(); }
};

// Finds the descriptors and the static variables in one unit.
class VariableSearch {
  public:
    // Without symbols no variables are looked for that are the program's.
    VariableSearch(const DebugInfo &info, LibraryTypes &types, DwarfLayouts &layouts,
                   const StaticSymbols *symbols)
        : info_(info), types_(types), layouts_(layouts), symbols_(symbols) {}

    void search_unit(const DwarfEntry &unit, const std::string &file, const Places &places) {
        file_ = file;
        search(unit, {}, places, 0);
    }

  private:
    struct Scope { // around an entry
        const Scope *outer = nullptr;
        const DwarfEntry *entry = nullptr;
    };

    void search(const DwarfEntry &parent, const Scope &scope, const Places &places, int depth) {
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

    // Of what begins there; null: the end of the unit.
    static Dwarf_Off offset_of(const DwarfEntry &entry, const unsigned char *place) {
        const DwarfUnit &unit = entry.unit();
        return unit.offset +
               static_cast<Dwarf_Off>((place == nullptr ? unit.end : place) - unit.header);
    }

    template <typename Next>
    void look_at(const DwarfEntry &child, const Next &next, const Scope &scope,
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

    void take(const DwarfEntry &variable, const Scope &scope) {
        const std::string name = name_of(variable);
        const bool is_rename = name.starts_with(kRenamePrefix);
        const bool is_migrator = name.starts_with(kMigratorPrefix);
        if (name != kDescriptorName && !is_rename && !is_migrator)
            return take_own(variable, name, scope);
        const DwarfEntry type = entry_of(variable, DW_AT_type);
        if (!type)
            return;
        std::string no_name;
        const DwarfEntry object = without_qualifiers(type, no_name);
        if (is_rename)
            return take_rename(variable, object);
        const std::optional<std::uint64_t> address = address_of(variable);
        if (address && is_migrator)
            take_migrator(object, *address);
        else if (address)
            take_descriptor(object, *address);
    }

    void take_descriptor(const DwarfEntry &object, std::uint64_t address) {
        LibraryTypes::Descriptor descriptor{address, nullptr, 0, size_at(address)};
        any_child(object, [&](const DwarfEntry &member) {
            take_member(member, descriptor);
            return false;
        });
        if (descriptor.type != nullptr)
            types_.descriptors.push_back(descriptor);
    }

    // A variable of the program.
    void take_own(const DwarfEntry &variable, const std::string &name, const Scope &scope) {
        if (symbols_ == nullptr || name.empty())
            return;
        if (const std::optional<std::uint64_t> address = address_of(variable))
            take_static(variable, name, *address, scope);
        else if (has_computed_value(variable))
            take_computed(variable, name, scope);
    }

    void take_computed(const DwarfEntry &variable, const std::string &name, const Scope &scope) {
        StaticVariable found;
        found.name = found.symbol = text_of(scope) + name;
        if (!is_external(variable))
            found.file = file_;
        found.is_computed = true;
        types_.statics.push_back(std::move(found));
    }

    // What several units have is taken from the first.
    void take_static(const DwarfEntry &variable, const std::string &name, std::uint64_t address,
                     const Scope &scope) {
        const StaticSymbols::Variable *symbol = symbols_->find(address);
        const DwarfEntry type = symbol == nullptr ? DwarfEntry() : entry_of(variable, DW_AT_type);
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
        found.type = layouts_.of(type);
        found.guard = symbols_->guard_of(*symbol);
        found.resets = symbol->resets || is_constant(type);
        types_.statics.push_back(std::move(found));
    }

    // Itself, or what it was declared as before.
    static bool is_external(const DwarfEntry &variable) {
        auto found = variable.attribute(DW_AT_external);
        bool is_set = false;
        return found && ::dwarf_formflag(&*found, &is_set) == 0 && is_set;
    }

    // What the program can't change is as the source has it. A constant pointer may lead to what it
    // does change.
    static bool is_constant(DwarfEntry type) {
        for (int depth = 0; depth < kDeepestEntry; ++depth) {
            const unsigned tag = type.tag();
            std::string no_name;
            if (const DwarfEntry next = entry_of(type, DW_AT_type); !next)
                return false;
            else if (tag == DW_TAG_const_type)
                return !is_pointer(without_qualifiers(next, no_name));
            else if (tag == DW_TAG_typedef || tag == DW_TAG_volatile_type ||
                     tag == DW_TAG_array_type)
                type = next;
            else
                return false;
        }
        return false;
    }

    static bool is_pointer(const DwarfEntry &type) {
        const unsigned tag = type.tag();
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

    void take_rename(const DwarfEntry &variable, const DwarfEntry &object) {
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

    void take_migrator(const DwarfEntry &object, std::uint64_t address) {
        LibraryTypes::Migrator migrator;
        any_child(object, [&](const DwarfEntry &member) {
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
    std::string text_in(const DwarfEntry &variable, std::uint64_t offset) const {
        if (const std::optional<std::uint64_t> address = address_of(variable))
            return loaded_text(info_.elf(), *address + offset);
        auto value = variable.own_attribute(DW_AT_const_value);
        Dwarf_Block bytes;
        if (!value || ::dwarf_formblock(&*value, &bytes) != 0 || offset >= bytes.length)
            return {};
        const char *first = reinterpret_cast<const char *>(bytes.data) + offset;
        return {first, ::strnlen(first, bytes.length - offset)};
    }

    const TypeLayout *pointee_of(const DwarfEntry &member) {
        const DwarfEntry pointer = entry_of(member, DW_AT_type);
        const DwarfEntry type = pointer ? entry_of(pointer, DW_AT_type) : DwarfEntry();
        return type ? layouts_.of(type) : nullptr;
    }

    void take_member(const DwarfEntry &member, LibraryTypes::Descriptor &descriptor) {
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
    std::uint64_t size_at(std::uint64_t address) const {
        return info_.word_at(address + offsetof(hotrun_type, size_bytes)).value_or(0);
    }

    const DebugInfo &info_;
    LibraryTypes &types_;
    DwarfLayouts &layouts_;
    const StaticSymbols *symbols_;
    std::string file_;
    std::unordered_set<std::uint64_t> taken_;
};

// Calls `visit` with the first entry of each unit that may have an entry of that name, or one of
// the variables, with that of the unit that has its files, and with their places. False: there is
// no debug information.
template <typename Visit>
bool each_unit(const DebugInfo &info, DwarfUnits &units, const char *name,
               const StaticSymbols *symbols, Visit visit) {
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
        const DwarfEntry first = units.entry(entry);
        if (!first)
            continue;
        if (unit_type == DW_UT_skeleton && split.addr != nullptr) { // its entries are elsewhere
            if (const DwarfEntry elsewhere = units.entry(split))
                visit(elsewhere, first, Places{true, {}, {}});
            continue;
        }
        const Dwarf_Off begin = first.offset();
        const Dwarf_Off end = begin + static_cast<Dwarf_Off>(first.unit().end - first.at());
        const DebugPlaces of_text = text->places_in(first, begin, end);
        const DebugPlaces of_symbols = symbols == nullptr ? std::span<const Dwarf_Off>()
                                                          : symbols->places_in(first, begin, end);
        Places places{!of_text || !of_symbols, of_text.value_or(std::span<const Dwarf_Off>()),
                      of_symbols.value_or(std::span<const Dwarf_Off>())};
        if (!places.has_any())
            continue;
        places.are_everywhere |= !can_skip;
        visit(first, first, places);
    }
    return text.has_value();
}

// That the unit was made from.
std::string file_of(const DwarfEntry &unit, const DwarfEntry &with_files) {
    const char *name = text_of(unit, DW_AT_name);
    return name == nullptr ? "" : joined_path({text_of(with_files, DW_AT_comp_dir), name});
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
    DwarfUnits units;
    DwarfLayouts layouts(*types);
    std::optional<StaticSymbols> symbols;
    if (statics_ == Statics::kRead) {
        symbols.emplace(info.elf());
        types->array_destructors = symbols->array_destructors();
    }
    const StaticSymbols *wanted = symbols ? &*symbols : nullptr;
    VariableSearch variables(info, *types, layouts, wanted);
    const bool has_any =
        each_unit(info, units, kDescriptorName, wanted,
                  [&](const DwarfEntry &first, const DwarfEntry &with_files, const Places &places) {
                      layouts.set_unit(with_files);
                      variables.search_unit(first, file_of(first, with_files), places);
                  });
    if (!has_any)
        return nullptr;
    if (has_functions(*types))
        each_unit(info, units, kClosureManager, nullptr,
                  [&](const DwarfEntry &first, const DwarfEntry &with_files, const Places &) {
                      layouts.set_unit(with_files);
                      ClosureSearch closures;
                      closures.search(first);
                      closures.add_found(types->closures, [&](const DwarfEntry &functor) {
                          return layouts.of(functor);
                      });
                  });
    return types;
}

} // namespace hotrun
