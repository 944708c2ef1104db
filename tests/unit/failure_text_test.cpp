#include "failure_text.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

RolledBackEvent crash(std::uint64_t from, std::uint64_t to, std::uint64_t steps_lost) {
    RolledBackEvent event;
    event.module = "game";
    event.from = from;
    event.to = to;
    event.signal = "SIGSEGV";
    event.address = 0;
    event.steps_lost = steps_lost;
    event.parked = to == 0 || from == to;
    return event;
}

RolledBackEvent failure(RollBackReason reason, const std::string &signal,
                        const std::string &detail) {
    RolledBackEvent event = crash(3, 2, 1);
    event.reason = reason;
    event.signal = signal;
    event.address.reset();
    event.detail = detail;
    return event;
}

std::string text_of(const RolledBackEvent &event) {
    return rolled_back_text(event, OnCrash::kPark);
}

TEST(FailureText, NewCodeGivesWayToTheGenerationBefore) {
    EXPECT_EQ(text_of(crash(3, 2, 0)),
              "game: generation 3 crashed (SIGSEGV at 0x0); generation 2 runs on, 0 steps lost");
    EXPECT_EQ(text_of(crash(3, 1, 1)),
              "game: generation 3 crashed (SIGSEGV at 0x0); generation 1 runs on, 1 step lost");
}

TEST(FailureText, CodeThatFailsLaterIsParked) {
    const std::string start = "game: generation 2 crashed (SIGSEGV at 0x0); its state is that of ";
    const std::string end = ", and it is parked until the next save";
    EXPECT_EQ(text_of(crash(2, 2, 40)), start + "40 steps ago" + end);
    EXPECT_EQ(text_of(crash(2, 2, 1)), start + "1 step ago" + end);
    EXPECT_EQ(text_of(crash(2, 2, 0)), start + "its last finished step" + end);
}

TEST(FailureText, AGenerationMayComeBackParked) {
    RolledBackEvent event = crash(3, 2, 0);
    event.parked = true;
    EXPECT_EQ(text_of(event), "game: generation 3 crashed (SIGSEGV at 0x0); generation 2 is back, "
                              "and parked until the next save");
}

TEST(FailureText, OnCrashSaysWhatElseMayFollow) {
    RolledBackEvent goes_on = crash(2, 2, 40);
    goes_on.parked = false;
    EXPECT_EQ(rolled_back_text(goes_on, OnCrash::kRestart),
              "game: generation 2 crashed (SIGSEGV at 0x0); it goes on with the state of "
              "40 steps ago");
    RolledBackEvent waits = crash(2, 2, 40);
    waits.waits = true;
    EXPECT_EQ(rolled_back_text(waits, OnCrash::kRestart),
              "game: generation 2 crashed (SIGSEGV at 0x0); its state is that of 40 steps ago, and "
              "it waits for the new code that is on its way; if nothing comes of that, the process "
              "restarts");
    waits.from = 3;
    EXPECT_EQ(rolled_back_text(waits, OnCrash::kRestart),
              "game: generation 3 crashed (SIGSEGV at 0x0); generation 2 goes on when the process "
              "has restarted");
    EXPECT_EQ(rolled_back_text(crash(2, 2, 40), OnCrash::kExit),
              "game: generation 2 crashed (SIGSEGV at 0x0); the run ends");
    EXPECT_EQ(rolled_back_text(crash(3, 2, 0), OnCrash::kExit), text_of(crash(3, 2, 0)));
}

TEST(FailureText, NothingRunsWhereTheFirstGenerationFails) {
    EXPECT_EQ(text_of(crash(1, 0, 0)),
              "game: generation 1 crashed (SIGSEGV at 0x0); nothing runs until the next save");
}

TEST(FailureText, EachReasonHasItsWordsAndTheDetailIsPartOfThem) {
    const std::string start = "game: generation 3 ";
    const std::string end = "; generation 2 runs on, 1 step lost";
    EXPECT_EQ(text_of(failure(RollBackReason::kException, "", "std::runtime_error: no map")),
              start + "threw an exception (std::runtime_error: no map)" + end);
    EXPECT_EQ(text_of(failure(RollBackReason::kAbort, "SIGABRT", "a failed assertion")),
              start + "aborted (SIGABRT, a failed assertion)" + end);
    EXPECT_EQ(text_of(failure(RollBackReason::kTimeout, "", "")),
              start + "did not return in time" + end);
    EXPECT_EQ(text_of(failure(RollBackReason::kCrash, "SIGFPE", "")),
              start + "crashed (SIGFPE)" + end);
}

TEST(FailureText, AStallSaysWhenItEnds) {
    EXPECT_EQ(stalled_text({"game", 1, "", {}}),
              "game: a call into generation 1 does not return and can't be ended safely; the next "
              "save still builds, and switches when the call returns");
    EXPECT_NE(stalled_text({"game", 1, "it is in malloc", {}}).find("safely (it is in malloc);"),
              std::string::npos);
}

TEST(FailureText, ARestartSaysWhyAndWhere) {
    EXPECT_EQ(restarted_text({42, "a crash inside malloc", 139}),
              "the process has replaced itself (a crash inside malloc); pid 42, state of the last "
              "snapshot");
}

TEST(FailureText, ABacktraceIsCutAndSaysSo) {
    const std::vector<StackFrame> frames = {{1, "f", "", 0, ""}, {2, "g", "/p/g.c", 7, ""}};
    EXPECT_EQ(backtrace_text({}, 8), "");
    EXPECT_EQ(backtrace_text(frames, 2), "\n    f\n    g at /p/g.c:7");
    EXPECT_EQ(backtrace_text(frames, 1), "\n    f\n    and 1 more (-v: all)");
}

} // namespace
} // namespace hotrun
