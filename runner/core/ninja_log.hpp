// Ninja's build log: what was built, and how long each took.
#pragma once

#include "hotrun/events.hpp"

#include <string_view>
#include <vector>

namespace hotrun {

// The edges that `appended_lines` of `.ninja_log` tell of, in the order in which each output first
// appears; the last line of an output is the one that counts. The header, a torn line at the end
// and whatever else is no entry are left out.
//
// A line, as ninja's build_log.cc writes it (versions 5 to 7): start and end in milliseconds since
// ninja started, mtime, output, hash of the command; separated by tabs. An edge with several
// outputs has a line for each.
std::vector<BuiltEdge> parse_ninja_log(std::string_view appended_lines);

} // namespace hotrun
