// The subcommands as a user sees them.
#pragma once

#include "arguments.hpp"

#include <span>

namespace hotrun {

// A subcommand: the word that it is called by, and its help above and below the options.
struct SubcommandHelp {
    Subcommand subcommand;
    const char *word; // empty: none
    const char *operands;
    const char *summary; // for the list of all
    const char *text;
    const char *end;
};

std::span<const SubcommandHelp> subcommand_helps();
const SubcommandHelp &help_of(Subcommand subcommand);

} // namespace hotrun
