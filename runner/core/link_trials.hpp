// How long a library takes to link, and how long it would take with other linkers.
#pragma once

#include "core/build_commands.hpp"
#include "core/trials.hpp"
#include "hotrun/doctor.hpp"

#include <optional>
#include <vector>

namespace hotrun {

struct LinkOptions {
    bool has_compressed_debug = false;
    // Of its objects, if it is to be compared with a link of such that are no LTO's.
    std::vector<BuildCommand> compiles = {};
};

// None: the link does not succeed elsewhere.
Result<std::optional<LinkTimes>> measure_link(Trials &trials, const BuildCommand &link,
                                              const LinkOptions &options);

} // namespace hotrun
