#include "linux/inotify_watcher.hpp"

#include "linux/unique_fd.hpp"
#include "support/temporary_folder.hpp"
#include "waiting.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fstream>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

namespace hotrun {
namespace {

using Paths = std::set<std::string>;

// The kernel queues an event within the system call that causes it: drain() right after the call
// tells whether that call was reported.
class InotifyWatcherTest : public testing::Test {
  protected:
    void SetUp() override {
        auto watcher = InotifyWatcher::create(
            loop_.io(),
            [this](const auto &paths) {
                ++report_count_;
                reported_.insert(paths.begin(), paths.end());
            },
            [this](const std::string &path) { return silent_.contains(path) ? "nothing" : ""; });
        ASSERT_TRUE(watcher) << watcher.error().message;
        watcher_ = std::move(*watcher);
    }

    void watch(const Paths &files) {
        const Watcher::Unwatched left = watcher_->watch(files);
        EXPECT_EQ(left.files, Paths{});
        ASSERT_FALSE(left.why) << left.why->message;
    }

    // What was reported since the last call.
    Paths news() {
        watcher_->drain();
        return std::exchange(reported_, {});
    }

    static UniqueFd open_to_write(const std::string &path) {
        return UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    }

    static void put(const UniqueFd &fd, std::string_view text) {
        ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }

    TemporaryFolder folder_;
    AsioEventLoop loop_;
    std::unique_ptr<InotifyWatcher> watcher_;
    Paths reported_;
    int report_count_ = 0;
    Paths silent_; // folders whose file system tells of nothing
};

constexpr const char *kNothingYet = "reported before the write was closed";

// nano, cp, VS Code.
TEST_F(InotifyWatcherTest, ReportsAFileWrittenInPlaceWhenItIsClosed) {
    const std::string file = folder_.write("a.cpp", "old");
    watch({file});
    {
        const UniqueFd fd = open_to_write(file);
        EXPECT_EQ(news(), Paths{}) << kNothingYet;
        put(fd, "n");
        EXPECT_EQ(news(), Paths{}) << kNothingYet;
        put(fd, "ew");
        EXPECT_EQ(news(), Paths{}) << kNothingYet;
    }
    EXPECT_EQ(news(), Paths{file});
    EXPECT_EQ(news(), Paths{});
}

// sed -i, clang-format -i, rsync, patch.
TEST_F(InotifyWatcherTest, ReportsAFileThatIsRenamedOver) {
    const std::string file = folder_.write("a.cpp", "old");
    watch({file});
    const std::string temporary = folder_.write("sedXYZ", "new");
    EXPECT_EQ(news(), Paths{}) << kNothingYet;
    std::filesystem::rename(temporary, file);
    EXPECT_EQ(news(), Paths{file});
}

TEST_F(InotifyWatcherTest, ReportsAFileMovedInFromAFolderThatIsNotWatched) {
    const std::string file = folder_.make_folder("source") + "/a.cpp";
    watch({file});
    const std::string elsewhere = folder_.write("new", "new");
    EXPECT_EQ(news(), Paths{});
    std::filesystem::rename(elsewhere, file);
    EXPECT_EQ(news(), Paths{file});
}

// git checkout, install.
TEST_F(InotifyWatcherTest, ReportsAFileThatIsDeletedAndMadeAgain) {
    const std::string file = folder_.write("a.cpp", "old");
    watch({file});
    ASSERT_TRUE(std::filesystem::remove(file));
    EXPECT_EQ(news(), Paths{file}) << "removed";
    {
        const UniqueFd fd = open_to_write(file);
        EXPECT_EQ(news(), Paths{}) << kNothingYet;
        put(fd, "new");
        EXPECT_EQ(news(), Paths{}) << kNothingYet;
    }
    EXPECT_EQ(news(), Paths{file});
}

// vim, neovim.
TEST_F(InotifyWatcherTest, ReportsASaveWithABackupByRename) {
    const std::string file = folder_.write("a.cpp", "old");
    watch({file});
    folder_.write("4913", "");
    std::filesystem::remove(folder_ / "4913");
    EXPECT_EQ(news(), Paths{}) << "the probe of another name";
    std::filesystem::rename(file, file + "~");
    EXPECT_EQ(news(), Paths{file}) << "moved away";
    {
        const UniqueFd fd = open_to_write(file);
        put(fd, "new");
        EXPECT_EQ(news(), Paths{}) << kNothingYet;
    }
    EXPECT_EQ(news(), Paths{file});
    ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
    std::filesystem::remove(file + "~");
    EXPECT_EQ(news(), Paths{}) << "attributes, and the backup";
}

// emacs: a link as the lock, and the first save by rename.
TEST_F(InotifyWatcherTest, ReportsASaveBesideALockFile) {
    const std::string file = folder_.write("a.cpp", "old");
    watch({file});
    std::filesystem::create_symlink("user@host.1", folder_ / ".#a.cpp");
    EXPECT_EQ(news(), Paths{});
    std::filesystem::rename(file, file + "~");
    EXPECT_EQ(news(), Paths{file});
    folder_.write("a.cpp", "new");
    EXPECT_EQ(news(), Paths{file});
    std::filesystem::remove(folder_ / ".#a.cpp");
    EXPECT_EQ(news(), Paths{});
}

// touch: opened for writing, the time set, closed.
TEST_F(InotifyWatcherTest, ReportsAFileThatIsTouched) {
    const std::string file = folder_.write("a.cpp", "old");
    watch({file});
    {
        const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_NOCTTY | O_NONBLOCK, 0666));
        ASSERT_EQ(::futimens(fd.get(), nullptr), 0);
        EXPECT_EQ(news(), Paths{}) << kNothingYet;
    }
    EXPECT_EQ(news(), Paths{file});
}

