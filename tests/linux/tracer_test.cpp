#include "linux/dwarf_patch_loader.hpp"
#include "linux/linux_code_holders.hpp"
#include "linux/tracer.hpp"

#include "forked_child.hpp"

#include <gtest/gtest.h>

#include <functional>

#include <sys/ptrace.h>

namespace hotrun {
namespace {

constexpr int kNotAllowed = 77;

// In a child that has a tracer; `before`: what holds until then.
void expect_of_traced(const std::function<bool()> &before, const std::function<bool()> &then) {
    ForkedChild child([&] {
        if (!before())
            return 1;
        if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
            return kNotAllowed;
        return then() ? 0 : 2;
    });
    const int status = child.exit_status();
    if (status == kNotAllowed)
        GTEST_SKIP() << "ptrace(2) is not allowed here";
    EXPECT_EQ(status, 0);
}

TEST(Tracer, IsSeenOnceItIsAttached) {
    expect_of_traced([] { return !is_traced(); }, is_traced);
}

TEST(Tracer, KeepsCodeFromBeingPatched) {
    const LinuxCodeHolders holders;
    const DwarfPatchLoader loader(holders, 0);
    expect_of_traced([&] { return loader.obstacle().empty(); },
                     [&] {
                         return loader.obstacle() == "a debugger is attached, whose breakpoints "
                                                     "follow to a new library";
                     });
}

} // namespace
} // namespace hotrun
