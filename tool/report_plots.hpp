// The plots of a report, as SVG in HTML.
#pragma once

#include "save_figures.hpp"

#include <string>
#include <string_view>

namespace hotrun {

// For text and attributes: what is not UTF-8, and control characters, are replaced.
std::string in_html(std::string_view text);

// "84 ms", "1.2 s", "2 min 5 s".
std::string in_words(Microseconds time);

// Since the start of the run: "0:07", "2:03:10".
std::string clock_time(Microseconds time);

std::string_view outcome_name(SaveOutcome outcome);

// "watch" as the name of a class of the style sheet.
std::string part_class(std::size_t part);

inline constexpr std::size_t kMostColumns = 180;

// Each save a bar of its parts; of many saves each bar the means of some. Marks below it where
// something went wrong.
std::string latency_plot(const SaveHistory &history);

// For the total and each part the range of its times.
std::string part_plot(std::span<const Save> saves);

// A bar for a row of a table, of `share` of the width, from 0 to 1.
std::string share_bar(double share);

} // namespace hotrun
