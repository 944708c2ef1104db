#include "linux/guarded_thread.hpp"

#include "linux/closed_libraries.hpp"
#include "linux/tracer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <typeinfo>
#include <utility>

#include <cxxabi.h>
#include <link.h>
#include <ucontext.h>

namespace hotrun {

namespace {

constexpr std::array kFaultSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
// How long a constructor that failed on another thread waits for the host to take over.
constexpr int kHostPatienceMs = 2000;

// Its access in a handler must not allocate, so it has a fixed place in the thread.
__attribute__((tls_model("initial-exec"))) thread_local GuardedThread *this_thread = nullptr;

struct Handlers {
    std::array<struct sigaction, kFaultSignals.size()> before{};
    struct sigaction before_interrupt {};
    int users = 0;
};
Handlers handlers;

void call_handler(const struct sigaction &action, int signal, siginfo_t *info, void *context) {
    if ((action.sa_flags & SA_SIGINFO) != 0)
        action.sa_sigaction(signal, info, context);
    else
        action.sa_handler(signal);
}

bool has_handler(const struct sigaction &action) {
    return (action.sa_flags & SA_SIGINFO) != 0 ||
           (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}

// What would have happened without us: the instruction fails again, or the signal is sent again.
void pass_on(int signal, siginfo_t *info, void *context) {
    const auto at = std::find(kFaultSignals.begin(), kFaultSignals.end(), signal);
    const struct sigaction &before =
        handlers.before[static_cast<std::size_t>(at - kFaultSignals.begin())];
    if (has_handler(before)) {
        call_handler(before, signal, info, context);
        return;
    }
    const bool was_sent = info->si_code <= 0;
    if (was_sent && before.sa_handler == SIG_IGN)
        return;
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    ::sigaction(signal, &standard, nullptr);
    if (was_sent)
        ::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), ::syscall(SYS_gettid), signal, info);
}

bool is_sent_by_others(const siginfo_t *info) {
    return info->si_code <= 0 && info->si_pid != ::getpid();
}

void note_fault(GuardedThread &thread, int signal, const siginfo_t *info) {
    thread.signal = signal;
    thread.reason = signal == SIGABRT ? RollBackReason::kAbort : RollBackReason::kCrash;
    thread.address.reset();
    // SI_KERNEL: an address that is none at all, which the processor does not tell.
    if (signal != SIGABRT && info->si_code != SI_KERNEL)
        thread.address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    thread.closed_library = thread.address ? closed_library_at(*thread.address) : nullptr;
    const std::type_info *type = type_of_current_exception();
    thread.exception_type = signal == SIGABRT && type != nullptr ? type->name() : nullptr;
}

void fill_failure(const GuardedThread &thread, FailureRecord &failure) {
    failure.where = thread.where;
    failure.is_told = false;
    failure.site = thread.site;
    failure.steps_lost = 0;
    if (thread.context != nullptr)
        failure.steps_lost =
            thread.context->step - thread.restart.record().modules()[thread.site.module].step;
    failure.reason = thread.reason;
    failure.signal_number = thread.signal;
    failure.signal[0] = '\0';
    if (thread.signal != 0) {
        std::memcpy(failure.signal, "SIG", sizeof "SIG");
        copy_text(failure.signal + 3, sizeof failure.signal - 3, ::sigabbrev_np(thread.signal));
    }
    failure.has_address = thread.address.has_value();
    failure.address = thread.address.value_or(0);
    std::memcpy(failure.library, thread.library.data(), thread.library.size());
    failure.library_timestamp = thread.library_timestamp;
    failure.detail[0] = '\0';
    if (thread.closed_library != nullptr) {
        std::memcpy(failure.detail, kIntoClosed, sizeof kIntoClosed);
        copy_text(failure.detail + sizeof kIntoClosed - 1,
                  sizeof failure.detail - sizeof kIntoClosed, thread.closed_library);
    }
    copy_text(failure.exception_type, sizeof failure.exception_type,
              thread.exception_type == nullptr ? "" : thread.exception_type);
    failure.frame_count = std::min(thread.walk.frame_count(), FailureRecord::kFrames);
    for (std::size_t i = 0; i < failure.frame_count; ++i) {
        const StackWalk::Frame &from = thread.walk.frames()[i];
        FailureRecord::Frame &to = failure.frames[i];
        to.address = from.address;
        to.load_bias = from.map == nullptr ? 0 : from.map->l_addr;
        copy_text(to.file, sizeof to.file, from.map == nullptr ? "" : from.map->l_name);
    }
}

void note_timeout(GuardedThread &thread) {
    thread.signal = 0;
    thread.reason = RollBackReason::kTimeout;
    thread.address.reset();
    thread.exception_type = nullptr;
    thread.closed_library = nullptr;
}

// Comes back if there is no way to go on: then the failure is what it would be without us.
void leave_process(GuardedThread &thread) {
    if (!thread.restart.record().has_tries_left())
        return;
    fill_failure(thread, thread.restart.record().failure);
    if (!thread.is_host)
        thread.restart.ask_host(kHostPatienceMs);
    thread.restart.replace_process();
}

// It looks until finish_jump has taken over what was found. The mask is that of the code that is
// left: ThreadSanitizer blocks all signals while one is handled.
void jump_out(GuardedThread &thread, const void *context) {
    ::pthread_sigmask(SIG_SETMASK, &static_cast<const ucontext_t *>(context)->uc_sigmask, nullptr);
    ::siglongjmp(thread.jump, 1);
}

void on_fault(int signal, siginfo_t *info, void *context) {
    const int saved_errno = errno;
    GuardedThread *thread = this_thread;
    if (thread != nullptr && thread->is_busy() && !is_sent_by_others(info)) {
        if (!std::exchange(thread->looking, true)) { // else the stack is destroyed
            note_fault(*thread, signal, info);
            thread->walk.walk(signal, StackWalk::Cause::kFault, context, thread->boundary);
            if (thread->walk.can_be_left() && !thread->constructs())
                jump_out(*thread, context);
        }
        leave_process(*thread);
    }
    errno = saved_errno;
    pass_on(signal, info, context);
}

// Whether the runner has sent it, or the timer of a constructor.
bool is_about_call(const siginfo_t *info, const GuardedThread *thread) {
    return (info->si_code == SI_QUEUE || info->si_code == SI_TIMER) && thread != nullptr &&
           info->si_value.sival_ptr == thread;
}

void interrupt_construction(GuardedThread &thread, int signal, void *context) {
    if (is_traced() || std::exchange(thread.looking, true))
        return; // somebody looks at it, or it has failed just before
    note_timeout(thread);
    thread.walk.walk(signal, StackWalk::Cause::kInterrupt, context, thread.boundary);
    leave_process(thread);
}

void interrupt_call(GuardedThread &thread, int signal, void *context) {
    const std::uint64_t call = thread.asked_call.load(std::memory_order_acquire);
    if (call != thread.number.load(std::memory_order_relaxed) ||
        std::exchange(thread.looking, true))
        return;
    note_timeout(thread); // also if the walk fails on a destroyed stack
    thread.walk.clear();
    thread.unsafe.walk(signal, StackWalk::Cause::kInterrupt, context, thread.boundary);
    if (thread.unsafe.can_be_left()) {
        thread.walk = thread.unsafe;
        jump_out(thread, context);
    }
    thread.looking = false;
    thread.answered.fetch_add(1, std::memory_order_release);
}

void on_interrupt(int signal, siginfo_t *info, void *context) {
    const int saved_errno = errno;
    GuardedThread *thread = this_thread;
    if (is_about_call(info, thread)) {
        if (thread->constructs())
            interrupt_construction(*thread, signal, context);
        else
            interrupt_call(*thread, signal, context);
    } else if (has_handler(handlers.before_interrupt)) {
        call_handler(handlers.before_interrupt, signal, info, context);
    }
    errno = saved_errno;
}

} // namespace

