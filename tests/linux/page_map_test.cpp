#include "linux/page_map.hpp"

#include "core/snapshot.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include <sys/mman.h>

namespace hotrun {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kWatchedPages = 64;

// As .bss: private, and zero where it was not written.
class PageMapTest : public testing::Test {
  protected:
    PageMapTest()
        : memory_(static_cast<std::byte *>(::mmap(nullptr, kWatchedPages * kPageBytes,
                                                  PROT_READ | PROT_WRITE,
                                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
                  kWatchedPages * kPageBytes) {
        ::madvise(memory_.data(), memory_.size(), MADV_NOHUGEPAGE);
    }
    ~PageMapTest() override { ::munmap(memory_.data(), memory_.size()); }

    void write(std::size_t page, int value) { memory_[page * kPageBytes] = std::byte(value); }
    int read(std::size_t page) { return std::to_integer<int>(memory_[page * kPageBytes]); }

    PageMap pages_;
    std::span<std::byte> memory_;
};

TEST_F(PageMapTest, GivesThePartsThatWereWritten) {
    write(3, 1);
    write(4, 1);
    write(10, 1);
    const auto parts = pages_.written_in(memory_);
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_EQ(parts[0].data(), memory_.data() + 3 * kPageBytes);
    EXPECT_EQ(parts[0].size(), 2 * kPageBytes);
    EXPECT_EQ(parts[1].data(), memory_.data() + 10 * kPageBytes);
    EXPECT_EQ(parts[1].size(), kPageBytes);
}

TEST_F(PageMapTest, PartsOfPagesCountAsWritten) {
    const std::span<std::byte> inner = memory_.subspan(100, 3 * kPageBytes);
    const auto parts = pages_.written_in(inner);
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_EQ(parts[0].data(), inner.data());
    EXPECT_EQ(parts[0].size(), kPageBytes - 100);
    EXPECT_EQ(parts[1].data(), memory_.data() + 3 * kPageBytes);
    EXPECT_EQ(parts[1].size(), 100u);
}

TEST_F(PageMapTest, DroppedPagesAreAsTheyWereMapped) {
    write(5, 7);
    pages_.drop(memory_.subspan(5 * kPageBytes, kPageBytes));
    EXPECT_EQ(read(5), 0);
    EXPECT_TRUE(pages_.written_in(memory_.subspan(6 * kPageBytes)).empty());
}

// A heap that is never looked at.
class NoHeap final : public HeapImage {
  public:
    std::span<std::byte> memory() override { return {}; }
    Status take(std::size_t, Memory) override { return Done{}; }
    void restore() override {}
    std::span<const std::byte> image() const override { return {}; }
    std::uint64_t version() const override { return 0; }
    Status read_image(std::size_t, std::span<std::byte>) const override { return Done{}; }
    std::uint64_t mark() override { return 0; }
    std::vector<HeapPart> changed_since(std::uint64_t, std::size_t) const override { return {}; }
};

TEST_F(PageMapTest, StaticsGoBackWhetherTheyWereWrittenBeforeOrAfter) {
    NoHeap no_heap;
    Snapshot snapshot(no_heap, &pages_);
    write(1, 1);
    write(kWatchedPages - 1, 2);
    std::vector<std::byte> heap_memory(1u << 16);
    const PermanentHeap heap(heap_memory.data(), heap_memory.size());
    hotrun_context context{};
    ASSERT_TRUE(snapshot.take(heap, {memory_}, context, HeapImage::Memory::kKept));
    write(0, 3);
    write(1, 4);
    write(30, 5);
    write(kWatchedPages - 1, 6);
    snapshot.restore(context);
    EXPECT_EQ(read(0), 0);
    EXPECT_EQ(read(1), 1);
    EXPECT_EQ(read(30), 0);
    EXPECT_EQ(read(kWatchedPages - 1), 2);
}

} // namespace
} // namespace hotrun
