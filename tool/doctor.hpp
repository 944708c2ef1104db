// hotrun doctor: what slows the way from a save to live, or makes a reload fail.
#pragma once

#include "arguments.hpp"
#include "hotrun/doctor.hpp"
#include "hotrun/result.hpp"

namespace hotrun {

// On standard output; what is being measured is shown on standard error, where that is a terminal.
// Gives the exit status: 0 nothing was found, 1 something was, 130 it was interrupted.
Result<int> examine(const Arguments &arguments);

} // namespace hotrun
