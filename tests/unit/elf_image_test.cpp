#include "core/elf_image.hpp"

#include "support/elf_builder.hpp"
#include "support/memory_file.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <random>

namespace hotrun {
namespace {

using Bytes = std::vector<std::byte>;
using Outcome = std::variant<ElfImage, Rejection>;

constexpr const char *kPath = "/build/libgame.so";

ElfBuilder game_builder() {
    ElfBuilder builder;
    builder.soname("libgame.so.1").needed("libm.so.6").needed("libc.so.6");
    builder.run_path("$ORIGIN/../deps").undefined("malloc").undefined("maybe_there", STB_WEAK);
    builder.function("game_start").u32("other_number", 17).u32("number", 0xfeedbeefu);
    builder.function("hotrun_step").zero_u32("zero_number");
    return builder;
}

Bytes to_bytes(std::string_view text) {
    Bytes bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

template <typename T>
void put(Bytes &bytes, std::size_t offset, const T &value) {
    ASSERT_LE(offset + sizeof value, bytes.size());
    std::memcpy(bytes.data() + offset, &value, sizeof value);
}

void fill_with_zeros(Bytes &bytes, ElfBuilder::Part part) {
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(part.offset), part.size, std::byte{0});
}

// An image together with the file that it refers to.
struct Reading {
    explicit Reading(Bytes bytes) : file(std::move(bytes)), outcome(ElfImage::read(file, kPath)) {}

    const ElfImage &image() const { return std::get<ElfImage>(outcome); }
    const Rejection &rejection() const { return std::get<Rejection>(outcome); }
    bool is_image() const { return std::holds_alternative<ElfImage>(outcome); }
    bool is_rejected(RejectReason reason) const {
        return !is_image() && rejection().reason == reason;
    }

