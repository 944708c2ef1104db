// A heap that goes on where another one has ended, and how much of it is in use.
#include "core/permanent_heap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace hotrun {
namespace {

constexpr std::size_t kBytes = 64 * 1024;

struct AttachTest : testing::Test {
    std::byte *base() { return memory.data(); }
    PermanentHeap attach(std::size_t bytes = kBytes) {
        return {base(), bytes, PermanentHeap::Attach{}};
    }
    // What lies between is what a snapshot leaves out.
    void wipe_what_is_free(const PermanentHeap &heap) {
        constexpr std::size_t kEndBytes = 64;
        for (std::size_t i = heap.extent_bytes(); i < kBytes - kEndBytes; ++i)
            memory[i] = std::byte{0xdb};
    }

    std::vector<std::byte> memory = std::vector<std::byte>(kBytes);
};

TEST_F(AttachTest, EmptyRangeIsFormatted) {
    PermanentHeap heap = attach();
    EXPECT_TRUE(heap.check());
    EXPECT_EQ(heap.statistics().block_count, 0u);
    EXPECT_NE(heap.allocate(100, 0), nullptr);
}

TEST_F(AttachTest, BlocksAndFreeListsGoOn) {
    PermanentHeap before(base(), kBytes);
    std::vector<void *> blocks;
    for (std::size_t i = 0; i < 20; ++i)
        blocks.push_back(before.allocate(10 * i, 0));
    for (std::size_t i = 0; i < 20; i += 2)
        EXPECT_TRUE(before.release(blocks[i]));
    before.set_root(blocks[1]);
    std::memset(blocks[7], 7, 70);

    PermanentHeap after = attach();
    EXPECT_TRUE(after.check());
    EXPECT_EQ(after.statistics(), before.statistics());
    EXPECT_EQ(after.root(), blocks[1]);
    EXPECT_EQ(static_cast<unsigned char *>(blocks[7])[69], 7);
    EXPECT_FALSE(after.release(blocks[0])) << "it was released already";
    for (std::size_t i = 1; i < 20; i += 2)
        EXPECT_TRUE(after.release(blocks[i]));
    EXPECT_EQ(after.statistics().block_count, 0u);
    EXPECT_TRUE(after.check());
}

TEST_F(AttachTest, GarbageIsFormatted) {
    std::minstd_rand random(7);
    for (std::byte &byte : memory)
        byte = static_cast<std::byte>(random());
    PermanentHeap heap = attach();
    EXPECT_TRUE(heap.check());
    EXPECT_EQ(heap.statistics().block_count, 0u);
    EXPECT_EQ(heap.root(), nullptr);
}

TEST_F(AttachTest, HeapOfAnotherSizeOrPlaceIsFormatted) {
    PermanentHeap before(base(), kBytes);
    EXPECT_NE(before.allocate(100, 0), nullptr);
    const std::vector<std::byte> kept = memory;
    EXPECT_EQ(attach(kBytes / 2).statistics().block_count, 0u);
    memory = kept;
    EXPECT_EQ(attach().statistics().block_count, 1u);
    std::vector<std::byte> elsewhere = kept;
    PermanentHeap moved(elsewhere.data(), kBytes, PermanentHeap::Attach{});
    EXPECT_EQ(moved.statistics().block_count, 0u);
    EXPECT_TRUE(moved.check());
}

TEST_F(AttachTest, RangeThatIsTooSmallIsAlwaysFull) {
    PermanentHeap heap = attach(64);
    EXPECT_EQ(heap.allocate(1, 0), nullptr);
    EXPECT_EQ(heap.extent_bytes(), 0u);
    EXPECT_TRUE(heap.check());
}

TEST_F(AttachTest, AllBlocksLieBelowTheExtent) {
    PermanentHeap heap(base(), kBytes);
    std::minstd_rand random(3);
    std::vector<std::byte *> blocks;
    for (int round = 0; round < 2'000; ++round) {
        if (random() % 2 != 0) {
            if (auto *block = static_cast<std::byte *>(heap.allocate(random() % 700, 16)))
                blocks.push_back(block);
        } else if (!blocks.empty()) {
            std::swap(blocks[random() % blocks.size()], blocks.back());
            ASSERT_TRUE(heap.release(blocks.back()));
            blocks.pop_back();
        }
        const std::byte *last = base();
        if (!blocks.empty())
            last = *std::ranges::max_element(blocks);
        ASSERT_LE(last, base() + heap.extent_bytes());
        ASSERT_LE(heap.extent_bytes(), kBytes);
    }
    wipe_what_is_free(heap);
    EXPECT_TRUE(heap.check());
}

TEST_F(AttachTest, ExtentGrowsAndShrinks) {
    PermanentHeap heap(base(), kBytes);
    const std::size_t empty = heap.extent_bytes();
    EXPECT_LT(empty, kBytes / 2);
    void *first = heap.allocate(1000, 0);
    const std::size_t one = heap.extent_bytes();
    EXPECT_EQ(one, empty + 1000 + 8 + 16); // rounded up, and a header
    void *second = heap.allocate(1000, 0);
    EXPECT_GT(heap.extent_bytes(), one);
    EXPECT_TRUE(heap.release(first));
    EXPECT_GT(heap.extent_bytes(), one) << "the second is still there";
    EXPECT_TRUE(heap.release(second));
    EXPECT_EQ(heap.extent_bytes(), empty);
}

TEST_F(AttachTest, FullHeapIsInUseToItsEnd) {
    PermanentHeap heap(base(), kBytes);
    while (heap.allocate(400, 0) != nullptr) {
    }
    while (heap.allocate(16, 0) != nullptr) {
    }
    EXPECT_EQ(heap.statistics().free_bytes, 0u);
    EXPECT_GT(heap.extent_bytes(), kBytes - 64);
    EXPECT_LE(heap.extent_bytes(), kBytes);
}

TEST_F(AttachTest, WhatLiesBeyondTheExtentIsNotNeeded) {
    PermanentHeap heap(base(), kBytes);
    void *block = heap.allocate(1000, 0);
    wipe_what_is_free(heap);
    PermanentHeap after = attach();
    EXPECT_TRUE(after.check());
    EXPECT_NE(after.allocate(30'000, 0), nullptr);
    EXPECT_TRUE(after.release(block));
    EXPECT_TRUE(after.check());
}

} // namespace
} // namespace hotrun
