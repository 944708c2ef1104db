// Calls into modules that come back even if the module's code crashes, throws or hangs.
#pragma once

#include "core/call_monitor.hpp"
#include "core/guard.hpp"
#include "linux/alternate_stack.hpp"
#include "linux/process_restart.hpp"

#include <chrono>
#include <memory>

namespace hotrun {

struct GuardedThread;

// Handles SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT. One that comes from elsewhere than a call
// goes to the handler before, or does what it would have done without us. SIGURG interrupts a call
// that is overdue; others' SIGURG go to the handler before.
//
// A call is left by a jump if StackWalk finds that nothing is left half done; else the process
// replaces itself. Made, used and destroyed on the host's thread, save for what CallMonitor names.
class CrashGuard final : public Guard, public CallMonitor {
  public:
    // `live_copy_mark`: what the names of the files have in common that hot code is loaded from.
    CrashGuard(ProcessRestart &restart, const std::string &live_copy_mark);
    CrashGuard(const CrashGuard &) = delete;
    CrashGuard &operator=(const CrashGuard &) = delete;
    ~CrashGuard() override;

    bool call(const CallSite &site, Function function, hotrun_context *context) override;
    Fault take_fault() override;

    std::uint64_t current_call() const override;
    std::size_t current_module() const override;
    bool is_debugged() const override;
    void interrupt(std::uint64_t call) override;
    std::optional<std::vector<CodeAddress>> found_unsafe() override;

  private:
    void finish_jump();
    void set_exception(std::string what);

    AlternateStack stack_;
    std::unique_ptr<GuardedThread> thread_;
    Fault fault_;
};

// Whether a debugger or a sanitizer would see a crash first.
bool is_watched_by_others();

} // namespace hotrun
