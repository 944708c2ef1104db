// hotrun status: what can be said of a build folder from outside.
#pragma once

#include "arguments.hpp"
#include "hotrun/result.hpp"

namespace hotrun {

// On standard output; what is not known yet is said on standard error.
Status print_status(const Arguments &arguments);

} // namespace hotrun
