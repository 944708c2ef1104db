// The stack that signal handlers of a thread run on.
#pragma once

#include <cstddef>

#include <signal.h>

namespace hotrun {

// Made and destroyed on the thread whose stack it is; a stack that has overflowed leaves no room
// for a handler. What the thread had before is put back.
class AlternateStack {
  public:
    AlternateStack();
    AlternateStack(const AlternateStack &) = delete;
    AlternateStack &operator=(const AlternateStack &) = delete;
    ~AlternateStack();

  private:
    static constexpr std::size_t kBytes = std::size_t{256} << 10; // a sanitizer's frames are large

    void *memory_ = nullptr; // null: there is none
    stack_t before_{};
};

} // namespace hotrun
