#include "linux/library_layout.hpp"

#include "forked_child.hpp"
#include "guarded_faults.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include <sys/mman.h>

namespace hotrun {
namespace {

// A line of /proc/self/maps.
struct Mapping {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::string rights;
};

// What of them lies in the place: the kernel makes one of neighbours.
std::vector<Mapping> mappings_in(const Library::Place &place) {
    std::vector<Mapping> found;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        Mapping mapping;
        std::array<char, 8> rights{};
        std::sscanf(line.c_str(), "%lx-%lx %7s", &mapping.begin, &mapping.end, rights.data());
        mapping.rights = rights.data();
        mapping.begin = std::max(mapping.begin, place.begin);
        mapping.end = std::min(mapping.end, place.end);
        if (mapping.begin < mapping.end)
            found.push_back(mapping);
    }
    return found;
}

// By the linker that has made the library.
class LibraryLayoutTest : public testing::TestWithParam<const char *> {
  protected:
    void SetUp() override {
        const std::string name = std::string("fixture_layout_") + GetParam() + ".so";
        if (!std::filesystem::exists(beside_this_program(name)))
            GTEST_SKIP() << "the linker " << GetParam() << " is not installed";
        const std::string path = folder_ / name;
        std::filesystem::copy_file(beside_this_program(name), path);
        auto library = loader_.load(path, {});
        ASSERT_TRUE(library) << library.error().message;
        library_ = std::move(*library);
        place_ = library_->place();
    }

    std::uint64_t address_of(const char *symbol) const {
        const auto address = reinterpret_cast<std::uint64_t>(library_->symbol(symbol));
        EXPECT_NE(address, 0u) << symbol;
        return address;
    }

    bool is_writable(std::uint64_t address, std::size_t bytes = 1) const {
        const auto segments = library_->writable_segments();
        return std::any_of(segments.begin(), segments.end(), [&](std::span<std::byte> segment) {
            const auto begin = reinterpret_cast<std::uint64_t>(segment.data());
            return address >= begin && address + bytes <= begin + segment.size();
        });
    }

    TemporaryFolder folder_;
    DlLibraryLoader loader_;
    std::unique_ptr<Library> library_;
    Library::Place place_;
};

TEST_P(LibraryLayoutTest, ItsVariablesAreInTheWritableSegments) {
    EXPECT_TRUE(is_writable(address_of("layout_data"), sizeof(int)));
    EXPECT_TRUE(is_writable(address_of("layout_bss"), 5000 * sizeof(int)));
    const auto local = reinterpret_cast<int **(*)()>(library_->symbol("layout_local"));
    EXPECT_TRUE(is_writable(reinterpret_cast<std::uint64_t>(local()), sizeof(int *)));
}

TEST_P(LibraryLayoutTest, WhatItCannotWriteIsNot) {
    EXPECT_FALSE(is_writable(address_of("layout_constant")));
    EXPECT_FALSE(is_writable(address_of("layout_relocated")));
    EXPECT_FALSE(is_writable(address_of("layout_last")));
}

// No page less: a variable would not go back. No page more: to write it would be a crash.
TEST_P(LibraryLayoutTest, TheWritableSegmentsAreThePagesThatCanBeWritten) {
    constexpr std::uint64_t kPage = 4096;
    const std::vector<Mapping> mappings = mappings_in(place_);
    ASSERT_FALSE(mappings.empty());
    for (const Mapping &mapping : mappings) {
        const bool writable = mapping.rights[1] == 'w';
        std::uint64_t covered = 0;
        for (const std::span<std::byte> segment : library_->writable_segments()) {
            const auto begin = reinterpret_cast<std::uint64_t>(segment.data()) / kPage * kPage;
            const auto end = reinterpret_cast<std::uint64_t>(segment.data() + segment.size());
            const std::uint64_t end_page = (end + kPage - 1) / kPage * kPage;
            const std::uint64_t from = std::max(begin, mapping.begin);
            covered += std::max(from, std::min(end_page, mapping.end)) - from;
        }
        EXPECT_EQ(covered, writable ? mapping.end - mapping.begin : 0)
            << std::hex << mapping.begin << ' ' << mapping.rights;
    }
}

TEST_P(LibraryLayoutTest, ItsPlaceIsAllOfIt) {
    for (const char *symbol : {"layout_data", "layout_bss", "layout_constant", "layout_relocated",
                               "layout_local", "layout_last"}) {
        EXPECT_GE(address_of(symbol), place_.begin) << symbol;
        EXPECT_LT(address_of(symbol), place_.end) << symbol;
    }
    EXPECT_EQ(place_.load_bias, place_.begin);
    std::uint64_t at = place_.begin;
    for (const Mapping &mapping : mappings_in(place_)) {
        EXPECT_EQ(mapping.begin, at) << "there is a hole, where others may come to lie";
        at = mapping.end;
    }
    EXPECT_EQ(at, place_.end);
}

TEST_P(LibraryLayoutTest, ItsPlaceIsKeptFreeOnceItIsClosed) {
    const auto last = reinterpret_cast<int (*)()>(library_->symbol("layout_last"));
    const auto *data = reinterpret_cast<volatile int *>(library_->symbol("layout_data"));
    EXPECT_EQ(last(), 12);
    library_.reset();
    for (const Mapping &mapping : mappings_in(place_))
        EXPECT_EQ(mapping.rights, "---p");
    void *again = ::mmap(reinterpret_cast<void *>(place_.begin), place_.end - place_.begin,
                         PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    EXPECT_EQ(again, MAP_FAILED);
    const auto ends_by_fault = [](const std::function<int()> &work) {
        ForkedChild child([&] {
            dump_no_core();
            ::signal(SIGSEGV, SIG_DFL);
            return work();
        });
        const std::optional<int> status = child.wait();
        return status && WIFSIGNALED(*status) && WTERMSIG(*status) == SIGSEGV;
    };
    EXPECT_TRUE(ends_by_fault([&] { return last(); }));
    EXPECT_TRUE(ends_by_fault([&] { return *data; }));
}

INSTANTIATE_TEST_SUITE_P(All, LibraryLayoutTest, testing::Values("bfd", "gold", "lld", "mold"),
                         [](const auto &row) { return std::string(row.param); });

} // namespace
} // namespace hotrun
