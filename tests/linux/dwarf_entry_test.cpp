// Entries and files of units, as libdw finds them, and of bytes that are damaged.
#include "linux/dwarf_entry.hpp"

#include "linux/debug_info.hpp"
#include "linux/die.hpp"
#include "linux/unit_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

#include <dwarf.h>

namespace hotrun {
namespace {

using Bytes = std::vector<unsigned char>;

class DwarfEntryTest : public testing::TestWithParam<const char *> {
  protected:
    DwarfEntryTest()
        : info_(std::filesystem::read_symlink("/proc/self/exe").parent_path() /
                ("fixture_types_" + std::string(GetParam()) + ".so")) {}

    template <typename Visit>
    void each_unit(Visit visit) {
        Dwarf_CU *unit = nullptr;
        Dwarf_Die entry;
        Dwarf_Die split;
        while (::dwarf_get_units(info_.dwarf(), unit, &unit, nullptr, nullptr, &entry, &split) ==
               0) {
            visit(entry, entry);
            if (split.addr != nullptr)
                visit(split, entry);
        }
    }

    static int compare_attribute(Dwarf_Attribute *expected, void *entry) {
        const auto found = static_cast<const DwarfEntry *>(entry)->own_attribute(expected->code);
        EXPECT_TRUE(found);
        EXPECT_EQ(found ? found->valp : nullptr, expected->valp) << expected->code;
        EXPECT_EQ(found ? found->form : 0, expected->form);
        return DWARF_CB_OK;
    }

    // How many entries there are.
    std::size_t compare(const DwarfEntry &entry, Dwarf_Die expected) {
        EXPECT_EQ(entry.at(), expected.addr);
        EXPECT_EQ(entry.tag(), static_cast<unsigned>(::dwarf_tag(&expected)));
        EXPECT_EQ(entry.offset(), ::dwarf_dieoffset(&expected));
        const char *name = ::dwarf_diename(&expected);
        EXPECT_EQ(name_of(entry), name == nullptr ? "" : name);
        EXPECT_EQ(
            ::dwarf_getattrs(&expected, compare_attribute, const_cast<DwarfEntry *>(&entry), 0), 1);
        std::size_t count = 1;
        std::vector<DwarfEntry> children;
        any_child(entry, [&](const DwarfEntry &child) {
            children.push_back(child);
            return false;
        });
        std::size_t index = 0;
        any_child(expected, [&](Dwarf_Die child) {
            EXPECT_LT(index, children.size());
            if (index < children.size())
                count += compare(children[index], child);
            ++index;
            return testing::Test::HasFailure();
        });
        EXPECT_EQ(index, children.size());
        return count;
    }

