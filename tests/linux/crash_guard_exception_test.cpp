// Exceptions that leave a call.
#include "linux/crash_guard.hpp"

#include "guarded_faults.hpp"
#include "sanitizers.hpp"

#include <array>
#include <cstring>
#include <exception>
#include <thread>

namespace hotrun {
namespace {

class CrashGuardException : public testing::Test {
  protected:
    // Of the exception that leaves a function.
    std::string detail_after(const std::string &function) {
        EXPECT_FALSE(faults_.call(function)) << function;
        const Fault fault = faults_.guard().take_fault();
        EXPECT_EQ(fault.reason, RollBackReason::kException) << function;
        EXPECT_EQ(fault.signal_number, 0) << function;
        EXPECT_EQ(fault.signal, "") << function;
        EXPECT_FALSE(fault.address) << function;
        EXPECT_EQ(std::uncaught_exceptions(), 0) << function;
        EXPECT_EQ(std::current_exception(), nullptr) << function;
        EXPECT_TRUE(faults_.call("none"));
        return fault.detail;
    }

    GuardedFaults faults_;
};

TEST_F(CrashGuardException, IsTakenWithItsTypeAndWhatItSays) {
    for (int round = 0; round < 10; ++round) {
        EXPECT_EQ(detail_after("throw"), "std::runtime_error: thrown by the fixture");
        EXPECT_EQ(detail_after("throw_int"), "int");
        EXPECT_EQ(detail_after("throw_type"), "(anonymous namespace)::Thrown");
        EXPECT_EQ(detail_after("throw_own"),
                  "(anonymous namespace)::NamesItself: the fixture's own");
    }
}

// What lies before an exception of another language is none of the C++ runtime's.
TEST_F(CrashGuardException, OneOfAnotherLanguageIsTakenAndDeleted) {
    struct Foreign {
        std::array<std::uintptr_t, 32> before;
        _Unwind_Exception exception;
    };
    static int deleted_count = 0;
    static Foreign foreign{};
    foreign.before.fill(8);
    foreign.exception.exception_class = 0x54534554464f524e;
    foreign.exception.exception_cleanup = [](_Unwind_Reason_Code, _Unwind_Exception *) {
        ++deleted_count;
    };
    faults_.shared.foreign = &foreign.exception;
    EXPECT_EQ(detail_after("throw_foreign"), "a foreign exception");
    EXPECT_EQ(deleted_count, 1);
    EXPECT_EQ(faults_.context.step, 1u) << "the function went on";
}

// In a thread with a guard of its own; whether it came to its end.
bool ends_in(const char *function, bool cancel) {
    bool went_on = false;
    bool guard_is_gone = false;
    const Gate event;
    struct Ended {
        bool &flag;
        ~Ended() { flag = true; }
    };
    const auto work = [&] {
        const Ended ended{guard_is_gone};
        GuardedFaults faults;
        faults.shared.event = event.descriptor();
        faults.call(function);
        went_on = true;
    };
    std::thread thread(work);
    if (cancel) {
        EXPECT_TRUE(event.wait());
        ::pthread_cancel(thread.native_handle());
    }
    thread.join();
    return guard_is_gone && !went_on;
}

TEST(CrashGuardThread, TheEndOfAThreadPassesThrough) {
    EXPECT_TRUE(ends_in("thread_exit", false));
    GuardedFaults faults; // and the signals are still handled
    EXPECT_FALSE(faults.call("null_write"));
}

TEST(CrashGuardThread, TheCancellationOfAThreadPassesThrough) {
    EXPECT_TRUE(ends_in("cancelled", true));
}

TEST(CrashGuardThread, EachThreadHasAGuardOfItsOwn) {
    GuardedFaults here;
    std::thread other([] {
        GuardedFaults there;
        for (int i = 0; i < 10; ++i) {
            EXPECT_FALSE(there.call("overflow"));
            EXPECT_EQ(there.guard().take_fault().signal, "SIGSEGV");
        }
    });
    for (int i = 0; i < 10; ++i) {
        EXPECT_FALSE(here.call("division"));
        EXPECT_EQ(here.guard().take_fault().signal, "SIGFPE");
    }
    other.join();
    EXPECT_FALSE(here.call("null_write")) << "the handlers went with the other guard";
}

} // namespace
} // namespace hotrun
