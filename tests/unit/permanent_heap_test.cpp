#include "core/permanent_heap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <thread>
#include <vector>

namespace hotrun {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kHeapBytes = 256 * 1024;

struct FreePages {
    void operator()(std::byte *pages) const {
        ::operator delete (pages, std::align_val_t{kPageBytes});
    }
};
using Pages = std::unique_ptr<std::byte, FreePages>;

// As the host hands the range over: page-aligned and zero.
Pages zeroed_pages(std::size_t bytes) {
    void *const pages = ::operator new (bytes, std::align_val_t{kPageBytes});
    std::memset(pages, 0, bytes);
    return Pages(static_cast<std::byte *>(pages));
}

struct OwnPages {
    Pages pages = zeroed_pages(kHeapBytes);
};

struct TestHeap : OwnPages, PermanentHeap {
    TestHeap() : PermanentHeap(pages.get(), kHeapBytes) {}

    std::byte *take(std::size_t bytes, std::size_t alignment = 0) {
        return static_cast<std::byte *>(allocate(bytes, alignment));
    }

    // Takes blocks until there is no room for one more.
    std::vector<std::byte *> fill(std::size_t block_bytes) {
        std::vector<std::byte *> blocks;
        while (std::byte *const block = take(block_bytes)) {
            blocks.push_back(block);
        }
        return blocks;
    }

    const Statistics fresh = statistics();
};

bool is_aligned(const void *pointer, std::size_t alignment) {
    return reinterpret_cast<std::uintptr_t>(pointer) % alignment == 0;
}

bool is_filled(const std::byte *bytes, std::size_t count, std::byte value) {
    return std::all_of(bytes, bytes + count, [value](std::byte byte) { return byte == value; });
}

TEST(PermanentHeap, IsConsistentAndEmptyAtFirst) {
    TestHeap heap;
    EXPECT_TRUE(heap.check());
    EXPECT_EQ(heap.base(), heap.pages.get());
    EXPECT_EQ(heap.bytes(), kHeapBytes);
    EXPECT_EQ(heap.fresh.used_bytes, 0U);
    EXPECT_EQ(heap.fresh.block_count, 0U);
    EXPECT_EQ(heap.fresh.free_bytes, heap.fresh.largest_free_bytes);
    EXPECT_GT(heap.fresh.free_bytes, kHeapBytes - 16 * 1024); // the bookkeeping stays small
}

TEST(PermanentHeap, IsAlwaysFullWhenTheRangeIsTooSmall) {
    const Pages pages = zeroed_pages(kPageBytes);
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{64}, kPageBytes}) {
        PermanentHeap heap(pages.get(), bytes);
        EXPECT_EQ(heap.allocate(1, 0), nullptr) << bytes;
        EXPECT_FALSE(heap.release(pages.get())) << bytes;
        heap.set_root(pages.get());
        EXPECT_EQ(heap.root(), nullptr);
        EXPECT_EQ(heap.statistics(), PermanentHeap::Statistics{});
        EXPECT_TRUE(heap.check());
    }
    EXPECT_TRUE(is_filled(pages.get(), kPageBytes, std::byte{0}));
    EXPECT_EQ(PermanentHeap(nullptr, 0).allocate(1, 0), nullptr);
}

// Every size around the smallest range that holds a block, and one that is no multiple of 16.
TEST(PermanentHeap, NeverLeavesARangeOfAnySize) {
    constexpr std::size_t kMostBytes = 3 * kPageBytes;
    constexpr std::byte kOutside{0xee};
    const Pages pages = zeroed_pages(kMostBytes);
    std::size_t useful = 0;
    for (std::size_t bytes = 2 * kPageBytes; bytes < kMostBytes - 64; bytes += 5) {
        std::memset(pages.get() + bytes, 0xee, kMostBytes - bytes);
        PermanentHeap heap(pages.get(), bytes);
        while (void *block = heap.allocate(100, 0)) {
            std::memset(block, 1, 100);
            ++useful;
        }
        ASSERT_TRUE(heap.check()) << bytes;
        ASSERT_TRUE(is_filled(pages.get() + bytes, kMostBytes - bytes, kOutside)) << bytes;
    }
    EXPECT_GT(useful, 0U);
}

