// Signals that are none of a call's, and what the host does about them.
#include "linux/crash_guard.hpp"

#include "forked_child.hpp"
#include "guarded_faults.hpp"
#include "sanitizers.hpp"

#include <array>
#include <csignal>
#include <thread>

#include <ucontext.h>

namespace hotrun {
namespace {

class CrashGuardSignals : public testing::Test {
    FolderOfChildren folder_;
};

constexpr std::array kFaultSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

int ending_signal(ForkedChild &child) {
    const std::optional<int> status = child.wait();
    return status && WIFSIGNALED(*status) ? WTERMSIG(*status) : 0;
}

// A sanitizer's own handlers say what happened and end the process in their way.
void without_handlers() {
    dump_no_core();
    for (const int signal : kFaultSignals)
        ::signal(signal, SIG_DFL);
}

volatile int *volatile nothing = nullptr;

TEST_F(CrashGuardSignals, ACrashOutsideOfACallEndsTheProcessByThatSignal) {
    for (const int signal : kFaultSignals) {
        ForkedChild child([signal] {
            without_handlers();
            GuardedFaults faults;
            faults.call("null_write");
            ::raise(signal);
            return 1;
        });
        EXPECT_EQ(ending_signal(child), signal);
    }
    ForkedChild child([] {
        without_handlers();
        GuardedFaults faults;
        faults.call("null_write");
        *nothing = 1;
        return 1;
    });
    EXPECT_EQ(ending_signal(child), SIGSEGV);
}

TEST_F(CrashGuardSignals, ACrashOnAnotherThreadDuringACallEndsTheProcess) {
    ForkedChild child([] {
        without_handlers();
        GuardedFaults faults;
        std::thread other([&] {
            if (faults.event.wait())
                *nothing = 1;
        });
        faults.call("hang");
        other.join();
        return 1;
    });
    EXPECT_EQ(ending_signal(child), SIGSEGV);
}

// Who sends it wants the process to end.
TEST_F(CrashGuardSignals, ASignalFromOutsideDuringACallEndsTheProcess) {
    if (kThreadSanitizer)
        GTEST_SKIP() << "ThreadSanitizer holds signals back while code computes";
    for (const int signal : kFaultSignals) {
        const Gate in_call;
        ForkedChild child([&] {
            without_handlers();
            GuardedFaults faults;
            faults.shared.event = in_call.descriptor();
            faults.call("hang");
            return 1;
        });
        ASSERT_TRUE(in_call.wait());
        ::kill(child.pid(), signal);
        EXPECT_EQ(ending_signal(child), signal);
    }
}

TEST_F(CrashGuardSignals, OneFromOutsideThatTheHostIgnoresIsIgnored) {
    const SignalGuard ignored(SIGFPE, SIG_IGN);
    GuardedFaults faults;
    ForkedChild sender([parent = ::getpid()] { return ::kill(parent, SIGFPE); });
    EXPECT_EQ(sender.exit_status(), 0);
    EXPECT_TRUE(faults.call("none"));
}

// Ends the process with 40 if it is given what the kernel said.
int expected_signal = 0;
void *expected_address = nullptr;
pid_t expected_sender = 0;

void host_handler(int signal, siginfo_t *info, void *context) {
    bool right = signal == expected_signal && info->si_signo == signal && context != nullptr;
    if (expected_sender != 0)
        right &= info->si_code == SI_USER && info->si_pid == expected_sender;
    else
        right &= info->si_code > 0 && info->si_addr == expected_address;
    ::_exit(right ? 40 : 41);
}

void set_host_handler(int signal) {
    expected_signal = signal;
    struct sigaction action {};
    action.sa_sigaction = host_handler;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(signal, &action, nullptr);
}

TEST_F(CrashGuardSignals, TheHostsOwnHandlerGetsACrashOutsideOfACall) {
    ForkedChild child([] {
        set_host_handler(SIGSEGV);
        expected_address = reinterpret_cast<void *>(0x18);
        GuardedFaults faults;
        faults.call("null_write");
        nothing = static_cast<volatile int *>(expected_address);
        *nothing = 1;
        return 1;
    });
    EXPECT_EQ(child.exit_status(), 40);
}

TEST_F(CrashGuardSignals, TheHostsOwnHandlerGetsASignalFromOutside) {
    if (kThreadSanitizer)
        GTEST_SKIP() << "ThreadSanitizer holds signals back while code computes";
    const Gate in_call;
    ForkedChild child([&, parent = ::getpid()] {
        set_host_handler(SIGBUS);
        expected_sender = parent;
        GuardedFaults faults;
        faults.shared.event = in_call.descriptor();
        faults.call("hang");
        return 1;
    });
    ASSERT_TRUE(in_call.wait());
    ::kill(child.pid(), SIGBUS);
    EXPECT_EQ(child.exit_status(), 40);
}

// Written for the simpler form of handlers.
volatile int simple_count = 0;
void simple_handler(int signal) {
    simple_count = simple_count + (signal == SIGFPE ? 1 : 100);
}

TEST_F(CrashGuardSignals, ASimpleHandlerOfTheHostIsCalledToo) {
    const SignalGuard simple(SIGFPE, simple_handler);
    GuardedFaults faults;
    simple_count = 0;
    ::raise(SIGFPE);
    EXPECT_EQ(simple_count, 1);
}

std::uintptr_t instruction_in(void *context) {
    const mcontext_t &machine = static_cast<ucontext_t *>(context)->uc_mcontext;
#if defined(__x86_64__)
    return static_cast<std::uintptr_t>(machine.gregs[REG_RIP]);
#else
    return machine.pc;
#endif
}

constexpr std::uintptr_t kNowhere = 0x1000;

__attribute__((no_sanitize("undefined"))) void call_nowhere(Guard::Function /*called*/,
                                                            hotrun_context *context) {
    reinterpret_cast<Guard::Function>(kNowhere)(context);
    ++context->step;
}

// Where the call can't be left and no restart is left, and the handler could mend it.
TEST_F(CrashGuardSignals, TheHostsOwnHandlerFindsACallToNowhereAsItWas) {
    ForkedChild child([] {
        struct sigaction action {};
        action.sa_flags = SA_SIGINFO;
        action.sa_sigaction = [](int, siginfo_t *, void *context) {
            ::_exit(instruction_in(context) == kNowhere ? 40 : 41);
        };
        ::sigaction(SIGSEGV, &action, nullptr);
        GuardedFaults faults;
        faults.shared.call_back = call_nowhere;
        faults.call("below_other");
        return 1;
    });
    EXPECT_EQ(child.exit_status(), 40);
}

TEST_F(CrashGuardSignals, HandlersAreAsBeforeOnceTheLastGuardIsGone) {
    for (void (*before)(int) : {SIG_DFL, SIG_IGN, &simple_handler}) {
        const SignalGuard segmentation(SIGSEGV, before);
        const SignalGuard urgent(SIGURG, before);
        {
            const GuardedFaults first;
            std::thread([] { const GuardedFaults second; }).join();
            EXPECT_NE(handler_of(SIGSEGV), before);
            EXPECT_NE(handler_of(SIGURG), before);
        }
        EXPECT_EQ(handler_of(SIGSEGV), before);
        EXPECT_EQ(handler_of(SIGURG), before);
    }
}

TEST_F(CrashGuardSignals, TheThreadsOwnAlternateStackIsPutBack) {
    std::thread([] {
        std::vector<char> memory(std::size_t{256} << 10);
        stack_t own{};
        own.ss_sp = memory.data();
        own.ss_size = memory.size();
        stack_t before{};
        ASSERT_EQ(::sigaltstack(&own, &before), 0);
        {
            GuardedFaults faults;
            EXPECT_FALSE(faults.call("overflow"));
        }
        stack_t now{};
        ::sigaltstack(&before, &now);
        EXPECT_EQ(now.ss_sp, own.ss_sp);
        EXPECT_EQ(now.ss_size, own.ss_size);
        EXPECT_EQ(now.ss_flags, 0);
    }).join();
}

TEST_F(CrashGuardSignals, AChildThatTheModuleForkedDiesByItself) {
    ForkedChild host([] {
        without_handlers();
        GuardedFaults faults;
        if (!faults.call("fork"))
            return 1; // as the child, in the host's loop
        int status = 0;
        if (::waitpid(faults.shared.child, &status, 0) != faults.shared.child)
            return 2;
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV ? 0 : 3;
    });
    EXPECT_EQ(host.exit_status(), 0);
}

} // namespace
} // namespace hotrun
