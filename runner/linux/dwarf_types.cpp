#include "linux/dwarf_types.hpp"

#include "core/demangle.hpp"
#include "hotrun/module.h"
#include "linux/debug_info.hpp"
#include "linux/debug_text.hpp"
#include "linux/die.hpp"
#include "linux/dwarf_closures.hpp"
#include "linux/loaded_text.hpp"
#include "linux/static_symbols.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <dwarf.h>

namespace hotrun {

namespace {

using Kind = TypeLayout::Kind;

constexpr int kDeepest = 200; // entries in entries: those of a damaged file may have no end
constexpr std::uint64_t kMostDimensions = 16;
constexpr const char *kDescriptorName = "hotrun_type_";
constexpr const char *kTypePointerName = "of";
constexpr const char *kConstructorName = "construct";
constexpr std::string_view kRenamePrefix = "hotrun_renamed_";
constexpr std::string_view kMigratorPrefix = "hotrun_migrated_";

// Collects layouts; each entry is read once.
class Layouts {
  public:
    explicit Layouts(LibraryTypes &types) : types_(types), void_(types.types.emplace_back()) {}

    // The unit that has the names of files for those types that come with none.
    void set_unit(Dwarf_Die unit) {
        unit_ = unit;
        files_of_ = nullptr;
    }

    const TypeLayout *of(Dwarf_Die type) {
        const TypeLayout *layout = read(type);
        while (!to_read_.empty()) {
            auto [pointer, pointee] = to_read_.back();
            to_read_.pop_back();
            pointer->element = read(pointee);
        }
        return layout;
    }

  private:
    void add_scopes_of(Dwarf_CU *unit) {
        Dwarf_Die entry;
        if (::dwarf_cu_die(unit, &entry, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr) !=
            nullptr)
            add_scopes(entry, {}, 0);
    }

    // An entry does not know what it lies in. Types of functions have the function's name.
    void add_scopes(Dwarf_Die parent, const std::string &scope, int depth) {
        if (depth == kDeepest)
            return;
        any_child(parent, [&](Dwarf_Die child) {
            const int tag = ::dwarf_tag(&child);
            const bool is_type = tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
                                 tag == DW_TAG_union_type || tag == DW_TAG_enumeration_type;
            if (is_type && !scope.empty())
                scopes_.emplace(child.addr, scope);
            if (is_type || tag == DW_TAG_namespace || tag == DW_TAG_subprogram ||
                tag == DW_TAG_lexical_block) {
                const std::string name = name_of(child);
                add_scopes(child, name.empty() ? scope : scope + name + "::", depth + 1);
            }
            return false;
        });
    }

    // dwarf_decl_file of libdw 0.188 ends the process where a split unit has no table of files.
    std::string file_of(Dwarf_Die entry) {
        const auto index = number_of(entry, DW_AT_decl_file);
        if (!index)
            return {};
        if (files_of_ != entry.cu) {
            files_of_ = entry.cu;
            const bool has_own = ::dwarf_cu_die(entry.cu, &unit_with_files_, nullptr, nullptr,
                                                nullptr, nullptr, nullptr, nullptr) != nullptr &&
                                 ::dwarf_hasattr(&unit_with_files_, DW_AT_stmt_list);
            if (!has_own)
                unit_with_files_ = unit_;
            if (::dwarf_getsrcfiles(&unit_with_files_, &files_, nullptr) != 0)
                files_ = nullptr;
        }
        if (files_ == nullptr)
            return {};
        return absolute_path(unit_with_files_, ::dwarf_filesrc(files_, *index, nullptr, nullptr));
    }

    const TypeLayout *read(Dwarf_Die type) {
        std::string given_name;
        type = without_qualifiers(type, given_name);
        const auto known = known_.find(type.addr);
        if (known != known_.end())
            return known->second;
        if (with_scopes_.insert(type.cu).second)
            add_scopes_of(type.cu);
        TypeLayout &layout = types_.types.emplace_back();
        known_.emplace(type.addr, &layout);
        layout.name = name_of(type);
        if (layout.name.empty())
            layout.name = given_name;
        if (const auto scope = scopes_.find(type.addr); scope != scopes_.end())
            layout.scope = scope->second;
        layout.file = file_of(type);
        layout.size_bytes = number_of(type, DW_AT_byte_size).value_or(0);
        fill(layout, type);
        return &layout;
    }

    const TypeLayout *read_type_of(Dwarf_Die entry) {
        const std::optional<Dwarf_Die> type = entry_of(entry, DW_AT_type);
        return type ? read(*type) : &void_;
    }

