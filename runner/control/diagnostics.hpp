// What compilers, linkers, Meson and ninja complain about, out of the text that they print.
#pragma once

#include "hotrun/events.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// Text without terminal escape sequences: colours, "erase to the end of the line", links.
std::string strip_colors(std::string_view text);

// The diagnostics in `text`, in its order. Understood are gcc and clang (with gas and Meson, which
// write alike), the linkers bfd, gold, lld and mold, and ninja's own errors. Relative paths are
// taken from `directory`, by their text alone. `target` is put into each.
//
// A note is a child of the diagnostic before it; the lines that lead to a diagnostic (includes,
// instantiations) are its first children. What names no file (a linker's missing library, ninja's
// missing rule) has an empty path and line 0. Columns are as printed: clang counts bytes, Meson
// characters, gcc columns of a terminal, with tabs of eight (core/byte_columns.hpp).
std::vector<DiagnosticEvent> parse_diagnostics(std::string_view text, const std::string &directory,
                                               const std::string &target);

} // namespace hotrun