TEST(PermanentHeap, AlignsToMaxAlignWhenNoneIsAsked) {
    TestHeap heap;
    for (std::size_t bytes = 1; bytes < 100; ++bytes) {
        std::byte *const block = heap.take(bytes);
        ASSERT_NE(block, nullptr);
        EXPECT_TRUE(is_aligned(block, alignof(std::max_align_t)));
    }
}

TEST(PermanentHeap, AlignsUpToAPage) {
    TestHeap heap;
    std::vector<std::byte *> blocks;
    for (std::size_t alignment = 1; alignment <= kPageBytes; alignment *= 2) {
        for (const std::size_t bytes : {1U, 40U, 600U}) {
            blocks.push_back(heap.take(bytes, alignment));
            ASSERT_NE(blocks.back(), nullptr);
            EXPECT_TRUE(is_aligned(blocks.back(), alignment)) << alignment;
            std::memset(blocks.back(), 0xff, bytes);
        }
    }
    EXPECT_TRUE(heap.check());
    for (std::byte *const block : blocks) {
        EXPECT_TRUE(heap.release(block));
    }
    EXPECT_EQ(heap.statistics(), heap.fresh);
}

TEST(PermanentHeap, RefusesAnAlignmentThatIsNoPowerOfTwo) {
    TestHeap heap;
    for (const std::size_t alignment : {std::size_t{3}, std::size_t{24}, SIZE_MAX}) {
        EXPECT_EQ(heap.allocate(8, alignment), nullptr) << alignment;
    }
    EXPECT_EQ(heap.allocate_typed(1, {"odd", 8, 12}), nullptr);
    EXPECT_EQ(heap.statistics(), heap.fresh);
}

TEST(PermanentHeap, RefusesSizesAndAlignmentsThatNoRangeHolds) {
    TestHeap heap;
    for (const std::size_t off : {0U, 1U, 15U, 16U, 17U, 4096U}) {
        EXPECT_EQ(heap.allocate(SIZE_MAX - off, 0), nullptr) << off;
        EXPECT_EQ(heap.allocate(SIZE_MAX - off, kPageBytes), nullptr) << off;
        EXPECT_EQ(heap.allocate(SIZE_MAX / 2 + off, 0), nullptr) << off;
    }
    EXPECT_EQ(heap.allocate(1, SIZE_MAX / 2 + 1), nullptr);
    EXPECT_EQ(heap.allocate(kHeapBytes, 0), nullptr);
    EXPECT_EQ(heap.statistics(), heap.fresh);
}

TEST(PermanentHeap, RefusesATypedCountThatOverflows) {
    TestHeap heap;
    const hotrun_type type{"pair", 16, 8};
    EXPECT_EQ(heap.allocate_typed(SIZE_MAX / 16 + 2, type), nullptr); // 16 bytes, if it wrapped
    EXPECT_EQ(heap.allocate_typed(SIZE_MAX, type), nullptr);
    EXPECT_EQ(heap.statistics(), heap.fresh);
}

TEST(PermanentHeap, FillsTypedBlocksWithZeros) {
    TestHeap heap;
    const std::size_t bytes = heap.fresh.largest_free_bytes;
    std::byte *const dirty = heap.take(bytes);
    std::memset(dirty, 0xff, bytes);
    heap.release(dirty);
    const hotrun_type type{"record", 24, 64};
    auto *const records = static_cast<std::byte *>(heap.allocate_typed(5, type));
    ASSERT_NE(records, nullptr);
    EXPECT_TRUE(is_aligned(records, 64));
    EXPECT_TRUE(is_filled(records, std::size_t{5} * 24, std::byte{0}));
    EXPECT_GE(heap.statistics().used_bytes, 5U * 24);
}

TEST(PermanentHeap, GivesABlockOfItsOwnForNoBytes) {
    TestHeap heap;
    void *const one = heap.allocate(0, 0);
    void *const two = heap.allocate_typed(0, {"record", 24, 8});
    EXPECT_NE(one, nullptr);
    EXPECT_NE(two, nullptr);
    EXPECT_NE(one, two);
    EXPECT_EQ(heap.statistics().block_count, 2U);
    EXPECT_TRUE(heap.release(one) && heap.release(two));
    EXPECT_EQ(heap.statistics(), heap.fresh);
}