TEST_F(InotifyWatcherTest, ReportsOnTheLoopWithoutBeingAsked) {
    const std::string file = folder_.write("a.cpp", "old");
    watch({file});
    for (int save = 1; save <= 3; ++save) {
        folder_.write("a.cpp", std::to_string(save));
        ASSERT_TRUE(run_until(loop_, [&] { return reported_.contains(file); })) << save;
        reported_.clear();
    }
}

TEST_F(InotifyWatcherTest, ReportsABurstOnce) {
    Paths files;
    for (int i = 0; i < 50; ++i)
        files.insert(folder_ / ("f" + std::to_string(i)));
    watch(files);
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 50; ++i)
            folder_.write("f" + std::to_string(i), "text");
    }
    ASSERT_TRUE(run_until(loop_, [&] { return report_count_ > 0; }));
    EXPECT_EQ(reported_, files);
    EXPECT_EQ(report_count_, 1);
}

TEST_F(InotifyWatcherTest, DoesNotReportReading) {
    const std::string file = folder_.write("a.cpp", "text");
    watch({file});
    EXPECT_EQ(content_of(file), "text");
    EXPECT_EQ(news(), Paths{});
}

TEST_F(InotifyWatcherTest, DoesNotReportFilesOutsideOfTheSet) {
    const std::string file = folder_.write("a.cpp", "text");
    watch({file});
    folder_.write("b.cpp", "text");
    folder_.make_folder("a");
    std::filesystem::remove(folder_ / "b.cpp");
    EXPECT_EQ(news(), Paths{});
    EXPECT_EQ(report_count_, 0) << "an empty report";
}

TEST_F(InotifyWatcherTest, WatchesTheNextSetByDifference) {
    const std::string here = folder_.make_folder("here");
    const std::string there = folder_.make_folder("there");
    watch({here + "/a", here + "/b"});
    folder_.write("here/a", "before the change of the set");
    watch({here + "/a", there + "/c"});
    EXPECT_EQ(news(), Paths{here + "/a"}) << "a folder that stays loses nothing";
    folder_.write("here/b", "");
    EXPECT_EQ(news(), Paths{}) << "not in the set any more";
    folder_.write("there/c", "");
    EXPECT_EQ(news(), Paths{there + "/c"});
    watch({there + "/c"});
    folder_.write("here/a", "");
    EXPECT_EQ(news(), Paths{}) << "its folder is not watched any more";
    watch({here + "/a", there + "/c"});
    folder_.write("here/a", "");
    EXPECT_EQ(news(), Paths{here + "/a"}) << "watched again";
    watch({});
    folder_.write("here/a", "");
    folder_.write("there/c", "");
    EXPECT_EQ(news(), Paths{});
}

