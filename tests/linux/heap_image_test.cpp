// The image of a heap: what is taken into it, and what it brings back.
#include "linux/heap_mapping.hpp"

#include "restarted_process.hpp"
#include "sanitizers.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <thread>

#include <sys/mman.h>
#include <sys/stat.h>

namespace hotrun {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kPageCount = 16;
constexpr std::size_t kBytes = kPageCount * kPage;

class HeapImageTest : public testing::TestWithParam<HeapImage::Memory> {
  protected:
    explicit HeapImageTest(std::size_t bytes = kBytes) {
        auto heap = HeapMapping::create(bytes);
        EXPECT_TRUE(heap);
        heap_ = std::move(*heap);
    }

    std::byte &at(std::size_t offset) { return heap_->memory()[offset]; }
    std::byte &page(std::size_t index) { return at(index * kPage); }
    std::byte in_image(std::size_t offset) const { return heap_->image()[offset]; }

    void take(std::size_t page_count, HeapImage::Memory memory = HeapImage::Memory::kKept) {
        const Status taken = heap_->take(page_count * kPage, memory);
        EXPECT_TRUE(taken) << taken.error().message;
    }

    std::vector<std::pair<std::size_t, std::size_t>> changed_since(std::uint64_t mark,
                                                                   std::size_t page_count) {
        std::vector<std::pair<std::size_t, std::size_t>> pages;
        for (const HeapPart &part : heap_->changed_since(mark, page_count * kPage))
            pages.emplace_back(part.begin / kPage, part.end / kPage);
        return pages;
    }

    // Of the file that is the image.
    std::size_t resident_bytes() const {
        struct stat status {};
        EXPECT_EQ(::fstat(heap_->descriptor(), &status), 0);
        return static_cast<std::size_t>(status.st_blocks) * 512;
    }

