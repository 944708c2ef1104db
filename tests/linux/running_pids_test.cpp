// The account of commands that run, for a process that takes over.
#include "linux/spawn_command_runner.hpp"

#include "linux/waiting.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include <sys/wait.h>

namespace hotrun {
namespace {

class RunningPidsTest : public testing::Test {
  protected:
    std::unique_ptr<RunningCommand> start(const std::string &script) {
        auto started = runner_.start(
            {.program = "/bin/sh",
             .arguments = {"-c", script},
             .directory = "/",
             .environment = {}},
            [](std::string_view) {}, [this](const Result<CommandEnd> &) { ++ended_count_; });
        EXPECT_TRUE(started) << started.error().message;
        return std::move(*started);
    }

    bool has(std::int64_t pid) const {
        return std::any_of(running_.begin(), running_.end(),
                           [pid](const auto &place) { return place.load() == pid; });
    }
    auto count() const {
        return std::count_if(running_.begin(), running_.end(),
                             [](const auto &place) { return place.load() != 0; });
    }

    RunningPids running_{};
    AsioEventLoop loop_;
    SpawnCommandRunner runner_{loop_.io(), std::chrono::milliseconds(50), &running_};
    int ended_count_ = 0;
};

TEST_F(RunningPidsTest, ACommandIsThereWhileItRuns) {
    EXPECT_EQ(count(), 0);
    const auto command = start("sleep 1000");
    EXPECT_TRUE(has(command->pid()));
    EXPECT_EQ(count(), 1);
    command->interrupt();
    ASSERT_TRUE(run_until(loop_, [this] { return ended_count_ == 1; }));
    EXPECT_EQ(count(), 0);
}

TEST_F(RunningPidsTest, OneThatEndsByItselfLeavesToo) {
    const auto first = start("exit 3");
    const auto second = start("sleep 1000");
    ASSERT_TRUE(run_until(loop_, [this] { return ended_count_ == 1; }));
    EXPECT_TRUE(has(second->pid()));
    EXPECT_EQ(count(), 1);
}

TEST_F(RunningPidsTest, OneThatIsDestroyedLeaves) {
    auto command = start("sleep 1000");
    command.reset();
    EXPECT_EQ(count(), 0);
}

TEST_F(RunningPidsTest, ThoseForWhichThereIsNoPlaceRunAllTheSame) {
    std::vector<std::unique_ptr<RunningCommand>> commands;
    for (std::size_t i = 0; i < running_.size() + 2; ++i)
        commands.push_back(start("sleep 1000"));
    EXPECT_EQ(count(), 8);
    for (std::size_t i = 0; i < commands.size(); ++i)
        EXPECT_EQ(has(commands[i]->pid()), i < running_.size()) << i;
    commands.back().reset();
    EXPECT_EQ(count(), 8) << "another one has lost its place";
    commands.clear();
    EXPECT_EQ(count(), 0);
}

TEST_F(RunningPidsTest, OneThatCannotBeStartedTakesNoPlace) {
    EXPECT_FALSE(runner_.start(
        {.program = "/absent", .arguments = {}, .directory = "/", .environment = {}},
        [](std::string_view) {}, [](const Result<CommandEnd> &) {}));
    EXPECT_EQ(count(), 0);
}

} // namespace
} // namespace hotrun
