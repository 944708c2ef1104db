// Runs other programs.
#pragma once

#include "hotrun/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotrun {

struct Command {
    std::string program; // absolute path
    std::vector<std::string> arguments;
    std::string directory;                                        // to run in
    std::vector<std::pair<std::string, std::string>> environment; // set on top of our own
};

struct CommandEnd {
    int exit_status = 0;
    int signal = 0; // above 0: it was ended by this signal
};

// A program that runs. Destroying it ends the program and waits for that.
class RunningCommand {
  public:
    virtual ~RunningCommand() = default;
    virtual std::int64_t pid() const = 0; // it leads a session of that number
    virtual void interrupt() = 0;         // its descendants too; what ignores it is killed
};

// Thread-bound to the event loop that calls back.
class CommandRunner {
  public:
    using OnOutput = std::function<void(std::string_view chunk)>; // both streams, merged
    using OnEnd = std::function<void(Result<CommandEnd>)>;        // once, after the last output

    virtual ~CommandRunner() = default;
    virtual Result<std::unique_ptr<RunningCommand>> start(const Command &command,
                                                          OnOutput on_output, OnEnd on_end) = 0;
};

} // namespace hotrun