TEST_F(InotifyWatcherTest, ReportsTheFilesOfAFolderThatComesLater) {
    const std::string file = folder_ / "later/deeper/a.cpp";
    watch({file});
    folder_.make_folder("later");
    EXPECT_EQ(news(), Paths{file}) << "it may have been there before the folder was watched";
    folder_.make_folder("later/deeper");
    EXPECT_EQ(news(), Paths{file});
    folder_.write("later/deeper/a.cpp", "text");
    EXPECT_EQ(news(), Paths{file});
    folder_.write("later/deeper/a.cpp", "other text");
    EXPECT_EQ(news(), Paths{file});
}

TEST_F(InotifyWatcherTest, ReportsTheFilesOfAFolderThatIsMovedToItsPlaceWhole) {
    const std::string file = folder_ / "build/inner/a.cpp";
    watch({file});
    folder_.make_folder("elsewhere/inner");
    folder_.write("elsewhere/inner/a.cpp", "text");
    EXPECT_EQ(news(), Paths{});
    std::filesystem::rename(folder_ / "elsewhere", folder_ / "build");
    EXPECT_EQ(news(), Paths{file});
    folder_.write("build/inner/a.cpp", "other text");
    EXPECT_EQ(news(), Paths{file});
}

TEST_F(InotifyWatcherTest, ReportsWhatWasWrittenToAFolderBeforeItWasWatchedAgain) {
    folder_.make_folder("source");
    const std::string file = folder_.write("source/a.cpp", "");
    watch({file});
    std::filesystem::rename(folder_ / "source", folder_ / "away");
    EXPECT_EQ(news(), Paths{file});
    std::filesystem::rename(folder_ / "away", folder_ / "source");
    folder_.write("source/a.cpp", "text");
    watch({file, folder_ / "b.cpp"}); // none of the events has been read yet
    ASSERT_TRUE(run_until(loop_, [&] { return reported_.contains(file); }));
    reported_.clear();
    folder_.write("source/a.cpp", "more text");
    EXPECT_EQ(news(), Paths{file});
}

// The folder itself tells of nothing then.
TEST_F(InotifyWatcherTest, ReportsTheFilesBelowAFolderThatIsMovedAwayAndBack) {
    folder_.make_folder("project/source/deep");
    const std::string file = folder_.write("project/source/deep/a.cpp", "");
    watch({file});
    std::filesystem::rename(folder_ / "project", folder_ / "elsewhere");
    EXPECT_EQ(news(), Paths{file});
    folder_.write("elsewhere/source/deep/a.cpp", "");
    EXPECT_EQ(news(), Paths{}) << "it is not our file any more";
    std::filesystem::rename(folder_ / "elsewhere", folder_ / "project");
    EXPECT_EQ(news(), Paths{file});
    folder_.write("project/source/deep/a.cpp", "");
    EXPECT_EQ(news(), Paths{file});
}

TEST_F(InotifyWatcherTest, ReportsTheFilesOfAFolderThatIsReplaced) {
    folder_.make_folder("source");
    folder_.make_folder("new");
    const std::string file = folder_.write("source/a.cpp", "old");
    folder_.write("new/a.cpp", "new");
    watch({file, folder_ / "other.cpp"});
    std::filesystem::rename(folder_ / "source", folder_ / "old");
    std::filesystem::rename(folder_ / "new", folder_ / "source");
    EXPECT_EQ(news(), Paths{file});
    folder_.write("source/a.cpp", "newer");
    EXPECT_EQ(news(), Paths{file});
}

