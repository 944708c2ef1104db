#include "linux/file_storage.hpp"

#include "forked_child.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace hotrun {
namespace {

class FileStorageTest : public testing::Test {
  protected:
    static std::vector<std::byte> bytes(const std::string &text) {
        const auto all = std::as_bytes(std::span(text));
        return {all.begin(), all.end()};
    }
    TemporaryFolder folder;
    std::string path = folder / "heap";
};

TEST_F(FileStorageTest, IsWrittenAndReadInPlace) {
    auto file = FileStorage::open(path);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_TRUE((*file)->is_new());
    EXPECT_EQ((*file)->size_bytes(), 0U);
    ASSERT_TRUE((*file)->write_at(4, bytes("words")));
    ASSERT_TRUE((*file)->write_at(0, bytes("some")));
    ASSERT_TRUE((*file)->sync());
    EXPECT_EQ(content_of(path), "somewords");
    std::vector<std::byte> read(3);
    ASSERT_TRUE((*file)->read_at(2, read));
    EXPECT_EQ(read, bytes("mew"));
    EXPECT_EQ((*file)->read_at(7, read).error().message, path + " is cut short");
    ASSERT_TRUE((*file)->cut(4));
    EXPECT_EQ((*file)->size_bytes(), 4U);
    EXPECT_FALSE((*FileStorage::open(path))->is_new());
}

// What is written to it is lost.
TEST_F(FileStorageTest, OneThatWasRemovedIsFoundOut) {
    const auto file = FileStorage::open(path);
    ASSERT_TRUE(file);
    std::filesystem::remove(path);
    EXPECT_EQ((*file)->sync().error().message, path + " was removed or moved away");
    ASSERT_TRUE(FileStorage::open(path));
    EXPECT_FALSE((*file)->sync()) << "there is another one now";
}

TEST_F(FileStorageTest, IsForItsOwnerAlone) {
    ASSERT_TRUE(FileStorage::open(path));
    EXPECT_EQ(std::filesystem::status(path).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(FileStorageTest, ALockedOneIsForOneRunAndNamesIt) {
    const Gate taken;
    const Gate over;
    ForkedChild holder([&] {
        const auto file = FileStorage::open_locked(path);
        taken.open();
        return file && over.wait() ? 0 : 1;
    });
    ASSERT_TRUE(taken.wait());
    const auto second = FileStorage::open_locked(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
    EXPECT_EQ(second.error().message, "another run (process " + std::to_string(holder.pid()) +
                                          ") keeps its heap in " + path +
                                          "; stop it first, or name another file");
    over.open();
    EXPECT_EQ(holder.exit_status(), 0);
    EXPECT_TRUE(FileStorage::open_locked(path));
}

TEST_F(FileStorageTest, WhatIsNoFileIsRefused) {
    for (const std::string &other : {folder.path(), std::string("/dev/null"), folder / "no/heap"}) {
        const auto file = FileStorage::open(other);
        ASSERT_FALSE(file);
        EXPECT_TRUE(file.error().message.starts_with("can't keep the heap in " + other + ": "))
            << file.error().message;
    }
}

} // namespace
} // namespace hotrun
