// Text in columns of a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// How many characters of UTF-8 there are; what is none counts byte by byte.
std::size_t character_count(std::string_view text);

// Lines of at most `width` characters, broken between words; a word that is too long for a line is
// broken itself.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

} // namespace hotrun
