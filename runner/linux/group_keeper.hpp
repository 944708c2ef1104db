// Ends a process group when this process is gone, however it ends.
#pragma once

#include "linux/unique_fd.hpp"

#include <sys/types.h>

namespace hotrun {

// A process beside this one, which waits for the end of a pipe.
class GroupKeeper {
  public:
    GroupKeeper();
    GroupKeeper(const GroupKeeper &) = delete;
    GroupKeeper &operator=(const GroupKeeper &) = delete;
    ~GroupKeeper();

    // From now on that group; 0: none.
    void keep(pid_t group) const;

  private:
    UniqueFd socket_;
    pid_t pid_ = -1;
};

} // namespace hotrun
