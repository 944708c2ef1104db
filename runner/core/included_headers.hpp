// What a source includes, as the output of its preprocessor tells.
#pragma once

#include "core/file_system.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

struct IncludedHeader {
    std::string path;      // as the preprocessor has it
    std::string spelling;  // with its quotes or angle brackets; empty: not found in the includer
    std::size_t bytes = 0; // of its text and of all that it includes
    bool is_system = false;
};

// Those that the project's own files include, each once, the largest first; what headers of the
// system include among themselves is left out, and so are sources that are included. `directory`:
// where the compiler ran.
std::vector<IncludedHeader> included_headers(const FileSystem &files, const std::string &directory,
                                             std::string_view preprocessed);

// The spellings in the include lines of a file.
std::vector<std::string> include_lines(std::string_view text);

} // namespace hotrun
