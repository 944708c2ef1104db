// Whether the types that two versions of an object file tell of lie in memory in the same way.
#pragma once

#include "core/object_file.hpp"

#include <string>

namespace hotrun {

// One sentence, with the file in it; empty: all types and variables that both have are the same.
// Types that only one has do not matter: nothing in the state is of them. DWARF Debugging
// Information Format, versions 4 and 5.
std::string difference_of_types(const ObjectFile &before, const ObjectFile &after);

} // namespace hotrun
