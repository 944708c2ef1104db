// The processes of this machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace hotrun {

class ProcessTable {
  public:
    virtual ~ProcessTable() = default;

    virtual std::int64_t own_pid() const = 0;

    // When that process was started, since the epoch; none: there is no such process.
    virtual std::optional<std::chrono::nanoseconds> start_time(std::int64_t pid) const = 0;

    // A ninja that builds in `folder` and does not belong to `own_session`; none: there is none, or
    // it is another user's, or it waits for us: `ninja dev` has started this process.
    virtual std::optional<std::int64_t> find_ninja(const std::string &folder,
                                                   std::int64_t own_session) const = 0;
};

} // namespace hotrun
