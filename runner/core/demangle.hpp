#pragma once

#include <string>
#include <string_view>

namespace hotrun {

// A C++ name as people write it; one that is none stays as it is.
std::string demangle(std::string_view name);

} // namespace hotrun
