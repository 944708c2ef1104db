// What hotrun status says to people.
#pragma once

#include "hotrun/project.hpp"

#include <boost/json.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace hotrun {

// By what a run answers about itself.
std::string status_text(const boost::json::object &status);

// By what Meson and ninja have written; `pid`: of the run that is at work there.
std::string status_text(const WatchSet &set, std::optional<int> pid);

// Of files that are watched without their headers.
std::string unread_text(std::size_t count);

} // namespace hotrun
