// Whether two versions of an object file differ in the bodies of functions alone.
#pragma once

#include "core/object_match.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// What hinders this object file from being loaded beside a library: how it was compiled, or what is
// in it. One sentence; empty: nothing.
std::string hindrance(const ObjectFile &object);

// Virtual tables and those of their bases, descriptors of types: Itanium C++ ABI 5.1.4.
bool is_table_of_class(std::string_view name);

struct ObjectDiff {
    // Not empty: more than bodies has changed, or that can't be told. One sentence, with the file
    // in it.
    std::string why;

    // By section of the new version: the old one is the same in all that it says.
    std::vector<bool> is_same;

    // The names of constants of this file alone that have another content now.
    std::vector<std::string_view> changed_constants;
};

// Functions that are new or gone are allowed, and so are new constants. What is not: another set of
// variables, or another initial content of theirs; another virtual table or type descriptor;
// another content of a constant that other files see; closures and the like that may have become
// others; another list of types that the permanent heap knows. Types are not looked at.
ObjectDiff diff_objects(const ObjectMatch &match);

} // namespace hotrun
