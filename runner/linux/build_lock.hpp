// One run for each build folder.
#pragma once

#include "hotrun/result.hpp"
#include "linux/unique_fd.hpp"

#include <optional>
#include <string>

namespace hotrun {

// Locks the folder itself, so that no file is left behind by a run that was killed.
class BuildLock {
  public:
    // ErrorKind::kBusy names the process that has it.
    static Result<BuildLock> take(const std::string &builddir);

    // For a process that has replaced itself: a command that was just being started may have the
    // lock of the process before, and is waited for until it is that command, two seconds at most.
    static Result<BuildLock> take_again(const std::string &builddir);

    // The process that has it. Looks without locking: a run that starts now is not kept out.
    static std::optional<int> holder(const std::string &builddir);

  private:
    explicit BuildLock(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

} // namespace hotrun
