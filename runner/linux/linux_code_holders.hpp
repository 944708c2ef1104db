// Threads of this process, by what the kernel tells of them.
#pragma once

#include "core/code_holders.hpp"

#include <sys/types.h>

namespace hotrun {

// A thread that waits in the kernel has its stack looked at, from its stack pointer up; one that
// runs is taken to be anywhere.
class LinuxCodeHolders final : public CodeHolders {
  public:
    LinuxCodeHolders(); // on the host's thread

    std::string thread_in(const Library::Place &place) const override;

  private:
    pid_t host_;
};

} // namespace hotrun
