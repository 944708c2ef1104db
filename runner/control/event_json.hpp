// The event stream's form: docs/events.md.
#pragma once

#include "hotrun/events.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// The event as one JSON object with a line break at its end, and nowhere else. What is not UTF-8 in
// a path or a message is replaced by U+FFFD.
std::string to_json_line(const Event &event);

// The fields of the event but for `event`, `seq` and `time_us`.
boost::json::object event_fields(const EventBody &body);

// As in `ready`.
boost::json::array modules_json(const std::vector<ModuleStatus> &modules);

// The word in the field `event`.
std::string_view event_name(const EventBody &body);

// `text` with U+FFFD in place of each byte that is part of no UTF-8 sequence.
std::string to_utf8(std::string_view text);
boost::json::string json_text(std::string_view text);

} // namespace hotrun
