// Streams, and the terminal that one leads to.
#pragma once

#include <cstddef>
#include <cstdio>

namespace hotrun {

bool is_terminal(std::FILE *stream);

// How many columns a line of it has; 80 where it does not tell.
std::size_t terminal_columns(std::FILE *stream);

// Another stream to where standard output leads, which the caller closes; null: errno tells why.
std::FILE *second_standard_output();

} // namespace hotrun
