// A report as one HTML page that needs nothing else: no script, no request.
#pragma once

#include "save_history.hpp"

#include <string>
#include <string_view>

namespace hotrun {

// How each page begins: what is no page of ours is not written over.
inline constexpr std::string_view kReportHead = "<!doctype html>\n<!-- hotrun report -->\n";

// `source`: where the events are from, for the user.
std::string report_page(const SaveHistory &history, const std::string &source);

} // namespace hotrun