    MemoryFile file;
    Outcome outcome;
};

void expect_rejection(Bytes bytes, RejectReason reason, const std::string &sentence) {
    const Reading reading(std::move(bytes));
    ASSERT_FALSE(reading.is_image());
    EXPECT_EQ(to_word(reading.rejection().reason), to_word(reason));
    EXPECT_EQ(reading.rejection().detail, kPath + sentence);
    EXPECT_EQ(reading.file.outside_read_count(), 0u);
}

TEST(ElfImage, ReadsNamesAndNeededLibraries) {
    const Reading reading(game_builder().build());
    ASSERT_TRUE(reading.is_image()) << reading.rejection().detail;
    EXPECT_TRUE(reading.image().has_host_format());
    EXPECT_EQ(reading.image().path, kPath);
    EXPECT_EQ(reading.image().machine, EM_X86_64);
    EXPECT_EQ(reading.image().type, ET_DYN);
    EXPECT_EQ(reading.image().soname, "libgame.so.1");
    EXPECT_EQ(reading.image().needed, (std::vector<std::string>{"libm.so.6", "libc.so.6"}));
    EXPECT_EQ(reading.image().run_path, "$ORIGIN/../deps");
}

std::string text_at(const Bytes &bytes, std::uint64_t offset) {
    return reinterpret_cast<const char *>(bytes.data()) + offset;
}

TEST(ElfImage, TellsWhereTheNamesOfLibrariesAre) {
    ElfBuilder builder;
    builder.needed("libbase.so").soname("libgame.so.1").needed("libc.so.6");
    const Bytes bytes = builder.version_of("libc.so.6").version_of("libbase.so").build();
    const Reading reading(bytes);
    ASSERT_TRUE(reading.is_image()) << reading.rejection().detail;
    const std::vector<ElfImage::LibraryName> &names = reading.image().library_names;
    ASSERT_EQ(names.size(), 3u) << "a string with two uses has one place";
    EXPECT_EQ(names[0].text, "libbase.so");
    EXPECT_EQ(names[1].text, "libgame.so.1");
    EXPECT_EQ(names[2].text, "libc.so.6");
    for (const ElfImage::LibraryName &name : names) {
        EXPECT_EQ(text_at(bytes, name.offset), name.text);
        EXPECT_TRUE(name.whole);
    }
}

TEST(ElfImage, NameThatIsTheEndOfAnotherOneIsNotWhole) {
    const ElfBuilder builder = ElfBuilder().needed("libbase.so").needed("libx.so");
    const ElfBuilder::Layout at = builder.layout();
    Bytes bytes = builder.build();
    put(bytes, at.dynamic.offset + sizeof(Elf64_Dyn) + offsetof(Elf64_Dyn, d_un), Elf64_Xword{4});
    const Reading reading(std::move(bytes));
    ASSERT_EQ(reading.image().library_names.size(), 2u);
    EXPECT_EQ(reading.image().library_names[1].text, "base.so");
    EXPECT_FALSE(reading.image().library_names[1].whole);
}

TEST(ElfImage, NeededVersionsOutsideOfTheFileAreNotRead) {
    const ElfBuilder builder =
        ElfBuilder().needed("libbase.so").version_of("libbase.so").version_of("libm.so.6");
    const std::size_t first = builder.layout().versions.offset;
    const std::size_t next = first + offsetof(Elf64_Verneed, vn_next);
    Bytes bytes = builder.build();
    put(bytes, next, Elf64_Word{1} << 31);
    expect_rejection(bytes, RejectReason::kTruncated,
                     " is not whole: its table of needed versions reaches beyond its end at byte " +
                         std::to_string(bytes.size()));
    put(bytes, next, Elf64_Word{1});
    expect_rejection(bytes, RejectReason::kNotElf,
                     " is not a valid ELF file: its needed versions overlap");
    bytes = builder.build();
    put(bytes, first + offsetof(Elf64_Verneed, vn_file), ~Elf64_Word{0});
    expect_rejection(bytes, RejectReason::kNotElf,
                     " is not a valid ELF file: it needs a library without a name");
}

TEST(ElfImage, TakesTheOldRunPathOnlyWithoutANewOne) {
    const Reading old(ElfBuilder().rpath("/old").build());
    EXPECT_EQ(old.image().run_path, "/old");
    const Reading both(ElfBuilder().rpath("/old").run_path("/new").build());
    EXPECT_EQ(both.image().run_path, "/new");
    const Reading none(ElfBuilder().build());
    EXPECT_EQ(none.image().run_path, "");
}

TEST(ElfImage, TellsDefinedFromNeededSymbols) {
    const Reading reading(game_builder().build());
    const ElfImage &image = reading.image();
    EXPECT_TRUE(image.defines("hotrun_step"));
    EXPECT_TRUE(image.defines("number"));
    EXPECT_FALSE(image.defines("malloc"));
    EXPECT_TRUE(image.needs("malloc"));
    EXPECT_FALSE(image.needs("hotrun_step"));
    EXPECT_FALSE(image.needs("maybe_there")) << "a weak symbol may stay undefined";
}

TEST(ElfImage, ComparesWholeNames) {
    const Reading reading(game_builder().build());
    EXPECT_FALSE(reading.image().defines("hotrun_ste"));
    EXPECT_FALSE(reading.image().defines("hotrun_step_"));
    EXPECT_FALSE(reading.image().defines("otrun_step"));
    EXPECT_FALSE(reading.image().defines(""));
    EXPECT_FALSE(reading.image().defines(std::string(1000, 'x')));
}

TEST(ElfImage, HiddenSymbolIsNotDefined) {
    ElfBuilder builder;
    builder.function("hidden", STV_HIDDEN).function("internal", STV_INTERNAL);
    builder.function("guarded", STV_PROTECTED);
    const Reading reading(builder.build());
    EXPECT_FALSE(reading.image().defines("hidden"));
    EXPECT_FALSE(reading.image().defines("internal"));
    EXPECT_TRUE(reading.image().defines("guarded"));
}

TEST(ElfImage, CountsUniqueSymbolsAndKeepsTheFirst) {
    ElfBuilder builder;
    for (int i = 0; i < 20; ++i)
        builder.unique("unique_" + std::to_string(i));
    const Reading reading(builder.function("plain").build());
    EXPECT_EQ(reading.image().unique_symbol_count, 20u);
    ASSERT_EQ(reading.image().unique_symbols.size(), ElfImage::kUniqueSymbolsKept);
    EXPECT_EQ(reading.image().unique_symbols.front(), "unique_0");
    EXPECT_TRUE(reading.image().defines("unique_19"));
}

TEST(ElfImage, ReadsTheInitialValueOfADataObject) {
    const Reading reading(game_builder().build());
    EXPECT_EQ(reading.image().read_u32("number"), 0xfeedbeefu);
    EXPECT_EQ(reading.image().read_u32("other_number"), 17u);
    EXPECT_EQ(reading.image().read_u32("zero_number"), 0u);
    EXPECT_EQ(reading.image().read_u32("hotrun_step"), std::nullopt) << "it is a function";
    EXPECT_EQ(reading.image().read_u32("malloc"), std::nullopt) << "it is undefined";
    EXPECT_EQ(reading.image().read_u32("absent"), std::nullopt);
}

TEST(ElfImage, ReadsNoValueFromOutsideOfTheSegments) {
    const ElfBuilder builder = ElfBuilder().u32("number", 1);
    const std::size_t value_offset =
        builder.layout().symbols.offset + sizeof(Elf64_Sym) + offsetof(Elf64_Sym, st_value);
    const ElfBuilder::Layout at = builder.layout();
    const std::uint64_t end = ElfBuilder::kLoadAddress + at.loaded_bytes + ElfBuilder::kBssBytes;
    for (const std::uint64_t address :
         {std::uint64_t{0}, ElfBuilder::kLoadAddress - 1, end, ~std::uint64_t{0}}) {
        Bytes bytes = builder.build();
        put(bytes, value_offset, address);
        const Reading reading(std::move(bytes));
        EXPECT_EQ(reading.image().read_u32("number"), std::nullopt) << address;
        EXPECT_EQ(reading.file.outside_read_count(), 0u);
    }
}

TEST(ElfImage, ValueAcrossTheEndOfTheSegmentsBytesEndsInZeros) {
    const ElfBuilder builder = ElfBuilder().u32("number", 1);
    const ElfBuilder::Layout at = builder.layout();
    Bytes bytes = builder.build();
    bytes[at.loaded_bytes - 1] = std::byte{0x7f}; // the last byte of DT_NULL's unused value
    put(bytes, at.symbols.offset + sizeof(Elf64_Sym) + offsetof(Elf64_Sym, st_value),
        ElfBuilder::kLoadAddress + at.loaded_bytes - 1);
    const Reading reading(std::move(bytes));
    EXPECT_EQ(reading.image().read_u32("number"), 0x7fu);
}

TEST(ElfImage, FindsSymbolsByEitherHashTableWithoutSections) {
    const Reading by_hash(game_builder().without_sections().without_gnu_hash().build());
    ASSERT_TRUE(by_hash.is_image()) << by_hash.rejection().detail;
    EXPECT_TRUE(by_hash.image().defines("zero_number"));
    const Reading by_gnu_hash(game_builder().without_sections().without_hash().build());
    ASSERT_TRUE(by_gnu_hash.is_image()) << by_gnu_hash.rejection().detail;
    EXPECT_TRUE(by_gnu_hash.image().defines("zero_number"));
    EXPECT_TRUE(by_gnu_hash.image().needs("malloc"));
}

TEST(ElfImage, WithoutSectionsAndHashTablesItsSymbolsCanNotBeCounted) {
    expect_rejection(game_builder().without_sections().without_hash().without_gnu_hash().build(),
                     RejectReason::kNotElf,
                     " is not a valid ELF file: it has no hash table for its symbols");
}

TEST(ElfImage, GnuHashTableOfNothingCountsTheSymbolsBeforeIt) {
    ElfBuilder builder;
    builder.undefined("malloc").without_sections().without_hash();
    const Reading reading(builder.build());
    ASSERT_TRUE(reading.is_image()) << reading.rejection().detail;
    EXPECT_TRUE(reading.image().needs("malloc"));
}

TEST(ElfImage, GnuHashChainLongerThanOneReadIsFollowed) {
    ElfBuilder builder;
    for (int i = 0; i < 3000; ++i)
        builder.function("f" + std::to_string(i));
    Bytes bytes = builder.without_sections().without_hash().build();
    // The bucket names the chain's first symbol, so all of the 3000 words are walked.
    const Reading reading(std::move(bytes));
    ASSERT_TRUE(reading.is_image()) << reading.rejection().detail;
    EXPECT_TRUE(reading.image().defines("f2999"));
}

TEST(ElfImage, ReadsCountsThatNeedMoreThan16Bits) {
    const ElfBuilder builder = game_builder();
    const std::size_t first_section = builder.layout().sections.offset;
    Bytes bytes = builder.build();
    put(bytes, first_section + offsetof(Elf64_Shdr, sh_size), Elf64_Xword{9});
    put(bytes, first_section + offsetof(Elf64_Shdr, sh_info), Elf64_Word{2});
    put(bytes, offsetof(Elf64_Ehdr, e_shnum), Elf64_Half{0});
    put(bytes, offsetof(Elf64_Ehdr, e_phnum), Elf64_Half{PN_XNUM});
    const Reading reading(std::move(bytes));
    ASSERT_TRUE(reading.is_image()) << reading.rejection().detail;
    EXPECT_TRUE(reading.image().defines("hotrun_step"));
}

TEST(ElfImage, ObjectFileIsReadWithoutSymbols) {
    const Reading reading(game_builder().type(ET_REL).build());
    ASSERT_TRUE(reading.is_image()) << reading.rejection().detail;
    EXPECT_EQ(reading.image().type, ET_REL);
    EXPECT_FALSE(reading.image().defines("hotrun_step"));
}

TEST(ElfImage, ForeignFormatsTellTheirMachine) {
    Bytes bytes = game_builder().machine(EM_ARM).build();
    bytes[EI_CLASS] = std::byte{ELFCLASS32};
    const Reading narrow(bytes);
    ASSERT_TRUE(narrow.is_image()) << narrow.rejection().detail;
    EXPECT_FALSE(narrow.image().has_host_format());
    EXPECT_EQ(narrow.image().machine, EM_ARM);

    bytes = game_builder().machine(__builtin_bswap16(EM_S390)).build();
    bytes[EI_DATA] = std::byte{ELFDATA2MSB};
    const Reading swapped(bytes);
    ASSERT_TRUE(swapped.is_image()) << swapped.rejection().detail;
    EXPECT_FALSE(swapped.image().has_host_format());
    EXPECT_EQ(swapped.image().machine, EM_S390);
}

TEST(ElfImage, EveryCutIsTruncated) {
    for (const Bytes &whole : {game_builder().build(), game_builder().without_sections().build()}) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const Reading reading(Bytes(whole.begin(), whole.begin() + static_cast<long>(size)));
            ASSERT_TRUE(reading.is_rejected(RejectReason::kTruncated)) << "cut to " << size;
            ASSERT_EQ(reading.file.outside_read_count(), 0u) << "cut to " << size;
        }
    }
}

