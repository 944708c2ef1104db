// Where a debugger may put a breakpoint into the code of an object file.
#pragma once

#include "core/object_constants.hpp"
#include "linux/object_debug_info.hpp"

#include <vector>

namespace hotrun {

// The places where lines of the source begin, as its debug information has them, in their order.
// None of an object that has none.
std::vector<ObjectPlace> line_starts_of(const ObjectDebugInfo &info);

} // namespace hotrun
