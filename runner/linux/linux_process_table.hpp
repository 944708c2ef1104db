// Processes by way of /proc.
#pragma once

#include "core/process_table.hpp"
#include "hotrun/result.hpp"

#include <string>

namespace hotrun {

class LinuxProcessTable : public ProcessTable {
  public:
    std::int64_t own_pid() const override;
    std::optional<std::chrono::nanoseconds> start_time(std::int64_t pid) const override;
    std::optional<std::int64_t> find_ninja(const std::string &folder,
                                           std::int64_t own_session) const override;
};

// The file of the running program, links resolved.
Result<std::string> executable_path();

} // namespace hotrun
