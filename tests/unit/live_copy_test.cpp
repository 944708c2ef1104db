#include "core/live_copy.hpp"

#include "support/fake_file_system.hpp"
#include "support/fake_process_table.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using std::chrono::milliseconds;

const std::string kCopied = "/b/libgame.so";

// A copy that process 7 left behind a second after the start of the clock.
class LeftBehind : public testing::Test {
  protected:
    LeftBehind() {
        files.write(kCopied, "code");
        clock.advance(milliseconds(1'000));
        files.write(copy, "code");
    }
    bool stays() {
        remove_stale_live_copies(files, processes, kCopied);
        return files.exists(copy);
    }

    FakeClock clock;
    const std::chrono::nanoseconds start = clock.wall();
    FakeFileSystem files{clock};
    FakeProcessTable processes;
    std::string copy = "/b/libgame_live.7.3.so";
};

TEST(LiveCopyName, HasLibraryProcessAndGeneration) {
    EXPECT_EQ((LiveCopyName{42, 7}.file_name("libgame.so")), "libgame_live.42.7.so");
    EXPECT_EQ((LiveCopyName{42, 7, 3}.file_name("libgame.so")), "libgame_live.42.7-3.so");
}

TEST(LiveCopyName, IsReadAsItIsWritten) {
    for (const LiveCopyName &name : {LiveCopyName{42, 7}, LiveCopyName{42, 7, 3}})
        EXPECT_EQ(LiveCopyName::parse("libgame.so", name.file_name("libgame.so")), name);
}

TEST(LiveCopyName, OtherFilesAreNoCopies) {
    for (const char *name :
         {"libgame.so", "libgame_live.so", "libgame_live.42.so", "libgame_live.42.7.so~",
          "libgame_live.42.7", "libgame_live.42.7.so.p", "libother_live.42.7.so",
          "libgame_live.x.7.so", "libgame_live.42.y.so", "libgame_live.0.7.so",
          "libgame_live.-4.7.so", "libgame_live.42.0.so", "libgame_live.42.7-.so",
          "libgame_live.42.7-0.so", "libgame_live.99999999999999999999.7.so", ""})
        EXPECT_EQ(LiveCopyName::parse("libgame.so", name), std::nullopt) << name;
}

TEST_F(LeftBehind, CopyOfADeadProcessGoes) {
    EXPECT_FALSE(stays());
    EXPECT_TRUE(files.exists(kCopied));
}

TEST_F(LeftBehind, CopyOfARunningProcessStays) {
    processes.started[7] = start + milliseconds(990);
    EXPECT_TRUE(stays());
}

TEST_F(LeftBehind, CopyOfAProcessWhoseNumberIsUsedAgainGoes) {
    processes.started[7] = start + milliseconds(1'001);
    EXPECT_FALSE(stays());
}

TEST_F(LeftBehind, CopyWithOurOwnNumberFromBeforeUsGoes) {
    copy = "/b/libgame_live.42.1-2.so";
    files.write(copy, "code");
    processes.started[FakeProcessTable::kOwnPid] = start + milliseconds(2'000);
    EXPECT_FALSE(stays());
}

TEST_F(LeftBehind, CopyOfAnotherLibraryIsNotOurs) {
    copy = "/b/libgame2_live.7.3.so";
    files.write(copy, "code");
    EXPECT_TRUE(stays());
}

TEST(LiveCopy, GoesWithItsObject) {
    const FakeClock clock;
    FakeFileSystem files(clock);
    files.write(kCopied, "code");
    {
        Result<LiveCopy> copy = LiveCopy::create(files, kCopied, {42, 1}, "/b");
        ASSERT_TRUE(copy.ok());
        EXPECT_EQ(copy->path(), "/b/libgame_live.42.1.so");
        const LiveCopy moved = std::move(*copy);
        EXPECT_EQ(files.content(moved.path()), "code");
        EXPECT_NE(files.timestamp(moved.path())->inode, files.timestamp(kCopied)->inode);
    }
    EXPECT_FALSE(files.exists("/b/libgame_live.42.1.so"));
}

TEST(LiveCopy, FailureIsTheFileSystemsOwn) {
    const FakeClock clock;
    FakeFileSystem files(clock);
    files.copy_failure = Error{ErrorKind::kFailed, "can't copy: No space left on device", 28};
    const Result<LiveCopy> copy = LiveCopy::create(files, kCopied, {42, 1}, "/b");
    ASSERT_FALSE(copy.ok());
    EXPECT_EQ(copy.error().message, "can't copy: No space left on device");
    EXPECT_EQ(copy.error().system_code, 28);
}

TEST(LiveCopy, FolderThatCantBeListedHasNone) {
    const FakeClock clock;
    FakeFileSystem files(clock);
    const FakeProcessTable processes;
    remove_stale_live_copies(files, processes, "/nowhere/libgame.so");
    EXPECT_FALSE(files.exists("/nowhere"));
}

} // namespace
} // namespace hotrun
