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

    std::string sent_;
    DesktopNotices notices_{
        [this](const std::string &title, const std::string &text) { sent_ = title + "|" + text; }};
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
    EXPECT_EQ(told(rolled_back(3, 2)), "game: generation 3 crashed|generation 2 runs on");
    EXPECT_EQ(told(rolled_back(2, 2)), "game: generation 2 crashed|it waits for the next save");
    told(BuildStartedEvent{});
    told(DiagnosticEvent{"", 0, 0, Severity::kError, "the disk is full", "", {}});
    EXPECT_EQ(told(BuildFinishedEvent{BuildStatus::kFailed, 1, {}, {}, ""}),
              "the build failed|the disk is full");
    EXPECT_EQ(told(BuildFinishedEvent{}), "");
}

} // namespace
} // namespace hotrun
