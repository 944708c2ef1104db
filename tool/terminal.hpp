// Streams, and the terminal that one leads to.
#pragma once

#include "screen.hpp"

#include <cstdio>
#include <memory>
#include <string_view>

namespace hotrun {

bool is_terminal(std::FILE *stream);

// Whether a process that writes to its terminal, or reads from it, has it for itself now: a job in
// the background has not.
bool is_in_foreground(std::FILE *stream);

std::unique_ptr<Screen> make_screen(std::FILE *stream);

// Folded where the stream leads to a terminal: programs get the lines as they are.
void tell(std::FILE *stream, std::string_view text);

// Another stream to where standard output leads, which the caller closes; null: errno tells why.
std::FILE *second_standard_output();

} // namespace hotrun
