// Where the time of a build went.
#pragma once

#include "hotrun/events.hpp"

#include <string_view>
#include <vector>

namespace hotrun {

// Whether a compiler makes it.
bool is_compiled(std::string_view output);

// Each moment counts once, and as compiling if both were done. The rest of the build is ninja's own
// time and that of other commands.
struct BuildShares {
    Microseconds compile{};
    Microseconds link{};
};
BuildShares shares_of(const std::vector<BuiltEdge> &edges);

} // namespace hotrun
