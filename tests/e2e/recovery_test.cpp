// What a module that has failed comes back to, again and again.
#include "e2e/fault_test.hpp"
#include "e2e/proc_view.hpp"
#include "e2e/test_project.hpp"
#include "linux/process_session.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>

#include <sched.h>
#include <unistd.h>

namespace hotrun::e2e {
namespace {

class Recovery : public FaultTest {
  protected:
    // The runner's thread opens libraries, programs and folders for a moment, to look at them.
    std::vector<std::string> settled_descriptors() {
        std::vector<std::string> descriptors;
        const auto is_at_rest = [](const std::string &target) {
            return !target.starts_with('/') || target.starts_with("/dev/") ||
                   target.starts_with("/memfd:") || target.ends_with("/pagemap") ||
                   target.ends_with("/events");
        };
        run.hotrun().child().wait_until(
            [&] {
                descriptors = descriptors_of(run.hotrun().child().pid());
                return std::ranges::all_of(descriptors, is_at_rest);
            },
            "all looked-at files to be closed");
        return descriptors;
    }
};

// The module checks at each step that its heap, its static variables and its mutex belong together.
TEST_F(Recovery, AMutexThatWasLockedInTheOldCodeIsFreeWhenThatGoesOn) {
    run.put(failing(1, "crash_with_lock", 0, "unload"));
    run.start();
    run.wait_until_ready();
    run.put(failing(2, "null_write", 0, "reload"));
    expect_rolled_back(2, 1);
    expect_goes_on(1);
    expect_mended();
}

TEST_F(Recovery, OldCodeThatFailsInItsReloadAfterARollbackIsParked) {
    run.put({.value = 0});
    run.start();
    ASSERT_TRUE(run.wait_for_step(0));
    run.wait_until_ready();
    run.put({.value = 1, .fault = "null_write", .place = "second_reload"});
    run.expect_outcome("reloaded");
    ASSERT_TRUE(run.wait_for_step(1));
    run.put(failing(2, "divide", 1));
    const boost::json::object *event = run.expect_outcome("rolled_back");
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->at("to").to_number<int>(), 2);
    EXPECT_EQ(event->at("signal").as_string(), "SIGFPE");
    EXPECT_NE(event->at("detail").as_string().find("then failed too (SIGSEGV)"), std::string::npos);
    expect_mended();
}

TEST_F(Recovery, ThreeCrashesInARowAreRecovered) {
    start_good();
    for (int i = 0; i < 3; ++i) {
        run.put(failing(2 + i, "null_write", 1));
        expect_rolled_back(2 + i, 1);
        ASSERT_TRUE(run.wait_for_step(1));
    }
    for (int i = 0; i < 3; ++i) {
        run.put(failing(5 + i, "divide", 3));
        run.expect_outcome("reloaded");
        expect_rolled_back(5 + i, 5 + i);
    }
    expect_mended();
}

TEST_F(Recovery, TenHangsInARowAreBroken) {
    if (has_sanitizer("thread"))
        GTEST_SKIP() << "ThreadSanitizer holds signals back while a thread only computes";
    start_good({"--step-timeout", "100"});
    for (int i = 0; i < 10; ++i) {
        run.put(failing(10 + i, "loop", 1));
        expect_rolled_back(2 + i, 1);
    }
    expect_mended();
}

TEST_F(Recovery, WhatWasPrintedComesOutBeforeTheProcessIsReplaced) {
    if (is_sanitized())
        GTEST_SKIP() << "a sanitizer ends the process at a double free";
    start_good();
    run.put(failing(2, "print_and_free_twice", 1));
    EXPECT_TRUE(run.hotrun().wait_for("half a line"));
    run.expect_outcome("restarted");
}

TEST_F(Recovery, DescriptorsAreTheSameAfterTwoRestarts) {
    start_good();
    const std::vector<std::string> before = settled_descriptors();
    for (int i = 0; i < 2; ++i) {
        run.put(failing(2 + i, "crash_in_allocate", 1));
        run.expect_outcome("restarted");
        expect_rolled_back(2 + i, 1);
        expect_goes_on(1);
    }
    EXPECT_EQ(settled_descriptors(), before);
    run.hotrun().child().wait_until([&] { return run.live_copies().size() == 1; },
                                    "the copies of code that failed to be removed");
}

// Else a save could hold up an iteration for as long as the runner's thread computes.
TEST_F(Recovery, OnlyTheRunnersThreadYieldsAlsoAfterARestart) {
    start_good();
    const auto yielding = [this] {
        const pid_t pid = run.hotrun().child().pid();
        EXPECT_EQ(::sched_getscheduler(pid), SCHED_OTHER) << "the host's thread";
        std::size_t count = 0;
        for (const auto &task :
             std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task"))
            count += ::sched_getscheduler(std::stoi(task.path().filename())) == SCHED_BATCH;
        return count;
    };
    EXPECT_EQ(yielding(), 1U);
    run.put(failing(2, "null_write", 0, "constructor"));
    run.expect_outcome("restarted");
    run.expect_outcome("rejected");
    EXPECT_EQ(yielding(), 1U);
}

// Parked code that a failed save takes the place of for a moment stays parked.
class ParkedCode : public FaultTest, public testing::WithParamInterface<const char *> {};

TEST_P(ParkedCode, IsNotCalledAgainBecauseTheNextCodeFailsToo) {
    run.put(failing(1, "null_write", 20));
    run.start();
    expect_rolled_back(1, 1);
    run.wait_until_ready();
    const std::size_t reloads = run.count_lines("reload");
    run.put(failing(2, GetParam(), 1));
    if (std::string_view(GetParam()) == "crash_in_allocate") {
        EXPECT_NE(run.expect_outcome("restarted"), nullptr);
    }
    expect_rolled_back(2, 1);
    expect_mended();
    EXPECT_EQ(run.count_lines("reload"), reloads + 2) << "of the second and the last";
}

INSTANTIATE_TEST_SUITE_P(Recovery, ParkedCode, testing::Values("divide", "crash_in_allocate"),
                         [](const auto &info) { return std::string(info.param); });

// Nobody could say of a sleeping thread what it would leave half done.
TEST_F(Recovery, AStepThatSleepsIsToldAndTheSaveComesWhenItReturns) {
    start_good({"--step-timeout", "100"});
    run.put({.value = 2, .fault = "sleep", .place = "step", .at = 3});
    run.expect_outcome("reloaded");
    const boost::json::object *stalled = run.expect_outcome("stalled");
    ASSERT_NE(stalled, nullptr);
    EXPECT_EQ(stalled->at("generation").to_number<int>(), 2);
    EXPECT_FALSE(stalled->at("backtrace").as_array().empty());
    run.put({.value = 9});
    std::ofstream(run.flag()) << "go on\n";
    EXPECT_NE(run.expect_outcome("reloaded"), nullptr);
    ASSERT_TRUE(run.wait_for_step(9));
    EXPECT_EQ(run.hotrun().count("stalled"), 1U);
    run.expect_whole();
    run.expect_clean_end(SIGTERM, 0);
}

} // namespace
} // namespace hotrun::e2e
