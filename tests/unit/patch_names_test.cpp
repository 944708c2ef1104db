#include "core/patch_names.hpp"

#include "unit/rebind_test.hpp"

namespace hotrun {
namespace {

constexpr Word kPatches = 0x7e0000000000;

// What lies in a patch, and the library that has it next.
class PatchNamesTest : public testing::Test {
  protected:
    void name(Word at, const std::string &name, bool is_function, const std::string &source = {}) {
        names_.add({kPatches + at, 16, name, source, !source.empty(), is_function});
    }
    std::optional<Word> rebind(Word at) const {
        const MemoryFile file(library_.build());
        const SymbolTable table = SymbolTable::read(file);
        const auto word = PatchRebinder(names_, table, kNewBias).rebind(kPatches + at);
        return word ? std::optional(*word - kNewBias) : std::nullopt;
    }

    PatchNames names_{{kPatches, kPatches + 0x1000}};
    LibraryBuilder library_;
};

TEST_F(PatchNamesTest, FunctionIsFoundByItsNameAndFile) {
    name(0, "_Z4turnv", true);
    name(16, "_ZL6helperv", true, "game.cpp");
    library_.file("enemy.cpp").function("_ZL6helperv", STB_LOCAL);
    const Word helper = library_.file("game.cpp").function("_ZL6helperv", STB_LOCAL);
    const Word turn = library_.function("_Z4turnv");
    EXPECT_EQ(rebind(0), turn);
    EXPECT_EQ(rebind(16), helper);
    EXPECT_EQ(rebind(4), std::nullopt) << "nobody keeps a place in a function";
    EXPECT_EQ(names_.describe(kPatches), "turn()");
}

TEST_F(PatchNamesTest, WhatIsNotTheSameHasNoAnswer) {
    name(0, "gone", true);
    name(16, "is_an_object_now", true);
    name(32, "of_another_size", false);
    name(48, "is_variable_now", false);
    name(64, "_ZZ4turnvENKUlvE_clEv", true); // a lambda, which may be another one
    library_.object(kConstants, "is_an_object_now", 16);
    library_.object(kConstants, "of_another_size", 24);
    library_.object(kData, "is_variable_now", 16);
    library_.function("_ZZ4turnvENKUlvE_clEv");
    for (const Word at : {0, 16, 32, 48, 64, 500})
        EXPECT_EQ(rebind(at), std::nullopt) << at;
}

TEST_F(PatchNamesTest, ConstantKeepsThePlaceInIt) {
    name(0, "_ZL5table", false, "game.cpp");
    library_.file("game.cpp");
    const Word table = library_.object(kConstants, "_ZL5table", 16, STB_LOCAL);
    EXPECT_EQ(rebind(8), table + 8);
    EXPECT_EQ(rebind(16), std::nullopt) << "what follows may be meant as well";
}

TEST_F(PatchNamesTest, LiteralIsFoundByWhatItSays) {
    names_.add_constants(kPatches + 100, std::string("first\0second\0", 13));
    library_.function("any", STB_LOCAL);
    library_.literal("another");
    const Word second = library_.literal("second");
    EXPECT_EQ(rebind(106), second);
    EXPECT_EQ(rebind(108), second + 2);
    EXPECT_EQ(rebind(112), second + 6) << "its NUL";
    EXPECT_EQ(rebind(100), std::nullopt) << "it is not there";
    EXPECT_EQ(rebind(113), std::nullopt);
}

TEST_F(PatchNamesTest, EndOfAConstantIsNotTheStartOfALiteral) {
    name(100, "_ZL5table", false, "game.cpp");
    names_.add_constants(kPatches + 100, std::string("a table of 16 byfirst\0", 22));
    library_.function("any", STB_LOCAL);
    const Word first = library_.literal("first");
    EXPECT_EQ(rebind(116), std::nullopt);
    EXPECT_EQ(rebind(117), first + 1);
}

} // namespace
} // namespace hotrun
