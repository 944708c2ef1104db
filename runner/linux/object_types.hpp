// Whether the types that two versions of an object file tell of lie in memory in the same way.
#pragma once

#include "core/object_file.hpp"
#include "linux/object_debug_info.hpp"

#include <map>
#include <string>
#include <vector>

namespace hotrun {

struct ObjectTypes {
    std::string source; // for the sentences
    std::string why;    // not empty: they can't be told
    // A description for each name; several for what has the same one, in their order.
    std::map<std::string, std::vector<std::string>> descriptions;
};

// DWARF Debugging Information Format, versions 4 and 5.
ObjectTypes types_of(const ObjectFile &object, const ObjectDebugInfo &info);

// One sentence; empty: all types and variables that both have are the same. Types that only one has
// do not matter: nothing in the state is of them.
std::string difference_of_types(const ObjectTypes &before, const ObjectTypes &after);

} // namespace hotrun
