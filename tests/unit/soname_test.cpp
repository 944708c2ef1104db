#include "core/soname.hpp"

#include "support/elf_builder.hpp"
#include "support/memory_file.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

namespace hotrun {
namespace {

using Bytes = std::vector<std::byte>;

ElfImage image_of(const Bytes &bytes) {
    const MemoryFile file(bytes);
    auto read = ElfImage::read(file, "/b/libgame.so");
    return std::get<ElfImage>(std::move(read));
}

// The second DT_NEEDED entry gets the end of the first one's string.
Bytes with_shared_end(const std::string &name, std::size_t end_bytes) {
    const ElfBuilder builder = ElfBuilder().needed(name).needed("libother.so");
    Bytes bytes = builder.build();
    const Elf64_Xword place = 1 + name.size() - end_bytes; // names start after the empty one
    std::memcpy(bytes.data() + builder.layout().dynamic.offset + sizeof(Elf64_Dyn) +
                    offsetof(Elf64_Dyn, d_un),
                &place, sizeof place);
    return bytes;
}

TEST(UniqueSoname, HasTheLengthAndTheEndOfTheName) {
    EXPECT_EQ(unique_soname("libgame.so", 0), "#000000.so");
    EXPECT_EQ(unique_soname("libgame.so.1.2", 10), "#00000a.so.1.2");
    EXPECT_EQ(unique_soname("libx.so", 62), "#010.so");
}

TEST(UniqueSoname, IsNeverThatOfAnotherCopy) {
    std::set<std::string> names;
    for (std::uint64_t number = 0; number < 100'000; ++number)
        names.insert(unique_soname("libx.so", number));
    EXPECT_EQ(names.size(), 100'000u);
}

TEST(Rename, ReplacesEachMentionInPlace) {
    ElfBuilder builder;
    builder.soname("libgame.so").needed("libbase.so.1").needed("libc.so.6");
    Bytes bytes = builder.version_of("libbase.so.1").build();
    ASSERT_TRUE(can_rename(image_of(bytes), "libbase.so.1"));
    const std::vector<Patch> patches =
        rename_library(image_of(bytes), "libbase.so.1", unique_soname("libbase.so.1", 7));
    ASSERT_EQ(patches.size(), 1u);
    EXPECT_EQ(patches[0].before, "libbase");
    EXPECT_EQ(patches[0].after, "#000007");
    std::memcpy(bytes.data() + patches[0].offset, patches[0].after.data(), 7);
    const ElfImage renamed = image_of(bytes);
    EXPECT_EQ(renamed.soname, "libgame.so");
    EXPECT_EQ(renamed.needed, (std::vector<std::string>{"#000007.so.1", "libc.so.6"}));
    EXPECT_EQ(renamed.library_names[1].text, "#000007.so.1");
}

TEST(Rename, FindsNeededVersionsWithAStringOfTheirOwn) {
    ElfBuilder builder;
    builder.version_of("libbase.so").soname("libgame.so");
    builder.needed("libbase.so");
    const ElfImage image = image_of(builder.build());
    ASSERT_TRUE(can_rename(image, "libbase.so"));
    EXPECT_EQ(rename_library(image, "libbase.so", "#000001.so").size(), 2u);
}

TEST(Rename, NeedsFourLettersBeforeTheEnd) {
    const ElfImage image = image_of(ElfBuilder()
                                        .needed("lib.so")
                                        .needed("libx.so")
                                        .needed("libbase")
                                        .soname("liby.so")
                                        .build());
    EXPECT_FALSE(can_rename(image, "lib.so"));
    EXPECT_FALSE(can_rename(image, "libbase"));
    EXPECT_FALSE(can_rename(image, ""));
    EXPECT_TRUE(can_rename(image, "libx.so"));
    EXPECT_TRUE(can_rename(image, "liby.so"));
}

TEST(Rename, LeavesStringsAloneThatShareWhatWouldChange) {
    const ElfImage shared = image_of(with_shared_end("libbase.so", 7));
    EXPECT_FALSE(can_rename(shared, "libbase.so"));
    EXPECT_FALSE(can_rename(shared, "base.so"));
    const ElfImage end_only = image_of(with_shared_end("libbase.so", 3));
    EXPECT_TRUE(can_rename(end_only, "libbase.so"));
}

} // namespace
} // namespace hotrun