TEST(ElfImage, FileCutWhileItIsReadIsTruncated) {
    const Bytes whole = game_builder().build();
    for (std::size_t size = 0; size < whole.size(); size += 8) {
        MemoryFile file(whole);
        file.cut_behind_our_back(size);
        const Outcome outcome = ElfImage::read(file, kPath);
        if (const auto *rejection = std::get_if<Rejection>(&outcome)) {
            EXPECT_EQ(to_word(rejection->reason), "truncated") << "cut to " << size;
        }
    }
}

TEST(ElfImage, UnwrittenStartIsTruncated) {
    expect_rejection({}, RejectReason::kTruncated, " is not whole: it is empty");
    expect_rejection(Bytes(1), RejectReason::kTruncated, " is not whole: it starts with zeros");
    expect_rejection(Bytes(9000), RejectReason::kTruncated, " is not whole: it starts with zeros");
    expect_rejection(to_bytes("\x7f"
                              "E"),
                     RejectReason::kTruncated,
                     " is not whole: it ends within its header at byte 2");
    Bytes headless = game_builder().build();
    fill_with_zeros(headless, {0, sizeof(Elf64_Ehdr)});
    expect_rejection(headless, RejectReason::kTruncated, " is not whole: it starts with zeros");
}

TEST(ElfImage, OtherFilesAreNotElf) {
    expect_rejection(to_bytes("!"), RejectReason::kNotElf, " is not an ELF file");
    expect_rejection(to_bytes("\x7f"
                              "ELX"),
                     RejectReason::kNotElf, " is not an ELF file");
    expect_rejection(to_bytes("#!/bin/sh\necho this is a script with more bytes than a header\n"),
                     RejectReason::kNotElf, " is not an ELF file");
    Bytes bytes = game_builder().build();
    bytes[EI_CLASS] = std::byte{9};
    expect_rejection(
        bytes, RejectReason::kNotElf,
        " is not a valid ELF file: its header names no known class, byte order and version");
}

