// What is known of the units of a library from its last version is what reading them tells.
#include "linux/read_units.hpp"

#include "linux/address_table.hpp"
#include "linux/byte_places.hpp"
#include "linux/debug_info.hpp"
#include "linux/dwarf_types.hpp"
#include "linux/elf_sections.hpp"
#include "linux/read_texts.hpp"
#include "linux/types_text.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotrun {
namespace {

using Types = std::shared_ptr<const LibraryTypes>;

class ReadUnitsTest : public testing::TestWithParam<const char *> {
  protected:
    static std::string fixture(int version) {
        return std::filesystem::read_symlink("/proc/self/exe").parent_path() /
               ("fixture_known_" + std::string(GetParam()) + "_" + std::to_string(version) + ".so");
    }
    Types read(const std::string &path, const Types &before = nullptr) {
        return reader_.read(path, before.get());
    }
    static std::size_t shared_parts(const LibraryTypes &one, const LibraryTypes &other) {
        return static_cast<std::size_t>(std::ranges::count_if(one.types, [&](const auto &part) {
            return std::ranges::find(other.types, part) != other.types.end();
        }));
    }

    DwarfTypeReader reader_{DwarfTypeReader::Statics::kRead};
};

TEST_P(ReadUnitsTest, OnlyTheUnitThatHasChangedIsReadAgain) {
    const Types before = read(fixture(1));
    const Types now = read(fixture(2), before);
    ASSERT_NE(now, nullptr);
    EXPECT_EQ(now->types.size(), 2U);
    EXPECT_EQ(shared_parts(*now, *before), 1U);
    EXPECT_EQ(types_text(now.get()), types_text(read(fixture(2)).get()));
    EXPECT_NE(types_text(now.get()), types_text(before.get()));
    EXPECT_GE(now->statics.size(), 8U);
    EXPECT_EQ(now->descriptors.size(), 1U);
    const Types back = read(fixture(1), now);
    EXPECT_EQ(shared_parts(*back, *before), 1U) << "it is known through a version in between";
    EXPECT_EQ(types_text(back.get()), types_text(before.get()));
}

TEST_P(ReadUnitsTest, WithoutStaticVariablesNothingIsKnownOfThem) {
    DwarfTypeReader bare(DwarfTypeReader::Statics::kLeftOut);
    const Types before = bare.read(fixture(1), nullptr);
    EXPECT_TRUE(before->statics.empty());
    const Types now = read(fixture(1), before);
    EXPECT_EQ(types_text(now.get()), types_text(read(fixture(1)).get()));
}

// A library whose debug information and symbols have a byte that is another one.
class ChangedCopy {
  public:
    explicit ChangedCopy(const std::string &path) {
        std::ifstream file(path, std::ios::binary);
        bytes_.assign(std::istreambuf_iterator<char>(file), {});
        const DebugInfo info(path);
        each_section(
            info.elf(), [&](std::string_view name, const GElf_Shdr &header, Elf_Scn * /*section*/) {
                if (name == ".debug_info" || name == ".debug_str" || name == ".debug_abbrev" ||
                    name == ".debug_line" || name == ".symtab" || name == ".strtab")
                    sections_.emplace_back(header.sh_offset, header.sh_size);
            });
    }

    // Some byte, another one for each number.
    const std::string &with_change(std::size_t number) {
        const auto &[begin, size] = sections_[number % sections_.size()];
        std::string bytes = bytes_;
        char &changed = bytes[begin + number * 7919 % size];
        changed = static_cast<char>(changed ^ (1 << number % 7));
        std::filesystem::remove(path_); // the last one may be mapped
        folder_.write("changed.so", bytes);
        return path_;
    }

