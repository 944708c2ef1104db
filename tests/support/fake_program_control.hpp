// A program that a test starts and ends by hand.
#pragma once

#include "core/program_control.hpp"

#include <optional>
#include <string>
#include <vector>

namespace hotrun {

class FakeProgramControl final : public ProgramControl {
  public:
    Result<std::int64_t> start() override {
        calls.emplace_back("start");
        if (failure)
            return *failure;
        return ++last_pid;
    }
    void terminate() override { calls.emplace_back("terminate"); }
    void kill() override { calls.emplace_back("kill"); }

    std::optional<Error> failure;
    std::vector<std::string> calls;
    std::int64_t last_pid = 100;
};

} // namespace hotrun
