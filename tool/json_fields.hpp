// What is read of the run's answers and events.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>

namespace hotrun {

// Empty if it is no text.
inline std::string text_of(const boost::json::value &value) {
    return value.is_string() ? value.get_string().c_str() : "";
}

// Whether an event of a build is one of what is live already.
inline bool is_in_background(const boost::json::object &build) {
    return text_of(build.at("event")).starts_with("link_");
}

} // namespace hotrun
