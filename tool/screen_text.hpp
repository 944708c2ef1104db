// Text in UTF-8 as a terminal shows it: how wide it is, cut and folded to fit.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// Of text without control characters.
std::size_t columns_of(std::string_view text);

// The longest beginning that is at most so wide.
std::string_view first_columns(std::string_view text, std::size_t columns);

// At most so wide; where something is left out, `mark` says so.
std::string cut_to(std::string_view text, std::size_t columns, std::string_view mark);

// Lines of at most so many columns, broken between words where that is possible; those after the
// first begin with `indent` blanks.
std::string fold(std::string_view text, std::size_t columns, std::size_t indent);

// The same without indent, line by line; at least one.
std::vector<std::string> folded_lines(std::string_view text, std::size_t columns);

// What is a control character or no UTF-8 becomes a question mark; tabs become blanks, to columns
// of eight.
std::string showable(std::string_view text);

} // namespace hotrun