TEST(PermanentHeap, GivesAwayItsLastByte) {
    TestHeap heap;
    std::byte *const all = heap.take(heap.fresh.largest_free_bytes);
    ASSERT_NE(all, nullptr);
    std::memset(all, 0xff, heap.fresh.largest_free_bytes);
    EXPECT_EQ(heap.allocate(1, 0), nullptr);
    EXPECT_EQ(heap.statistics().free_bytes, 0U);
    EXPECT_EQ(heap.statistics().largest_free_bytes, 0U);
    EXPECT_TRUE(heap.check());
    EXPECT_TRUE(heap.release(all));
    EXPECT_EQ(heap.statistics(), heap.fresh);
}

TEST(PermanentHeap, WorksOnAfterItWasFull) {
    TestHeap heap;
    const std::vector<std::byte *> blocks = heap.fill(80);
    ASSERT_GT(blocks.size(), kHeapBytes / 96 * 9 / 10);
    EXPECT_TRUE(heap.check());
    heap.release(blocks[blocks.size() / 2]);
    EXPECT_EQ(heap.take(80), blocks[blocks.size() / 2]);
    EXPECT_EQ(heap.take(80), nullptr);
    for (std::byte *const block : blocks) {
        EXPECT_TRUE(heap.release(block));
    }
    EXPECT_EQ(heap.statistics(), heap.fresh);
    EXPECT_TRUE(heap.check());
}

TEST(PermanentHeap, FindsTheOnlyHoleThatFitsExactly) {
    for (const std::size_t bytes : {16U, 512U, 1008U, 5008U, 70000U}) {
        TestHeap heap;
        std::byte *const hole = heap.take(bytes);
        heap.fill(16);
        heap.release(hole);
        EXPECT_EQ(heap.take(bytes), hole) << bytes;
    }
    TestHeap heap;
    std::byte *const aligned_hole = heap.take(1000, kPageBytes);
    heap.fill(16);
    heap.release(aligned_hole);
    EXPECT_EQ(heap.take(1000, kPageBytes), aligned_hole);
}

