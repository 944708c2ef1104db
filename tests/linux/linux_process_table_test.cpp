#include "linux/linux_process_table.hpp"

#include "forked_child.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <thread>

#include <sys/prctl.h>

namespace hotrun {
namespace {

std::chrono::nanoseconds wall_now() {
    return std::chrono::system_clock::now().time_since_epoch();
}

TEST(LinuxProcessTable, ThisProcessWasStartedInThePast) {
    const LinuxProcessTable processes;
    EXPECT_EQ(processes.own_pid(), ::getpid());
    const auto start = processes.start_time(processes.own_pid());
    ASSERT_TRUE(start);
    EXPECT_LE(*start, wall_now());
    EXPECT_GT(*start, wall_now() - std::chrono::hours(24));
}

TEST(LinuxProcessTable, AChildWasStartedAfterItsParent) {
    const LinuxProcessTable processes;
    const Gate never;
    const ForkedChild child([&] { return never.wait() ? 0 : 1; });
    const auto own = processes.start_time(processes.own_pid());
    const auto childs = processes.start_time(child.pid());
    ASSERT_TRUE(own && childs);
    constexpr std::chrono::milliseconds kClockTick{10}; // the start is told in ticks
    EXPECT_GE(*childs, *own - kClockTick);
    EXPECT_LE(*childs, wall_now());
}

TEST(LinuxProcessTable, ADeadProcessHasNoStart) {
    const LinuxProcessTable processes;
    ForkedChild child([] { return 0; });
    const pid_t pid = child.pid();
    ASSERT_EQ(child.exit_status(), 0);
    EXPECT_EQ(processes.start_time(pid), std::nullopt);
    EXPECT_EQ(processes.start_time(0), std::nullopt);
    EXPECT_EQ(processes.start_time(-1), std::nullopt);
}

// The name stands in the same line as the start.
TEST(LinuxProcessTable, TheNameOfAProcessDoesNotMatter) {
    const LinuxProcessTable processes;
    for (const char *name : {"a b", "a) S 1 (b", "a\nb", "\n", ")"}) {
        const Gate named;
        const Gate never;
        const ForkedChild child([&] {
            ::prctl(PR_SET_NAME, name);
            named.open();
            return never.wait() ? 0 : 1;
        });
        ASSERT_TRUE(named.wait());
        const auto start = processes.start_time(child.pid());
        ASSERT_TRUE(start) << '"' << name << '"';
        EXPECT_LE(*start, wall_now());
        EXPECT_GT(*start, wall_now() - std::chrono::hours(24));
    }
}

TEST(LinuxProcessTable, KnowsTheExecutableOfThisProcess) {
    const auto path = executable_path();
    ASSERT_TRUE(path);
    EXPECT_EQ(std::filesystem::path(*path).filename(), "linux-tests");
    EXPECT_TRUE(std::filesystem::equivalent(*path, "/proc/self/exe"));
}

class FindNinjaTest : public testing::Test {
  protected:
    // A program of that name with those arguments, in the folder, as the leader of a session.
    void start(const std::string &name, const std::string &argument) {
        if (!std::filesystem::exists(folder_ / name))
            std::filesystem::copy_file("/bin/sleep", folder_ / name);
        child_.emplace([&] {
            if (::setsid() < 0 || ::chdir(folder_.path().c_str()) != 0)
                return 1;
            ::execl((folder_ / name).c_str(), name.c_str(), argument.c_str(), nullptr);
            return 1;
        });
    }

    // The child has replaced itself when its name is the new one.
    void wait_for_name(const std::string &name) const {
        const std::string path = "/proc/" + std::to_string(child_->pid()) + "/comm";
        while (content_of(path) != name + "\n")
            std::this_thread::yield();
    }

    TemporaryFolder folder_;
    LinuxProcessTable processes_;
    std::optional<ForkedChild> child_;
};

TEST_F(FindNinjaTest, FindsTheOneThatBuildsInTheFolder) {
    EXPECT_EQ(processes_.find_ninja(folder_.path(), 0), std::nullopt);
    start("ninja", "1000");
    wait_for_name("ninja");
    EXPECT_EQ(processes_.find_ninja(folder_.path(), 0), child_->pid());
    EXPECT_EQ(processes_.find_ninja("/", 0), std::nullopt) << "another folder";
    EXPECT_EQ(processes_.find_ninja(folder_.path(), child_->pid()), std::nullopt) << "our own";
}

// `ninja dev` waits until its command ends, and that is us.
TEST_F(FindNinjaTest, TheOneThatHasStartedThisProcessIsNone) {
    const Gate named;
    const Gate asked;
    const Gate never;
    ForkedChild ninja([&] {
        ::prctl(PR_SET_NAME, "ninja");
        if (::chdir(folder_.path().c_str()) != 0)
            return 1;
        ForkedChild script([&] {
            ::prctl(PR_SET_NAME, "sh"); // a child has its parent's name
            ForkedChild started([&] {
                named.open();
                return asked.wait() && !processes_.find_ninja(folder_.path(), 0) ? 0 : 1;
            });
            return started.exit_status();
        });
        return script.exit_status();
    });
    ASSERT_TRUE(named.wait());
    EXPECT_EQ(processes_.find_ninja(folder_.path(), 0), ninja.pid()) << "for all others it is one";
    asked.open();
    EXPECT_EQ(ninja.exit_status(), 0);
}

TEST_F(FindNinjaTest, AnotherProgramIsNone) {
    start("make", "1000");
    wait_for_name("make");
    EXPECT_EQ(processes_.find_ninja(folder_.path(), 0), std::nullopt);
}

} // namespace
} // namespace hotrun
