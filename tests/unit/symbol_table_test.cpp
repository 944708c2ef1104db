#include "core/symbol_table.hpp"

#include "support/library_builder.hpp"
#include "support/memory_file.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>

namespace hotrun {
namespace {

using Bytes = std::vector<std::byte>;
using enum LibraryBuilder::Area;

template <typename T>
void overwrite(Bytes &bytes, std::size_t offset, const T &value) {
    ASSERT_LE(offset + sizeof value, bytes.size());
    std::memcpy(bytes.data() + offset, &value, sizeof value);
}

// A table together with the file that it refers to.
struct ReadTable {
    explicit ReadTable(Bytes bytes) : file(std::move(bytes)), table(SymbolTable::read(file)) {}
    explicit ReadTable(const LibraryBuilder &builder) : ReadTable(builder.build()) {}

    std::string name_at(std::uint64_t address) const {
        const Symbol *symbol = table.find(address);
        return symbol == nullptr ? "" : std::string(symbol->name);
    }

    MemoryFile file;
    SymbolTable table;
};

TEST(SymbolTable, ReadsFunctionsAndObjects) {
    LibraryBuilder builder;
    const std::uint64_t step = builder.function("step");
    const std::uint64_t table = builder.object(kConstants, "table", 24);
    const ReadTable reading(builder);
    ASSERT_EQ(reading.table.symbols().size(), 2u);
    const Symbol *symbol = reading.table.find(step);
    ASSERT_NE(symbol, nullptr);
    EXPECT_EQ(symbol->name, "step");
    EXPECT_EQ(symbol->kind, Symbol::Kind::kFunction);
    EXPECT_EQ(symbol->size_bytes, 16u);
    EXPECT_FALSE(symbol->is_local);
    EXPECT_EQ(symbol->file, "");
    symbol = reading.table.find(table);
    ASSERT_NE(symbol, nullptr);
    EXPECT_EQ(symbol->kind, Symbol::Kind::kObject);
    EXPECT_EQ(symbol->size_bytes, 24u);
}

TEST(SymbolTable, IndirectFunctionIsAFunction) {
    LibraryBuilder builder;
    const std::uint64_t address = builder.function("chosen", STB_GLOBAL, STT_GNU_IFUNC);
    const ReadTable reading(builder);
    ASSERT_NE(reading.table.find(address), nullptr);
    EXPECT_EQ(reading.table.find(address)->kind, Symbol::Kind::kFunction);
}

TEST(SymbolTable, LocalSymbolsBelongToTheirFiles) {
    LibraryBuilder builder;
    const std::uint64_t a = builder.file("a.cpp").function("helper", STB_LOCAL);
    const std::uint64_t b = builder.file("b.cpp").function("helper", STB_LOCAL);
    const std::uint64_t hidden = builder.file("").function("hidden", STB_LOCAL);
    const ReadTable reading(builder);
    EXPECT_TRUE(reading.table.has_local_symbols());
    EXPECT_EQ(reading.table.find(a)->file, "a.cpp");
    EXPECT_EQ(reading.table.find(b)->file, "b.cpp");
    EXPECT_EQ(reading.table.find(hidden)->file, "");
    EXPECT_EQ(reading.table.find_sole("a.cpp", "helper", true)->address, a);
    EXPECT_EQ(reading.table.find_sole("b.cpp", "helper", true)->address, b);
    EXPECT_EQ(reading.table.find_sole("", "helper", true), nullptr);
    EXPECT_EQ(reading.table.find_sole("a.cpp", "helper", false), nullptr);
}

TEST(SymbolTable, NameThatIsThereTwiceIsNotFound) {
    LibraryBuilder builder;
    builder.file("util.cpp").function("helper", STB_LOCAL);
    builder.file("util.cpp").function("helper", STB_LOCAL);
    EXPECT_EQ(ReadTable(builder).table.find_sole("util.cpp", "helper", true), nullptr);
}

TEST(SymbolTable, EachOfManyNamesIsFound) {
    LibraryBuilder builder;
    std::vector<std::uint64_t> addresses;
    for (int i = 0; i < 1000; ++i)
        addresses.push_back(builder.function("f" + std::to_string(i)));
    const ReadTable reading(builder);
    for (int i = 0; i < 1000; ++i) {
        const Symbol *symbol = reading.table.find_sole("", "f" + std::to_string(i), false);
        ASSERT_NE(symbol, nullptr);
        EXPECT_EQ(symbol->address, addresses[static_cast<std::size_t>(i)]);
    }
    EXPECT_EQ(reading.table.find_sole("", "f1000", false), nullptr);
}

TEST(SymbolTable, FindsTheSymbolAroundAnAddress) {
    LibraryBuilder builder;
    const std::uint64_t table = builder.object(kData, "table", 24);
    const std::uint64_t next = builder.object(kData, "next", 8);
    builder.bytes(kData, std::string(8, '\0'));
    const ReadTable reading(builder);
    EXPECT_EQ(reading.name_at(table + 23), "table");
    EXPECT_EQ(reading.name_at(next), "next");
    EXPECT_EQ(reading.name_at(next + 8), "");
    EXPECT_EQ(reading.name_at(table - 1), "");
    EXPECT_EQ(reading.name_at(0), "");
    EXPECT_EQ(reading.name_at(~std::uint64_t{0}), "");
}

TEST(SymbolTable, PrefersTheInnerSymbolAndItsStart) {
    LibraryBuilder builder;
    const std::uint64_t outer = builder.object(kData, "outer", 64);
    builder.alias("inner", outer + 16, 8, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT));
    builder.alias("label", outer + 40, 0, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC));
    const ReadTable reading(builder);
    EXPECT_EQ(reading.name_at(outer + 15), "outer");
    EXPECT_EQ(reading.name_at(outer + 16), "inner");
    EXPECT_EQ(reading.name_at(outer + 23), "inner");
    EXPECT_EQ(reading.name_at(outer + 24), "outer");
    EXPECT_EQ(reading.name_at(outer + 40), "label");
    EXPECT_EQ(reading.name_at(outer + 63), "outer");
}

