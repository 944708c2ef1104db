// The options of the command and its subcommands.
#pragma once

#include "arguments.hpp"

#include <functional>
#include <string>
#include <vector>

namespace hotrun {

// One option: how it is written, what its help says, and what it does. `take` gives an empty text,
// or what is wrong with the value.
struct Option {
    unsigned where; // bits of subcommands
    char letter;    // 0: none
    const char *name;
    const char *value; // null: it takes none
    const char *help;
    std::function<std::string(Arguments &, const std::string &value)> take;
    std::vector<std::string> choices = {}; // the values, where those are a few words
};

constexpr unsigned bit(Subcommand subcommand) {
    return 1u << static_cast<unsigned>(subcommand);
}

constexpr unsigned kAll = ~0u;

// Of hotrun itself: which host an option is for.
constexpr unsigned kOwnHost = 1u << 30;
constexpr unsigned kWrapped = 1u << 31;

// In the order of the help.
const std::vector<Option> &all_options();

} // namespace hotrun
