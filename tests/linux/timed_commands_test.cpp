#include "linux/timed_commands.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace hotrun {
namespace {

TEST(TimedCommands, RunWhatIsThereAndNameWhatIsNot) {
    const auto commands = TimedCommands::create();
    ASSERT_TRUE(commands) << commands.error().message;
    const auto said =
        (*commands)->run({"sh", {"-c", "echo $WORD >&2; exit 3"}, "/", {{"WORD", "a"}}});
    ASSERT_TRUE(said) << said.error().message;
    EXPECT_EQ(said->output, "a\n");
    EXPECT_EQ(said->exit_status, 3);
    const auto missing = (*commands)->run({"no-such-compiler", {}, "/", {}});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().message,
              "can't find no-such-compiler, which the build runs; install it");
}

TEST(TimedCommands, AProgramIsTheFileThatItsLinksLeadTo) {
    const auto commands = TimedCommands::create();
    ASSERT_TRUE(commands) << commands.error().message;
    const std::string link = (*commands)->folder() + "/c++";
    std::filesystem::create_symlink("/bin/sh", link);
    EXPECT_EQ((*commands)->program_file(link), std::filesystem::canonical("/bin/sh"));
    EXPECT_TRUE((*commands)->has_program("sh"));
    EXPECT_FALSE((*commands)->has_program("no-such-compiler"));
}

} // namespace
} // namespace hotrun
