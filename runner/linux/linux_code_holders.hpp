// Threads of this process, by what the kernel tells of them.
#pragma once

#include "core/code_holders.hpp"

#include <atomic>

#include <sys/types.h>

namespace hotrun {

// A thread that waits in the kernel has its stack looked at, from its stack pointer up; one that
// runs is taken to be anywhere.
class LinuxCodeHolders final : public CodeHolders {
  public:
    LinuxCodeHolders(); // on the host's thread

    // The runner's: it is never in a module's code for long. Before others look.
    void leave_out_this_thread();

    std::vector<std::string> threads_in(const std::vector<Library::Place> &places) const override;

  private:
    pid_t host_;
    std::atomic<pid_t> runner_{0};
};

} // namespace hotrun
