// Walks from a handler of the test's own, without the guard.
#include "linux/stack_walk.hpp"

#include "guarded_faults.hpp"
#include "sanitizers.hpp"

#include <csetjmp>
#include <ostream>

#include <ucontext.h>

namespace hotrun {
namespace {

using Cause = StackWalk::Cause;

struct Death {
    const char *function;
    int signal;
    Cause cause;
    bool can_be_left;
    std::size_t depth = 0; // 0: of no interest
    Through through = Through::kNone;
};

void PrintTo(const Death &row, std::ostream *out) {
    *out << row.function;
}

const Death kDeaths[] = {
    // Code of the module itself.
    {"null_write", SIGSEGV, Cause::kFault, true, 1},
    {"null_write", SIGSEGV, Cause::kInterrupt, true, 1},
    {"in_catch", SIGSEGV, Cause::kFault, true, 1},
    {"null_call", SIGSEGV, Cause::kFault, true, 1},
    {"call_nowhere", SIGSEGV, Cause::kFault, true, 1},
    // What only computes may have stopped by itself; where it was interrupted, nobody knows.
    {"in_strlen", SIGSEGV, Cause::kFault, true, 2, Through::kLibc},
    {"in_strlen", SIGSEGV, Cause::kInterrupt, false, 2, Through::kLibc},
    // What calls back.
    {"in_qsort", SIGSEGV, Cause::kFault, true, 0, Through::kLibc},
    {"in_qsort", SIGSEGV, Cause::kInterrupt, true, 0, Through::kLibc},
    // What ends the program; what the fault before has left in the registers is not its own.
    {"call_data", SIGSEGV, Cause::kFault, true, 1},
    {"abort", SIGABRT, Cause::kFault, true, 0, Through::kAbort},
    {"assertion", SIGABRT, Cause::kFault, true},
    {"throw_in_noexcept", SIGABRT, Cause::kFault, true, 0, Through::kThrow},
    {"raise", SIGSEGV, Cause::kFault, false},
    // The C++ runtime at work, code that nobody knows the callers of, and code of others.
    {"in_runtime", SIGSEGV, Cause::kFault, false, 1},
    {"without_unwind_data", SIGSEGV, Cause::kFault, false, 1},
    {"below_other", SIGSEGV, Cause::kFault, false},
};

sigjmp_buf back;
StackWalk found;
Cause cause;
std::uintptr_t boundary;

void walk_and_leave(int signal, siginfo_t * /*info*/, void *context) {
    found.walk(signal, cause, context, boundary);
    ::pthread_sigmask(SIG_SETMASK, &static_cast<ucontext_t *>(context)->uc_sigmask, nullptr);
    ::siglongjmp(back, 1);
}

class StackWalkTest : public testing::TestWithParam<Death> {
  protected:
    void SetUp() override {
        StackWalk::prepare(kLiveCopyMark);
        faults_.shared.call_back = [](Guard::Function called, hotrun_context *context) {
            called(context);
            ++context->step;
        };
        struct sigaction action {};
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
        action.sa_sigaction = walk_and_leave;
        ::sigaction(SIGSEGV, &action, &before_[0]);
        ::sigaction(SIGABRT, &action, &before_[1]);
    }
    void TearDown() override {
        ::sigaction(SIGSEGV, &before_[0], nullptr);
        ::sigaction(SIGABRT, &before_[1], nullptr);
    }

    // noinline: the boundary is this frame, with nothing else in it.
    __attribute__((noinline)) void walk_from(const char *function, Cause why) {
        const Guard::Function called = faults_.function(function);
        cause = why;
        boundary = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
        const LeaksAreExpected leaks;
        if (sigsetjmp(back, 0) == 0) {
            called(&faults_.context);
            ADD_FAILURE() << function << " returned";
        }
    }

    LoadedFaults faults_;
    AlternateStack stack_;
    std::array<struct sigaction, 2> before_{};
};

TEST_P(StackWalkTest, SaysWhetherTheFramesCanBeLeft) {
    const Death &row = GetParam();
    if (const char *why = why_not_left(row.through))
        GTEST_SKIP() << why;
    walk_from(row.function, row.cause);
    EXPECT_EQ(found.can_be_left(), row.can_be_left);
    if (row.depth != 0) {
        EXPECT_EQ(found.depth(), row.depth);
    }
    ASSERT_GT(found.frame_count(), 0u);
    EXPECT_EQ(found.code_addresses().size(), found.frame_count());
}

INSTANTIATE_TEST_SUITE_P(All, StackWalkTest, testing::ValuesIn(kDeaths), [](const auto &row) {
    return std::string(row.param.function) +
           (row.param.cause == Cause::kFault ? "" : "_interrupted");
});

class StackWalkDepth : public StackWalkTest {};

TEST_F(StackWalkDepth, FramesAboveThoseThatAreKeptAreCounted) {
    walk_from("overflow", Cause::kFault);
    EXPECT_TRUE(found.can_be_left());
    EXPECT_GT(found.depth(), 10'000u);
    EXPECT_EQ(found.frame_count(), StackWalk::kKept);
    EXPECT_EQ(found.code_addresses().size(), StackWalk::kKept);
}

TEST_F(StackWalkDepth, ABoundaryThatIsNotReachedCannotBeLeft) {
    const Guard::Function called = faults_.function("null_write");
    cause = Cause::kFault;
    boundary = ~std::uintptr_t{0};
    if (sigsetjmp(back, 0) == 0)
        called(&faults_.context);
    EXPECT_FALSE(found.can_be_left());
    EXPECT_GT(found.depth(), 1u);
}

TEST_F(StackWalkDepth, AnAddressIsGivenWithItsFile) {
    walk_from("null_write", Cause::kFault);
    const std::vector<CodeAddress> addresses = found.code_addresses();
    ASSERT_EQ(addresses.size(), 1u);
    EXPECT_EQ(addresses[0].file, faults_.path());
    EXPECT_EQ(addresses[0].load_bias, faults_.library().place().load_bias);
    const auto begin = reinterpret_cast<std::uint64_t>(faults_.function("null_write"));
    EXPECT_GE(addresses[0].address, begin);
    EXPECT_LT(addresses[0].address, begin + 40);
}

} // namespace
} // namespace hotrun
