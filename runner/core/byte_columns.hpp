// Columns of a terminal, which gcc prints, and columns in bytes, which events have.
#pragma once

#include "core/file_system.hpp"
#include "hotrun/events.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace hotrun {

// The column in bytes, from 1, of the character that is at that column of a terminal, with tabs of
// eight. Beyond the end of the line each column is a byte.
std::uint32_t byte_column(std::string_view line, std::uint32_t terminal_column);

// Turns the columns into bytes that the compiler has printed in this text, if they are of a
// terminal; a file that can't be read keeps its columns.
void use_byte_columns(const FileSystem &files, std::string_view text,
                      std::vector<DiagnosticEvent> &diagnostics);

} // namespace hotrun
