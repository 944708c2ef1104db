// Static constructors and destructors that may fail.
#pragma once

#include "core/library_loader.hpp"
#include "linux/process_restart.hpp"

#include <chrono>
#include <memory>

namespace hotrun {

struct GuardedThread;

// While it lives on a thread, the static constructors or destructors of a library run there: a
// failure in one replaces the process, since the dynamic linker's lock would stay taken.
class ConstructorScope {
  public:
    // `limit`: of its life; 0: none. `is_host`: this is the host's thread.
    ConstructorScope(ProcessRestart &restart, FailureRecord::Where where, const Origin &origin,
                     std::chrono::milliseconds limit, bool is_host);
    ConstructorScope(const ConstructorScope &) = delete;
    ConstructorScope &operator=(const ConstructorScope &) = delete;
    ~ConstructorScope();

  private:
    std::unique_ptr<GuardedThread> thread_;
    GuardedThread *before_;
    void *timer_ = nullptr;
    bool has_timer_ = false;
};

} // namespace hotrun