    DebugInfo info_;
    DwarfUnits units_;
};

TEST_P(DwarfEntryTest, AreThoseOfLibdw) {
    std::size_t count = 0;
    each_unit([&](Dwarf_Die unit, Dwarf_Die) {
        const DwarfEntry first = units_.entry(unit);
        ASSERT_TRUE(first);
        count += compare(first, unit);
    });
    EXPECT_GT(count, 1000U);
}

TEST_P(DwarfEntryTest, FilesAreThoseOfLibdw) {
    std::size_t named_count = 0;
    Dwarf_Die user{};
    each_unit([&](Dwarf_Die, Dwarf_Die unit) {
        if (::dwarf_hasattr(&unit, DW_AT_comp_dir) != 0) // a unit of one type has none
            user = unit;
        FilePaths paths;
        paths.set_unit(units_.entry(unit), units_.entry(user));
        Dwarf_Files *files = nullptr;
        std::size_t count = 0;
        if (::dwarf_getsrcfiles(&unit, &files, &count) != 0)
            count = 0;
        EXPECT_EQ(paths.path(count), "");
        for (std::size_t i = 0; i < count; ++i) {
            const char *name = ::dwarf_filesrc(files, i, nullptr, nullptr);
            const bool is_named = name != nullptr && std::string(name) != "???";
            EXPECT_EQ(paths.path(i), is_named ? absolute_path(user, name) : "");
            named_count += paths.path(i).ends_with("types.cpp") ? 1 : 0;
        }
    });
    EXPECT_GT(named_count, 0U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, DwarfEntryTest,
                         testing::Values("dwarf4", "dwarf5", "split", "units"),
                         [](const auto &info) { return std::string(info.param); });

// A unit made by hand, of which libdw does not know.
class MadeUnit {
  public:
    MadeUnit(Bytes shapes, Bytes entries)
        : shape_bytes_(std::move(shapes)), entries_(std::move(entries)),
          shapes_({shape_bytes_.data(), shape_bytes_.data() + shape_bytes_.size()}, {}) {
        unit_.header = unit_.begin = entries_.data();
        unit_.end = entries_.data() + entries_.size();
        unit_.shapes = &shapes_;
        unit_.table = shape_bytes_.data();
    }
    MadeUnit(const MadeUnit &) = delete;
    MadeUnit &operator=(const MadeUnit &) = delete;

    std::vector<Dwarf_Off> children() const {
        std::vector<Dwarf_Off> places;
        const DwarfEntry first(unit_, unit_.begin);
        if (first)
            any_child(first, [&](const DwarfEntry &child) {
                places.push_back(child.offset());
                return false;
            });
        return places;
    }

  private:
    Bytes shape_bytes_;
    Bytes entries_;
    EntryShapes shapes_;
    DwarfUnit unit_;
};

// 1: a unit; 2: a variable with a name; 3: a namespace that says where the next one is.
const Bytes kShapes = {1,
                       DW_TAG_compile_unit,
                       1,
                       0,
                       0,
                       2,
                       DW_TAG_variable,
                       0,
                       DW_AT_name,
                       DW_FORM_string,
                       0,
                       0,
                       3,
                       DW_TAG_namespace,
                       1,
                       DW_AT_sibling,
                       DW_FORM_ref4,
                       0,
                       0,
                       0};

Bytes entries_with_sibling(unsigned char sibling) {
    return {1, 2, 'a', 0, 3, sibling, 0, 0, 0, 2, 'b', 0, 0, 2, 'c', 0, 0};
}

TEST(DwarfEntry, AnEntrySaysWhereTheNextIs) {
    EXPECT_EQ(MadeUnit(kShapes, entries_with_sibling(13)).children(),
              (std::vector<Dwarf_Off>{1, 4, 13}));
}

TEST(DwarfEntry, OneThatLeadsBackOrOutIsNotFollowed) {
    for (const unsigned char sibling : {0, 1, 4, 17, 200})
        EXPECT_EQ(MadeUnit(kShapes, entries_with_sibling(sibling)).children(),
                  (std::vector<Dwarf_Off>{1, 4, 13}))
            << int{sibling};
}

TEST(DwarfEntry, WhatIsCutOffIsNotRead) {
    const Bytes whole = entries_with_sibling(13);
    for (std::size_t length = 1; length < whole.size(); ++length) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_LE(MadeUnit(kShapes, cut).children().size(), 3U);
    }
    for (std::size_t length = 1; length < kShapes.size(); ++length) {
        const Bytes cut(kShapes.begin(), kShapes.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_LE(MadeUnit(cut, whole).children().size(), 3U);
    }
}

TEST(DwarfEntry, ValuesOfEachFormAreSkipped) {
    const std::initializer_list<std::pair<unsigned, Bytes>> values = {
        {DW_FORM_addr, Bytes(8)},
        {DW_FORM_block1, {2, 7, 7}},
        {DW_FORM_block2, {2, 0, 7, 7}},
        {DW_FORM_block4, {2, 0, 0, 0, 7, 7}},
        {DW_FORM_block, {2, 7, 7}},
        {DW_FORM_exprloc, {2, 7, 7}},
        {DW_FORM_string, {'a', 0}},
        {DW_FORM_sdata, {0x80, 1}},
        {DW_FORM_udata, {0x80, 0x80, 1}},
        {DW_FORM_strx3, Bytes(3)},
        {DW_FORM_ref_sig8, Bytes(8)},
        {DW_FORM_data16, Bytes(16)},
        {DW_FORM_flag_present, {}},
        {DW_FORM_sec_offset, Bytes(4)},
        {DW_FORM_indirect, {DW_FORM_data2, 0, 0}}};
    for (const auto &[form, value] : values) {
        Bytes shapes = kShapes;
        shapes.pop_back();
        for (const unsigned part : {4U, unsigned{DW_TAG_member}, 0U, unsigned{DW_AT_type}, form})
            shapes.push_back(static_cast<unsigned char>(part));
        shapes.insert(shapes.end(), {0, 0, 0});
        Bytes entries = {1, 4};
        entries.insert(entries.end(), value.begin(), value.end());
        entries.insert(entries.end(), {2, 'c', 0, 0});
        EXPECT_EQ(MadeUnit(shapes, entries).children(),
                  (std::vector<Dwarf_Off>{1, 2 + value.size()}))
            << form;
    }
}

// The header of a line number program, with its length.
Bytes program(unsigned char version, const Bytes &tables) {
    Bytes header = {version, 0};
    if (version >= 5)
        header.insert(header.end(), {8, 0});
    header.insert(header.end(), {0, 0, 0, 0, 1, 1, 1, 1, 1, 3, 0, 1});
    header.insert(header.end(), tables.begin(), tables.end());
    Bytes all = {static_cast<unsigned char>(header.size()), 0, 0, 0};
    all.insert(all.end(), header.begin(), header.end());
    return all;
}

DwarfBytes all_of(const Bytes &bytes) {
    return {bytes.data(), bytes.data() + bytes.size()};
}

const Bytes kOldTables = {'d', 0, 0, 'a', 0, 0, 0, 0, 'b', 0, 1, 0, 0, 0};
// The names of the second file and its folder lie in other sections.
const Bytes kNewTables = {1,
                          DW_LNCT_path,
                          DW_FORM_line_strp,
                          2,
                          0,
                          0,
                          0,
                          0,
                          2,
                          0,
                          0,
                          0, // folders
                          3,
                          DW_LNCT_path,
                          DW_FORM_strp,
                          DW_LNCT_directory_index,
                          DW_FORM_udata,
                          DW_LNCT_size,
                          DW_FORM_data2,
                          2,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0,
                          2,
                          0,
                          0,
                          0,
                          1,
                          0,
                          0};
const Bytes kLineStrings = {'/', 0, 'd', 0};
const Bytes kStrings = {'a', 0, 'b', 0};

// Owns the bytes that its names lie in.
class FileTableTest : public testing::Test {
  protected:
    const FileTable &read(unsigned char version, const Bytes &tables) {
        program_ = program(version, tables);
        table_ = FileTable({all_of(program_), all_of(kLineStrings), all_of(kStrings)}, 0);
        return table_;
    }

  private:
    Bytes program_;
    FileTable table_;
};

TEST_F(FileTableTest, OldFilesAreCountedFromOne) {
    const FileTable &table = read(4, kOldTables);
    EXPECT_EQ(table.file(0).name, nullptr);
    EXPECT_STREQ(table.file(1).name, "a");
    EXPECT_EQ(table.file(1).folder, nullptr);
    EXPECT_STREQ(table.file(2).name, "b");
    EXPECT_STREQ(table.file(2).folder, "d");
    EXPECT_EQ(table.file(3).name, nullptr);
}

TEST_F(FileTableTest, NewOnesSayHowTheyAreBuilt) {
    const FileTable &table = read(5, kNewTables);
    EXPECT_STREQ(table.file(0).name, "a");
    EXPECT_STREQ(table.file(0).folder, "/");
    EXPECT_STREQ(table.file(1).name, "b");
    EXPECT_STREQ(table.file(1).folder, "d");
    EXPECT_EQ(table.file(2).name, nullptr);
}

TEST_F(FileTableTest, WhatIsCutOffIsNotRead) {
    for (const auto &[version, tables] : {std::pair(4, kOldTables), std::pair(5, kNewTables)}) {
        for (std::size_t length = 0; length < tables.size(); ++length) {
            const Bytes cut(tables.begin(), tables.begin() + static_cast<std::ptrdiff_t>(length));
            EXPECT_EQ(read(static_cast<unsigned char>(version), cut).file(3).name, nullptr);
        }
    }
}

TEST(JoinedPath, IsTheNormalFormOfTheParts) {
    for (const auto &[base, name] :
         std::initializer_list<std::pair<const char *, const char *>>{{"/a/b", "../c.cpp"},
                                                                      {"/a", "./b//c"},
                                                                      {"/a", "/d/../e"},
                                                                      {"/", "../../f"},
                                                                      {"/a", ".."},
                                                                      {"/a/b", "../.."},
                                                                      {"a", "b/../c"},
                                                                      {"/a", "b/"},
                                                                      {"", "b.c"}}) {
        const std::string expected = (std::filesystem::path(base) / name).lexically_normal();
        EXPECT_EQ(joined_path({base, name}), expected) << base << " and " << name;
    }
    EXPECT_EQ(joined_path({"/a", nullptr, "b"}), "/a/b");
}

TEST_F(FileTableTest, NamesWithoutAnyPartHaveNoEnd) {
    const Bytes countless = {0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
    EXPECT_EQ(read(5, countless).file(0).name, nullptr);
}

} // namespace
} // namespace hotrun
