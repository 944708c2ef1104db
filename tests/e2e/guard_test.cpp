// What the options say about crashes.
#include "e2e/fault_test.hpp"
#include "e2e/game_test.hpp"

#include <algorithm>
#include <csignal>

#include <sys/resource.h>
#include <sys/wait.h>

namespace hotrun::e2e {
namespace {

class Guard : public FaultTest {};

// Each of its processes ends long before anything can be built.
class CrashLoop : public GameTest {
  protected:
    void save(const std::string &crash) const {
        project.set_source(
            project.source("([] { static int n = 0; if (++n == 3) " + crash + "; return n; })()"));
    }
    void save_what_fails_to_build() const { project.set_source(project.source("oops")); }
    void expect_mended(HotrunProcess &hotrun, int value) const {
        project.set_value(value);
        EXPECT_EQ(hotrun.next("reloaded")->at("state").as_string(), "kept");
        EXPECT_TRUE(hotrun.wait_for("value=" + std::to_string(value) + " "));
    }
};

TEST_F(CrashLoop, ASaveIsLiveThoughTheProcessCrashesSoonerThanItIsBuilt) {
    HotrunProcess &hotrun =
        start({"--interval", "1", "--guard", "on", "--on-crash", "restart", "--snapshot", "0"});
    int value = 40;
    for (const char *crash : {"*static_cast<volatile int *>(nullptr) = n",
                              "{ FILE *volatile none = nullptr; fputs(\"x\", none); }"}) {
        if (is_sanitized() && crash[0] == '{')
            continue; // it sees that first
        save(crash);
        hotrun.next("restarted");
        EXPECT_EQ(hotrun.next("rolled_back")->at("reason").as_string(), "crash");
        save_what_fails_to_build();
        EXPECT_EQ(hotrun.next("diagnostic")->at("severity").as_string(), "error");
        hotrun.next("restarted"); // nothing has come of that code
        expect_mended(hotrun, ++value);
    }
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0) << hotrun.child().output();
    const auto waits = [](const boost::json::object &event) {
        return event.at("event") == "rolled_back" && event.at("waits") == true;
    };
    EXPECT_TRUE(std::ranges::any_of(hotrun.events(), waits));
}

TEST_F(Guard, OnCrashRestartGoesOnFromTheLastSnapshot) {
    run.put(failing(1, "null_write", 30));
    run.start({"--on-crash", "restart", "--snapshot", "0"});
    run.wait_until_ready();
    for (std::size_t i = 0; i < 2; ++i) { // the new process counts its steps anew
        const boost::json::object *restarted = run.hotrun().next("restarted");
        EXPECT_EQ(restarted->at("exit_status").to_number<int>(), 128 + SIGSEGV);
        expect_goes_on(1);
        EXPECT_GT(run.hotrun().count("rolled_back"), i);
    }
    run.put({.value = 9});
    EXPECT_NE(run.hotrun().next("reloaded"), nullptr);
    ASSERT_TRUE(run.wait_for_step(9));
    EXPECT_EQ(run.count_lines("init"), 1U);
    run.expect_whole();
    run.expect_clean_end(SIGTERM, 0);
}

TEST_F(Guard, OnCrashExitEndsTheRunWithTheSignal) {
    run.put(failing(1, "divide", 5));
    run.start({"--on-crash", "exit"});
    expect_rolled_back(1, 1);
    EXPECT_EQ(run.hotrun().child().wait_for_exit(), 128 + SIGFPE);
    EXPECT_EQ(run.hotrun().events().back().at("exit_status").to_number<int>(), 128 + SIGFPE);
    EXPECT_EQ(run.live_copies().size(), 0U);
}

TEST_F(Guard, OnCrashExitEndsTheRunAfterAnExceptionWith1) {
    run.put(failing(1, "throw_int", 5));
    run.start({"--on-crash", "exit"});
    expect_rolled_back(1, 1);
    EXPECT_EQ(run.hotrun().child().wait_for_exit(), 1);
}

TEST_F(Guard, OnCrashExitEndsTheRunWhereTheProcessCantBeTrusted) {
    if (is_sanitized())
        GTEST_SKIP() << "a sanitizer ends the process at a double free";
    run.put(failing(1, "free_twice", 5));
    run.start({"--on-crash", "exit"});
    EXPECT_EQ(run.hotrun().child().wait_for_exit(), 128 + SIGABRT);
    EXPECT_EQ(run.hotrun().events().back().at("event").as_string(), "stopped");
    EXPECT_EQ(run.live_copies().size(), 0U);
}

TEST_F(Guard, OnCrashExitStillRollsNewCodeBack) {
    start_good({"--on-crash", "exit"});
    run.put(failing(2, "null_write", 1));
    expect_rolled_back(2, 1);
    expect_goes_on(1);
    run.expect_clean_end(SIGTERM, 0);
}

// What the shell says of a program that crashes, a core dump among it, is as without hotrun.
TEST_F(Guard, OffLetsACrashEndTheProcess) {
    if (is_sanitized())
        GTEST_SKIP() << "a sanitizer handles the crash itself";
    rlimit before{};
    ::getrlimit(RLIMIT_CORE, &before);
    const rlimit limit = {before.rlim_max, before.rlim_max};
    ::setrlimit(RLIMIT_CORE, &limit);
    Child plain({"sh", "-c", "kill -SEGV $$"}, run.folder(), Child::Streams::kPipe);
    plain.wait_for_exit();
    run.put(failing(1, "null_write", 5));
    run.start({"--guard", "off"});
    EXPECT_EQ(run.hotrun().child().wait_for_exit(), 128 + SIGSEGV);
    ::setrlimit(RLIMIT_CORE, &before);
    EXPECT_TRUE(WIFSIGNALED(run.hotrun().child().wait_status()));
    EXPECT_EQ(WCOREDUMP(run.hotrun().child().wait_status()), WCOREDUMP(plain.wait_status()));
    EXPECT_EQ(run.hotrun().count("rolled_back"), 0U);
}

TEST_F(Guard, AnEndByTheModuleItselfIsOne) {
    run.put(failing(1, "end_process", 5));
    run.start();
    EXPECT_EQ(run.hotrun().child().wait_for_exit(), 3);
}

TEST_F(Guard, SnapshotsBetweenSwitchesLoseFewSteps) {
    run.put(failing(1, "null_write", 400));
    run.start({"--snapshot", "20"});
    const boost::json::object *event = run.expect_outcome("rolled_back");
    ASSERT_NE(event, nullptr);
    EXPECT_LT(event->at("steps_lost").to_number<int>(), 300);
    expect_mended();
}

TEST_F(Guard, WithoutSnapshotsTheFirstStepIsTheLastState) {
    run.put(failing(1, "null_write", 100));
    run.start({"--snapshot", "0"});
    const boost::json::object *event = run.expect_outcome("rolled_back");
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->at("steps_lost").to_number<int>(), 98);
}

TEST_F(Guard, StaticConstructorsRunInTheBackgroundUnlessToldOtherwise) {
    const FaultPlan plan = failing(1, "tell_thread", 0, "constructor");
    run.put(plan);
    run.start();
    EXPECT_TRUE(run.hotrun().wait_for("<on the runner's thread>"));
    FaultRun on_main;
    on_main.put(plan);
    on_main.start({"--load-on-main"});
    EXPECT_TRUE(on_main.hotrun().wait_for("<on the main thread>"));
}

TEST_F(Guard, ACrashInAConstructorOnTheMainThreadIsSurvived) {
    start_good({"--load-on-main"});
    run.put(failing(2, "null_write", 0, "constructor"));
    run.expect_outcome("restarted");
    run.expect_outcome("rejected");
    expect_mended();
}

} // namespace
} // namespace hotrun::e2e