const std::type_info *type_of_current_exception() {
    return std::current_exception() == nullptr ? nullptr : abi::__cxa_current_exception_type();
}

GuardedThread *guarded_thread() {
    return this_thread;
}

void set_guarded_thread(GuardedThread *thread) {
    this_thread = thread;
}

void copy_text(char *to, std::size_t bytes, const char *from) {
    std::strncpy(to, from, bytes - 1);
}

void use_fault_handlers() {
    if (handlers.users++ > 0)
        return;
    struct sigaction action {};
    sigemptyset(&action.sa_mask);
    // SA_NODEFER: a handler is left by a jump, and its signal must not stay blocked.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    action.sa_sigaction = on_fault;
    for (std::size_t i = 0; i < kFaultSignals.size(); ++i)
        ::sigaction(kFaultSignals[i], &action, &handlers.before[i]);
    action.sa_flags |= SA_RESTART;
    action.sa_sigaction = on_interrupt;
    ::sigaction(kInterruptSignal, &action, &handlers.before_interrupt);
}

void release_fault_handlers() {
    if (--handlers.users > 0)
        return;
    for (std::size_t i = 0; i < kFaultSignals.size(); ++i)
        ::sigaction(kFaultSignals[i], &handlers.before[i], nullptr);
    ::sigaction(kInterruptSignal, &handlers.before_interrupt, nullptr);
}

} // namespace hotrun