TEST(ElfImage, TableThatIsStillEmptyIsTruncated) {
    const ElfBuilder::Layout at = game_builder().layout();
    const std::pair<ElfBuilder::Part, std::string> tables[] = {
        {at.segments, "program header table"}, {at.sections, "section header table"},
        {at.dynamic, "dynamic section"},       {at.names, "dynamic string table"},
        {at.symbols, "dynamic symbol table"},
    };
    for (const auto &[part, name] : tables) {
        Bytes bytes = game_builder().build();
        fill_with_zeros(bytes, part);
        expect_rejection(bytes, RejectReason::kTruncated,
                         " is not whole: its " + name + " is still empty");
    }
}

TEST(ElfImage, PartsBeyondTheEndAreTruncated) {
    const ElfBuilder::Layout at = game_builder().layout();
    const std::string end = " reaches beyond its end at byte " + std::to_string(at.size);
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    const std::tuple<std::size_t, std::uint64_t, std::string> fields[] = {
        {offsetof(Elf64_Ehdr, e_phoff), most - 8, "program header table"},
        {offsetof(Elf64_Ehdr, e_shoff), at.size - 8, "section header table"},
        {at.segments.offset + offsetof(Elf64_Phdr, p_offset), most, "segment 0"},
        {at.segments.offset + offsetof(Elf64_Phdr, p_filesz), at.size + 1, "segment 0"},
        {at.segments.offset + sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_filesz), most,
         "segment 1"},
        {at.sections.offset + sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_size), most,
         "section 1"},
        {at.sections.offset + 2 * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_offset), at.size,
         "section 2"},
    };
    for (const auto &[offset, value, part] : fields) {
        Bytes bytes = game_builder().build();
        put(bytes, offset, value);
        expect_rejection(bytes, RejectReason::kTruncated, " is not whole: its " + part + end);
    }
}

