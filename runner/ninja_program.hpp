// Which ninja.
#pragma once

#include "hotrun/result.hpp"

#include <string>

namespace hotrun {

// The one that Meson finds: another version may throw the build folder's log away.
Result<std::string> find_ninja();

} // namespace hotrun
