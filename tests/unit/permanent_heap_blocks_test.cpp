#include "core/permanent_heap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace hotrun {
namespace {

class PermanentHeapBlocks : public testing::Test {
  protected:
    static constexpr std::size_t kHeapBytes = std::size_t{64} << 10;

    std::vector<std::max_align_t> memory_ =
        std::vector<std::max_align_t>(kHeapBytes / sizeof(std::max_align_t));
    PermanentHeap heap_{memory_.data(), kHeapBytes};
};

TEST_F(PermanentHeapBlocks, AreThoseThatWereNotReleased) {
    EXPECT_TRUE(heap_.live_blocks().empty());
    const hotrun_type type{"record", 24, 8};
    void *const first = heap_.allocate_typed(1, type);
    void *const second = heap_.allocate(100, 0);
    void *const third = heap_.allocate_typed(2, type);
    EXPECT_TRUE(heap_.release(first));
    const auto blocks = heap_.live_blocks();
    ASSERT_EQ(blocks.size(), 2U);
    EXPECT_EQ(blocks[0].payload.data(), second);
    EXPECT_EQ(blocks[0].type, nullptr);
    EXPECT_GE(blocks[0].payload.size(), 100U);
    EXPECT_EQ(blocks[1].payload.data(), third);
    EXPECT_EQ(blocks[1].type, &type);
}

// As many objects as were asked for: a block is rounded up.
TEST_F(PermanentHeapBlocks, OfATypeHaveTheBytesThatWereAskedFor) {
    for (const std::size_t size : {1, 4, 8, 12, 16, 24, 33}) {
        for (const std::size_t count : {1, 2, 3, 7}) {
            const hotrun_type type{"record", size, 1};
            void *const block = heap_.allocate_typed(count, type);
            const auto blocks = heap_.live_blocks();
            ASSERT_EQ(blocks.size(), 1U);
            EXPECT_EQ(blocks[0].payload.size(), size * count);
            EXPECT_TRUE(heap_.release(block));
            EXPECT_TRUE(heap_.check());
        }
    }
}

TEST_F(PermanentHeapBlocks, KeepTheirBytesBesideANeighbourThatIsReleased) {
    const hotrun_type type{"record", 4, 4};
    void *const before = heap_.allocate_typed(1, type);
    static_cast<void>(heap_.allocate_typed(3, type));
    EXPECT_TRUE(heap_.release(before));
    ASSERT_EQ(heap_.live_blocks().size(), 1U);
    EXPECT_EQ(heap_.live_blocks()[0].payload.size(), 12U);
    EXPECT_TRUE(heap_.check());
}

TEST_F(PermanentHeapBlocks, AreGoneOnceTheHeapIsFormatted) {
    const PermanentHeap::Statistics fresh = heap_.statistics();
    static_cast<void>(heap_.allocate(100, 0));
    heap_.set_root(&heap_);
    heap_.format();
    EXPECT_TRUE(heap_.live_blocks().empty());
    EXPECT_EQ(heap_.root(), nullptr);
    EXPECT_EQ(heap_.statistics(), fresh);
    EXPECT_TRUE(heap_.check());
}

TEST_F(PermanentHeapBlocks, MadeTogetherAreAsThoseMadeOneByOne) {
    const hotrun_type type{"record", 12, 4};
    for (const std::size_t count : {1, 3, 4}) { // with bytes to spare, and without
        std::vector<void *> blocks(10);
        ASSERT_TRUE(heap_.allocate_typed(blocks, count, type));
        EXPECT_TRUE(heap_.check());
        const auto live = heap_.live_blocks();
        ASSERT_EQ(live.size(), blocks.size());
        for (std::size_t i = 0; i < live.size(); ++i) {
            EXPECT_EQ(live[i].payload.data(), blocks[i]);
            EXPECT_EQ(live[i].payload.size(), 12 * count);
            EXPECT_EQ(live[i].type, &type);
            EXPECT_TRUE(std::ranges::all_of(live[i].payload,
                                            [](std::byte byte) { return byte == std::byte{}; }));
            std::memset(blocks[i], 7, 12 * count);
        }
        EXPECT_TRUE(heap_.release(blocks));
    }
    EXPECT_EQ(heap_.statistics().block_count, 0U);
    EXPECT_TRUE(heap_.check());
}

TEST_F(PermanentHeapBlocks, ReleasedTogetherMayHaveOthersBetweenThem) {
    const hotrun_type type{"record", 12, 4};
    std::vector<void *> blocks(10);
    ASSERT_TRUE(heap_.allocate_typed(blocks, 1, type));
    const std::vector<void *> some = {blocks[0], blocks[1], blocks[2],
                                      blocks[5], blocks[6], blocks[9]};
    EXPECT_TRUE(heap_.release(some));
    EXPECT_TRUE(heap_.check());
    EXPECT_EQ(heap_.live_blocks().size(), 4U);
    EXPECT_FALSE(heap_.release(some)) << "they are gone";
    EXPECT_EQ(heap_.live_blocks().size(), 4U);
    EXPECT_TRUE(heap_.release(std::vector<void *>{blocks[3], blocks[4], blocks[7], blocks[8]}));
    EXPECT_EQ(heap_.live_blocks().size(), 0U);
    EXPECT_TRUE(heap_.check());
}

TEST_F(PermanentHeapBlocks, MadeTogetherFillWhatIsLeftAndThenTheHeapIsFull) {
    const hotrun_type type{"record", 1000, 64};
    std::vector<void *> blocks(100);
    EXPECT_FALSE(heap_.allocate_typed(blocks, 1, type));
    EXPECT_TRUE(heap_.check());
    const hotrun_type small{"record", 1000, 8};
    EXPECT_FALSE(heap_.allocate_typed(blocks, 1, small));
    EXPECT_TRUE(heap_.check());
    EXPECT_FALSE(heap_.allocate_typed(blocks, SIZE_MAX / 8, small));
}

} // namespace
} // namespace hotrun
