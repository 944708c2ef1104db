// Starts the program that is wrapped, and ends it.
#pragma once

#include "core/command_runner.hpp"
#include "hotrun/result.hpp"

#include <cstdint>

namespace hotrun {

// Bound to the runner's thread. One program at a time; who makes it is told of its end.
class ProgramControl {
  public:
    virtual ~ProgramControl() = default;

    // Its pid.
    virtual Result<std::int64_t> start() = 0;

    // Asks it, and all that it has started in its process group, to end.
    virtual void terminate() = 0;

    // Ends them.
    virtual void kill() = 0;
};

} // namespace hotrun