TEST(ElfImage, ImpossibleCountsAllocateNothing) {
    const ElfBuilder::Layout at = game_builder().layout();
    Bytes sections = game_builder().build();
    put(sections, offsetof(Elf64_Ehdr, e_shnum), Elf64_Half{0});
    const Elf64_Xword overflows_to_9 = (Elf64_Xword{1} << 58) + 9; // times 64 bytes
    for (const Elf64_Xword count : {~Elf64_Xword{0}, overflows_to_9}) {
        put(sections, at.sections.offset + offsetof(Elf64_Shdr, sh_size), count);
        EXPECT_TRUE(Reading(sections).is_rejected(RejectReason::kTruncated));
    }

    const ElfBuilder bare = game_builder().without_sections().without_gnu_hash();
    Bytes symbols = bare.build();
    put(symbols, bare.layout().hash.offset + 4, ~std::uint32_t{0});
    EXPECT_TRUE(Reading(symbols).is_rejected(RejectReason::kTruncated));

    const ElfBuilder gnu = game_builder().without_sections().without_hash();
    for (const std::size_t field : {0u, 8u}) { // the counts of buckets and of Bloom words
        Bytes buckets = gnu.build();
        put(buckets, gnu.layout().gnu_hash.offset + field, ~std::uint32_t{0});
        EXPECT_TRUE(Reading(buckets).is_rejected(RejectReason::kTruncated));
    }
}

