#include "linux/crash_guard.hpp"

#include "guarded_faults.hpp"
#include "linux/stack_walk.hpp"
#include "sanitizers.hpp"

#include <exception>
#include <ostream>

#include <fcntl.h>
#include <sys/mman.h>

namespace hotrun {
namespace {

constexpr std::uint64_t kUnknown = ~std::uint64_t{0};
constexpr std::uint64_t kMapped = kUnknown - 1; // the page of a file that has none there

struct Row {
    const char *function;
    int signal;
    RollBackReason reason = RollBackReason::kCrash;
    std::uint64_t address = kUnknown; // none is told
    Through through = Through::kNone;
};

void PrintTo(const Row &row, std::ostream *out) {
    *out << row.function;
}

const Row kRows[] = {
    {"null_write", SIGSEGV, RollBackReason::kCrash, 0},
    {"far_read", SIGSEGV, RollBackReason::kCrash, FAULTS_FAR_ADDRESS},
    {"impossible_address", SIGSEGV},
    {"bus", SIGBUS, RollBackReason::kCrash, kMapped},
    {"division", SIGFPE, RollBackReason::kCrash, kMapped},
    {"illegal", SIGILL, RollBackReason::kCrash, kMapped},
    {"abort", SIGABRT, RollBackReason::kAbort, kUnknown, Through::kAbort},
    {"assertion", SIGABRT, RollBackReason::kAbort},
    {"null_call", SIGSEGV, RollBackReason::kCrash, 0},
    {"call_nowhere", SIGSEGV, RollBackReason::kCrash, 0x1000},
    {"call_data", SIGSEGV, RollBackReason::kCrash, kMapped},
    {"in_qsort", SIGSEGV, RollBackReason::kCrash, 0, Through::kLibc},
    {"in_memcpy", SIGSEGV, RollBackReason::kCrash, 0, Through::kLibc},
    {"in_strlen", SIGSEGV, RollBackReason::kCrash, 0, Through::kLibc},
    {"throw_in_noexcept", SIGABRT, RollBackReason::kAbort, kUnknown, Through::kThrow},
    {"in_catch", SIGSEGV, RollBackReason::kCrash, 0},
    {"while_unwinding", SIGSEGV, RollBackReason::kCrash, 0},
    {"throw_crashes_in_what", SIGSEGV, RollBackReason::kCrash, 0},
};

// A page of memory for which there is no file any more.
class LostPage {
  public:
    LostPage() {
        const UniqueFd file(::memfd_create("lost", MFD_CLOEXEC));
        EXPECT_EQ(::ftruncate(file.get(), kBytes), 0);
        memory_ = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        EXPECT_EQ(::ftruncate(file.get(), 0), 0);
    }
    LostPage(const LostPage &) = delete;
    LostPage &operator=(const LostPage &) = delete;
    ~LostPage() { ::munmap(memory_, kBytes); }

    void *memory() const { return memory_; }

  private:
    static constexpr std::size_t kBytes = 4096;
    void *memory_;
};

bool is_in(const CodeAddress &frame, const LoadedFaults &faults) {
    const Library::Place place = faults.library().place();
    return frame.file == faults.path() && frame.load_bias == place.load_bias &&
           frame.address >= place.begin && frame.address < place.end;
}

class CrashGuardFault : public testing::TestWithParam<Row> {
  protected:
    void SetUp() override {
        if (const char *why = why_not_left(GetParam().through))
            GTEST_SKIP() << why;
        faults_.shared.memory = page_.memory();
    }

    void expect_fault() {
        const Row &row = GetParam();
        const Fault fault = faults_.guard().take_fault();
        EXPECT_EQ(fault.reason, row.reason);
        EXPECT_EQ(fault.signal_number, row.signal);
        EXPECT_EQ(fault.signal, std::string("SIG") + ::sigabbrev_np(row.signal));
        EXPECT_EQ(fault.address.has_value(), row.address != kUnknown);
        if (row.address != kUnknown && row.address != kMapped) {
            EXPECT_EQ(fault.address, row.address);
        }
        expect_backtrace(fault.backtrace);
        EXPECT_EQ(std::uncaught_exceptions(), 0);
        EXPECT_EQ(std::current_exception(), nullptr);
        EXPECT_EQ(faults_.context.step, 0u) << "the function went on";
    }

