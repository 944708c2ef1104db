// Searches in the tree of one unit's debugging information entries (DIE).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <elfutils/libdw.h>

namespace hotrun {

constexpr int kDeepestEntry = 200; // entries in entries: those of a damaged file may have no end

// Calls `visit` with each child until it returns true; whether it did.
template <typename Visit>
bool any_child(Dwarf_Die parent, Visit visit) {
    Dwarf_Die child;
    if (::dwarf_child(&parent, &child) != 0)
        return false;
    while (!visit(child)) {
        if (::dwarf_siblingof(&child, &child) != 0)
            return false;
    }
    return true;
}

// What an entry says of itself, or the one that it completes.
std::optional<Dwarf_Word> number_of(Dwarf_Die entry, unsigned attribute);
std::string name_of(Dwarf_Die entry);

// Of a file that the unit names; empty: null.
std::string absolute_path(Dwarf_Die unit, const char *name);

// The functions whose code is at the address: the last one has code of its own, those before it
// were inlined, each into the next.
std::vector<Dwarf_Die> functions_at(Dwarf_Die unit, Dwarf_Addr address);

} // namespace hotrun