  private:
    TemporaryFolder folder_;
    std::string path_ = folder_ / "changed.so";
    std::string bytes_;
    std::vector<std::pair<std::size_t, std::size_t>> sections_;
};

TEST_P(ReadUnitsTest, NothingIsTakenForTheSameThatReadsDifferently) {
    constexpr std::size_t kChangeCount = 120;
    const Types before = read(fixture(1));
    const std::string was = types_text(before.get());
    ChangedCopy copy(fixture(1));
    std::size_t known_count = 0;
    std::size_t changed_count = 0;
    for (std::size_t i = 0; i < kChangeCount; ++i) {
        const std::string &path = copy.with_change(i);
        const Types now = read(path, before);
        const std::string text = types_text(now.get());
        ASSERT_EQ(text, types_text(read(path).get())) << "change " << i;
        known_count += now == nullptr ? 0 : shared_parts(*now, *before);
        changed_count += text != was ? 1 : 0;
        // What was read anew is known in turn.
        ASSERT_EQ(types_text(read(fixture(1), now).get()), was) << "change " << i;
    }
    EXPECT_GE(known_count, kChangeCount / 2);
    EXPECT_GE(changed_count, kChangeCount / 16);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ReadUnitsTest, testing::Values("dwarf4", "dwarf5"),
                         [](const auto &info) { return std::string(info.param); });

using Places = std::vector<std::pair<std::size_t, std::size_t>>; // where, and of which

template <std::size_t count>
void expect_places(const std::string &bytes, const std::array<std::string_view, count> &wanted) {
    Places expected;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (std::size_t i = 0; i < count; ++i) {
            if (std::string_view(bytes).substr(at).starts_with(wanted[i]))
                expected.emplace_back(at, i);
        }
    }
    Places found;
    each_place(bytes, wanted,
               [&found](std::size_t number, std::size_t at) { found.emplace_back(at, number); });
    std::ranges::sort(found);
    ASSERT_EQ(found, expected) << testing::PrintToString(bytes);
}

TEST(BytePlaces, AreFoundWhereverTheyLie) {
    using namespace std::string_view_literals;
    for (const std::string_view wanted : {"ab"sv, "abca"sv, "b\0c"sv, "\0\0"sv, "a\0\0\0"sv}) {
        for (std::size_t at = 0; at < 200; ++at) {
            std::string bytes(200, 'a');
            bytes.replace(at, std::min(wanted.size(), bytes.size() - at), wanted, 0,
                          bytes.size() - at);
            expect_places(bytes, std::array{wanted});
            expect_places(bytes, std::array{wanted, "aab"sv, "ca"sv});
        }
    }
    for (std::size_t size = 0; size < 4; ++size)
        expect_places(std::string(size, 'a'), std::array{"aa"sv});
}

TEST(AddressTable, HasTheFirstNumberOfEachAddress) {
    constexpr std::uint32_t kCount = 1000;
    AddressTable table(kCount);
    for (std::uint32_t i = 0; i < kCount; ++i)
        table.add(i % 900 * 8, i); // zero is an address like any other
    for (std::uint32_t i = 0; i < 900; ++i) {
        ASSERT_EQ(table.find(i * 8), i);
        ASSERT_EQ(table.find(i * 8 + 1), AddressTable::kNone);
    }
    EXPECT_EQ(AddressTable().find(0), AddressTable::kNone);
}

TEST(TextPlaces, ComparesWhatLiesElsewhere) {
    ReadTexts texts;
    const std::uint32_t one = texts.number_of("one");
    const std::uint32_t two = texts.number_of("two");
    EXPECT_EQ(texts.number_of("one"), one);
    EXPECT_EQ(texts.count(), 2U);
    const std::string here = "one";
    const std::string there = "one";
    TextPlaces places(texts);
    EXPECT_TRUE(places.is_at(one, here.c_str()));
    EXPECT_TRUE(places.is_at(one, there.c_str()));
    EXPECT_FALSE(places.is_at(one, here.c_str() + 1));
    EXPECT_FALSE(places.is_at(two, here.c_str()));
    EXPECT_FALSE(places.is_at(two, here.c_str())) << "what was compared was not the same";
}

} // namespace
} // namespace hotrun