    void fill(TypeLayout &layout, Dwarf_Die type) {
        switch (::dwarf_tag(&type)) {
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
            layout.element = &void_;
            if (const std::optional<Dwarf_Die> pointee = entry_of(type, DW_AT_type))
                to_read_.emplace_back(&layout, *pointee);
            break;
        case DW_TAG_ptr_to_member_type:
            layout.kind = Kind::kMemberPointer;
            layout.element = read_type_of(type);
            layout.size_bytes =
                (layout.element->kind == Kind::kVoid ? 2 : 1) * sizeof(std::ptrdiff_t);
            if (const std::optional<Dwarf_Die> owner = entry_of(type, DW_AT_containing_type))
                layout.arguments = {read(*owner)};
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

    static Kind kind_of_encoding(Dwarf_Word encoding) {
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
    static bool is_known_float(const TypeLayout &type) {
        return (type.size_bytes == sizeof(float) || type.size_bytes == sizeof(double) ||
                type.size_bytes == sizeof(long double)) &&
               type.name.find("128") == std::string::npos;
    }

    void fill_enumeration(TypeLayout &layout, Dwarf_Die type) {
        layout.kind = Kind::kEnumeration;
        any_child(type, [&](Dwarf_Die child) {
            Dwarf_Attribute value;
            Dwarf_Sword number = 0;
            if (::dwarf_tag(&child) == DW_TAG_enumerator &&
                ::dwarf_formsdata(::dwarf_attr(&child, DW_AT_const_value, &value), &number) == 0)
                layout.enumerators.push_back({name_of(child), number});
            layout.is_signed |= number < 0;
            return false;
        });
    }

    // One array in the other for each dimension.
    void fill_array(TypeLayout &layout, Dwarf_Die type) {
        std::vector<std::uint64_t> counts;
        any_child(type, [&](Dwarf_Die child) {
            if (::dwarf_tag(&child) == DW_TAG_subrange_type && counts.size() < kMostDimensions) {
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
            TypeLayout &inner = types_.types.emplace_back();
            make_array(inner, *element, counts.back());
            counts.pop_back();
            element = &inner;
        }
        make_array(layout, *element, counts.front());
    }

    static void make_array(TypeLayout &layout, const TypeLayout &element, std::uint64_t count) {
        layout.kind = Kind::kArray;
        layout.element = &element;
        layout.count = count;
        layout.size_bytes = count * element.size_bytes;
    }

    void fill_members(TypeLayout &layout, Dwarf_Die type) {
        if (has_flag(type, DW_AT_declaration)) {
            layout.kind = Kind::kIncomplete;
            return;
        }
        any_child(type, [&](Dwarf_Die child) {
            const int tag = ::dwarf_tag(&child);
            const bool is_static =
                has_flag(child, DW_AT_external) || has_flag(child, DW_AT_declaration);
            if (tag == DW_TAG_inheritance || (tag == DW_TAG_member && !is_static))
                add_member(layout, child);
            add_arguments(layout, child);
            return false;
        });
        show_stored(layout);
    }

    // Nodes of libstdc++'s containers have room for an element, and say in an argument of what
    // type.
    static void show_stored(TypeLayout &layout) {
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

    void add_arguments(TypeLayout &layout, Dwarf_Die child) {
        if (::dwarf_tag(&child) == DW_TAG_template_type_parameter)
            layout.arguments.push_back(read_type_of(child));
        if (::dwarf_tag(&child) != DW_TAG_GNU_template_parameter_pack)
            return;
        any_child(child, [&](Dwarf_Die argument) {
            if (::dwarf_tag(&argument) == DW_TAG_template_type_parameter)
                layout.arguments.push_back(read_type_of(argument));
            return false;
        });
    }

    void add_member(TypeLayout &layout, Dwarf_Die entry) {
        MemberLayout member;
        member.type = read_type_of(entry);
        member.is_base = ::dwarf_tag(&entry) == DW_TAG_inheritance;
        member.name = member.is_base ? member.type->name : name_of(entry);
        if (const auto offset = number_of(entry, DW_AT_data_member_location))
            member.offset_bytes = *offset;
        else if (::dwarf_hasattr(&entry, DW_AT_data_member_location))
            layout.has_virtual_bases = true; // it is to be computed from the object
        if (const auto virtuality = number_of(entry, DW_AT_virtuality))
            layout.has_virtual_bases |= *virtuality == DW_VIRTUALITY_virtual;
        if (const auto count = number_of(entry, DW_AT_bit_size))
            add_bits(member, entry, *count);
        int line = 0;
        if (::dwarf_decl_line(&entry, &line) == 0 && line > 0) {
            member.file = file_of(entry);
            member.line = static_cast<std::uint32_t>(line);
        }
        layout.members.push_back(std::move(member));
    }

    // Counted from the start of the struct, or (DWARF 3, and g++ with -gdwarf-4) from the highest
    // bit of a unit of a given size.
    static void add_bits(MemberLayout &member, Dwarf_Die entry, Dwarf_Word count) {
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

    LibraryTypes &types_;
    const TypeLayout &void_;
    std::unordered_set<Dwarf_CU *> with_scopes_;
    Dwarf_Die unit_{};
    Dwarf_Files *files_ = nullptr;
    Dwarf_CU *files_of_ = nullptr; // the unit whose entries name them
    Dwarf_Die unit_with_files_{};
    std::unordered_map<void *, std::string> scopes_;
    std::unordered_map<void *, const TypeLayout *> known_; // by the entry
    std::vector<std::pair<TypeLayout *, Dwarf_Die>> to_read_;
};

// Finds the descriptors and the static variables in one unit.
class VariableSearch {
  public:
    // Without symbols no variables are looked for that are the program's.
    VariableSearch(const DebugInfo &info, LibraryTypes &types, Layouts &layouts,
                   const StaticSymbols *symbols)
        : info_(info), types_(types), layouts_(layouts), symbols_(symbols) {}

    void search_unit(Dwarf_Die unit, const std::string &file) {
        file_ = file;
        search(unit, {}, 0);
    }

  private:
    struct Scope { // around an entry
        const Scope *outer = nullptr;
        const Dwarf_Die *entry = nullptr;
    };

    void search(Dwarf_Die parent, const Scope &scope, int depth) {
        if (depth == kDeepest)
            return;
        any_child(parent, [&](Dwarf_Die child) {
            switch (::dwarf_tag(&child)) {
            case DW_TAG_variable:
                take(child, scope);
                break;
            case DW_TAG_namespace:
            case DW_TAG_subprogram:
            case DW_TAG_inlined_subroutine:
            case DW_TAG_lexical_block:
            case DW_TAG_try_block:
            case DW_TAG_catch_block:
            case DW_TAG_class_type:
            case DW_TAG_structure_type:
                search(child, {&scope, &child}, depth + 1);
                break;
            default:
                break;
            }
            return false;
        });
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
        found.resets = symbol->resets;
        types_.statics.push_back(std::move(found));
    }

    // Itself, or what it was declared as before.
    static bool is_external(Dwarf_Die variable) {
        Dwarf_Attribute found;
        bool is_set = false;
        return ::dwarf_attr_integrate(&variable, DW_AT_external, &found) != nullptr &&
               ::dwarf_formflag(&found, &is_set) == 0 && is_set;
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
    Layouts &layouts_;
    const StaticSymbols *symbols_;
    std::string file_;
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
// variables, and with the entry of the unit that has its files. False: there is no debug
// information.
template <typename Visit>
bool each_unit(const DebugInfo &info, const char *name, const StaticSymbols *symbols, Visit visit) {
    std::optional<DebugText> text;
    Dwarf_CU *unit = nullptr;
    Dwarf_Die entry;
    Dwarf_Die split;
    std::uint8_t unit_type = 0;
    while (info.dwarf() != nullptr &&
           ::dwarf_get_units(info.dwarf(), unit, &unit, nullptr, &unit_type, &entry, &split) == 0) {
        if (!text)
            text.emplace(info.elf(), name);
        const bool is_skeleton = unit_type == DW_UT_skeleton;
        if (unit_type == DW_UT_type) // has no variables
            continue;
        const Dwarf_Off end = end_of(entry);
        const bool may_be_here =
            text->may_be_in(entry, end) || (symbols != nullptr && symbols->may_be_in(entry, end));
        if (!is_skeleton && !may_be_here)
            continue;
        visit(is_skeleton && split.addr != nullptr ? split : entry, entry);
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
    Layouts layouts(*types);
    std::optional<StaticSymbols> symbols;
    if (statics_ == Statics::kRead) {
        symbols.emplace(info.elf());
        types->array_destructors = symbols->array_destructors();
    }
    const StaticSymbols *wanted = symbols ? &*symbols : nullptr;
    VariableSearch variables(info, *types, layouts, wanted);
    const bool has_any =
        each_unit(info, kDescriptorName, wanted, [&](Dwarf_Die entry, Dwarf_Die with_files) {
            layouts.set_unit(with_files);
            variables.search_unit(entry, absolute_path(with_files, ::dwarf_diename(&entry)));
        });
    if (!has_any)
        return nullptr;
    if (has_functions(*types))
        each_unit(info, kClosureManager, nullptr, [&](Dwarf_Die entry, Dwarf_Die with_files) {
            layouts.set_unit(with_files);
            ClosureSearch closures;
            closures.search(entry);
            closures.add_found(types->closures,
                               [&](Dwarf_Die functor) { return layouts.of(functor); });
        });
    return types;
}

} // namespace hotrun
