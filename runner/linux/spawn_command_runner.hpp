// Runs programs with posix_spawn and waits for them with Boost.Process.
#pragma once

#include "core/command_runner.hpp"

#include <boost/asio/io_context.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace hotrun {

// The programs that run, for who takes over from this process; 0: a free place.
using RunningPids = std::array<std::atomic<std::int32_t>, 8>;

// posix_spawn does not copy the page tables of a large host, as the fork in Boost's own launcher
// does, and tells of a program that can't be started without leaving a child behind. Each program
// leads a session of its own, reads nothing, and inherits no other descriptor of ours. When it is
// interrupted or killed, none of its descendants outlives it.
class SpawnCommandRunner : public CommandRunner {
  public:
    // `patience`: what a program may take to end after an interrupt, its descendants
    // being gone, before it is killed. `running`: where to keep account of them; null: nowhere.
    explicit SpawnCommandRunner(boost::asio::io_context &io,
                                std::chrono::milliseconds patience = std::chrono::seconds(5),
                                RunningPids *running = nullptr)
        : io_(io), patience_(patience), running_(running) {}

    Result<std::unique_ptr<RunningCommand>> start(const Command &command, OnOutput on_output,
                                                  OnEnd on_end) override;

  private:
    boost::asio::io_context &io_;
    std::chrono::milliseconds patience_;
    RunningPids *running_;
};

// The first of `names` that PATH has, or that is the path of a program; empty: none.
std::string find_program(const std::vector<std::string> &names);

// Runs `command` to its end, its output on our standard error.
Result<CommandEnd> run_to_end(const Command &command);

struct CommandOutput {
    CommandEnd end;
    std::string text; // of its standard output; what else it says is on our standard error
};
Result<CommandOutput> output_of(const Command &command);

} // namespace hotrun
