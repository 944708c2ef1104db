#include "core/heap_file.hpp"

#include "support/memory_storage.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace hotrun {
namespace {

using Bytes = MemoryStorage::Bytes;
using DiskFault = MemoryDisk::Fault;

constexpr std::size_t kFilePage = HeapFile::kPageBytes;
constexpr std::size_t kHeapBytes = 20 * kFilePage + 100; // its last page ends early
constexpr std::uint64_t kId = 77;

// What a file has: what it says, and the heap.
struct Content {
    std::optional<KeptState> state;
    Bytes heap;

    bool operator==(const Content &) const = default;
};

class HeapFileTest : public testing::Test {
  protected:
    // A file and its journal as they were found, opened.
    struct Opened {
        explicit Opened(const Bytes &file_bytes = {}, const Bytes &journal_bytes = {})
            : file(disk, file_bytes), journal(disk, journal_bytes) {}

        MemoryDisk disk;
        MemoryStorage file;
        MemoryStorage journal;
        HeapFile heap{"/s/heap", file, [this] { return Result<Storage *>(&journal); }};
    };

    static KeptState state_of(std::size_t used_bytes, const std::string &code = "some code") {
        return {.heap_base = 0x550000000000,
                .heap_bytes = kHeapBytes,
                .used_bytes = used_bytes,
                .generation = 3,
                .step = 12,
                .state = 0x550000001000,
                .module = "game",
                .code = code};
    }

    // A heap with another byte in these pages.
    static Bytes heap_with(Bytes heap, const std::vector<std::size_t> &pages, int value) {
        for (const std::size_t page : pages)
            heap[page * kFilePage + 7] = static_cast<std::byte>(value);
        return heap;
    }
    static std::vector<HeapPart> parts_of(const std::vector<std::size_t> &pages) {
        std::vector<HeapPart> parts;
        for (const std::size_t page : pages)
            parts.push_back({page * kFilePage, std::min((page + 1) * kFilePage, kHeapBytes)});
        return parts;
    }

    static Result<HeapFile::Commit> commit(HeapFile &file, const KeptState &state,
                                           const std::vector<std::size_t> &changed,
                                           const Bytes &heap) {
        return file.commit(state, parts_of(changed),
                           [&](std::size_t offset, std::span<std::byte> bytes) {
                               std::copy_n(heap.begin() + static_cast<std::ptrdiff_t>(offset),
                                           bytes.size(), bytes.begin());
                               return true;
                           });
    }

    static Result<Content> read(HeapFile &file) {
        if (const Status opened = file.open(kId); !opened)
            return opened.error();
        Content content{file.state(), Bytes(kHeapBytes)};
        if (!content.state)
            return content;
        const Status loaded = file.load([&](std::size_t offset,
                                            std::span<const std::byte> bytes) -> Status {
            std::ranges::copy(bytes, content.heap.begin() + static_cast<std::ptrdiff_t>(offset));
            return Done{};
        });
        return loaded ? Result(content) : loaded.error();
    }
    static Result<Content> read(const Bytes &file, const Bytes &journal = {}) {
        Opened opened(file, journal);
        return read(opened.heap);
    }

    // What is free in between has no content.
    static Content content_of(const KeptState &state, const Bytes &heap) {
        Content content{state, Bytes(kHeapBytes)};
        const auto used = static_cast<std::ptrdiff_t>(state.used_bytes);
        std::copy_n(heap.begin(), used, content.heap.begin());
        constexpr auto kLast = static_cast<std::ptrdiff_t>(kHeapBytes / kFilePage * kFilePage);
        std::copy(heap.begin() + kLast, heap.end(), content.heap.begin() + kLast);
        return content;
    }

    // A file with one commit: five pages.
    static Bytes first_heap() { return heap_with(Bytes(kHeapBytes), {0, 1, 2, 3, 4, 20}, 1); }
    static Bytes first_file() {
        Opened opened;
        EXPECT_TRUE(opened.heap.open(kId));
        EXPECT_TRUE(commit(opened.heap, state_of(5 * kFilePage), {}, first_heap()));
        return opened.file.bytes();
    }
    static Content first_content() { return content_of(state_of(5 * kFilePage), first_heap()); }

