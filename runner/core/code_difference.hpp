// Whether two object files of one source are the same code.
#pragma once

#include "core/object_match.hpp"

#include <string>

namespace hotrun {

// One sentence about what is loaded of them, or what they define; empty: it is the same in both.
// What debuggers read is not looked at.
std::string difference_of_code(const ObjectMatch &match);

} // namespace hotrun
