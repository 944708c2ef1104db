// What a signal handler finds of the thread that it runs on, and the handlers themselves.
#pragma once

#include "core/guard.hpp"
#include "linux/process_restart.hpp"
#include "linux/stack_walk.hpp"

#include <array>
#include <atomic>
#include <csetjmp>
#include <cstdint>
#include <optional>
#include <typeinfo>

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hotrun {

constexpr int kInterruptSignal = SIGURG;
constexpr char kIntoClosed[] = "it leads into a generation that was closed, ";

// The layout that the Itanium C++ ABI fixes (2.2.2): what __cxa_get_globals() gives.
struct ExceptionState {
    void *caught = nullptr;
    unsigned uncaught_count = 0;
};

// Null: none, or one of another language, of which the C++ runtime's own record is no record.
const std::type_info *type_of_current_exception();

// A thread that calls into a module, or runs static constructors or destructors. Its address is
// what tells our own SIGURG.
struct GuardedThread {
    explicit GuardedThread(ProcessRestart &process_restart)
        : restart(process_restart), pid(::getpid()),
          tid(static_cast<pid_t>(::syscall(SYS_gettid))) {}

    ProcessRestart &restart;
    const pid_t pid;
    const pid_t tid;

    // A call. Odd while one is under way, and then its number.
    std::atomic<std::uint64_t> number{0};
    std::atomic<std::size_t> module{0};
    CallSite site;
    const hotrun_context *context = nullptr;
    std::uintptr_t boundary = 0;
    sigjmp_buf jump;
    ExceptionState exceptions;

    // Or static constructors or destructors.
    FailureRecord::Where where = FailureRecord::Where::kCall;
    bool is_host = true;
    std::array<char, FailureRecord::kPathBytes> library{};
    Timestamp library_timestamp;
    bool constructs() const { return where != FailureRecord::Where::kCall; }

    // What the handler found.
    bool looking = false;
    int signal = 0;
    RollBackReason reason = RollBackReason::kCrash;
    std::optional<std::uint64_t> address;
    const char *exception_type = nullptr; // mangled
    const char *closed_library = nullptr; // that it wanted to reach
    StackWalk walk;

    // The runner asks about a call, the handler answers if it can't be left.
    std::atomic<std::uint64_t> asked_call{0};
    std::atomic<std::uint64_t> answered{0};
    std::uint64_t heard = 0;
    StackWalk unsafe;

    // Not in a child that the module's code has forked.
    bool is_busy() const {
        return (constructs() || (number.load(std::memory_order_relaxed) & 1) != 0) &&
               pid == ::getpid();
    }
};

// Null: a failure on this thread is none of ours.
GuardedThread *guarded_thread();
void set_guarded_thread(GuardedThread *thread);

// Those of the process, for as long as anybody uses them; a thread goes back to its call by its
// `jump`, or the process is replaced.
void use_fault_handlers();
void release_fault_handlers();

// Into one of FailureRecord's fields, which are zeroed at first.
void copy_text(char *to, std::size_t bytes, const char *from);

} // namespace hotrun