    // The commit that the tests below interrupt: pages that change and pages that are new.
    static Bytes second_heap() { return heap_with(first_heap(), {1, 4, 5, 6, 20}, 2); }
    static KeptState second_state() {
        return state_of(7 * kFilePage, "longer code, of a new library");
    }
    static Content second_content() { return content_of(second_state(), second_heap()); }
    static Result<HeapFile::Commit> make_second_commit(HeapFile &file) {
        return commit(file, second_state(), {1, 4}, second_heap());
    }
};

TEST_F(HeapFileTest, AnEmptyFileHasNoState) {
    Opened opened;
    ASSERT_TRUE(opened.heap.open(kId));
    EXPECT_FALSE(opened.heap.state());
    const Result<Content> again = read(opened.file.bytes());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_FALSE(again->state);
}

TEST_F(HeapFileTest, ACommitIsReadBack) {
    const Result<Content> content = read(first_file());
    ASSERT_TRUE(content) << content.error().message;
    EXPECT_EQ(*content, first_content());
}

TEST_F(HeapFileTest, OnlyWhatHasChangedIsWritten) {
    Opened opened(first_file());
    ASSERT_TRUE(read(opened.heap));
    std::vector<std::size_t> read_pages;
    ASSERT_TRUE(opened.heap.commit(state_of(5 * kFilePage), parts_of({3}),
                                   [&](std::size_t offset, std::span<std::byte> bytes) {
                                       read_pages.push_back(offset / kFilePage);
                                       std::ranges::fill(bytes, std::byte{9});
                                       return true;
                                   }));
    EXPECT_EQ(read_pages, (std::vector<std::size_t>{3, 20}));
    EXPECT_TRUE(opened.journal.bytes().empty());
}

// A page may change while it is in use, not be kept, and come back as it is now.
TEST_F(HeapFileTest, WhatComesIntoUseAgainIsWrittenUnasked) {
    Opened opened(first_file());
    ASSERT_TRUE(read(opened.heap));
    ASSERT_TRUE(commit(opened.heap, state_of(2 * kFilePage), {0}, first_heap()));
    const Bytes heap = heap_with(first_heap(), {3}, 5);
    ASSERT_TRUE(commit(opened.heap, state_of(5 * kFilePage), {}, heap));
    const Result<Content> content = read(opened.file.bytes());
    ASSERT_TRUE(content) << content.error().message;
    EXPECT_EQ(*content, content_of(state_of(5 * kFilePage), heap));
}

TEST_F(HeapFileTest, CodeThatHasNoRoomInTheHeadIsRefused) {
    Opened opened;
    ASSERT_TRUE(opened.heap.open(kId));
    const auto done = commit(opened.heap, state_of(kFilePage, std::string(1 << 20, 'x')), {}, {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message, "the module game links too many libraries to be kept: leave "
                                    "out --heap-file");
}

TEST_F(HeapFileTest, AHeapThatIsFullIsReadBack) {
    Opened opened;
    ASSERT_TRUE(opened.heap.open(kId));
    Bytes heap(kHeapBytes);
    for (std::size_t i = 0; i < heap.size(); ++i)
        heap[i] = static_cast<std::byte>(i * 31 / kFilePage + i);
    ASSERT_TRUE(commit(opened.heap, state_of(kHeapBytes), {}, heap));
    const Result<Content> content = read(opened.file.bytes());
    ASSERT_TRUE(content) << content.error().message;
    EXPECT_EQ(content->heap, heap);
}

TEST_F(HeapFileTest, AHeapThatChangesMeanwhileIsLeftForTheNextCommit) {
    for (std::size_t reads = 0; reads < 5; ++reads) {
        Opened opened(first_file());
        ASSERT_TRUE(read(opened.heap));
        std::size_t left = reads;
        const auto outcome = opened.heap.commit(second_state(), parts_of({1, 4}),
                                                [&](auto, auto) { return left-- > 0; });
        ASSERT_TRUE(outcome);
        EXPECT_EQ(*outcome, HeapFile::Commit::kOutdated);
        EXPECT_EQ(*read(opened.file.bytes(), opened.journal.bytes()), first_content());
        ASSERT_TRUE(make_second_commit(opened.heap));
        EXPECT_EQ(*read(opened.file.bytes(), opened.journal.bytes()), second_content());
    }
}

// At each operation, in the middle of it, and whatever of what was not synced comes to the disk.
TEST_F(HeapFileTest, ACutAtAnyMomentLeavesTheStateOfBeforeOrAfter) {
    const Bytes before = first_file();
    using Stays = std::function<bool(std::size_t)>;
    const std::vector<std::pair<const char *, Stays>> kPowerCuts = {
        {"nothing", [](std::size_t) { return false; }},
        {"every other one", [](std::size_t i) { return i % 2 == 0; }},
        {"every other one but the first", [](std::size_t i) { return i % 2 == 1; }},
        {"all but the first", [](std::size_t i) { return i > 0; }},
        {"the first", [](std::size_t i) { return i == 0; }},
    };
    bool has_left_both[] = {false, false};
    bool is_done = false;
    for (int operations = 0; !is_done; ++operations) {
        Opened opened(before);
        ASSERT_TRUE(read(opened.heap));
        opened.disk.fault = DiskFault::kCut;
        opened.disk.operations_left = operations;
        try {
            ASSERT_TRUE(make_second_commit(opened.heap));
            is_done = true;
        } catch (const MemoryDisk::PowerCut &) {
        }
        const auto expect_whole = [&](const Bytes &file, const Bytes &journal, const char *what) {
            const Result<Content> content = read(file, journal);
            ASSERT_TRUE(content) << content.error().message << ", " << what << " stays, cut after "
                                 << operations;
            const bool is_second = *content == second_content();
            EXPECT_TRUE(is_second || (!is_done && *content == first_content()))
                << "a mix, " << what << " stays, cut after " << operations;
            has_left_both[is_second ? 1 : 0] = true;
        };
        expect_whole(opened.file.bytes(), opened.journal.bytes(), "all");
        for (const auto &[what, stays] : kPowerCuts)
            expect_whole(opened.file.bytes_after_power_cut(stays),
                         opened.journal.bytes_after_power_cut(stays), what);
    }
    EXPECT_TRUE(has_left_both[0] && has_left_both[1]);
}

// Whoever goes on where another one was cut may be cut as well.
TEST_F(HeapFileTest, ACutWhileTheJournalIsAppliedAgainLeavesTheNewState) {
    Opened opened(first_file());
    ASSERT_TRUE(read(opened.heap));
    constexpr int kJournalIsWhole = 7; // cut, 4 writes and the head, sync; then it is applied
    opened.disk.fault = DiskFault::kCut;
    opened.disk.operations_left = kJournalIsWhole;
    EXPECT_THROW(static_cast<void>(make_second_commit(opened.heap)), MemoryDisk::PowerCut);
    bool is_done = false;
    int cuts = 0;
    for (; !is_done; ++cuts) {
        Opened next(opened.file.bytes(), opened.journal.bytes());
        next.disk.fault = DiskFault::kCut;
        next.disk.operations_left = cuts;
        try {
            ASSERT_TRUE(next.heap.open(kId));
            is_done = true;
        } catch (const MemoryDisk::PowerCut &) {
        }
        EXPECT_EQ(*read(next.file.bytes(), next.journal.bytes()), second_content());
    }
    EXPECT_GT(cuts, 4);
}

TEST_F(HeapFileTest, AFullDiskLeavesTheLastWholeStateAndTheNextCommitMakesUpForIt) {
    const Bytes before = first_file();
    bool is_done = false;
    for (int operations = 0; !is_done; ++operations) {
        Opened opened(before);
        ASSERT_TRUE(read(opened.heap));
        opened.disk.fault = DiskFault::kError;
        opened.disk.operations_left = operations;
        const Result<HeapFile::Commit> failed = make_second_commit(opened.heap);
        is_done = failed.ok();
        if (!failed) {
            EXPECT_EQ(failed.error().message, "can't write /s/heap: No space left on device");
        }
        const Result<Content> left = read(opened.file.bytes(), opened.journal.bytes());
        ASSERT_TRUE(left) << left.error().message << " after " << operations;
        EXPECT_TRUE(*left == first_content() || *left == second_content()) << operations;
        EXPECT_FALSE(commit(opened.heap, second_state(), {}, second_heap()).ok() && !is_done)
            << "it is still full";

        opened.disk.fault = DiskFault::kNone;
        const Bytes heap = heap_with(second_heap(), {2}, 3);
        ASSERT_TRUE(commit(opened.heap, second_state(), {1, 2, 4}, heap));
        EXPECT_EQ(*read(opened.file.bytes(), opened.journal.bytes()),
                  content_of(second_state(), heap));
    }
}

class DamagedHeapFileTest : public HeapFileTest {
  protected:
    // It is refused, by a sentence with this in it, and not touched.
    static void expect_refused(const Bytes &bytes, const std::string &sentence) {
        Opened opened(bytes);
        const Result<Content> content = read(opened.heap);
        ASSERT_FALSE(content);
        EXPECT_TRUE(content.error().message.starts_with("/s/heap ")) << content.error().message;
        EXPECT_NE(content.error().message.find(sentence), std::string::npos)
            << content.error().message;
        EXPECT_EQ(opened.file.bytes(), bytes);
    }
    static Bytes changed(Bytes bytes, std::size_t at) {
        bytes[at] ^= std::byte{0x10};
        return bytes;
    }
    static constexpr std::size_t kHeadBytes = 14 * 8 + 4 + 9; // with "game" and "some code"
    static constexpr std::size_t kPagesAt = std::size_t{64} << 10;
};

TEST_F(DamagedHeapFileTest, AnyOtherByteOfTheHeadIsRefused) {
    const Bytes file = first_file();
    for (std::size_t at = 0; at < kHeadBytes; ++at)
        expect_refused(changed(file, at), at < 8 ? "is no heap file of hotrun, and stays as it is"
                                          : at < 16 ? "of another version of hotrun"
                                                    : "is damaged (its head)");
}

TEST_F(DamagedHeapFileTest, AnyOtherPageIsRefused) {
    const Bytes file = first_file();
    for (std::size_t at = kPagesAt + 99; at < file.size(); at += kFilePage)
        expect_refused(changed(file, at), "is damaged (its contents are not what was written)");
}

TEST_F(DamagedHeapFileTest, OneThatIsCutShortIsRefused) {
    const Bytes file = first_file();
    for (const std::size_t size : {std::size_t{1}, std::size_t{111}})
        expect_refused({file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)},
                       "is no heap file of hotrun");
    for (std::size_t size = kHeadBytes - 1; size < file.size(); size += kFilePage)
        expect_refused({file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)},
                       "is damaged (");
    expect_refused({file.begin(), file.end() - 1}, "is damaged (it is cut short)");
}

