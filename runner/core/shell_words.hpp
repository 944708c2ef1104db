// A command as ninja keeps it, which is a line for the shell.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// None of a line that is more than one program with its words: a pipe, a variable, a pattern.
std::optional<std::vector<std::string>> shell_words(std::string_view line);

} // namespace hotrun
