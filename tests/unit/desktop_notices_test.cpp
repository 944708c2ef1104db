#include "desktop_notices.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

class DesktopNoticesTest : public testing::Test {
  protected:
    std::string told(const EventBody &body) {
        sent_.clear();
        notices_.event({1, {}, body});
        return sent_;
    }
    static ReloadedEvent reloaded(std::uint64_t generation) {
        ReloadedEvent event;
        event.module = "game";
        event.generation = generation;
        return event;
    }
    static RolledBackEvent rolled_back(std::uint64_t from, std::uint64_t to) {
        RolledBackEvent event;
        event.module = "game";
        event.from = from;
        event.to = to;
        return event;
    }

    DesktopNotices notices(OnCrash on_crash) {
        return DesktopNotices([this](const std::string &title,
                                     const std::string &text) { sent_ = title + "|" + text; },
                              on_crash);
    }

    std::string sent_;
    DesktopNotices notices_ = notices(OnCrash::kPark);
};

TEST_F(DesktopNoticesTest, WhatIsLiveIsOnlyNewsAfterAFailure) {
    EXPECT_EQ(told(reloaded(2)), "");
    told(BuildStartedEvent{});
    told(DiagnosticEvent{"/p/game.cpp", 7, 3, Severity::kWarning, "unused", "", {}});
    told(DiagnosticEvent{"/p/game.cpp", 8, 3, Severity::kError, "no x", "", {}});
    told(DiagnosticEvent{"/p/game.cpp", 9, 3, Severity::kError, "no y", "", {}});
    EXPECT_EQ(told(BuildFinishedEvent{BuildStatus::kFailed, 1, {}, {}, ""}),
              "the build failed|game.cpp:8: no x");
    EXPECT_EQ(told(reloaded(3)), "game is live again|generation 3");
    EXPECT_EQ(told(reloaded(4)), "");
}

TEST_F(DesktopNoticesTest, CodeThatCantRunIsNews) {
    EXPECT_EQ(told(RejectedEvent{"game", 2, RejectReason::kAbi, "too new"}),
              "game: the new code is rejected|too new");
    EXPECT_EQ(told(rolled_back(3, 2)),
              "game: generation 3 crashed|generation 2 runs on, 0 steps lost");
    told(BuildStartedEvent{});
    told(DiagnosticEvent{"", 0, 0, Severity::kError, "the disk is full", "", {}});
    EXPECT_EQ(told(BuildFinishedEvent{BuildStatus::kFailed, 1, {}, {}, ""}),
              "the build failed|the disk is full");
    EXPECT_EQ(told(BuildFinishedEvent{}), "");
}

// As the console does.
TEST_F(DesktopNoticesTest, WhatFollowsACrashIsWhatWasAskedFor) {
    const std::string crashed = "game: generation 2 crashed|";
    RolledBackEvent later = rolled_back(2, 2);
    later.parked = true;
    EXPECT_EQ(told(later), crashed + "its state is that of its last finished step, and it is "
                                     "parked until the next save");
    notices(OnCrash::kExit).event({1, {}, later});
    EXPECT_EQ(sent_, crashed + "the run ends");
    later.parked = false;
    notices(OnCrash::kRestart).event({1, {}, later});
    EXPECT_EQ(sent_, crashed + "it goes on with the state of its last finished step");
    RolledBackEvent back = rolled_back(3, 2);
    back.parked = true;
    EXPECT_EQ(told(back),
              "game: generation 3 crashed|generation 2 is back, and parked until the next save");
}

TEST_F(DesktopNoticesTest, AProgramThatEndsIsNewsIfItWaitsForASave) {
    ProgramEndedEvent ended;
    ended.program = {"/p/b/app", 7};
    ended.signal = "SIGSEGV";
    EXPECT_EQ(told(ended),
              "the program has ended|app was ended by SIGSEGV; save to start it again");
    EXPECT_EQ(told(ProgramStartedEvent{{"/p/b/app", 8}, 2}), "the program runs again|/p/b/app");
    EXPECT_EQ(told(ProgramStartedEvent{{"/p/b/app", 9}, 3}), "");
    for (const AfterEnd next : {AfterEnd::kRestart, AfterEnd::kEnd}) {
        ended.next = next;
        EXPECT_EQ(told(ended), "");
    }
}

} // namespace
} // namespace hotrun