    // Of the module are the frame next to the guard and, save for those that were called into
    // libc, the innermost.
    void expect_backtrace(const std::vector<CodeAddress> &backtrace) {
        ASSERT_FALSE(backtrace.empty());
        EXPECT_TRUE(is_in(backtrace.back(), faults_)) << backtrace.back().file;
        if (GetParam().signal != SIGABRT && GetParam().through == Through::kNone) {
            EXPECT_TRUE(is_in(backtrace.front(), faults_)) << backtrace.front().file;
        }
    }

    LostPage page_;
    GuardedFaults faults_;
};

TEST_P(CrashGuardFault, IsTakenAndTheNextCallWorks) {
    for (int round = 0; round < 10; ++round) {
        {
            const LeaksAreExpected leaks;
            ASSERT_FALSE(faults_.call(GetParam().function)) << "round " << round;
        }
        expect_fault();
        ASSERT_TRUE(faults_.call("none"));
        EXPECT_EQ(std::exchange(faults_.context.step, 0), 1u);
    }
}

INSTANTIATE_TEST_SUITE_P(All, CrashGuardFault, testing::ValuesIn(kRows),
                         [](const auto &row) { return std::string(row.param.function); });

TEST(CrashGuard, AFaultIsTakenOnce) {
    GuardedFaults faults;
    ASSERT_FALSE(faults.call("null_write"));
    EXPECT_FALSE(faults.guard().take_fault().backtrace.empty());
    EXPECT_TRUE(faults.guard().take_fault().backtrace.empty());
}

TEST(CrashGuard, AddressesOfBadInstructionsAreInTheModule) {
    GuardedFaults faults;
    for (const char *function : {"division", "illegal", "call_data"}) {
        ASSERT_FALSE(faults.call(function));
        const Fault fault = faults.guard().take_fault();
        const Library::Place place = faults.library().place();
        ASSERT_TRUE(fault.address) << function;
        EXPECT_TRUE(*fault.address >= place.begin && *fault.address < place.end) << function;
    }
}

TEST(CrashGuard, AStackOverflowIsTakenAndTold) {
    GuardedFaults faults;
    for (int round = 0; round < 10; ++round) {
        ASSERT_FALSE(faults.call("overflow"));
        const Fault fault = faults.guard().take_fault();
        EXPECT_EQ(fault.signal, "SIGSEGV");
        EXPECT_TRUE(fault.detail.starts_with("the stack overflowed, ")) << fault.detail;
        ASSERT_EQ(fault.backtrace.size(), StackWalk::kKept);
        EXPECT_TRUE(is_in(fault.backtrace.front(), faults));
        ASSERT_TRUE(faults.call("none"));
    }
}

TEST(CrashGuard, ACrashThatIsNoOverflowIsNotToldAsOne) {
    GuardedFaults faults;
    ASSERT_FALSE(faults.call("null_write"));
    EXPECT_EQ(faults.guard().take_fault().detail, "");
}

TEST(CrashGuard, TellsOfTheExceptionThatEndedTheProgram) {
    if (const char *why = why_not_left(Through::kThrow))
        GTEST_SKIP() << why;
    GuardedFaults faults;
    ASSERT_FALSE(faults.call("throw_in_noexcept"));
    EXPECT_EQ(faults.guard().take_fault().detail,
              "terminated by an exception of type std::runtime_error");
    ASSERT_FALSE(faults.call("abort"));
    EXPECT_EQ(faults.guard().take_fault().detail, "");
}

// The mutex is given back with the statics, which is the snapshot's work.
TEST(CrashGuard, AStaticMutexIsLeftAsItIs) {
    GuardedFaults faults;
    const auto is_free =
        reinterpret_cast<bool (*)()>(faults.library().symbol("fault_mutex_is_free"));
    ASSERT_FALSE(faults.call("with_mutex"));
    EXPECT_FALSE(is_free());
}

TEST(CrashGuard, ACallHasANumberOfItsOwnWhileItLasts) {
    static CrashGuard *guard = nullptr;
    static std::uint64_t number = 0;
    GuardedFaults faults;
    guard = &faults.guard();
    std::uint64_t before = 0;
    EXPECT_EQ(guard->current_call(), 0u);
    for (const char *function : {"none", "throw", "null_write", "none"}) {
        const auto look = [](hotrun_context *) { number = guard->current_call(); };
        ASSERT_TRUE(guard->call({7, CallKind::kInit}, look, &faults.context));
        EXPECT_GT(number, before);
        EXPECT_EQ(guard->current_module(), 7u);
        before = number;
        faults.call(function);
        EXPECT_EQ(guard->current_call(), 0u) << "after " << function;
        EXPECT_EQ(guard->current_module(), 0u);
    }
}

} // namespace
} // namespace hotrun
