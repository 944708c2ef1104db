// The little of ninja's own language that has to be read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// The next line of `text`, which is taken off it; without its line break.
std::string_view take_line(std::string_view &text);

// One path of a build statement, its escapes undone ("$ " is a blank, "$:" a colon, "$$" a dollar).
std::string take_ninja_path(std::string_view &text);

// All paths up to the end of `text` or a colon; the bars between them are none.
std::vector<std::string> take_ninja_paths(std::string_view &text);

} // namespace hotrun
