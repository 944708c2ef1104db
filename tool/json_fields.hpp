// What is read of the run's answers and events.
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace hotrun {

// Empty if it is no text.
inline std::string text_of(const boost::json::value &value) {
    return value.is_string() ? value.get_string().c_str() : "";
}

} // namespace hotrun
