// The command line.
#pragma once

#include "hotrun/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hotrun {

enum class ColorChoice { kAuto, kAlways, kNever };
enum class Verbosity { kQuiet, kNormal, kVerbose };

struct Arguments {
    bool help = false;
    bool version = false;
    std::vector<std::string> targets;
    std::string builddir;
    std::chrono::milliseconds interval{250};
    std::uint64_t steps = 0; // 0: no end
    std::size_t heap_bytes = 64u << 20;
    bool build = true;
    std::chrono::milliseconds poll{0}; // 0: by events
    std::string events;                // file; empty: none; "-": standard output
    ColorChoice color = ColorChoice::kAuto;
    Verbosity verbosity = Verbosity::kNormal;
};

// `words` without the program's name. Errors are of kind kMisuse.
Result<Arguments> parse_arguments(std::vector<std::string> words);

// Every option that parse_arguments takes, for --help.
std::string help_text();

} // namespace hotrun
