// Reads what a wrapped program says: the other direction of event_json.hpp.
#pragma once

#include "control/attached_program.hpp"

#include <boost/json/fwd.hpp>

#include <optional>

namespace hotrun {

// The events that a run tells of its modules; none: another event, or not of its form.
std::optional<EventBody> read_event(const boost::json::object &event);

std::optional<Hello> read_hello(const boost::json::object &params);
boost::json::object to_json(const Hello &hello);

} // namespace hotrun
