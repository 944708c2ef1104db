// Processes that a test lets live and die.
#pragma once

#include "core/process_table.hpp"

#include <map>

namespace hotrun {

class FakeProcessTable final : public ProcessTable {
  public:
    static constexpr std::int64_t kOwnPid = 42;

    std::int64_t own_pid() const override { return kOwnPid; }
    std::optional<std::chrono::nanoseconds> start_time(std::int64_t pid) const override {
        const auto found = started.find(pid);
        return found == started.end() ? std::nullopt : std::optional(found->second);
    }

    std::optional<std::int64_t> find_ninja(const std::string & /*folder*/,
                                           std::int64_t /*own_session*/) const override {
        return foreign_ninja;
    }

    std::optional<std::int64_t> foreign_ninja;
    std::map<std::int64_t, std::chrono::nanoseconds> started = {{kOwnPid, {}}};
};

} // namespace hotrun
