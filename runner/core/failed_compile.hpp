// What a compiler that failed has read, or would have read. Ninja keeps no record of it.
#pragma once

#include "core/file_system.hpp"

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace hotrun {

// A command line as gcc and clang take it. Paths are absolute, but for links.
struct CompileCommand {
    std::string source;               // empty: it compiles none
    std::vector<std::string> folders; // in which it looks for headers

    static CompileCommand parse(std::string_view command, const std::string &directory);
};

// Adds the source and what it includes, directly or not, as far as that lies in the command's
// folders or beside what includes it; and, for includes in quotes, the places before that where
// there is none yet. Conditions and macros are not looked at: that makes a few files too many.
// System headers are left out. What is in `found` already is not read again.
void find_includes(const FileSystem &files, const CompileCommand &command,
                   std::unordered_set<std::string> &found);

// By the words of gcc ("x.h: No such file or directory") and clang ("'x.h' file not found"): the
// paths at which the header that `includer` asks for would have been found. Empty: the message is
// about something else.
std::vector<std::string> missing_header_places(std::string_view message,
                                               const std::string &includer,
                                               const CompileCommand &command);

} // namespace hotrun