TEST(ElfImage, ManyEntriesOfOneLongNameAreRefused) {
    ElfBuilder builder;
    builder.soname(std::string(4000, 's'));
    for (int i = 0; i < 200; ++i)
        builder.needed("x");
    const ElfBuilder::Layout at = builder.layout();
    Bytes bytes = builder.build();
    for (std::size_t i = 1; i <= 200; ++i)
        put(bytes, at.dynamic.offset + i * sizeof(Elf64_Dyn) + offsetof(Elf64_Dyn, d_un),
            Elf64_Xword{1});
    expect_rejection(bytes, RejectReason::kNotElf,
                     " is not a valid ELF file: it needs more libraries than it can name");
}

TEST(ElfImage, LibraryWithoutDynamicSectionIsNotElf) {
    const ElfBuilder::Layout at = game_builder().layout();
    Bytes bytes = game_builder().build();
    put(bytes, at.segments.offset + sizeof(Elf64_Phdr), Elf64_Word{PT_NOTE});
    expect_rejection(bytes, RejectReason::kNotElf,
                     " is not a valid ELF file: it has no dynamic section");
}

TEST(ElfImage, HeadersOfAnotherSizeAreNotElf) {
    const std::pair<std::size_t, std::string> fields[] = {
        {offsetof(Elf64_Ehdr, e_shentsize), "its section headers have the wrong size"},
        {offsetof(Elf64_Ehdr, e_phentsize), "its program headers have the wrong size"},
    };
    for (const auto &[offset, problem] : fields) {
        Bytes bytes = game_builder().build();
        put(bytes, offset, Elf64_Half{1});
        expect_rejection(bytes, RejectReason::kNotElf, " is not a valid ELF file: " + problem);
    }
}

TEST(ElfImage, TableOutsideOfEverySegmentIsNotElf) {
    const ElfBuilder::Layout at = game_builder().layout();
    Bytes bytes = game_builder().build();
    put(bytes, at.segments.offset + offsetof(Elf64_Phdr, p_vaddr), Elf64_Addr{1} << 40);
    expect_rejection(bytes, RejectReason::kNotElf,
                     " is not a valid ELF file: its dynamic string table is in no segment");
}

TEST(ElfImage, TableInBytesThatOnlyMemoryHasIsNotElf) {
    const ElfBuilder builder;
    const ElfBuilder::Layout at = builder.layout();
    Bytes bytes = builder.build();
    const std::size_t string_table = at.dynamic.offset + 2 * sizeof(Elf64_Dyn); // after the hashes
    put(bytes, string_table + offsetof(Elf64_Dyn, d_un),
        ElfBuilder::kLoadAddress + at.loaded_bytes);
    expect_rejection(bytes, RejectReason::kNotElf,
                     " is not a valid ELF file: its dynamic string table is in no segment");
}

TEST(ElfImage, RandomDamageNeverReadsOutside) {
    std::mt19937 random(20240229);
    const Bytes originals[] = {
        game_builder().build(),
        game_builder().without_sections().without_hash().build(),
        game_builder().without_sections().without_gnu_hash().build(),
        game_builder().version_of("libm.so.6").version_of("libc.so.6").build(),
    };
    for (int round = 0; round < 40000; ++round) {
        Bytes bytes = originals[round % 4];
        for (unsigned flips = 1 + random() % 6; flips > 0; --flips)
            bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        const Reading reading(std::move(bytes));
        if (reading.is_image()) {
            reading.image().defines("hotrun_step");
            reading.image().needs("malloc");
            reading.image().read_u32("number");
        }
        ASSERT_EQ(reading.file.outside_read_count(), 0u) << "round " << round;
    }
}

} // namespace
} // namespace hotrun
