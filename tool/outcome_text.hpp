// What came of a request to the run at work.
#pragma once

#include <boost/json.hpp>

#include <string>

namespace hotrun {

// As compilers write it, which editors read; what names no place begins with the severity.
std::string diagnostics_text(const boost::json::array &diagnostics);

// One sentence.
std::string outcome_text(const boost::json::object &outcome);

} // namespace hotrun
