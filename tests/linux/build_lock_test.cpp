#include "linux/build_lock.hpp"

#include "forked_child.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace hotrun {
namespace {

TEST(BuildLock, IsForOneProcessAndNamesIt) {
    const TemporaryFolder folder;
    const Gate taken;
    const Gate over;
    ForkedChild holder([&] {
        const auto lock = BuildLock::take(folder.path());
        taken.open();
        return lock && over.wait() ? 0 : 1;
    });
    ASSERT_TRUE(taken.wait());
    const auto second = BuildLock::take(folder.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
    EXPECT_NE(second.error().message.find("process " + std::to_string(holder.pid()) + ")"),
              std::string::npos)
        << second.error().message;
    EXPECT_NE(second.error().message.find(folder.path()), std::string::npos);
    EXPECT_FALSE(BuildLock::take_again(folder.path()));
    over.open();
    EXPECT_EQ(holder.exit_status(), 0);
    EXPECT_TRUE(BuildLock::take(folder.path()));
}

// Between fork and exec a child has all that its parent has, and keeps it if that execs first.
TEST(BuildLock, IsTakenAgainWhenTheLastOneWhoHasACopyOfItIsGone) {
    const TemporaryFolder folder;
    const Gate over;
    auto lock = std::make_optional(BuildLock::take(folder.path()));
    ForkedChild child([&] { return over.wait() ? 0 : 1; });
    lock.reset();
    ASSERT_FALSE(BuildLock::take(folder.path()));
    over.open();
    EXPECT_TRUE(BuildLock::take_again(folder.path()));
    EXPECT_EQ(child.exit_status(), 0);
}

TEST(BuildLock, HolderIsSeenWithoutTakingIt) {
    const TemporaryFolder folder;
    EXPECT_EQ(BuildLock::holder(folder.path()), std::nullopt);
    {
        const auto lock = BuildLock::take(folder.path());
        EXPECT_EQ(BuildLock::holder(folder.path()), ::getpid());
        EXPECT_EQ(BuildLock::holder(folder.make_folder("other")), std::nullopt);
    }
    EXPECT_EQ(BuildLock::holder(folder.path()), std::nullopt);
    EXPECT_EQ(BuildLock::holder(folder / "absent"), std::nullopt);
}

TEST(BuildLock, IsForOneTakerInAProcess) {
    const TemporaryFolder folder;
    auto first = BuildLock::take(folder.path());
    ASSERT_TRUE(first);
    const auto second = BuildLock::take(folder.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
    EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos)
        << second.error().message;
    const BuildLock moved = std::move(*first);
    EXPECT_FALSE(BuildLock::take(folder.path())) << "moved, not released";
}

TEST(BuildLock, IsReleasedOnDestruction) {
    const TemporaryFolder folder;
    for (int run = 0; run < 2; ++run)
        EXPECT_TRUE(BuildLock::take(folder.path())) << "run " << run;
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "it left a file behind";
}

TEST(BuildLock, IsReleasedWhenItsHolderIsKilled) {
    const TemporaryFolder folder;
    const Gate taken;
    const Gate never;
    ForkedChild holder([&] {
        const auto lock = BuildLock::take(folder.path());
        taken.open();
        return never.wait() ? 0 : 1;
    });
    ASSERT_TRUE(taken.wait());
    ASSERT_FALSE(BuildLock::take(folder.path()));
    holder.end_now();
    EXPECT_TRUE(BuildLock::take(folder.path()));
}

TEST(BuildLock, IsForOneFolder) {
    const TemporaryFolder folder;
    const auto first = BuildLock::take(folder.make_folder("a"));
    const auto second = BuildLock::take(folder.make_folder("b"));
    EXPECT_TRUE(first && second);
}

TEST(BuildLock, AFolderThatIsNotThereIsNotBusy) {
    const TemporaryFolder folder;
    for (const std::string &path : {folder / "absent", folder.write("file", "")}) {
        const auto lock = BuildLock::take(path);
        ASSERT_FALSE(lock);
        EXPECT_EQ(lock.error().kind, ErrorKind::kFailed);
        EXPECT_NE(lock.error().message.find(path), std::string::npos);
    }
}

} // namespace
} // namespace hotrun
