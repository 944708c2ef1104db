// Wraps a program: builds it, starts it, and has it reload or starts it anew on each save.
#pragma once

#include "hotrun/result.hpp"
#include "hotrun/runner.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace hotrun {

struct WrapOptions {
    std::vector<std::string> targets; // of Meson or ninja; empty: the one that builds the program
    std::string builddir;
    std::string program; // a path, or a name in PATH
    std::vector<std::string> arguments;
    std::chrono::milliseconds stop_timeout{5000}; // from SIGTERM to SIGKILL
    std::chrono::milliseconds poll_interval{0};   // above 0: watch by polling, not by events
    std::vector<Observer *> observers;            // not owned
};

// Runs to the end, and gives the exit status. A process has one of these, and no other thread when
// it begins: it takes the signals, and gives the terminal to the program.
Result<int> wrap(const WrapOptions &options);

} // namespace hotrun
