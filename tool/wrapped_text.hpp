// Text in lines that fit a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hotrun {

// What a terminal has without being made wider.
constexpr std::size_t kTerminalColumns = 80;

// Breaks the lines anew between words, each at most kTerminalColumns wide but for a longer word.
// All lines but the first begin with `indent` blanks, and the first has `used` columns already. An
// empty line stays one; the text ends with a newline. Of ASCII.
std::string wrapped(std::string_view text, std::size_t indent = 0, std::size_t used = 0);

} // namespace hotrun
