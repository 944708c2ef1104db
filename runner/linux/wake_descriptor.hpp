// Wakes a thread that waits for a descriptor.
#pragma once

#include "hotrun/result.hpp"
#include "linux/unique_fd.hpp"

#include <chrono>

namespace hotrun {

// Thread-safe; notify() may be called from a signal handler.
class WakeDescriptor {
  public:
    static Result<WakeDescriptor> create();

    int descriptor() const { return fd_.get(); }
    void notify() const noexcept;
    void clear() const noexcept;

    // Until somebody notifies or `limit` has passed. A signal does not end the wait.
    void wait(std::chrono::nanoseconds limit) const noexcept;

  private:
    explicit WakeDescriptor(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

} // namespace hotrun
