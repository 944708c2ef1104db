#include "linux/process_restart.hpp"

#include "restarted_process.hpp"
#include "sanitizers.hpp"

#include <sstream>

#include <sched.h>

namespace hotrun {
namespace {

void expect_restarted(const RestartedProcess &process) {
    EXPECT_EQ(process.status(), 0) << process.output();
    EXPECT_EQ(process.one("pid"), std::to_string(process.pid()));
    EXPECT_EQ(process.one("taken_over"), "true");
    EXPECT_EQ(process.one("restarts"), "1");
}

TEST(ProcessRestart, ANewProcessHasTakenNothingOver) {
    EXPECT_FALSE(process_was_replaced());
    const auto restart = make_restart(3);
    EXPECT_FALSE(restart->taken_over());
    EXPECT_EQ(restart->record().module_count, 3u);
    EXPECT_EQ(restart->record().modules()[2].heap_descriptor, -1);
    EXPECT_EQ(restart->record().failure.where, FailureRecord::Where::kNowhere);
}

// As a child of a process that was replaced may inherit it.
TEST(ProcessRestart, AVariableOfAnotherProcessIsNotHeeded) {
    for (const char *value : {"1:0", "", "x"}) {
        ::setenv("HOTRUN_RESTART", value, 1); // NOLINT(concurrency-mt-unsafe)
        const RestartedProcess process("replace");
        ::unsetenv("HOTRUN_RESTART"); // NOLINT(concurrency-mt-unsafe)
        expect_restarted(process);
        EXPECT_EQ(process.one("variable"), "false") << value;
    }
}

TEST(ProcessRestart, TheSameProcessGoesOn) {
    expect_restarted(RestartedProcess("replace"));
}

TEST(ProcessRestart, AThreadOtherThanTheFirstReplacesItToo) {
    const RestartedProcess process("replace-on-other-thread");
    expect_restarted(process);
    EXPECT_EQ(process.one("policy"), std::to_string(SCHED_OTHER)) << "what that thread had";
}

TEST(ProcessRestart, TheVariableIsGoneOnceItIsTaken) {
    EXPECT_EQ(RestartedProcess("replace").one("variable"), "false");
}

TEST(ProcessRestart, OnlyTheRecordIsHandedOver) {
    const RestartedProcess process("replace");
    std::size_t ours = 0;
    for (const std::string &target : process.all("descriptor"))
        ours += target.find("memfd:hotrun-") != std::string::npos ? 1 : 0;
    EXPECT_EQ(ours, 1u) << process.output();
    // What this process has inherited itself, with the pipe for its output.
    const auto inherited = [] {
        std::size_t count = 0;
        for (int fd = 0; fd < 1000; ++fd) {
            const int flags = ::fcntl(fd, F_GETFD);
            count += flags >= 0 && (flags & FD_CLOEXEC) == 0 ? 1 : 0;
        }
        return count;
    }();
    EXPECT_EQ(process.all("descriptor").size(), inherited + ours) << process.output();
}

TEST(ProcessRestart, TheHeapIsHandedOverAsItsImageIs) {
    const RestartedProcess process("replace-with-heap", "in the image");
    expect_restarted(process);
    EXPECT_EQ(process.one("heap"), "0x550000000000 in the image");
    std::size_t ours = 0;
    for (const std::string &target : process.all("descriptor"))
        ours += target.find("memfd:hotrun-") != std::string::npos ? 1 : 0;
    EXPECT_EQ(ours, 2u) << process.output();
}

TEST(ProcessRestart, TheSignalMaskIsThatOfTheStart) {
    const RestartedProcess process("replace-blocked");
    expect_restarted(process);
    EXPECT_EQ(process.all("blocked"), std::vector<std::string>()) << process.output();
}

TEST(ProcessRestart, StandardOutputIsFlushed) {
    const RestartedProcess process("replace-printing", "printed before\n");
    expect_restarted(process);
    EXPECT_TRUE(process.output().starts_with("printed before\n")) << process.output();
}

TEST(ProcessRestart, StandardOutputThatAnotherThreadHasLockedIsNotWaitedFor) {
    expect_restarted(RestartedProcess("replace-while-printing"));
}

TEST(ProcessRestart, AnExecutableThatIsDeletedGoesOn) {
    const TemporaryFolder folder;
    const std::string program = folder / "restart-helper";
    std::filesystem::copy_file(beside_this_program("restart-helper"), program);
    expect_restarted(RestartedProcess("replace-deleted", "", program));
    EXPECT_FALSE(std::filesystem::exists(program));
}

TEST(ProcessRestart, ChildrenAreEndedAndReaped) {
    for (const char *script : {"exit 0", "sleep 1000", "trap '' INT; sleep 1000; sleep 1000"}) {
        const RestartedProcess process("replace-with-children", script);
        expect_restarted(process);
        EXPECT_EQ(process.all("child"), std::vector<std::string>(8, "0")) << script;
        EXPECT_EQ(process.one("zombies"), "false") << script;
    }
}

TEST(ProcessRestart, ThreeInARowAreTriedAndNoFourth) {
    const auto restart = make_restart();
    for (std::uint64_t count = 0; count < 3; ++count) {
        restart->record().restarts_in_vain = count;
        EXPECT_TRUE(restart->record().has_tries_left()) << count;
    }
    restart->record().restarts_in_vain = 3;
    EXPECT_FALSE(restart->record().has_tries_left());
    const RestartedProcess process("replace", "again");
    EXPECT_EQ(process.status(), 0);
    EXPECT_EQ(process.one("restarts"), "3");
}

TEST(ProcessRestart, TheHostIsWokenAndNotWaitedForLongerThanAsked) {
    int woken = 0;
    auto restart = ProcessRestart::create(1, [&] { ++woken; });
    ASSERT_TRUE(restart);
    EXPECT_FALSE((*restart)->host_is_asked());
    (*restart)->ask_host(1);
    EXPECT_TRUE((*restart)->host_is_asked());
    EXPECT_EQ(woken, 1);
}

} // namespace
} // namespace hotrun
