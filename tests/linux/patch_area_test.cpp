#include "linux/patch_area.hpp"

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

namespace hotrun {
namespace {

// In place of a library.
Library::Place map_page() {
    const auto bytes = static_cast<std::size_t>(::getpagesize());
    void *const page = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(page, MAP_FAILED);
    const std::uint64_t begin = address_of(page);
    return {.load_bias = begin, .begin = begin, .end = begin + bytes};
}

// What was used of them is not given back, nor are the libraries.
TEST(PatchArea, OldOnesLeaveRoomForThoseOfLaterLibraries) {
    constexpr int kLibraries = 300;
    constexpr std::uint64_t kReach = std::uint64_t{1} << 31;
    for (int i = 0; i < kLibraries; ++i) {
        const Library::Place library = map_page();
        const auto area = PatchArea::reserve(library, "libgame.so");
        ASSERT_TRUE(area) << area.error().message << ", for library " << i;
        const AddressRange range = (*area)->range();
        EXPECT_EQ(range.end - range.begin, PatchArea::kBytes);
        EXPECT_LE(range.end, library.begin + kReach);
        EXPECT_GE(range.begin + kReach, library.end);
        const auto first = (*area)->take_pages(1);
        const auto second = (*area)->take_pages(10000);
        ASSERT_TRUE(first && second);
        EXPECT_TRUE(range.contains(*first) && range.contains(*second));
        EXPECT_NE(*first, *second);
        EXPECT_FALSE((*area)->take_pages(PatchArea::kBytes));
    }
}

} // namespace
} // namespace hotrun
