// What all tests here find in the environment, whoever starts them: that of a user at a terminal.
#include <gtest/gtest.h>

#include <cstdlib>

namespace hotrun::e2e {
namespace {

class UserEnvironment : public testing::Environment {
  public:
    void SetUp() override {
        for (const char *name : {"CI", "NO_COLOR", "CLICOLOR_FORCE", "DBUS_SESSION_BUS_ADDRESS",
                                 "HOTRUN_SOCKET", "NINJA_STATUS"})
            ::unsetenv(name);
        ::setenv("TERM", "xterm", 1);
    }
};

// GoogleTest owns it.
const testing::Environment *const user_environment =
    testing::AddGlobalTestEnvironment(new UserEnvironment);

} // namespace
} // namespace hotrun::e2e
