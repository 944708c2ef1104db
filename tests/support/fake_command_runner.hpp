// Commands that run as far as a test lets them.
#pragma once

#include "core/command_runner.hpp"

#include <optional>
#include <utility>

namespace hotrun {

// One command that was started.
class FakeRun {
  public:
    FakeRun(Command started, CommandRunner::OnOutput on_output, CommandRunner::OnEnd on_end)
        : command(std::move(started)), on_output_(std::move(on_output)),
          on_end_(std::move(on_end)) {}

    const Command command;
    int interrupt_count = 0;
    bool given_up = false; // destroyed before it ended

    bool running() const { return on_end_ != nullptr; }
    void print(std::string_view text) const { on_output_(text); }
    void end(int exit_status) { end_with(CommandEnd{exit_status, 0}); }
    void end_by_signal(int signal) { end_with(CommandEnd{128 + signal, signal}); }
    void end_unknown(const std::string &message) {
        end_with(Error{ErrorKind::kFailed, message, 10});
    }

    void destroy() {
        given_up = running();
        on_end_ = nullptr;
    }

  private:
    void end_with(const Result<CommandEnd> &end) {
        const CommandRunner::OnEnd on_end = std::exchange(on_end_, nullptr);
        on_end(end);
    }

    CommandRunner::OnOutput on_output_;
    CommandRunner::OnEnd on_end_;
};

class FakeCommandRunner final : public CommandRunner {
  public:
    static constexpr std::int64_t kPid = 1000; // of each command

    Result<std::unique_ptr<RunningCommand>> start(const Command &command, OnOutput on_output,
                                                  OnEnd on_end) override {
        if (failure)
            return *failure;
        runs.push_back(std::make_shared<FakeRun>(command, std::move(on_output), std::move(on_end)));
        return std::unique_ptr<RunningCommand>(std::make_unique<Handle>(runs.back()));
    }

    FakeRun &last() const { return *runs.back(); }

    std::vector<std::shared_ptr<FakeRun>> runs; // all, the oldest first
    std::optional<Error> failure;               // of start()

  private:
    class Handle final : public RunningCommand {
      public:
        explicit Handle(std::shared_ptr<FakeRun> run) : run_(std::move(run)) {}
        Handle(const Handle &) = delete;
        Handle &operator=(const Handle &) = delete;
        ~Handle() override { run_->destroy(); }
        std::int64_t pid() const override { return kPid; }
        void interrupt() override { ++run_->interrupt_count; }

      private:
        std::shared_ptr<FakeRun> run_;
    };
};

} // namespace hotrun
