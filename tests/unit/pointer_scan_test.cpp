#include "core/pointer_scan.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>

namespace hotrun {
namespace {

constexpr AddressRange kRange{0x7f0000001000, 0x7f0000003000};

std::vector<std::size_t> find(const std::vector<std::uint64_t> &words,
                              AddressRange range = kRange) {
    std::vector<std::size_t> offsets;
    find_words(std::as_bytes(std::span(words)), range, offsets);
    return offsets;
}

using Offsets = std::vector<std::size_t>;

TEST(PointerScan, FindsTheFirstAndTheLastAddressOfTheRange) {
    EXPECT_EQ(find({kRange.begin - 1, kRange.begin, 0, kRange.end - 1, kRange.end}),
              (Offsets{8, 24}));
}

TEST(PointerScan, RangeMayEndWithTheLastAddress) {
    const AddressRange range{~std::uint64_t{0} - 15, ~std::uint64_t{0}};
    EXPECT_EQ(find({~std::uint64_t{0} - 16, ~std::uint64_t{0} - 15, ~std::uint64_t{0}}, range),
              Offsets{8});
}

TEST(PointerScan, EmptyRangeAndEmptyMemoryHaveNone) {
    EXPECT_TRUE(find({0, kRange.begin}, {kRange.begin, kRange.begin}).empty());
    EXPECT_TRUE(find({}).empty());
}

TEST(PointerScan, AppendsToWhatIsThere) {
    const std::vector<std::uint64_t> words = {kRange.begin};
    Offsets offsets = {77};
    find_words(std::as_bytes(std::span(words)), kRange, offsets);
    EXPECT_EQ(offsets, (Offsets{77, 0}));
}

TEST(PointerScan, BytesAfterTheLastWholeWordAreNoWord) {
    const std::vector<std::uint64_t> words = {0, kRange.begin};
    Offsets offsets;
    find_words(std::as_bytes(std::span(words)).first(15), kRange, offsets);
    EXPECT_TRUE(offsets.empty());
}

TEST(PointerScan, AddressAcrossTwoWordsIsNone) {
    std::array<std::uint64_t, 2> words{};
    const std::uint64_t address = kRange.begin;
    std::memcpy(reinterpret_cast<std::byte *>(words.data()) + 4, &address, sizeof address);
    EXPECT_TRUE(find({words[0], words[1]}).empty());
}

// Each place within a block of the search, and each length that does not fill its last block.
TEST(PointerScan, FindsTheOnlyWordAtEachPlace) {
    for (std::size_t count = 1; count < 200; ++count) {
        std::vector<std::uint64_t> words(count, kRange.end);
        for (std::size_t i = 0; i < count; ++i) {
            words[i] = kRange.begin + i;
            ASSERT_EQ(find(words), Offsets{i * 8}) << count;
            words[i] = kRange.end;
        }
    }
}

TEST(PointerScan, FindsAllAmongRandomWords) {
    std::mt19937_64 random(20240501);
    std::vector<std::uint64_t> words(10000);
    Offsets expected;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool inside = random() % 50 == 0;
        words[i] = inside ? kRange.begin + random() % 0x2000 : random() | std::uint64_t{1} << 62;
        if (inside)
            expected.push_back(i * 8);
    }
    EXPECT_EQ(find(words), expected);
}

} // namespace
} // namespace hotrun
