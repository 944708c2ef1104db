// The subcommands that ask a run for something: notify, build, reload, events, stop.
#pragma once

#include "arguments.hpp"
#include "control_connection.hpp"
#include "hotrun/result.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

namespace hotrun {

// The exit status.
Result<int> make_request(const Arguments &arguments);

// The one run in a build folder of the project that one of `directories` lies in, or in the folder
// that the arguments name; the first directory with a run counts. Empty: there is none.
Result<std::optional<ControlConnection>> find_run(const std::string &builddir,
                                                  const std::vector<std::string> &directories);

// What the run says of itself.
Result<boost::json::object> ask_for_status(ControlConnection &run);

} // namespace hotrun
