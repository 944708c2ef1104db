// Commands whose durations a test has chosen.
#pragma once

#include "core/trials.hpp"
#include "support/fake_file_system.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <vector>

namespace hotrun {

class FakeTrials final : public Trials {
  public:
    explicit FakeTrials(FakeFileSystem &files) : files_(files) {}

    const std::string &folder() const override { return folder_; }
    Status write(const std::string &path, const std::string &text) override {
        files_.write(path, text);
        return Done{};
    }
    bool has_program(const std::string &name) const override { return programs.contains(name); }
    Result<Outcome> run(const Command &command) override {
        if (failure)
            return *failure;
        commands.push_back(command);
        return answer(command);
    }

    static bool has(const Command &command, const std::string &word) {
        return std::ranges::find(command.arguments, word) != command.arguments.end();
    }

    std::set<std::string> programs;
    std::function<Outcome(const Command &)> answer;
    std::optional<Error> failure;
    std::vector<Command> commands; // all that were run

  private:
    FakeFileSystem &files_;
    const std::string folder_ = "/tmp/trials";
};

} // namespace hotrun