TEST(SymbolTable, KeepsAllNamesOfOneAddress) {
    LibraryBuilder builder;
    const std::uint64_t first = builder.function("first");
    builder.alias("second", first, 16, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC));
    EXPECT_EQ(ReadTable(builder).table.starting_at(first).size(), 2u);
}

TEST(SymbolTable, WhatIsNoPlaceOfTheLibraryIsLeftOut) {
    LibraryBuilder builder;
    Elf64_Sym symbol{};
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    builder.symbol("undefined", symbol);
    symbol.st_shndx = SHN_ABS;
    builder.symbol("absolute", symbol);
    builder.alias("thread_local", 16, 8, ELF64_ST_INFO(STB_GLOBAL, STT_TLS));
    builder.alias("marker", 16, 0, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT));
    builder.alias("", 16, 8, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT));
    EXPECT_TRUE(ReadTable(builder).table.is_empty());
}

TEST(SymbolTable, WhatTheCompilerHasNoNameForHasNone) {
    LibraryBuilder builder;
    const std::uint64_t literal = builder.literal("a text");
    builder.alias(".L.str.26", literal, 7, ELF64_ST_INFO(STB_LOCAL, STT_OBJECT));
    const std::uint64_t helper = builder.function("helper", STB_LOCAL);
    const ReadTable reading(builder);
    EXPECT_EQ(reading.table.find(literal), nullptr);
    EXPECT_NE(reading.table.find(helper), nullptr);
}

TEST(SymbolTable, GapReachesFromSymbolToSymbol) {
    LibraryBuilder builder;
    const std::uint64_t before = builder.object(kConstants, "before", 8);
    const std::uint64_t text = builder.literal("literal");
    const std::uint64_t after = builder.object(kConstants, "after", 8);
    const ReadTable reading(builder);
    EXPECT_EQ(reading.table.gap_at(text + 3), (AddressRange{before + 8, after}));
    EXPECT_EQ(reading.table.gap_at(0).begin, 0u);
    EXPECT_EQ(reading.table.gap_at(after + 8), (AddressRange{after + 8, ~std::uint64_t{0}}));
}

