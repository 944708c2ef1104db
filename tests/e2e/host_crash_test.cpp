// A crash in the host's own code is a crash, as it would be without hotrun.
#include "e2e/fault_test.hpp"

#include <csignal>
#include <fstream>

#include <sys/wait.h>

namespace hotrun::e2e {
namespace {

class HostCrash : public FaultTest {
  protected:
    // A module's crash is caught all the same; then the host crashes itself.
    int run_host(const std::vector<std::string> &more) {
        run.put({.value = 1});
        std::vector<std::string> words = {CRASHING_HOST, run.library(), run.flag()};
        words.insert(words.end(), more.begin(), more.end());
        Child host(words, run.folder(), Child::Streams::kPipe);
        EXPECT_TRUE(host.wait_for("<step value=1 "));
        run.put(failing(2, "null_write", 1));
        EXPECT_TRUE(host.wait_for("<reload value=1 "));
        EXPECT_TRUE(host.wait_for("<step value=1 "));
        std::ofstream(run.flag()) << "crash\n";
        const int status = host.wait_for_exit();
        was_signalled = WIFSIGNALED(host.wait_status());
        return status;
    }

    bool was_signalled = false;
};

TEST_F(HostCrash, EndsTheProcessWithItsSignal) {
    if (is_sanitized())
        GTEST_SKIP() << "a sanitizer has a handler of its own";
    EXPECT_EQ(run_host({}), 128 + SIGSEGV);
    EXPECT_TRUE(was_signalled);
}

TEST_F(HostCrash, GoesToTheHandlerThatTheHostHasSet) {
    EXPECT_EQ(run_host({"handler"}), 42);
    EXPECT_FALSE(was_signalled);
}

} // namespace
} // namespace hotrun::e2e
