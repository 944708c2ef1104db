#include "linux/linux_file_system.hpp"

#include "forked_child.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace hotrun {
namespace {

constexpr int kNoSuchCase = 77; // of a forked child: can't be tried here

void set_modification_time(const std::string &path, timespec time) {
    const std::array<timespec, 2> both = {time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), both.data(), 0), 0);
}

class LinuxFileSystemTest : public testing::Test {
  protected:
    TemporaryFolder folder_;
    LinuxFileSystem files_;
};

TEST_F(LinuxFileSystemTest, TellsTimesOfTheSameSecondApart) {
    const std::string path = folder_.write("a", "text");
    set_modification_time(path, {1'000'000'000, 1});
    const auto first = files_.timestamp(path);
    set_modification_time(path, {1'000'000'000, 2});
    const auto second = files_.timestamp(path);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->mtime_ns, 1'000'000'000'000'000'001);
    EXPECT_EQ(second->mtime_ns, 1'000'000'000'000'000'002);
    EXPECT_NE(*first, *second);
}

TEST_F(LinuxFileSystemTest, TellsTwoWritesOfDifferentSizeApart) {
    const auto first = files_.timestamp(folder_.write("a", "text"));
    const auto second = files_.timestamp(folder_.write("a", "texts"));
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->size_bytes, 4u);
    EXPECT_EQ(second->size_bytes, 5u);
    EXPECT_NE(*first, *second);
}

TEST_F(LinuxFileSystemTest, WritesAFileWholeOrNotAtAll) {
    const std::string path = folder_.write("a", "before");
    const auto before = files_.timestamp(path);
    ASSERT_TRUE(files_.write_whole(path, "after"));
    EXPECT_EQ(*files_.read(path, 0), "after");
    EXPECT_NE(files_.timestamp(path)->inode, before->inode);
    EXPECT_EQ(*files_.list(folder_.path()), std::vector<std::string>{"a"});
    const Status failed = files_.write_whole(folder_ / "absent/a", "text");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message,
              "can't write " + (folder_ / "absent/a") + ": No such file or directory");
}

// Its time says nothing of that.
TEST_F(LinuxFileSystemTest, TellsWhenAFileWasMovedOverAnother) {
    const std::string path = folder_.write("a", "text");
    const std::string other = folder_.write("b", "other");
    set_modification_time(other, {1'000'000'000, 0});
    const FileLook first = files_.look(path);
    std::filesystem::rename(other, path);
    EXPECT_GT(first.changed_at.count(), 0);
    EXPECT_GE(files_.look(path).changed_at, first.changed_at);
    EXPECT_NE(files_.look(path).timestamp, first.timestamp);
}

TEST_F(LinuxFileSystemTest, TellsAFileMovedOverAnEqualOneApart) {
    const std::string path = folder_.write("a", "text");
    const std::string other = folder_.write("b", "text");
    set_modification_time(path, {1'000'000'000, 0});
    set_modification_time(other, {1'000'000'000, 0});
    const auto first = files_.timestamp(path);
    std::filesystem::rename(other, path);
    EXPECT_NE(files_.timestamp(path), first);
}

TEST_F(LinuxFileSystemTest, HasNoTimestampOfAnAbsentFile) {
    EXPECT_EQ(files_.timestamp(folder_ / "absent"), std::nullopt);
    EXPECT_EQ(files_.timestamp(folder_.write("file", "") + "/below"), std::nullopt);
}

TEST_F(LinuxFileSystemTest, StampsWhatALinkLeadsTo) {
    const std::string path = folder_.write("a", "text");
    std::filesystem::create_symlink(path, folder_ / "link");
    EXPECT_EQ(files_.timestamp(folder_ / "link"), files_.timestamp(path));
}

TEST_F(LinuxFileSystemTest, KnowsLinksAndFolders) {
    const std::string file = folder_.write("file", "");
    std::filesystem::create_symlink(file, folder_ / "link");
    std::filesystem::create_symlink(folder_.path(), folder_ / "folder-link");
    std::filesystem::create_symlink(folder_ / "absent", folder_ / "dangling");
    EXPECT_TRUE(files_.is_link(folder_ / "link"));
    EXPECT_TRUE(files_.is_link(folder_ / "dangling"));
    EXPECT_FALSE(files_.is_link(file));
    EXPECT_FALSE(files_.is_link(folder_ / "absent"));
    EXPECT_TRUE(files_.look(folder_ / "link").is_link);
    EXPECT_EQ(files_.look(folder_ / "link").timestamp, files_.timestamp(file));
    EXPECT_TRUE(files_.look(folder_ / "dangling").is_link);
    EXPECT_EQ(files_.look(folder_ / "dangling").timestamp, std::nullopt);
    EXPECT_FALSE(files_.look(file).is_link);
    EXPECT_EQ(files_.look(folder_ / "absent").timestamp, std::nullopt);
    EXPECT_TRUE(files_.is_folder(folder_.path()));
    EXPECT_TRUE(files_.is_folder(folder_ / "folder-link"));
    EXPECT_FALSE(files_.is_folder(file));
    EXPECT_FALSE(files_.is_folder(folder_ / "absent"));
}

TEST_F(LinuxFileSystemTest, ReadsFromAnOffsetToTheEnd) {
    const std::string large = std::string(600'000, 'x') + "end";
    const std::string path = folder_.write("large", large);
    EXPECT_EQ(*files_.read(path, 0), large);
    EXPECT_EQ(*files_.read(path, 600'000), "end");
    EXPECT_EQ(*files_.read(path, 700'000), "");
    EXPECT_EQ(*files_.read(folder_.write("empty", ""), 0), "");
}

TEST_F(LinuxFileSystemTest, NamesTheFileThatCanNotBeRead) {
    const auto absent = files_.read(folder_ / "absent", 0);
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().system_code, ENOENT);
    EXPECT_NE(absent.error().message.find(folder_ / "absent"), std::string::npos);
    EXPECT_FALSE(files_.read(folder_.path(), 0));
    EXPECT_FALSE(files_.open(folder_ / "absent"));
}

TEST_F(LinuxFileSystemTest, ReadingAFileThatWasCutSinceIsAShortRead) {
    const std::string path = folder_.write("a", std::string(8192, 'x'));
    const auto file = files_.open(path);
    ASSERT_TRUE(file);
    std::array<std::byte, 8> bytes{};
    EXPECT_TRUE((*file)->read_at(8184, bytes));
    EXPECT_EQ(bytes[7], std::byte{'x'});
    EXPECT_FALSE((*file)->read_at(8185, bytes));
    std::filesystem::resize_file(path, 100);
    EXPECT_FALSE((*file)->read_at(8184, bytes));
    EXPECT_EQ((*file)->timestamp().size_bytes, 8192u);
}

TEST_F(LinuxFileSystemTest, ComparesContents) {
    const std::string text = std::string(300'000, 'x');
    const std::string path = folder_.write("a", text + "1");
    EXPECT_TRUE(files_.same_content(path, path));
    EXPECT_TRUE(files_.same_content(path, folder_.write("same", text + "1")));
    EXPECT_FALSE(files_.same_content(path, folder_.write("last-differs", text + "2")));
    EXPECT_FALSE(files_.same_content(path, folder_.write("longer", text + "12")));
    EXPECT_FALSE(files_.same_content(path, folder_ / "absent"));
    EXPECT_FALSE(files_.same_content(folder_ / "absent", folder_ / "absent"));
    EXPECT_TRUE(files_.same_content(folder_.write("empty", ""), folder_.write("empty2", "")));
}

TEST_F(LinuxFileSystemTest, ComparesAFileOfWholeBlocks) {
    const std::string text = std::string(512 << 10, 'x');
    EXPECT_TRUE(files_.same_content(folder_.write("a", text), folder_.write("b", text)));
}

TEST_F(LinuxFileSystemTest, PatchesBytesInPlace) {
    const std::string path = folder_.write("a", "one two three");
    const auto before = files_.timestamp(path);
    const std::vector<Patch> patches = {{4, "two", "2.0"}, {8, "th", "TH"}};
    ASSERT_TRUE(files_.patch(path, patches));
    EXPECT_EQ(*files_.read(path, 0), "one 2.0 THree");
    EXPECT_EQ(files_.timestamp(path)->inode, before->inode);
    EXPECT_FALSE(files_.patch(folder_ / "absent", patches));
}

TEST_F(LinuxFileSystemTest, PatchesTheCopyOfAFileThatNobodyMayWrite) {
    const std::string path = folder_.write("a", "one two three");
    ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
    ASSERT_TRUE(files_.copy(path, folder_ / "copy"));
    ASSERT_TRUE(files_.patch(folder_ / "copy", std::vector<Patch>{{0, "one", "1.0"}}));
    EXPECT_EQ(*files_.read(folder_ / "copy", 0), "1.0 two three");
    EXPECT_EQ(*files_.read(path, 0), "one two three");
}

// A patch lies across the end of the block that is compared at once.
TEST_F(LinuxFileSystemTest, ComparesWithTheContentBeforeAPatch) {
    const std::string text = std::string((256u << 10) - 2, 'x') + "name" + "rest";
    const std::string path = folder_.write("a", text);
    ASSERT_TRUE(files_.copy(path, folder_ / "copy"));
    const std::vector<Patch> patches = {{text.size() - 8, "name", "else"}};
    ASSERT_TRUE(files_.patch(folder_ / "copy", patches));
    EXPECT_FALSE(files_.same_content(path, folder_ / "copy"));
    EXPECT_TRUE(files_.same_content(path, folder_ / "copy", patches));
    const std::string other_name = std::string((256u << 10) - 2, 'x') + "else" + "rest";
    EXPECT_FALSE(files_.same_content(folder_.write("b", other_name), folder_ / "copy", patches));
}

TEST_F(LinuxFileSystemTest, ListsNamesWithoutTheDots) {
    folder_.write("b", "");
    folder_.write(".hidden", "");
    folder_.make_folder("a");
    auto names = files_.list(folder_.path());
    ASSERT_TRUE(names);
    std::sort(names->begin(), names->end());
    EXPECT_EQ(*names, (std::vector<std::string>{".hidden", "a", "b"}));
    EXPECT_FALSE(files_.list(folder_ / "absent"));
    EXPECT_FALSE(files_.list(folder_ / "b"));
}

TEST_F(LinuxFileSystemTest, CanonicalResolvesLinksAndKeepsAMissingTail) {
    const std::string real = folder_.make_folder("real/deep");
    std::filesystem::create_symlink(folder_ / "real", folder_ / "link");
    std::filesystem::create_symlink(real + "/gone", folder_ / "dangling");
    EXPECT_EQ(files_.canonical(folder_ / "link/deep"), real);
    EXPECT_EQ(files_.canonical(folder_ / "link/deep/../deep/./x/y"), real + "/x/y");
    EXPECT_EQ(files_.canonical(folder_ / "link/absent/../deep"), real);
    EXPECT_EQ(files_.canonical(folder_ / "absent/file"), folder_ / "absent/file");
    EXPECT_EQ(files_.canonical(folder_ / "dangling"), folder_ / "dangling");
    EXPECT_EQ(files_.canonical("/"), "/");
}

TEST_F(LinuxFileSystemTest, CanonicalHasNoSlashAtTheEnd) {
    const std::string real = folder_.make_folder("real");
    EXPECT_EQ(files_.canonical(real + "/"), real);
    EXPECT_EQ(files_.canonical(real + "/."), real);
}

TEST_F(LinuxFileSystemTest, CopyIsAFileOfItsOwn) {
    const std::string from = folder_.write("from", "first");
    const std::string to = folder_ / "to";
    const Status copied = files_.copy(from, to);
    ASSERT_TRUE(copied) << copied.error().message;
    EXPECT_NE(files_.timestamp(from)->inode, files_.timestamp(to)->inode);
    folder_.write("from", "later");
    EXPECT_EQ(content_of(to), "first");
}

TEST_F(LinuxFileSystemTest, CopyOverAFileLeavesItsInodeAlone) {
    const std::string from = folder_.write("from", "new");
    const std::string to = folder_.write("to", "old");
    std::filesystem::create_hard_link(to, folder_ / "other-name");
    const Status copied = files_.copy(from, to);
    ASSERT_TRUE(copied) << copied.error().message;
    EXPECT_EQ(content_of(to), "new");
    EXPECT_EQ(content_of(folder_ / "other-name"), "old");
}

TEST_F(LinuxFileSystemTest, CopyOfAnAbsentFileLeavesNothing) {
    const Status copied = files_.copy(folder_ / "absent", folder_ / "to");
    ASSERT_FALSE(copied);
    EXPECT_EQ(copied.error().system_code, ENOENT);
    EXPECT_EQ(files_.timestamp(folder_ / "to"), std::nullopt);
}

TEST_F(LinuxFileSystemTest, CopyThatDoesNotFitLeavesNothing) {
    const std::string from = folder_.write("from", std::string(1 << 20, 'x'));
    const std::string to = folder_ / "to";
    ForkedChild child([&] {
        const SignalGuard limit_signal(SIGXFSZ, SIG_IGN);
        const rlimit limit = {64 << 10, 64 << 10};
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0)
            return kNoSuchCase;
        const Status copied = files_.copy(from, to);
        if (copied)
            return kNoSuchCase; // the blocks are shared
        return files_.timestamp(to) == std::nullopt && copied.error().system_code == EFBIG ? 0 : 1;
    });
    const int status = child.exit_status();
    if (status == kNoSuchCase)
        GTEST_SKIP() << "a copy can't be made to fail on this file system";
    EXPECT_EQ(status, 0);
}

TEST_F(LinuxFileSystemTest, TellsOfAWriterInAnotherProcess) {
    const std::string path = folder_.write("a", "text");
    const Gate writes;
    const Gate over;
    ForkedChild writer([&] {
        const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
        writes.open();
        return over.wait() ? 0 : 1;
    });
    ASSERT_TRUE(writes.wait());
    const auto file = files_.open(path);
    ASSERT_TRUE(file);
    const Writers first = (*file)->lock_out_writers();
    if (first == Writers::kUnknown)
        GTEST_SKIP() << "this file system has no leases";
    EXPECT_EQ(first, Writers::kSome);
    over.open();
    ASSERT_EQ(writer.exit_status(), 0);
    EXPECT_EQ((*file)->lock_out_writers(), Writers::kNone);
}

TEST_F(LinuxFileSystemTest, TellsOfAWriterInThisProcess) {
    const std::string path = folder_.write("a", "text");
    const UniqueFd writer(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    const auto file = files_.open(path);
    ASSERT_TRUE(file);
    EXPECT_NE((*file)->lock_out_writers(), Writers::kNone);
}

// What the kernel says when a writer comes up against the lease; not what this test sets.
std::atomic<int> lease_break_count = 0;
void count_lease_break(int /*signal*/) {
    ++lease_break_count;
}

TEST_F(LinuxFileSystemTest, HoldsUpAWriterUntilTheFileIsClosed) {
    const std::string path = folder_.write("a", "text");
    auto file = files_.open(path);
    ASSERT_TRUE(file);
    if ((*file)->lock_out_writers() == Writers::kUnknown)
        GTEST_SKIP() << "this file system has no leases";

    lease_break_count = 0;
    const SignalGuard guard(SIGURG, count_lease_break);
    const Gate written;
    std::atomic<bool> closed = false;
    bool closed_before_write = false;
    bool opened = false;
    std::thread writer([&] {
        sigset_t break_signal; // would end its open() if this thread got it
        ::sigemptyset(&break_signal);
        ::sigaddset(&break_signal, SIGURG);
        ::pthread_sigmask(SIG_BLOCK, &break_signal, nullptr);
        const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
        opened = fd.is_open();
        closed_before_write = closed;
        written.open();
    });
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (lease_break_count == 0 && !written.is_open() &&
           std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    EXPECT_GT(lease_break_count, 0) << "nothing held the writer up";
    EXPECT_FALSE(written.is_open());

    closed = true;
    file->reset();
    EXPECT_TRUE(written.wait());
    writer.join();
    EXPECT_TRUE(opened);
    EXPECT_TRUE(closed_before_write);
}

TEST_F(LinuxFileSystemTest, AWriterThatWaitsDoesNotEndTheProcess) {
    const std::string path = folder_.write("a", "text");
    ForkedChild child([&] {
        const auto file = files_.open(path);
        if (!file || (*file)->lock_out_writers() != Writers::kNone)
            return kNoSuchCase;
        const int fd = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        return fd < 0 && errno == EWOULDBLOCK ? 0 : 1; // the signal has come by now
    });
    const int status = child.exit_status();
    if (status == kNoSuchCase)
        GTEST_SKIP() << "this file system has no leases";
    EXPECT_EQ(status, 0);
}

TEST_F(LinuxFileSystemTest, ReadersAreNotHeldUp) {
    const std::string path = folder_.write("a", "text");
    const auto file = files_.open(path);
    ASSERT_TRUE(file);
    static_cast<void>((*file)->lock_out_writers());
    const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    EXPECT_TRUE(reader.is_open());
}

TEST_F(LinuxFileSystemTest, APrivateFolderIsForItsOwnerAlone) {
    const char *before = std::getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe)
    const std::string kept = before == nullptr ? "" : before;
    ::setenv("TMPDIR", folder_.path().c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    const mode_t mask = ::umask(0);
    const auto made = files_.make_private_folder("hotrun-");
    const auto another = files_.make_private_folder("hotrun-");
    ::umask(mask);
    if (before == nullptr)
        ::unsetenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe)
    else
        ::setenv("TMPDIR", kept.c_str(), 1); // NOLINT(concurrency-mt-unsafe)

    ASSERT_TRUE(made && another);
    EXPECT_EQ(made->rfind(folder_ / "hotrun-", 0), 0u);
    EXPECT_NE(*made, *another);
    struct stat status = {};
    ASSERT_EQ(::stat(made->c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700u);
    EXPECT_EQ(status.st_uid, ::geteuid());
}

TEST_F(LinuxFileSystemTest, KnowsWhereFilesCanBeMade) {
    EXPECT_TRUE(files_.can_create_in(folder_.path()));
    EXPECT_FALSE(files_.can_create_in(folder_ / "absent"));
    EXPECT_FALSE(files_.can_create_in("/proc/self"));
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(LinuxFileSystemTest, CreatesAFolderWhereThereIsNone) {
    for (int i = 0; i < 2; ++i)
        EXPECT_TRUE(files_.create_folder(folder_ / "new"));
    EXPECT_TRUE(files_.is_folder(folder_ / "new"));
    EXPECT_TRUE(files_.sync(folder_ / "new"));
    EXPECT_FALSE(files_.create_folder(folder_ / "absent/new"));
    EXPECT_FALSE(files_.sync(folder_ / "absent"));
}

TEST_F(LinuxFileSystemTest, RemovesFilesAndEmptyFolders) {
    EXPECT_TRUE(files_.remove(folder_.write("file", "")));
    EXPECT_TRUE(files_.remove(folder_.make_folder("empty")));
    EXPECT_TRUE(files_.remove(folder_ / "absent"));
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
    folder_.make_folder("full");
    folder_.write("full/file", "");
    EXPECT_FALSE(files_.remove(folder_ / "full"));
}

TEST_F(LinuxFileSystemTest, RemovesALinkAndNotItsTarget) {
    const std::string file = folder_.write("file", "");
    std::filesystem::create_symlink(file, folder_ / "link");
    EXPECT_TRUE(files_.remove(folder_ / "link"));
    EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(LinuxFileSystemTest, AFileMadeOldIsOlderThanAnyOther) {
    const std::string path = folder_.write("object", "text");
    ASSERT_TRUE(files_.make_old(path));
    EXPECT_EQ(files_.timestamp(path)->mtime_ns, 1'000'000'000);
    EXPECT_EQ(content_of(path), "text");
    EXPECT_FALSE(files_.make_old(folder_ / "absent"));
}

} // namespace
} // namespace hotrun
