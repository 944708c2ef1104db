#include "core/room_beside.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace hotrun {
namespace {

constexpr std::uint64_t kMegabyte = std::uint64_t{1} << 20;
constexpr std::uint64_t kMost = 256 * kMegabyte;
constexpr std::uint64_t kTop = std::uint64_t{1} << 46;

AddressRange megabytes_below_top(std::uint64_t begin, std::uint64_t end) {
    return {kTop - begin * kMegabyte, kTop - end * kMegabyte};
}

std::optional<AddressRange> room(const AddressRange &library,
                                 const std::vector<AddressRange> &taken) {
    return room_beside(library, taken, kMegabyte, kMost);
}

TEST(RoomBeside, IsTheNearestOfTheLargest) {
    const AddressRange library = megabytes_below_top(1000, 999);
    const AddressRange above = megabytes_below_top(990, 0);
    EXPECT_EQ(room(library, {library, above}), megabytes_below_top(1256, 1000));
    // What is near and small gives way to what is farther away.
    const AddressRange below = megabytes_below_top(1110, 1100);
    EXPECT_EQ(room(library, {below, library, above}), megabytes_below_top(1366, 1110));
    const AddressRange all_below{kMegabyte, below.begin};
    EXPECT_EQ(room(library, {all_below, below, library, above}), megabytes_below_top(1100, 1000));
    EXPECT_EQ(room(library, {all_below, below, {below.end, library.begin}, library, above}),
              megabytes_below_top(999, 990));
}

TEST(RoomBeside, AllOfItIsWithinReachOfAllOfTheLibrary) {
    const AddressRange library = megabytes_below_top(4000, 3000);
    const AddressRange below = megabytes_below_top(5000, 4000);
    const AddressRange far_below{kMegabyte, below.begin};
    EXPECT_EQ(room(library, {below, library, megabytes_below_top(3000, 0)}),
              megabytes_below_top(5048, 5000));
    const AddressRange end{kTop, kTop + 1};
    EXPECT_EQ(room(library, {far_below, below, library, megabytes_below_top(3000, 2000), end}),
              megabytes_below_top(2000, 1952));
    EXPECT_EQ(room(library, {far_below, below, library, megabytes_below_top(3000, 1952)}),
              std::nullopt);
    const std::vector<AddressRange> with_end = {below, library, end};
    EXPECT_EQ(room_beside(library, with_end, 1000 * kMegabyte, 3000 * kMegabyte),
              megabytes_below_top(3000, 1952));
}

// A library that is closed keeps its addresses, and so does what has been used of its room. The
// next one is mapped at the highest place that is free.
TEST(RoomBeside, IsThereForTheThousandthLibraryToo) {
    constexpr std::uint64_t kLibrary = 3 * kMegabyte;
    std::vector<AddressRange> taken = {{kTop - kMegabyte, kTop}};
    const auto take = [&taken](const AddressRange &range) {
        taken.insert(std::ranges::lower_bound(taken, range.begin, {}, &AddressRange::begin), range);
    };
    for (int generation = 0; generation < 1000; ++generation) {
        std::uint64_t end = taken.back().begin;
        for (auto it = taken.rbegin(); it + 1 != taken.rend(); ++it) {
            if (end - (it + 1)->end >= kLibrary)
                break;
            end = (it + 1)->begin;
        }
        const AddressRange library{end - kLibrary, end};
        take(library);
        const auto found = room(library, taken);
        ASSERT_TRUE(found) << generation;
        ASSERT_EQ(found->end - found->begin, kMost) << generation;
        take({found->end - 2 * kMegabyte, found->end});
    }
}

} // namespace
} // namespace hotrun