TEST(SymbolTable, TellsCodeConstantsAndVariablesApart) {
    for (const bool sections : {true, false}) {
        LibraryBuilder builder;
        const std::uint64_t step = builder.function("step");
        const std::uint64_t text = builder.literal("text");
        const std::uint64_t variable = builder.object(kData, "variable", 8);
        if (!sections)
            builder.without_sections();
        const ReadTable reading(builder);
        EXPECT_EQ(reading.table.memory_at(step), Memory::kCode);
        EXPECT_EQ(reading.table.memory_at(text), Memory::kConstant);
        EXPECT_EQ(reading.table.memory_at(text + 5), Memory::kNone);
        EXPECT_EQ(reading.table.memory_at(variable), Memory::kWritable);
        EXPECT_EQ(reading.table.memory_at(0), Memory::kNone);
        EXPECT_EQ(reading.table.is_empty(), !sections);
    }
}

TEST(SymbolTable, EmptySectionHidesNothing) {
    LibraryBuilder builder;
    const std::uint64_t text = builder.literal("text");
    const std::size_t data = builder.layout().sections + 3 * sizeof(Elf64_Shdr);
    Bytes bytes = builder.build();
    overwrite(bytes, data + offsetof(Elf64_Shdr, sh_addr), text);
    overwrite(bytes, data + offsetof(Elf64_Shdr, sh_size), Elf64_Xword{0});
    EXPECT_EQ(ReadTable(bytes).table.memory_at(text), Memory::kConstant);
}

TEST(SymbolTable, TablesOfTheLinkerAreNoConstants) {
    LibraryBuilder builder;
    const std::uint64_t text = builder.literal("text");
    const std::size_t rodata = builder.layout().sections + 2 * sizeof(Elf64_Shdr);
    Bytes bytes = builder.build();
    overwrite(bytes, rodata + offsetof(Elf64_Shdr, sh_type), Elf64_Word{SHT_STRTAB});
    EXPECT_EQ(ReadTable(bytes).table.memory_at(text), Memory::kNone);
}

TEST(SymbolTable, RangeIsWholePages) {
    LibraryBuilder builder;
    builder.function("step");
    builder.object(kData, "variable", 4096 - 100);
    EXPECT_EQ(ReadTable(builder).table.address_range(), (AddressRange{0x11000, 0x33000}));
    EXPECT_EQ(SymbolTable().address_range(), AddressRange{});
}

TEST(SymbolTable, ReadsBytesByTheirAddress) {
    LibraryBuilder builder;
    builder.function("step");
    const std::uint64_t text = builder.literal("text");
    const ReadTable reading(builder);
    std::array<char, 5> bytes{};
    ASSERT_TRUE(reading.table.read_at(text, std::as_writable_bytes(std::span(bytes))));
    EXPECT_STREQ(bytes.data(), "text");
    EXPECT_FALSE(reading.table.read_at(text + 1, std::as_writable_bytes(std::span(bytes))));
    EXPECT_FALSE(reading.table.read_at(0, std::as_writable_bytes(std::span(bytes))));
}

TEST(SymbolTable, StrippedLibraryHasItsDynamicSymbols) {
    LibraryBuilder builder;
    builder.file("a.cpp").function("helper", STB_LOCAL);
    const std::uint64_t step = builder.function("step");
    const ReadTable reading(builder.stripped());
    EXPECT_EQ(reading.table.symbols().size(), 1u);
    EXPECT_EQ(reading.name_at(step), "step");
    EXPECT_FALSE(reading.table.has_local_symbols());
}

LibraryBuilder library_builder() {
    LibraryBuilder builder;
    builder.file("game.cpp").function("helper", STB_LOCAL);
    builder.object(kData, "table", 24);
    builder.object(kConstants, "limits", 16, STB_LOCAL);
    builder.literal("text");
    builder.function("step");
    return builder;
}

