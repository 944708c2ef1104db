#include "linux/die.hpp"

#include <filesystem>

#include <dwarf.h>

namespace hotrun {

namespace {


bool is_function(int tag) {
    return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
}

// Whether there may be functions in it though it does not have the address itself. g++ puts those
// of a local class, as of a lambda, into the function that has the class.
bool has_functions(int tag, bool with_local) {
    const bool has_local = tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block ||
                           tag == DW_TAG_class_type || tag == DW_TAG_structure_type;
    return tag == DW_TAG_namespace || (with_local && has_local);
}

struct FunctionSearch {
    Dwarf_Addr address;
    bool with_local;
    std::vector<Dwarf_Die> found;

    // Whether a child has the address.
    bool search(Dwarf_Die parent, int depth) {
        return depth < kDeepestEntry &&
               any_child(parent, [&](Dwarf_Die child) { return visit(child, depth + 1); });
    }

    bool visit(Dwarf_Die entry, int depth) {
        const int tag = ::dwarf_tag(&entry);
        const bool is_here =
            (is_function(tag) || tag == DW_TAG_lexical_block) && ::dwarf_haspc(&entry, address) > 0;
        const bool is_within = (is_here || has_functions(tag, with_local)) && search(entry, depth);
        if (is_here && is_function(tag))
            found.push_back(entry);
        return is_here || is_within;
    }
};

} // namespace

std::string absolute_path(Dwarf_Die unit, const char *name) {
    if (name == nullptr)
        return {};
    Dwarf_Attribute folder;
    const char *base = ::dwarf_formstring(::dwarf_attr(&unit, DW_AT_comp_dir, &folder));
    return (std::filesystem::path(base == nullptr ? "" : base) / name).lexically_normal();
}

// Most functions are found without a look into all the others.
std::vector<Dwarf_Die> functions_at(Dwarf_Die unit, Dwarf_Addr address) {
    FunctionSearch search{address, false, {}};
    search.with_local = !search.search(unit, 0);
    if (search.with_local)
        search.search(unit, 0);
    return search.found;
}

std::optional<Dwarf_Word> number_of(Dwarf_Die entry, unsigned attribute) {
    Dwarf_Attribute found;
    Dwarf_Word number = 0;
    if (::dwarf_attr_integrate(&entry, attribute, &found) == nullptr ||
        ::dwarf_formudata(&found, &number) != 0)
        return std::nullopt;
    return number;
}

bool has_flag(Dwarf_Die entry, unsigned attribute) {
    Dwarf_Attribute found;
    bool is_set = false;
    return ::dwarf_attr(&entry, attribute, &found) != nullptr &&
           ::dwarf_formflag(&found, &is_set) == 0 && is_set;
}

std::string name_of(Dwarf_Die entry) {
    const char *name = ::dwarf_diename(&entry);
    return name == nullptr ? "" : name;
}

std::optional<Dwarf_Die> entry_of(Dwarf_Die from, unsigned attribute) {
    Dwarf_Attribute found;
    Dwarf_Die entry;
    if (::dwarf_attr_integrate(&from, attribute, &found) == nullptr ||
        ::dwarf_formref_die(&found, &entry) == nullptr)
        return std::nullopt;
    return entry;
}

std::optional<std::uint64_t> address_of(Dwarf_Die variable) {
    Dwarf_Attribute location;
    Dwarf_Op *operations = nullptr;
    std::size_t count = 0;
    if (::dwarf_attr(&variable, DW_AT_location, &location) == nullptr ||
        ::dwarf_getlocation(&location, &operations, &count) != 0 || count != 1)
        return std::nullopt;
    if (operations[0].atom == DW_OP_addr)
        return operations[0].number;
    Dwarf_Attribute indexed;
    Dwarf_Addr address = 0;
    if (operations[0].atom == DW_OP_addrx &&
        ::dwarf_getlocation_attr(&location, operations, &indexed) == 0 &&
        ::dwarf_formaddr(&indexed, &address) == 0)
        return address;
    return std::nullopt;
}

bool has_computed_value(Dwarf_Die variable) {
    Dwarf_Attribute location;
    Dwarf_Op *operations = nullptr;
    std::size_t count = 0;
    if (::dwarf_attr(&variable, DW_AT_location, &location) == nullptr ||
        ::dwarf_getlocation(&location, &operations, &count) != 0)
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

Dwarf_Die without_qualifiers(Dwarf_Die type, std::string &given_name) {
    for (int i = 0; i < kDeepestEntry; ++i) {
        unsigned next = DW_AT_type;
        switch (::dwarf_tag(&type)) {
        case DW_TAG_typedef:
            given_name = name_of(type);
            break;
        case DW_TAG_const_type:
        case DW_TAG_volatile_type:
        case DW_TAG_restrict_type:
        case DW_TAG_atomic_type:
            break;
        default: // with -fdebug-types-section the definition is elsewhere
            if (!::dwarf_hasattr(&type, DW_AT_signature))
                return type;
            next = DW_AT_signature;
        }
        const std::optional<Dwarf_Die> target = entry_of(type, next);
        if (!target)
            return type;
        type = *target;
    }
    return type;
}

} // namespace hotrun
