// What shells are told, so that they complete the command line.
#pragma once

#include "arguments.hpp"

#include <string>
#include <vector>

namespace hotrun {

// Whole files, for those shells to load.
std::string bash_completions(const std::vector<SubcommandWords> &subcommands);
std::string zsh_completions(const std::vector<SubcommandWords> &subcommands);
std::string fish_completions(const std::vector<SubcommandWords> &subcommands);

} // namespace hotrun
