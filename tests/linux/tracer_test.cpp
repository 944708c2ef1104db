#include "linux/tracer.hpp"

#include "forked_child.hpp"

#include <gtest/gtest.h>

#include <sys/ptrace.h>

namespace hotrun {
namespace {

TEST(Tracer, IsSeenOnceItIsAttached) {
    constexpr int kNotAllowed = 77;
    ForkedChild child([] {
        if (is_traced())
            return 1;
        if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
            return kNotAllowed;
        return is_traced() ? 0 : 2;
    });
    const int status = child.exit_status();
    if (status == kNotAllowed)
        GTEST_SKIP() << "ptrace(2) is not allowed here";
    EXPECT_EQ(status, 0);
}

} // namespace
} // namespace hotrun