TEST(PermanentHeap, CoalescesNeighboursOnRelease) {
    std::array<int, 3> order{0, 1, 2};
    do {
        TestHeap heap;
        const std::array blocks{heap.take(1000), heap.take(2000), heap.take(3000)};
        heap.fill(16);
        for (const int index : order) {
            EXPECT_TRUE(heap.release(blocks[static_cast<std::size_t>(index)]));
            EXPECT_TRUE(heap.check());
        }
        EXPECT_GE(heap.statistics().largest_free_bytes, 6000U);
        EXPECT_EQ(heap.take(6000), blocks[0]);
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST(PermanentHeap, CountsBlocksAndBytes) {
    TestHeap heap;
    std::byte *const small = heap.take(1);
    std::byte *const large = heap.take(1000);
    EXPECT_EQ(heap.statistics().block_count, 2U);
    EXPECT_EQ(heap.statistics().used_bytes, 16U + 1008);
    heap.release(small);
    EXPECT_EQ(heap.statistics().block_count, 1U);
    EXPECT_EQ(heap.statistics().used_bytes, 1008U);
    EXPECT_GT(heap.statistics().free_bytes, heap.statistics().largest_free_bytes);
    heap.release(large);
    EXPECT_EQ(heap.statistics(), heap.fresh);
}

TEST(PermanentHeap, TakesNullAsReleased) {
    TestHeap heap;
    EXPECT_TRUE(heap.release(nullptr));
    EXPECT_EQ(heap.statistics(), heap.fresh);
}

TEST(PermanentHeap, IgnoresADoubleRelease) {
    TestHeap heap;
    const std::array blocks{heap.take(100), heap.take(100), heap.take(100), heap.take(100)};
    EXPECT_TRUE(heap.release(blocks[1]));
    EXPECT_FALSE(heap.release(blocks[1])); // still a free block of its own
    EXPECT_TRUE(heap.release(blocks[2]));
    EXPECT_FALSE(heap.release(blocks[2]));             // has become a part of the one before
    std::byte *const both = heap.take(112 + 16 + 112); // all of it, up to the next header
    EXPECT_EQ(both, blocks[1]);
    EXPECT_FALSE(heap.release(blocks[2])); // lies inside a live one
    EXPECT_TRUE(heap.check());
    EXPECT_EQ(heap.statistics().block_count, 3U);
}

TEST(PermanentHeap, IgnoresPointersThatItNeverGave) {
    TestHeap heap;
    TestHeap other;
    std::byte *const block = heap.take(256);
    std::memset(block, 0xff, 256);
    const auto before = heap.statistics();
    for (std::size_t offset = 1; offset < 256; ++offset) {
        EXPECT_FALSE(heap.release(block + offset)) << offset;
    }
    int local = 0;
    EXPECT_FALSE(heap.release(&local));
    EXPECT_FALSE(heap.release(other.take(16)));
    EXPECT_FALSE(heap.release(reinterpret_cast<void *>(std::uintptr_t{8})));
    for (std::size_t offset = 0; offset <= kHeapBytes; offset += 8) {
        std::byte *const pointer = heap.pages.get() + offset;
        EXPECT_TRUE(pointer == block || !heap.release(pointer)) << offset;
    }
    EXPECT_EQ(heap.statistics(), before);
    EXPECT_TRUE(heap.check());
}

// A live block's bytes, header and all, copied into another block are still no block.
TEST(PermanentHeap, IgnoresACopiedHeader) {
    TestHeap heap;
    std::byte *const block = heap.take(16);
    std::byte *const next = heap.take(256);
    std::memcpy(next, block - 16, 48);
    EXPECT_FALSE(heap.release(next + 16));
    EXPECT_TRUE(heap.check());
}

TEST(PermanentHeap, RefusesToReleaseNextToADamagedHeader) {
    TestHeap heap;
    std::byte *const block = heap.take(64);
    std::byte *const next = heap.take(64);
    for (std::size_t beyond = 64; beyond < 64 + sizeof(std::uint64_t); ++beyond) {
        const std::byte saved = block[beyond];
        block[beyond] = ~saved;
        EXPECT_FALSE(heap.check()) << beyond;
        EXPECT_FALSE(heap.release(block)) << beyond;
        EXPECT_FALSE(heap.release(next)) << beyond;
        block[beyond] = saved;
        ASSERT_TRUE(heap.check()) << beyond;
    }
    EXPECT_TRUE(heap.release(block));
    EXPECT_TRUE(heap.release(next));
}

TEST(PermanentHeap, DoesNotFollowTheLinksOfAFreeBlockThatWasWrittenTo) {
    TestHeap heap;
    const std::array blocks{heap.take(64), heap.take(64), heap.take(64), heap.take(64)};
    heap.fill(16);
    heap.release(blocks[0]);
    heap.release(blocks[2]);
    std::memset(blocks[0], 0x5a, 64); // the link and the boundary tag
    std::memset(blocks[2], 0xa5, 64);
    EXPECT_FALSE(heap.check());
    EXPECT_EQ(heap.allocate(64, 0), nullptr);
    EXPECT_FALSE(heap.release(blocks[1]));
    EXPECT_FALSE(heap.release(blocks[3]));
}

// Each byte of a small heap in turn is damaged and mended: no call may crash or hang meanwhile.
TEST(PermanentHeap, SurvivesAnyDamagedByteBehindItsOwnHeader) {
    TestHeap heap;
    std::array<std::byte *, 8> blocks{};
    std::generate(blocks.begin(), blocks.end(), [&] { return heap.take(48); });
    heap.release(blocks[1]);
    heap.release(blocks[4]);
    const std::vector<std::byte> good(heap.pages.get(), heap.pages.get() + kHeapBytes);
    for (std::byte *byte = blocks[0] - 16; byte != blocks[7]; ++byte) {
        *byte ^= std::byte{0x41};
        heap.release(blocks[0]);
        heap.release(blocks[3]);
        static_cast<void>(heap.take(48));
        static_cast<void>(heap.take(2000, 64));
        static_cast<void>(heap.check());
        std::copy(good.begin(), good.end(), heap.pages.get());
        ASSERT_TRUE(heap.check());
    }
}

TEST(PermanentHeap, IsRestoredByItsBytesAlone) {
    TestHeap heap;
    std::byte *const block = heap.take(100);
    std::memset(block, 7, 100);
    heap.set_root(block);
    heap.release(heap.take(5000));
    const auto before = heap.statistics();
    const std::vector<std::byte> snapshot(heap.pages.get(), heap.pages.get() + kHeapBytes);

    heap.release(block);
    heap.fill(1000);
    heap.set_root(nullptr);
    std::memcpy(heap.pages.get(), snapshot.data(), kHeapBytes);

    EXPECT_TRUE(heap.check());
    EXPECT_EQ(heap.statistics(), before);
    EXPECT_EQ(heap.root(), block);
    EXPECT_TRUE(is_filled(block, 100, std::byte{7}));
    EXPECT_TRUE(heap.release(block));
    EXPECT_EQ(heap.statistics(), heap.fresh);
}

// What the heap should hold, kept apart from it. With a second thread at work a released address
// may be live again at once, so only a stress that is alone may release twice.
struct ShadowBlock {
    std::byte *bytes;
    std::size_t count;
    std::byte pattern;
};

class Stress {
  public:
    Stress(std::uint32_t seed, bool is_alone) : random_(seed), is_alone_(is_alone) {}

    void step(PermanentHeap &heap) {
        if (blocks_.empty() || below(100) < (filling_ ? 65U : 35U)) {
            take(heap);
        } else {
            drop(heap, below(blocks_.size()));
        }
    }

    void drop_all(PermanentHeap &heap) {
        while (!blocks_.empty()) {
            drop(heap, below(blocks_.size()));
        }
    }

    std::size_t block_count() const { return blocks_.size(); }
    std::size_t full_count() const { return full_count_; }

  private:
    std::size_t below(std::size_t limit) { return random_() % limit; }

    void take(PermanentHeap &heap) {
        const std::size_t count = below(std::size_t{1} << below(14)) + 1;
        const std::size_t alignment = below(4) == 0 ? std::size_t{1} << below(13) : 0;
        const std::byte pattern{static_cast<unsigned char>(random_())};
        auto *const bytes = static_cast<std::byte *>(heap.allocate(count, alignment));
        if (bytes == nullptr) {
            filling_ = false;
            ++full_count_;
            return;
        }
        ASSERT_TRUE(is_aligned(bytes, std::max<std::size_t>(alignment, 1)));
        std::fill_n(bytes, count, pattern);
        blocks_.push_back({bytes, count, pattern});
    }

    void drop(PermanentHeap &heap, std::size_t index) {
        const ShadowBlock block = blocks_[index];
        blocks_[index] = blocks_.back();
        blocks_.pop_back();
        ASSERT_TRUE(is_filled(block.bytes, block.count, block.pattern));
        ASSERT_TRUE(heap.release(block.bytes));
        ASSERT_FALSE(is_alone_ && heap.release(block.bytes));
        filling_ = filling_ || blocks_.size() < 20;
    }

    std::mt19937 random_;
    bool is_alone_;
    std::vector<ShadowBlock> blocks_;
    bool filling_ = true;
    std::size_t full_count_ = 0;
};

TEST(PermanentHeap, AgreesWithAShadowModelOverRandomSteps) {
    for (std::uint32_t seed = 1; seed <= 4; ++seed) {
        SCOPED_TRACE(seed);
        TestHeap heap;
        Stress stress(seed, true);
        for (int step = 0; step < 3000 && !testing::Test::HasFailure(); ++step) {
            stress.step(heap);
            ASSERT_TRUE(step % 10 != 0 || heap.check()) << step;
            ASSERT_EQ(heap.statistics().block_count, stress.block_count());
        }
        EXPECT_GT(stress.full_count(), 1U); // it went to the end and back
        stress.drop_all(heap);
        EXPECT_EQ(heap.statistics(), heap.fresh);
        EXPECT_TRUE(heap.check());
    }
}

TEST(PermanentHeap, ServesTwoThreads) {
    TestHeap heap;
    const auto work = [&heap](std::uint32_t seed) {
        Stress stress(seed, false);
        for (int step = 0; step < 2000; ++step) {
            stress.step(heap);
        }
        stress.drop_all(heap);
    };
    std::thread other(work, 11);
    work(12);
    other.join();
    EXPECT_EQ(heap.statistics(), heap.fresh);
    EXPECT_TRUE(heap.check());
}

} // namespace
} // namespace hotrun