// A shell or a build that works in the folder keeps the kernel from telling of its end.
TEST_F(InotifyWatcherTest, ReportsTheFilesOfAFolderThatIsMadeAnewWhileSomebodyIsInIt) {
    folder_.make_folder("build");
    const std::string file = folder_.write("build/build.ninja", "");
    watch({file, folder_ / "meson.build"});
    const UniqueFd inside(::open((folder_ / "build").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(inside.is_open());
    std::filesystem::remove_all(folder_ / "build");
    EXPECT_EQ(news(), Paths{file});
    folder_.make_folder("build");
    folder_.write("build/build.ninja", "");
    EXPECT_EQ(news(), Paths{file});
    folder_.write("build/build.ninja", "");
    EXPECT_EQ(news(), Paths{file});
}

TEST_F(InotifyWatcherTest, ReportsALinkWhenItIsMade) {
    const std::string file = folder_ / "a.cpp";
    const std::string content = folder_.write("content", "text");
    watch({file});
    std::filesystem::create_symlink(content, file);
    EXPECT_EQ(news(), Paths{file});
    std::filesystem::remove(file);
    EXPECT_EQ(news(), Paths{file});
    std::filesystem::create_hard_link(content, file);
    EXPECT_EQ(news(), Paths{file});
    std::filesystem::remove(file);
    EXPECT_EQ(news(), Paths{file});
    std::filesystem::create_hard_link(content, file);
    std::filesystem::remove(content);
    EXPECT_EQ(news(), Paths{file}) << "its other name is gone";
}

TEST_F(InotifyWatcherTest, WatchesASilentFileSystemAndTellsThatItIsOne) {
    const std::string silent = folder_.make_folder("network");
    silent_.insert(silent);
    const std::string local = folder_.write("a.cpp", "");
    const std::string remote = folder_.write("network/b.cpp", "");
    const Watcher::Unwatched left = watcher_->watch({local, remote});
    EXPECT_EQ(left.files, Paths{remote});
    ASSERT_TRUE(left.why);
    EXPECT_EQ(left.why->message,
              silent + " lies on nothing, which does not tell of every save; its files are polled");
    EXPECT_EQ(watcher_->watch({local, remote}).files, Paths{remote}) << "the same set again";
    folder_.write("network/b.cpp", "");
    EXPECT_EQ(news(), Paths{remote});
    EXPECT_EQ(watcher_->watch({local}).files, Paths{});
}

TEST_F(InotifyWatcherTest, TellsOfAFolderThatTheKernelRefuses) {
    const std::string refused = folder_ / std::string(300, 'x'); // a name that is too long
    const std::string file = folder_.write("a.cpp", "");
    const Watcher::Unwatched left = watcher_->watch({file, refused + "/b.cpp"});
    EXPECT_EQ(left.files, Paths{refused + "/b.cpp"});
    ASSERT_TRUE(left.why);
    EXPECT_NE(left.why->message.find(refused), std::string::npos);
    EXPECT_NE(left.why->message.find("its files are polled"), std::string::npos);
    folder_.write("a.cpp", "text");
    EXPECT_EQ(news(), Paths{file});
}

// Its own folder tells of writes to the file below it, the folder where it comes from of the rest.
TEST_F(InotifyWatcherTest, AMountedFileCountsAsUnwatched) {
    const std::string file = folder_.write("a.cpp", "below");
    const std::string mounted = folder_.make_folder("elsewhere") + "/a.cpp";
    folder_.write("elsewhere/a.cpp", "mounted");
    if (::mount(mounted.c_str(), file.c_str(), nullptr, MS_BIND, nullptr) != 0)
        GTEST_SKIP() << "no right to mount";
    const Watcher::Unwatched left = watcher_->watch({file, folder_ / "b.cpp"});
    ::umount(file.c_str());
    EXPECT_EQ(left.files, Paths{file});
}

TEST_F(InotifyWatcherTest, ReportsSavesThroughAMountOfTheFolder) {
    const std::string source = folder_.make_folder("source");
    const std::string mounted = folder_.make_folder("mounted");
    if (::mount(source.c_str(), mounted.c_str(), nullptr, MS_BIND, nullptr) != 0)
        GTEST_SKIP() << "no right to mount";
    watch({mounted + "/a.cpp"});
    folder_.write("source/a.cpp", "text");
    EXPECT_EQ(news(), Paths{mounted + "/a.cpp"});
    watch({source + "/a.cpp"});
    folder_.write("mounted/a.cpp", "text");
    EXPECT_EQ(news(), Paths{source + "/a.cpp"});
    ::umount(mounted.c_str());
}

TEST(SilentFileSystem, NoneIsSilentHere) {
    EXPECT_EQ(silent_file_system("/proc"), "");
    EXPECT_EQ(silent_file_system("/absent"), "");
}

TEST_F(InotifyWatcherTest, ReportsTheFilesOfAFolderThatIsDeleted) {
    folder_.make_folder("source");
    const std::string file = folder_.write("source/a.cpp", "");
    watch({file, folder_ / "source/absent.h"});
    std::filesystem::remove_all(folder_ / "source");
    EXPECT_EQ(news(), (Paths{file, folder_ / "source/absent.h"}));
    EXPECT_EQ(news(), Paths{});
    folder_.make_folder("source");
    folder_.write("source/a.cpp", "");
    EXPECT_EQ(news(), (Paths{file, folder_ / "source/absent.h"})) << "it is there again";
    folder_.write("source/a.cpp", "");
    EXPECT_EQ(news(), Paths{file}) << "watched again";
}

TEST_F(InotifyWatcherTest, ReportsTheFilesOfAFolderThatIsMovedAway) {
    folder_.make_folder("source");
    const std::string file = folder_.write("source/a.cpp", "");
    watch({file});
    std::filesystem::rename(folder_ / "source", folder_ / "elsewhere");
    EXPECT_EQ(news(), Paths{file});
    folder_.write("elsewhere/a.cpp", "");
    EXPECT_EQ(news(), Paths{}) << "it is not our file any more";
}

TEST_F(InotifyWatcherTest, ReportsAFileUnderEachNameOfItsFolder) {
    folder_.make_folder("real");
    std::filesystem::create_directory_symlink(folder_ / "real", folder_ / "link");
    const std::string by_real_name = folder_ / "real/a.cpp";
    const std::string by_link = folder_ / "link/a.cpp";
    watch({by_real_name, by_link});
    folder_.write("real/a.cpp", "");
    EXPECT_EQ(news(), (Paths{by_real_name, by_link}));
    watch({by_link});
    folder_.write("real/a.cpp", "");
    EXPECT_EQ(news(), Paths{by_link});
    watch({by_real_name});
    folder_.write("real/a.cpp", "");
    EXPECT_EQ(news(), Paths{by_real_name});
}

TEST_F(InotifyWatcherTest, ReportsAFileUnderOneNameOfAFolderThatHasAnother) {
    folder_.make_folder("real");
    std::filesystem::create_directory_symlink(folder_ / "real", folder_ / "link");
    watch({folder_ / "real/a.cpp", folder_ / "link/b.cpp"});
    folder_.write("real/b.cpp", "");
    EXPECT_EQ(news(), Paths{folder_ / "link/b.cpp"});
    std::filesystem::remove_all(folder_ / "real");
    EXPECT_EQ(news(), (Paths{folder_ / "real/a.cpp", folder_ / "link/b.cpp"}));
}

TEST_F(InotifyWatcherTest, ReportsEveryFileWhenEventsWereLost) {
    int limit = 0;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> limit;
    if (limit <= 0 || limit > 100'000)
        GTEST_SKIP() << "the queue holds " << limit << " events: too many to fill quickly";
    const Paths files = {folder_.make_folder("x") + "/a", folder_.make_folder("y") + "/b"};
    watch(files);
    // Equal events in a row count once: two names in turn.
    const std::array<std::string, 2> names = {folder_.write("x/1", ""), folder_.write("x/2", "")};
    for (int i = 0; i <= limit; ++i)
        UniqueFd(::open(names[static_cast<std::size_t>(i % 2)].c_str(), O_WRONLY | O_CLOEXEC));
    EXPECT_EQ(news(), files);
    folder_.write("y/b", "");
    EXPECT_EQ(news(), Paths{folder_ / "y/b"}) << "and goes on";
}

TEST(InotifyWatcher, LeavesNoDescriptorBehind) {
    const TemporaryFolder folder;
    const auto count = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
    };
    const auto before = count();
    for (int i = 0; i < 3; ++i) {
        AsioEventLoop loop;
        auto watcher = InotifyWatcher::create(
            loop.io(), [](const auto & /*paths*/) {}, silent_file_system);
        ASSERT_TRUE(watcher);
        EXPECT_EQ((*watcher)->watch({folder / "a"}).files, Paths{});
        folder.write("a", "");
        (*watcher)->drain();
    }
    EXPECT_EQ(count(), before);
}

} // namespace
} // namespace hotrun
