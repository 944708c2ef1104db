#include "linux/heap_mapping.hpp"

#include "sanitizers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <sys/mman.h>

namespace hotrun {
namespace {

constexpr std::uintptr_t kFirst = 0x550000000000;
constexpr std::uintptr_t kSecond = kFirst + (std::uintptr_t{16} << 30);
constexpr std::size_t kHeapBytes = 1 << 20;

using Heap = Result<std::unique_ptr<HeapMapping>>;

std::uintptr_t base_of(const Heap &heap) {
    return heap ? reinterpret_cast<std::uintptr_t>((*heap)->base()) : 0;
}

bool is_mapped(std::uintptr_t address) {
    return ::msync(reinterpret_cast<void *>(address), 4096, MS_ASYNC) == 0;
}

TEST(HeapMapping, LiesAtTheSamePlaceEachTime) {
    for (int run = 0; run < 3; ++run) {
        const auto heap = HeapMapping::create(kHeapBytes);
        EXPECT_EQ(base_of(heap), kFirst);
    }
}

TEST(HeapMapping, TheNextOneLiesSixteenGibibytesFurther) {
    const auto first = HeapMapping::create(HeapMapping::kMaxBytes);
    const auto second = HeapMapping::create(kHeapBytes);
    EXPECT_EQ(base_of(first), kFirst);
    EXPECT_EQ(base_of(second), kSecond);
}

TEST(HeapMapping, IsZeroedAndCanBeWritten) {
    for (int run = 0; run < 2; ++run) {
        const auto heap = HeapMapping::create(kHeapBytes);
        ASSERT_TRUE(heap);
        ASSERT_EQ((*heap)->bytes(), kHeapBytes);
        const std::span bytes(static_cast<unsigned char *>((*heap)->base()), (*heap)->bytes());
        EXPECT_TRUE(std::all_of(bytes.begin(), bytes.end(), [](unsigned char b) { return b == 0; }))
            << "run " << run;
        std::fill(bytes.begin(), bytes.end(), static_cast<unsigned char>(1));
    }
}

TEST(HeapMapping, IsUnmappedOnDestruction) {
    {
        const auto heap = HeapMapping::create(kHeapBytes);
        EXPECT_TRUE(is_mapped(kFirst));
        EXPECT_TRUE(is_mapped(kFirst + kHeapBytes - 4096));
    }
    EXPECT_FALSE(is_mapped(kFirst));
    EXPECT_FALSE(is_mapped(kFirst + kHeapBytes - 4096));
}

TEST(HeapMapping, SkipsAPlaceThatIsTaken) {
    void *taken = ::mmap(reinterpret_cast<void *>(kFirst), 4096, PROT_READ,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    ASSERT_NE(taken, MAP_FAILED);
    const auto heap = HeapMapping::create(kHeapBytes);
    EXPECT_EQ(base_of(heap), kSecond);
    EXPECT_TRUE(is_mapped(kFirst)) << "what was there is gone";
    ::munmap(taken, 4096);
}

TEST(HeapMapping, NoPlaceLeftIsAnError) {
    if (kThreadSanitizer)
        GTEST_SKIP() << "ThreadSanitizer has its own memory at some of the places";
    std::vector<std::unique_ptr<HeapMapping>> heaps;
    for (int i = 0; i < 1000; ++i) {
        auto heap = HeapMapping::create(4096);
        if (!heap) {
            EXPECT_GE(heaps.size(), 200u);
            EXPECT_EQ(heap.error().message,
                      "no place is left for another permanent heap; name fewer targets");
            return;
        }
        heaps.push_back(std::move(*heap));
    }
    FAIL() << "the places never end";
}

TEST(HeapMapping, MoreThanThereIsIsAnError) {
    const auto heap = HeapMapping::create(~std::size_t{0} >> 1);
    ASSERT_FALSE(heap);
    EXPECT_NE(heap.error().system_code, 0);
    EXPECT_FALSE(HeapMapping::create(0));
}

} // namespace
} // namespace hotrun