TEST_F(DamagedHeapFileTest, OneOfAnotherProgramIsRefused) {
    Bytes text(5000, std::byte{'x'});
    expect_refused(text, "give --heap-file another name");
}

class HeapJournalTest : public DamagedHeapFileTest {
  protected:
    // A file whose second commit was cut when its journal had just become whole.
    HeapJournalTest() : opened(first_file()) {
        EXPECT_TRUE(read(opened.heap));
        opened.disk.fault = DiskFault::kCut;
        opened.disk.operations_left = 7;
        EXPECT_THROW(static_cast<void>(make_second_commit(opened.heap)), MemoryDisk::PowerCut);
        EXPECT_EQ(*read(opened.file.bytes(), opened.journal.bytes()), second_content());
    }
    Opened opened;
};

TEST_F(HeapJournalTest, OneThatIsNotWholeIsDropped) {
    const Bytes file = first_file();
    const Bytes journal = opened.journal.bytes();
    for (std::size_t at = 0; at < journal.size(); at += at < 100 ? 3 : 2039)
        EXPECT_EQ(*read(file, changed(journal, at)), first_content()) << at;
    for (std::size_t size = 0; size < journal.size(); size += 2039)
        EXPECT_EQ(
            *read(file, {journal.begin(), journal.begin() + static_cast<std::ptrdiff_t>(size)}),
            first_content());
}

TEST_F(HeapJournalTest, OneOfAnotherFileOrOfALaterOneIsDropped) {
    Opened other;
    ASSERT_TRUE(other.heap.open(kId + 1));
    ASSERT_TRUE(commit(other.heap, state_of(5 * kFilePage), {}, first_heap()));
    EXPECT_EQ(*read(other.file.bytes(), opened.journal.bytes()), first_content());

    Opened later(first_file());
    ASSERT_TRUE(read(later.heap));
    const Bytes heap = heap_with(second_heap(), {2}, 3);
    ASSERT_TRUE(make_second_commit(later.heap));
    ASSERT_TRUE(commit(later.heap, second_state(), {2}, heap));
    EXPECT_EQ(*read(later.file.bytes(), opened.journal.bytes()), content_of(second_state(), heap));
}

TEST_F(HeapJournalTest, OneThatIsWholeMendsTheHead) {
    Bytes file = first_file();
    for (std::size_t at = 24; at < kHeadBytes; at += 9)
        EXPECT_EQ(*read(changed(file, at), opened.journal.bytes()), second_content());
}

} // namespace
} // namespace hotrun
