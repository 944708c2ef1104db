// Commands whose durations a test has chosen.
#pragma once

#include "core/trials.hpp"
#include "support/fake_file_system.hpp"

#include <algorithm>
#include <functional>
#include <map>
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
    std::string program_file(const std::string &name) const override {
        const auto found = programs.find(name);
        return found == programs.end() ? "" : found->second;
    }
    Result<Outcome> run(const Command &command) override {
        if (failure)
            return *failure;
        commands.push_back(command);
        return answer(command);
    }

    static bool has(const Command &command, const std::string &word) {
        return std::ranges::find(command.arguments, word) != command.arguments.end();
    }

    std::map<std::string, std::string> programs; // by name, their files
    std::function<Outcome(const Command &)> answer;
    std::optional<Error> failure;
    std::vector<Command> commands; // all that were run

  private:
    FakeFileSystem &files_;
    const std::string folder_ = "/trials";
};

} // namespace hotrun
