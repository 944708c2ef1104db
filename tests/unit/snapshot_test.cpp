#include "core/snapshot.hpp"

#include "support/fake_heap_image.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hotrun {
namespace {

class SnapshotTest : public testing::Test {
  protected:
    static constexpr auto kKept = HeapImage::Memory::kKept;

    static std::span<std::byte> bytes_of(int &variable) {
        return std::as_writable_bytes(std::span(&variable, 1));
    }
    Status take(const Statics &statics = {}) {
        return snapshot.take(heap, statics, context, kKept);
    }

    FakeHeapImage image;
    PermanentHeap heap{image.memory().data(), image.memory().size()};
    Snapshot snapshot{image};
    hotrun_context context{};
    int first = 1;
    int second = 2;
};

TEST_F(SnapshotTest, HeapGoesBackToWhatItWas) {
    auto *block = static_cast<int *>(heap.allocate(sizeof(int), 0));
    *block = 13;
    const PermanentHeap::Statistics before = heap.statistics();
    EXPECT_TRUE(take());
    *block = 14;
    for (int i = 0; i < 20; ++i)
        EXPECT_NE(heap.allocate(1000, 0), nullptr);
    snapshot.restore(context);
    EXPECT_EQ(*block, 13);
    EXPECT_EQ(heap.statistics(), before);
    EXPECT_TRUE(heap.check());
}

TEST_F(SnapshotTest, FullHeapGoesBackToo) {
    std::vector<void *> blocks;
    while (void *block = heap.allocate(500, 0))
        blocks.push_back(block);
    while (heap.allocate(16, 0) != nullptr) {
    }
    const PermanentHeap::Statistics before = heap.statistics();
    EXPECT_TRUE(take());
    for (void *block : blocks)
        EXPECT_TRUE(heap.release(block));
    snapshot.restore(context);
    EXPECT_EQ(heap.statistics(), before);
    EXPECT_TRUE(heap.check());
    EXPECT_TRUE(heap.release(blocks.back()));
}

TEST_F(SnapshotTest, ContextGoesBack) {
    int object = 0;
    context.generation = 3;
    context.step = 40;
    context.state = &object;
    EXPECT_TRUE(take());
    EXPECT_EQ(snapshot.step(), 40u);
    EXPECT_EQ(snapshot.state(), &object);
    context.generation = 4;
    context.step = 41;
    context.state = nullptr;
    snapshot.restore(context);
    EXPECT_EQ(context.generation, 3u);
    EXPECT_EQ(context.step, 40u);
    EXPECT_EQ(context.state, &object);
}

TEST_F(SnapshotTest, StaticsGoBackAsOftenAsItTakes) {
    EXPECT_TRUE(take({bytes_of(first), bytes_of(second)}));
    for (int i = 0; i < 2; ++i) {
        first = second = 99;
        snapshot.restore(context);
        EXPECT_EQ(first, 1);
        EXPECT_EQ(second, 2);
    }
}

TEST_F(SnapshotTest, OnlyTheLastOnesCount) {
    EXPECT_TRUE(take({bytes_of(first), bytes_of(second)}));
    first = 3;
    EXPECT_TRUE(take({bytes_of(first)}));
    first = second = 99;
    snapshot.restore(context);
    EXPECT_EQ(first, 3);
    EXPECT_EQ(second, 99) << "that code has gone";
}

TEST_F(SnapshotTest, SegmentsMayGrow) {
    std::vector<std::byte> large(100'000, std::byte{7});
    EXPECT_TRUE(take({bytes_of(first)}));
    EXPECT_TRUE(take({large, bytes_of(first)}));
    std::ranges::fill(large, std::byte{8});
    snapshot.restore(context);
    EXPECT_EQ(std::ranges::count(large, std::byte{7}), 100'000);
}

TEST_F(SnapshotTest, ImageThatCantBeTakenIsAnError) {
    image.failure = Error{ErrorKind::kFailed, "no space", 28};
    const Status taken = take({bytes_of(first)});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().message, "no space");
}

} // namespace
} // namespace hotrun