    // Pages of the mapping that are not those of the image.
    std::size_t own_pages() const {
        const UniqueFd file(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
        std::vector<std::uint64_t> words((heap_->bytes() + kPage - 1) / kPage);
        const auto first = reinterpret_cast<std::uintptr_t>(heap_->base()) / kPage * 8;
        EXPECT_GT(::pread(file.get(), words.data(), words.size() * 8, static_cast<off_t>(first)),
                  0);
        return static_cast<std::size_t>(
            std::count_if(words.begin(), words.end(), [](std::uint64_t word) {
                return (word >> 63) != 0 && (word >> 61 & 1) == 0;
            }));
    }

    std::unique_ptr<HeapMapping> heap_;
};

constexpr std::byte kOld{1};
constexpr std::byte kNew{2};

TEST_P(HeapImageTest, GoesBackToWhatWasTaken) {
    for (const std::size_t index : {0, 1, 3, 9})
        page(index) = kOld;
    at(10 * kPage - 1) = kOld;
    take(10, GetParam());
    for (const std::size_t index : {0, 2, 3, 9})
        page(index) = kNew; // 2: never written before
    heap_->restore();
    for (const std::size_t index : {0, 1, 3, 9})
        EXPECT_EQ(page(index), kOld) << index;
    EXPECT_EQ(page(2), std::byte{0});
    EXPECT_EQ(at(10 * kPage - 1), kOld);
}

TEST_P(HeapImageTest, GoesBackToTheLastOneTaken) {
    for (int round = 1; round <= 10; ++round) {
        page(0) = static_cast<std::byte>(round);
        page(round) = static_cast<std::byte>(round);
        take(12, GetParam());
        page(0) = page(round) = kNew;
        heap_->restore();
        EXPECT_EQ(page(0), static_cast<std::byte>(round));
        EXPECT_EQ(page(round), static_cast<std::byte>(round));
    }
}

TEST_P(HeapImageTest, WhatGoesBackMayBeTakenAgain) {
    page(3) = kOld;
    take(4, GetParam());
    page(3) = kNew;
    take(4, GetParam());
    page(3) = kOld; // as an image before was
    take(4, GetParam());
    page(3) = kNew;
    heap_->restore();
    EXPECT_EQ(page(3), kOld);
}

// How the heap ends is kept there.
TEST_P(HeapImageTest, TheLastPageIsTakenToo) {
    page(0) = page(kPageCount - 1) = kOld;
    at(kBytes - 1) = kOld;
    take(1, GetParam());
    page(kPageCount - 1) = at(kBytes - 1) = kNew;
    heap_->restore();
    EXPECT_EQ(page(kPageCount - 1), kOld);
    EXPECT_EQ(at(kBytes - 1), kOld);
}

TEST_P(HeapImageTest, AHeapThatIsFullIsTakenAsAWhole) {
    const std::uint64_t mark = heap_->mark();
    std::memset(heap_->base(), 1, kBytes);
    take(kPageCount, GetParam());
    EXPECT_EQ(heap_->image().size(), kBytes);
    EXPECT_EQ(in_image(kBytes - 1), kOld);
    EXPECT_EQ(changed_since(mark, kPageCount),
              (std::vector<std::pair<std::size_t, std::size_t>>{{0, kPageCount}}));
    std::memset(heap_->base(), 2, kBytes);
    heap_->restore();
    EXPECT_TRUE(std::all_of(heap_->memory().begin(), heap_->memory().end(),
                            [](std::byte byte) { return byte == kOld; }));
}

TEST_P(HeapImageTest, APartOfTheImageIsReadAndAnotherVersionIsKnown) {
    page(3) = kOld;
    take(4, GetParam());
    const std::uint64_t version = heap_->version();
    page(3) = kNew;
    std::vector<std::byte> bytes(2 * kPage);
    ASSERT_TRUE(heap_->read_image(2 * kPage, bytes));
    EXPECT_EQ(bytes[kPage], kOld);
    EXPECT_EQ(heap_->version(), version);
    take(4, GetParam());
    EXPECT_NE(heap_->version(), version);
    EXPECT_FALSE(heap_->read_image(kBytes - 1, bytes)) << "beyond its end";
}

TEST_P(HeapImageTest, WhatIsPutIntoAFreshOneIsThere) {
    const std::vector<std::byte> bytes(kPage + 10, kOld);
    ASSERT_TRUE(heap_->put(5 * kPage, bytes));
    EXPECT_EQ(page(5), kOld);
    EXPECT_EQ(at(6 * kPage + 9), kOld);
    EXPECT_EQ(own_pages(), 0U) << "it is that of the image";
    page(5) = kNew;
    heap_->restore();
    EXPECT_EQ(page(5), kOld);
}

TEST_P(HeapImageTest, TheImageIsWhatWasTakenAndNotWhatIsThere) {
    page(1) = kOld;
    take(2, GetParam());
    page(1) = kNew;
    ASSERT_EQ(heap_->image().size(), 2 * kPage);
    EXPECT_EQ(in_image(kPage), kOld);
}

TEST_P(HeapImageTest, TellsWhatHasChangedSinceAMark) {
    using Pages = std::vector<std::pair<std::size_t, std::size_t>>;
    page(1) = kOld;
    take(12, GetParam());
    const std::uint64_t mark = heap_->mark();
    EXPECT_EQ(changed_since(mark, 12), Pages());
    page(2) = page(3) = page(7) = kOld;
    page(1) = kNew;
    page(1) = kOld; // written, and the same
    take(12, GetParam());
    EXPECT_EQ(changed_since(mark, 12), (Pages{{2, 4}, {7, 8}}));
    EXPECT_EQ(changed_since(mark, 3), (Pages{{2, 3}}));
    page(9) = kOld;
    take(12, GetParam());
    EXPECT_EQ(changed_since(mark, 12), (Pages{{2, 4}, {7, 8}, {9, 10}})) << "of both";
    EXPECT_EQ(changed_since(heap_->mark(), 12), Pages());
}

INSTANTIATE_TEST_SUITE_P(All, HeapImageTest,
                         testing::Values(HeapImage::Memory::kKept, HeapImage::Memory::kGivenBack),
                         [](const auto &row) {
                             return row.param == HeapImage::Memory::kKept ? "Kept" : "GivenBack";
                         });

class HeapImageMemory : public HeapImageTest {
  protected:
    explicit HeapImageMemory(std::size_t bytes = kBytes) : HeapImageTest(bytes) {}
};

TEST_F(HeapImageMemory, PagesThatAreGivenBackAreThoseOfTheImage) {
    for (const std::size_t index : {0, 1, 5})
        page(index) = kOld;
    EXPECT_EQ(own_pages(), 3u);
    take(8, HeapImage::Memory::kKept);
    EXPECT_EQ(own_pages(), 3u);
    take(8, HeapImage::Memory::kGivenBack);
    EXPECT_EQ(own_pages(), 3u) << "they may change again";
    heap_->mark();
    heap_->mark();
    page(1) = kNew;
    take(8, HeapImage::Memory::kGivenBack);
    EXPECT_EQ(own_pages(), 1u);
    EXPECT_EQ(page(5), kOld);
    EXPECT_EQ(own_pages(), 1u) << "to read is not to write";
}

TEST_F(HeapImageMemory, RestoringGivesAllPagesBack) {
    for (std::size_t index = 0; index < kPageCount; ++index)
        page(index) = kOld;
    heap_->restore();
    EXPECT_EQ(own_pages(), 0u);
    EXPECT_EQ(page(kPageCount - 1), std::byte{0});
}

class LargeHeapImage : public HeapImageMemory {
  protected:
    LargeHeapImage() : HeapImageMemory(std::size_t{64} << 20) {}
};

// To give them back takes time, in which the host waits.
TEST_F(LargeHeapImage, PagesAreGivenBackAFewAtATime) {
    constexpr std::size_t kMany = 200;
    for (std::size_t index = 0; index < kMany; ++index)
        page(index) = kOld;
    take(kMany, HeapImage::Memory::kKept);
    heap_->mark();
    heap_->mark();
    std::size_t left = kMany;
    for (int rounds = 0; own_pages() > 0; ++rounds) {
        ASSERT_LT(rounds, 20);
        take(kMany, HeapImage::Memory::kGivenBack);
        EXPECT_LT(own_pages(), left);
        EXPECT_GE(own_pages() + kMany / 4, left);
        left = own_pages();
    }
    EXPECT_EQ(page(kMany - 1), kOld);
}

TEST_F(LargeHeapImage, WhatIsNotUsedTakesNoMemory) {
    page(0) = kOld;
    for (int i = 0; i < 3; ++i)
        take(1, HeapImage::Memory::kGivenBack);
    EXPECT_EQ(resident_bytes(), 2 * kPage); // with the last one
    EXPECT_LE(own_pages(), 1u);
}

TEST_F(LargeHeapImage, WhatWasNeverWrittenTakesNoMemory) {
    page(0) = page(8000) = kOld;
    take(10000, HeapImage::Memory::kKept);
    EXPECT_EQ(resident_bytes(), 3 * kPage);
}

// As one that --heap makes of any size.
class OddHeapImage : public HeapImageMemory {
  protected:
    static constexpr std::size_t kOdd = 3 * kPage + 100;
    OddHeapImage() : HeapImageMemory(kOdd) {}
};

TEST_F(OddHeapImage, GoesBackUpToItsEnd) {
    for (const HeapImage::Memory memory :
         {HeapImage::Memory::kKept, HeapImage::Memory::kGivenBack}) {
        const std::uint64_t mark = heap_->mark();
        std::memset(heap_->base(), memory == HeapImage::Memory::kKept ? 3 : 1, kOdd);
        const Status taken = heap_->take(kOdd, memory);
        ASSERT_TRUE(taken) << taken.error().message;
        EXPECT_EQ(heap_->image().size(), kOdd);
        const std::vector<HeapPart> changed = heap_->changed_since(mark, kOdd);
        ASSERT_EQ(changed.size(), 1u);
        EXPECT_EQ(changed[0].end, kOdd);
        struct stat status {};
        ::fstat(heap_->descriptor(), &status);
        EXPECT_EQ(status.st_size, static_cast<off_t>(kOdd));
        std::memset(heap_->base(), 2, kOdd);
        heap_->restore();
        EXPECT_TRUE(std::all_of(heap_->memory().begin(), heap_->memory().end(),
                                [&](std::byte byte) { return byte == in_image(0); }));
    }
}

// Taken over.

class HeapAdoption : public HeapImageTest {
  protected:
    int duplicate() const { return ::fcntl(heap_->descriptor(), F_DUPFD, 0); }
};

TEST_F(HeapAdoption, TheImageIsFoundAtTheNextPlace) {
    page(2) = kOld;
    take(4);
    page(2) = kNew;
    auto second = HeapMapping::adopt(duplicate(), kBytes);
    ASSERT_TRUE(second);
    EXPECT_EQ(static_cast<std::byte *>((*second)->base()),
              static_cast<std::byte *>(heap_->base()) + HeapMapping::kMaxBytes);
    EXPECT_EQ((*second)->memory()[2 * kPage], kOld);
    EXPECT_NE(::fcntl((*second)->descriptor(), F_GETFD) & FD_CLOEXEC, 0);
    (*second)->memory()[2 * kPage] = std::byte{3};
    (*second)->restore();
    EXPECT_EQ((*second)->memory()[2 * kPage], kOld);
    EXPECT_EQ(page(2), kNew);
}

TEST_F(HeapAdoption, OneOfAnotherSizeIsAnErrorAndClosed) {
    const int descriptor = duplicate();
    EXPECT_FALSE(HeapMapping::adopt(descriptor, kBytes + kPage));
    EXPECT_LT(::fcntl(descriptor, F_GETFD), 0);
    EXPECT_FALSE(HeapMapping::adopt(-1, kBytes));
}

// Other threads.

TEST_F(HeapImageMemory, NoWriteOfAnotherThreadIsLost) {
    constexpr std::uint64_t kRounds = 20'000;
    constexpr int kTakes = 2000;
    std::atomic<std::uint64_t> rounds = 0;
    std::atomic<bool> goes_on = true;
    const auto word = [this](std::size_t index) -> volatile std::uint64_t & {
        return reinterpret_cast<volatile std::uint64_t &>(page(index));
    };
    std::thread writer([&] {
        for (; goes_on; ++rounds) {
            for (std::size_t index = 0; index < kPageCount; ++index)
                word(index) = word(index) + 1;
        }
    });
    for (int takes = 0; takes < kTakes || rounds < kRounds; ++takes)
        take(kPageCount - 1, HeapImage::Memory::kKept);
    goes_on = false;
    writer.join();
    for (std::size_t index = 0; index < kPageCount; ++index)
        EXPECT_EQ(word(index), rounds) << index;
    take(kPageCount - 1, HeapImage::Memory::kKept);
    heap_->restore();
    for (std::size_t index = 0; index < kPageCount; ++index)
        EXPECT_EQ(word(index), rounds) << index;
}

TEST_F(HeapImageMemory, AMarkCanBeMadeOnAnotherThread) {
    std::atomic<bool> goes_on = true;
    std::thread runner([&] {
        for (std::uint64_t before = 0; goes_on;) {
            const std::uint64_t mark = heap_->mark();
            EXPECT_GT(mark, before);
            before = mark;
            EXPECT_LE(heap_->image().size(), kBytes);
        }
    });
    for (int i = 0; i < 300; ++i) {
        page(1) = static_cast<std::byte>(i);
        take(2, HeapImage::Memory::kGivenBack);
    }
    goes_on = false;
    runner.join();
}

} // namespace
} // namespace hotrun
