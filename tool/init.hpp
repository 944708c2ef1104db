// hotrun init: a new project, or what an existing one lacks.
#pragma once

#include "arguments.hpp"
#include "hotrun/result.hpp"

namespace hotrun {

// The exit status.
Result<int> init_project(const Arguments &arguments);

} // namespace hotrun
