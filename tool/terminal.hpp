// The terminal that a stream leads to.
#pragma once

#include <cstddef>
#include <cstdio>

namespace hotrun {

bool is_terminal(std::FILE *stream);

// How many columns a line of it has; 80 where it does not tell.
std::size_t terminal_columns(std::FILE *stream);

} // namespace hotrun
