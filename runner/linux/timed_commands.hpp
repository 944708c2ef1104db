// Commands by the clock, until the user has enough of them.
#pragma once

#include "core/trials.hpp"
#include "linux/spawn_command_runner.hpp"
#include "linux/stop_signals.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>

namespace hotrun {

// What a signal interrupts is ended, and nothing more is run; a second SIGINT ends the process. The
// folder goes in either case.
class TimedCommands : public Trials {
  public:
    static Result<std::unique_ptr<TimedCommands>> create();
    TimedCommands(const TimedCommands &) = delete;
    TimedCommands &operator=(const TimedCommands &) = delete;
    ~TimedCommands() override;

    const std::string &folder() const override { return folder_; }
    Status write(const std::string &path, const std::string &text) override;
    std::string program_file(const std::string &name) const override;
    Result<Outcome> run(const Command &command) override;

  private:
    Status interrupted(); // before a command
    explicit TimedCommands(std::string folder);
    void remove_folder() const;

    const std::string folder_;
    boost::asio::io_context io_;
    SpawnCommandRunner commands_;
    bool stopped_ = false;
    StopSignals signals_;
};

} // namespace hotrun
