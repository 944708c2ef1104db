// hotrun report: a page of what the saves of a run have cost.
#pragma once

#include "arguments.hpp"
#include "hotrun/result.hpp"

namespace hotrun {

Status write_report(const Arguments &arguments);

} // namespace hotrun
