// Runs commands to see how long they take.
#pragma once

#include "core/command_runner.hpp"

#include <chrono>
#include <string>

namespace hotrun {

// Thread-bound. What the commands write belongs into a folder that goes with this.
class Trials {
  public:
    struct Outcome {
        std::chrono::microseconds duration{};
        int exit_status = 0;
        std::string output; // both streams, merged
    };

    virtual ~Trials() = default;

    virtual const std::string &folder() const = 0;
    virtual Status write(const std::string &path, const std::string &text) = 0;

    // The file behind a path or a name in PATH, links followed; empty: there is none.
    virtual std::string program_file(const std::string &name) const = 0;
    bool has_program(const std::string &name) const { return !program_file(name).empty(); }

    // To its end; the program may be a name in PATH. An Error: it can't be started, or (EINTR) the
    // user wants no more of it.
    virtual Result<Outcome> run(const Command &command) = 0;
};

} // namespace hotrun
