// How a text has changed, for people and for patch(1).
#pragma once

#include <string>
#include <string_view>

namespace hotrun {

// A unified diff of a few changes, with three lines around each; empty: they are the same. Changes
// of many lines are told correctly, but not as briefly as diff(1) does.
std::string unified_diff(const std::string &path, std::string_view before, std::string_view after);

} // namespace hotrun
