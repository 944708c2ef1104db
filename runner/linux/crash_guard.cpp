#include "linux/crash_guard.hpp"

#include "linux/guarded_thread.hpp"
#include "linux/tracer.hpp"

#include <cstdlib>
#include <cstring>
#include <exception>
#include <typeinfo>
#include <utility>

#include <cxxabi.h>
#include <dlfcn.h>

namespace hotrun {

namespace {

// Fewer calls than that are no runaway recursion.
constexpr std::size_t kDeepStack = 2000;

ExceptionState *exception_state() {
    return reinterpret_cast<ExceptionState *>(abi::__cxa_get_globals());
}

std::string demangled_type(const char *name) {
    int status = 0;
    char *text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
    const std::string result = text == nullptr ? name : text;
    std::free(text);
    return result;
}

} // namespace

CrashGuard::CrashGuard(ProcessRestart &restart, const std::string &live_copy_mark)
    : thread_(std::make_unique<GuardedThread>(restart)) {
    StackWalk::prepare(live_copy_mark.c_str());
    set_guarded_thread(thread_.get());
    use_fault_handlers();
}

CrashGuard::~CrashGuard() {
    release_fault_handlers();
    set_guarded_thread(nullptr);
}

// Nothing of this frame is changed between the two returns of sigsetjmp.
bool CrashGuard::call(const CallSite &site, Function function, hotrun_context *context) {
    GuardedThread &thread = *thread_;
    thread.site = site;
    thread.module.store(site.module, std::memory_order_relaxed);
    thread.context = context;
    thread.boundary = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    thread.exceptions = *exception_state();
    if (sigsetjmp(thread.jump, 0) != 0) {
        finish_jump();
        return false;
    }
    const std::uint64_t number = thread.number.load(std::memory_order_relaxed);
    thread.number.store(number + 1, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    bool returned = true;
    try {
        function(context);
    } catch (abi::__forced_unwind &) { // the thread is being ended, and has to be
        thread.number.store(number + 2, std::memory_order_relaxed);
        throw;
    } catch (const std::exception &exception) {
        set_exception(demangled_type(typeid(exception).name()) + ": " + exception.what());
        returned = false;
    } catch (...) {
        const std::type_info *type = type_of_current_exception();
        set_exception(type == nullptr ? "a foreign exception" : demangled_type(type->name()));
        returned = false;
    } // the exception is destroyed, by the module's code
    std::atomic_signal_fence(std::memory_order_seq_cst);
    thread.number.store(number + 2, std::memory_order_relaxed);
    return returned;
}

void CrashGuard::set_exception(std::string what) {
    fault_ = Fault{};
    fault_.reason = RollBackReason::kException;
    fault_.detail = std::move(what);
}

void CrashGuard::finish_jump() {
    GuardedThread &thread = *thread_;
    thread.number.fetch_add(1, std::memory_order_relaxed);
    fault_ = Fault{};
    fault_.reason = thread.reason;
    fault_.signal_number = thread.signal;
    if (thread.signal != 0)
        fault_.signal = std::string("SIG") + ::sigabbrev_np(thread.signal);
    fault_.address = thread.address;
    fault_.backtrace = thread.walk.code_addresses();
    if (thread.closed_library != nullptr)
        fault_.detail = std::string(kIntoClosed) + thread.closed_library;
    else if (thread.exception_type != nullptr)
        fault_.detail =
            "terminated by an exception of type " + demangled_type(thread.exception_type);
    else if (thread.signal == SIGSEGV && thread.walk.depth() > kDeepStack)
        fault_.detail =
            "the stack overflowed, " + std::to_string(thread.walk.depth()) + " calls deep";
    *exception_state() = thread.exceptions;
    thread.looking = false;
}

Fault CrashGuard::take_fault() {
    return std::exchange(fault_, {});
}

std::uint64_t CrashGuard::current_call() const {
    const std::uint64_t number = thread_->number.load(std::memory_order_relaxed);
    return (number & 1) != 0 ? number : 0;
}

std::size_t CrashGuard::current_module() const {
    return thread_->module.load(std::memory_order_relaxed);
}

bool CrashGuard::is_debugged() const {
    return is_traced();
}

void CrashGuard::interrupt(std::uint64_t call) {
    thread_->heard = thread_->answered.load(std::memory_order_acquire); // of calls before
    thread_->asked_call.store(call, std::memory_order_release);
    siginfo_t info{};
    info.si_code = SI_QUEUE;
    info.si_pid = ::getpid();
    info.si_value.sival_ptr = thread_.get();
    ::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), thread_->tid, kInterruptSignal, &info);
}

std::optional<std::vector<CodeAddress>> CrashGuard::found_unsafe() {
    const std::uint64_t answered = thread_->answered.load(std::memory_order_acquire);
    if (answered == thread_->heard)
        return std::nullopt;
    thread_->heard = answered;
    return thread_->unsafe.code_addresses();
}

bool is_watched_by_others() {
    for (const char *entry : {"__asan_init", "__tsan_init", "__msan_init"}) {
        if (::dlsym(RTLD_DEFAULT, entry) != nullptr)
            return true;
    }
    return is_traced();
}

} // namespace hotrun