TEST(SymbolTable, BrokenNumbersGiveAnEmptyTable) {
    const LibraryBuilder::Layout at = library_builder().layout();
    const std::size_t symtab = at.sections + 4 * sizeof(Elf64_Shdr);
    const std::size_t strtab = symtab + sizeof(Elf64_Shdr);
    constexpr std::uint64_t kMost = ~std::uint64_t{0};
    const struct {
        std::size_t offset;
        std::uint64_t value;
    } fields[] = {
        {offsetof(Elf64_Ehdr, e_shoff), kMost},
        {offsetof(Elf64_Ehdr, e_phoff), kMost - 8},
        {at.sections + sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_offset), kMost},
        {symtab + offsetof(Elf64_Shdr, sh_offset), kMost},
        {symtab + offsetof(Elf64_Shdr, sh_size), kMost},
        {symtab + offsetof(Elf64_Shdr, sh_link), 6},
        {symtab + offsetof(Elf64_Shdr, sh_link), 4},
        {strtab + offsetof(Elf64_Shdr, sh_size), std::uint64_t{1} << 40},
        {strtab + offsetof(Elf64_Shdr, sh_size), 3},
        {at.segments + offsetof(Elf64_Phdr, p_filesz), kMost},
        {at.symbols + sizeof(Elf64_Sym), 0xfff1'0004'ffff'ffff},     // the name of the file
        {at.symbols + sizeof(Elf64_Sym) * 2, 0x0001'0002'ffff'ffff}, // the name of a function
        {0, 0},
    };
    ASSERT_FALSE(ReadTable(library_builder()).table.is_empty());
    for (const auto &[offset, value] : fields) {
        Bytes bytes = library_builder().build();
        overwrite(bytes, offset, value);
        const ReadTable reading(std::move(bytes));
        EXPECT_TRUE(reading.table.is_empty()) << offset << ' ' << value;
        EXPECT_EQ(reading.file.outside_read_count(), 0u);
    }
}

TEST(SymbolTable, CountOfSectionsMayBeInTheFirstOne) {
    const std::size_t first = library_builder().layout().sections;
    Bytes bytes = library_builder().build();
    overwrite(bytes, offsetof(Elf64_Ehdr, e_shnum), Elf64_Half{0});
    overwrite(bytes, first + offsetof(Elf64_Shdr, sh_size), Elf64_Xword{6});
    EXPECT_FALSE(ReadTable(bytes).table.is_empty());
    for (const Elf64_Xword count : {~Elf64_Xword{0}, (Elf64_Xword{1} << 58) + 6}) {
        overwrite(bytes, first + offsetof(Elf64_Shdr, sh_size), count);
        EXPECT_TRUE(ReadTable(bytes).table.is_empty());
    }
}

TEST(SymbolTable, FileThatIsCutWhileItIsReadGivesAnEmptyTable) {
    const Bytes bytes = library_builder().build();
    for (std::size_t size = 0; size < bytes.size(); size += 40) {
        MemoryFile file(bytes);
        file.cut_behind_our_back(size);
        EXPECT_TRUE(SymbolTable::read(file).is_empty()) << size;
    }
}

TEST(SymbolTable, RandomDamageNeverReadsOutside) {
    std::mt19937 random(20240502);
    const Bytes original = library_builder().build();
    for (int round = 0; round < 20000; ++round) {
        Bytes bytes = original;
        for (unsigned flips = 1 + random() % 6; flips > 0; --flips)
            bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        const ReadTable reading(std::move(bytes));
        for (const Symbol &symbol : reading.table.symbols()) {
            reading.table.find(symbol.address + symbol.size_bytes);
            reading.table.find_sole(symbol.file, symbol.name, symbol.is_local);
        }
        ASSERT_EQ(reading.file.outside_read_count(), 0u) << "round " << round;
    }
}

} // namespace
} // namespace hotrun
