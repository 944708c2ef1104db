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

std::string name_of(Dwarf_Die entry) {
    const char *name = ::dwarf_diename(&entry);
    return name == nullptr ? "" : name;
}

} // namespace hotrun
