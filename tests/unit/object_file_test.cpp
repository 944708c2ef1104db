#include "core/object_file.hpp"

#include "core/object_diff.hpp"
#include "support/object_builder.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace hotrun {
namespace {

using ObjectBytes = std::vector<std::byte>;

constexpr std::uint64_t kWritten = SHF_ALLOC | SHF_WRITE;

ObjectBuilder game_object() {
    ObjectBuilder builder;
    const auto text = builder.code(".text", std::string(32, '\x90'));
    const auto data = builder.section(".data", std::string(8, '\1'), kWritten);
    const auto inlined = builder.code(".text._Zf", std::string(8, '\x90'), "_Zf");
    builder.symbol("step", text, 0, 16);
    builder.symbol("_ZL6helper", text, 16, 16, STT_FUNC, STB_LOCAL);
    builder.symbol("_ZL4hits", data, 4, 4, STT_OBJECT, STB_LOCAL);
    builder.symbol("_Zf", inlined, 0, 8, STT_FUNC, STB_WEAK);
    builder.relocation(text, 20, builder.undefined("puts"), R_X86_64_PLT32, -4);
    builder.relocation(text, 4, builder.section_symbol(data), R_X86_64_PC32, 0);
    return builder;
}

std::string fault_of(ObjectBytes bytes) {
    const auto object = ObjectFile::read("game.o", std::move(bytes));
    return object ? "" : object.error().message;
}

Elf64_Shdr *section_headers_of(ObjectBytes &bytes) {
    Elf64_Ehdr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    return reinterpret_cast<Elf64_Shdr *>(bytes.data() + header.e_shoff);
}

Elf64_Shdr &section_of_type(ObjectBytes &bytes, Elf64_Word type) {
    Elf64_Shdr *header = section_headers_of(bytes);
    while (header->sh_type != type)
        ++header;
    return *header;
}

template <typename Entry>
Entry *entries_of(ObjectBytes &bytes, Elf64_Word type) {
    return reinterpret_cast<Entry *>(bytes.data() + section_of_type(bytes, type).sh_offset);
}

TEST(ObjectFile, HasSectionsSymbolsAndRelocations) {
    const auto object = ObjectFile::read("game.o", game_object().build());
    ASSERT_TRUE(object) << object.error().message;
    EXPECT_EQ(object->source(), "game.cpp");
    EXPECT_EQ(object->source_count(), 1u);
    const ObjectSection &text = object->sections()[1];
    EXPECT_EQ(text.name, ".text");
    EXPECT_EQ(text.role, SectionRole::kCode);
    EXPECT_EQ(object->sections()[2].role, SectionRole::kWritable);
    EXPECT_EQ(object->sections()[3].group, "_Zf");
    ASSERT_EQ(text.relocations.size(), 2u);
    EXPECT_EQ(text.relocations[0].r_offset, 4u) << "they are sorted";
    EXPECT_EQ(object->symbol_of(text.relocations[1]).name, "puts");
    ASSERT_NE(object->find("_ZL4hits"), nullptr);
    EXPECT_EQ(object->find("_ZL4hits")->value, 4u);
    EXPECT_EQ(object->find("missing"), nullptr);
}

TEST(ObjectFile, FindsWhatLiesAtAPlace) {
    const auto object = ObjectFile::read("game.o", game_object().build());
    ASSERT_TRUE(object);
    EXPECT_EQ(object->find_at(1, 0)->name, "step");
    EXPECT_EQ(object->find_at(1, 15)->name, "step");
    EXPECT_EQ(object->find_at(1, 16)->name, "_ZL6helper");
    EXPECT_EQ(object->find_at(1, 32), nullptr);
    EXPECT_EQ(object->find_at(2, 0), nullptr) << "nothing before the first";
}

TEST(ObjectFile, ANameOfSeveralIsNotFound) {
    ObjectBuilder builder = game_object();
    builder.symbol("_ZL4hits", 2, 0, 4, STT_OBJECT, STB_LOCAL);
    const auto object = ObjectFile::read("game.o", builder.build());
    ASSERT_TRUE(object);
    EXPECT_EQ(object->find("_ZL4hits"), nullptr);
}

TEST(ObjectFile, ConstantsAreToldFromVariables) {
    ObjectBuilder builder;
    const auto role = [&](const std::string &name, std::uint64_t flags) {
        const auto index = builder.section(name, "12345678", flags);
        const auto object = ObjectFile::read("game.o", builder.build());
        return object ? object->sections()[index].role : SectionRole::kIgnored;
    };
    EXPECT_EQ(role(".rodata", SHF_ALLOC), SectionRole::kConstant);
    EXPECT_EQ(role(".data.rel.ro.local", kWritten), SectionRole::kConstant);
    EXPECT_EQ(role(".data.rel.local.DW.ref._ZTI1E", kWritten), SectionRole::kConstant);
    EXPECT_EQ(role(".data.rel.local", kWritten), SectionRole::kWritable);
    EXPECT_EQ(role("hotrun_reset.0", kWritten), SectionRole::kWritable);
    EXPECT_EQ(role(".tdata", kWritten | SHF_TLS), SectionRole::kThread);
    EXPECT_EQ(role(".init_array", kWritten), SectionRole::kStartAndEnd);
    EXPECT_EQ(role(".eh_frame", SHF_ALLOC), SectionRole::kUnwinding);
    EXPECT_EQ(role(".debug_line", 0), SectionRole::kIgnored);
}

TEST(ObjectFile, SaysWhatIsNoObjectFileForThisMachine) {
    EXPECT_EQ(fault_of({}), "game.o is no ELF file");
    EXPECT_EQ(fault_of(ObjectBytes(200)), "game.o is no ELF file");
    ObjectBytes other = game_object().build();
    reinterpret_cast<Elf64_Ehdr *>(other.data())->e_machine = EM_AARCH64;
    EXPECT_EQ(fault_of(other), "game.o is not made for x86-64");
    ObjectBytes library = game_object().build();
    reinterpret_cast<Elf64_Ehdr *>(library.data())->e_type = ET_DYN;
    EXPECT_EQ(fault_of(library), "game.o is no object file");
}

TEST(ObjectFile, SaysWhatLiesOutside) {
    ObjectBytes bytes = game_object().build();
    section_headers_of(bytes)[1].sh_size = 1 << 20;
    EXPECT_EQ(fault_of(bytes), "game.o is damaged: its section .text is not whole");
    ObjectBuilder far_symbol = game_object();
    far_symbol.symbol("far", 1, 30, 4);
    EXPECT_EQ(fault_of(far_symbol.build()),
              "game.o is damaged: its symbol far lies outside of its section");
    ObjectBuilder far_relocation = game_object();
    far_relocation.relocation(1, 29, 1, R_X86_64_PC32, 0);
    EXPECT_EQ(fault_of(far_relocation.build()),
              "game.o is damaged: it has relocations outside of .text");
    ObjectBuilder no_symbol = game_object();
    no_symbol.relocation(1, 8, 1000, R_X86_64_PC32, 0);
    EXPECT_EQ(fault_of(no_symbol.build()),
              "game.o is damaged: it has relocations outside of .text");
}

struct Damage {
    const char *what;
    void (*cause)(ObjectBytes &);
};

Elf64_Ehdr &header_of(ObjectBytes &bytes) {
    return *reinterpret_cast<Elf64_Ehdr *>(bytes.data());
}

TEST(ObjectFile, SaysWhatIsDamaged) {
    const Damage table[] = {
        {"it has no sections", [](ObjectBytes &b) { header_of(b).e_shoff = 0; }},
        {"it has an impossible number of sections",
         [](ObjectBytes &b) { header_of(b).e_shnum = 0; }},
        {"its sections lie beyond its end", [](ObjectBytes &b) { ++header_of(b).e_shnum; }},
        {"its sections have no names", [](ObjectBytes &b) { header_of(b).e_shstrndx = 0; }},
        {"its section .text has an impossible alignment",
         [](ObjectBytes &b) { section_headers_of(b)[1].sh_addralign = 3; }},
        {"it has a symbol without a name",
         [](ObjectBytes &b) { entries_of<Elf64_Sym>(b, SHT_SYMTAB)[1].st_name = 1 << 30; }},
        {"its symbol step is in no section",
         [](ObjectBytes &b) { entries_of<Elf64_Sym>(b, SHT_SYMTAB)[2].st_shndx = 200; }},
        {"it has no symbols",
         [](ObjectBytes &b) { section_of_type(b, SHT_SYMTAB).sh_type = SHT_PROGBITS; }},
        {"its symbols are not whole",
         [](ObjectBytes &b) { section_of_type(b, SHT_SYMTAB).sh_link = 0; }},
        {"it has a group of sections that is not whole",
         [](ObjectBytes &b) { section_of_type(b, SHT_GROUP).sh_info = 1000; }},
        {"it has a group of sections that are not there",
         [](ObjectBytes &b) { entries_of<Elf64_Word>(b, SHT_GROUP)[1] = 1000; }},
        {"it has relocations without addends",
         [](ObjectBytes &b) { section_of_type(b, SHT_RELA).sh_type = SHT_REL; }},
        {"it has relocations that are not whole",
         [](ObjectBytes &b) { section_of_type(b, SHT_RELA).sh_link = 0; }},
    };
    for (const Damage &damage : table) {
        ObjectBytes bytes = game_object().build();
        damage.cause(bytes);
        EXPECT_EQ(fault_of(bytes), std::string("game.o is damaged: ") + damage.what);
    }
}

// Whatever it says, nothing outside of it is read: a sanitizer would see that.
TEST(ObjectFile, DamagedOnesAreReadOrRefused) {
    const ObjectBytes whole = game_object().debug_info().build();
    const auto before = ObjectFile::read("game.o", whole);
    ASSERT_TRUE(before);
    std::mt19937 random(7);
    std::size_t read_count = 0;
    constexpr int kTries = 3000;
    for (int i = 0; i < kTries; ++i) {
        ObjectBytes bytes = whole;
        for (int change = 0; change < 3; ++change)
            bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        if (i % 10 == 0)
            bytes.resize(random() % bytes.size());
        const auto after = ObjectFile::read("game.o", std::move(bytes));
        if (!after)
            continue;
        ++read_count;
        const ObjectMatch match(*before, *after);
        static_cast<void>(diff_objects(match));
    }
    EXPECT_GT(read_count, 0u);
    EXPECT_LT(read_count, std::size_t{kTries});
}

} // namespace
} // namespace hotrun
