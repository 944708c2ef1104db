// How long a library takes to link, and how long it would take with other linkers.
#pragma once

#include "core/build_commands.hpp"
#include "core/trials.hpp"
#include "hotrun/doctor.hpp"

#include <optional>

namespace hotrun {

struct LinkOptions {
    bool has_compressed_debug = false;
};

// None: the link does not succeed elsewhere.
Result<std::optional<LinkTimes>> measure_link(Trials &trials, const BuildCommand &link,
                                              LinkOptions options);

} // namespace hotrun
