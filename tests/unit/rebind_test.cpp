#include "unit/rebind_test.hpp"

namespace hotrun {
namespace {

TEST_F(RebindTest, FunctionIsFoundByItsName) {
    functions_of_both("on_hit", "on_miss", STB_GLOBAL);
    const Versions both = versions();
    EXPECT_EQ(both.rebind(old_a_), new_a_);
    EXPECT_EQ(both.rebind(old_b_), new_b_);
    EXPECT_EQ(both.rebinder.rebind(old_a_ + kOldBias), new_a_ + kNewBias);
    EXPECT_EQ(both.rebind(old_a_ + 4), std::nullopt) << "a place within a function";
}

TEST_F(RebindTest, FunctionThatIsGoneIsRefused) {
    const Word gone = old_.function("gone");
    EXPECT_EQ(versions().rebind(gone), std::nullopt);
}

TEST_F(RebindTest, WhatIsNamedAfterARenamedTypeIsFoundByTheNewName) {
    RenamedTypes renamed;
    renamed.add("game::Enemy", "world::big::Foe");
    const Word table = old_.object(kConstants, "_ZTVN4game5EnemyE", 40);
    const Word other = old_.object(kConstants, "_ZTVN4game6EnemysE", 40);
    const Word hit = old_.function("_Z3hitRN4game5EnemyES1_");
    const Word local = old_.file("a.cpp").function("_ZL4missPN4game5EnemyE", STB_LOCAL);
    new_.object(kConstants, "_ZTVN4game5EnemyE", 40); // another class that has the name now
    const Word new_table = new_.object(kConstants, "_ZTVN5world3big3FoeE", 40);
    const Word new_other = new_.object(kConstants, "_ZTVN4game6EnemysE", 40);
    const Word new_hit = new_.function("_Z3hitRN5world3big3FoeES2_");
    new_.file("b.cpp").function("_ZL4missPN5world3big3FoeE", STB_LOCAL);
    const Versions both = versions(renamed);
    EXPECT_EQ(both.rebind(table + 16), new_table + 16);
    EXPECT_EQ(both.rebind(other + 16), new_other + 16);
    EXPECT_EQ(both.rebind(hit), new_hit);
    EXPECT_EQ(both.rebind(local), std::nullopt) << "it is of another file";
}

TEST_F(RebindTest, FunctionThatBecameAVariableIsRefused) {
    const Word was = old_.function("thing");
    new_.object(kData, "thing", 16);
    EXPECT_EQ(versions().rebind(was), std::nullopt);
}

TEST_F(RebindTest, LocalFunctionIsThatOfTheSameFile) {
    const Word in_a = old_.file("a.cpp").function("helper", STB_LOCAL);
    const Word in_b = old_.file("b.cpp").function("helper", STB_LOCAL);
    const Word new_in_b = new_.file("b.cpp").function("helper", STB_LOCAL);
    const Word new_in_a = new_.file("a.cpp").function("helper", STB_LOCAL);
    EXPECT_EQ(versions().rebind(in_a), new_in_a);
    EXPECT_EQ(versions().rebind(in_b), new_in_b);
}

TEST_F(RebindTest, LocalFunctionOfTwoFilesOfOneNameIsRefused) {
    const Word first = old_.file("util.cpp").function("helper", STB_LOCAL);
    old_.file("util.cpp").function("helper", STB_LOCAL);
    const Word second = old_.file("main.cpp").function("helper", STB_LOCAL);
    new_.file("util.cpp").function("helper", STB_LOCAL);
    new_.file("main.cpp").function("helper", STB_LOCAL);
    new_.file("main.cpp").function("helper", STB_LOCAL);
    EXPECT_EQ(versions().rebind(first), std::nullopt) << "twice in the old version";
    EXPECT_EQ(versions().rebind(second), std::nullopt) << "twice in the new version";
}

TEST_F(RebindTest, NamesThatTheCompilerMadeUpAreRefused) {
    old_.file("a.cpp");
    new_.file("a.cpp");
    for (const char *name : {"f.part.0", "f.constprop.1", "f.lto_priv.0", "f.cold"}) {
        functions_of_both(name, std::string("_after_") + name, STB_LOCAL);
        EXPECT_EQ(versions().rebind(old_a_), std::nullopt) << name;
    }
    const Word count = old_.object(kData, "count.0", 8, STB_LOCAL);
    new_.object(kData, "count.0", 8, STB_LOCAL);
    EXPECT_EQ(versions().rebind(count), std::nullopt);
    functions_of_both("step.helper", "_end", STB_LOCAL);
    EXPECT_EQ(versions().rebind(old_a_), new_a_) << "clang names a function's own things so";
}

TEST_F(RebindTest, AllNamesOfAnAddressHaveToAgree) {
    constexpr unsigned char kFunction = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    functions_of_both("folded_a", "_ZN4gameC1Ev", STB_GLOBAL);
    old_.alias("folded_b", old_a_, 16, kFunction);
    old_.alias("_ZN4gameC2Ev", old_b_, 16, kFunction);
    old_.alias("_ZN4gameC2Ev.localalias", old_b_, 16, ELF64_ST_INFO(STB_LOCAL, STT_FUNC));
    new_.function("folded_b");
    new_.alias("_ZN4gameC2Ev", new_b_, 16, kFunction);
    EXPECT_EQ(versions().rebind(old_a_), std::nullopt);
    EXPECT_EQ(versions().rebind(old_b_), new_b_);
}

TEST_F(RebindTest, LambdaIsKeptWithItsFunctionsListOfLambdas) {
    functions_of_both("_ZZ4tickvENUlvE_4_FUNEv", "_ZZ4tickvENUlvE0_4_FUNEv", STB_LOCAL);
    const Word call = old_.function("_ZZ4tickvENKUlvE_clEv", STB_LOCAL);
    const Word new_call = new_.function("_ZZ4tickvENKUlvE_clEv", STB_LOCAL);
    new_.function("_ZZ4drawvENUlvE_4_FUNEv", STB_LOCAL); // another function's
    EXPECT_EQ(versions().rebind(old_a_), new_a_);
    EXPECT_EQ(versions().rebind(old_b_), new_b_);
    EXPECT_EQ(versions().rebind(call), new_call);
    new_.function("_ZZ4tickvENUlvE1_4_FUNEv", STB_LOCAL);
    EXPECT_EQ(versions().rebind(old_a_), std::nullopt);
    EXPECT_EQ(versions().rebind(call), std::nullopt);
}

TEST_F(RebindTest, FunctionObjectOfALambdaIsCountedAsOne) {
    const std::string start = "_ZNSt17_Function_handlerIFvvEZN4game4tickEvEUlvE";
    const std::string end = "E9_M_invokeERKSt9_Any_data";
    functions_of_both(start + '_' + end, start + "0_" + end, STB_LOCAL);
    EXPECT_EQ(versions().rebind(old_a_), new_a_);
    new_.function(start + "1_" + end, STB_LOCAL);
    EXPECT_EQ(versions().rebind(old_a_), std::nullopt);
}

TEST_F(RebindTest, NameThatOnlyLooksLikeALambdasIsNone) {
    const std::string utils = "_ZN5Utils4findERKNS_4NameE";
    functions_of_both(utils, "_ZN5Ultra4stepEv", STB_GLOBAL);
    new_.function("_ZN5Utils4loadEv");
    new_.function("_ZN5Ultra4jumpEv");
    EXPECT_EQ(versions().rebind(old_a_), new_a_);
    EXPECT_EQ(versions().rebind(old_b_), new_b_);
    functions_of_both("_ZZN5Ultra4tickEvENUlvE_4_FUNEv", "_end", STB_LOCAL);
    new_.function("_ZZN5Ultra4drawEvENUlvE_4_FUNEv", STB_LOCAL); // another function's lambda
    EXPECT_EQ(versions().rebind(old_a_), new_a_);
}

TEST_F(RebindTest, ClangCountsLambdasByTheFile) {
    old_.file("a.cpp");
    new_.file("a.cpp");
    functions_of_both("_ZZ4tickvEN3$_08__invokeEv", "_ZZ4drawvEN3$_18__invokeEv", STB_LOCAL);
    new_.file("b.cpp").function("_ZZ4stopvEN3$_08__invokeEv", STB_LOCAL);
    EXPECT_EQ(versions().rebind(old_a_), new_a_);
    new_.file("a.cpp").function("_ZZ4drawvEN3$_28__invokeEv", STB_LOCAL);
    EXPECT_EQ(versions().rebind(old_a_), std::nullopt);
}

TEST_F(RebindTest, StaticsOfOneNameInAFunctionAreCounted) {
    const Word first = old_.object(kData, "_ZZ4tickvE5count", 4, STB_LOCAL);
    const Word second = old_.object(kData, "_ZZ4tickvE5count_0", 4, STB_LOCAL);
    const Word other = old_.object(kData, "_ZZ4drawvE5count", 4, STB_LOCAL);
    const Word new_second = new_.object(kData, "_ZZ4tickvE5count_0", 4, STB_LOCAL);
    const Word new_first = new_.object(kData, "_ZZ4tickvE5count", 4, STB_LOCAL);
    const Word new_other = new_.object(kData, "_ZZ4drawvE5count", 4, STB_LOCAL);
    new_.object(kData, "_ZZ4tickvE5countB3abi", 4, STB_LOCAL); // has another name
    EXPECT_EQ(versions().rebind(first), new_first);
    EXPECT_EQ(versions().rebind(second), new_second);
    EXPECT_EQ(versions().rebind(other), new_other);
    new_.object(kData, "_ZZ4tickvE5count__10_", 4, STB_LOCAL);
    EXPECT_EQ(versions().rebind(first), std::nullopt);
    EXPECT_EQ(versions().rebind(other), new_other);
}

TEST_F(RebindTest, NameWithANumberedTwinIsRefused) {
    const Word lives = old_.object(kData, "lives", 4, STB_LOCAL);
    const Word score = old_.object(kData, "score", 4, STB_LOCAL);
    const Word new_score = new_.object(kData, "score", 4, STB_LOCAL);
    new_.object(kData, "lives", 4, STB_LOCAL);
    EXPECT_TRUE(versions().rebind(lives));
    old_.object(kData, "lives.12", 4, STB_LOCAL);
    EXPECT_EQ(versions().rebind(lives), std::nullopt);
    EXPECT_EQ(versions().rebind(score), new_score);
    new_.object(kData, "score.3", 4, STB_LOCAL);
    EXPECT_EQ(versions().rebind(score), std::nullopt);
}

TEST_F(RebindTest, FilesOwnNameWithoutAFileIsRefused) {
    old_.file("");
    new_.file("");
    functions_of_both("_ZL6helperi", "_ZN12_GLOBAL__N_16helperEi", STB_LOCAL);
    EXPECT_EQ(versions().rebind(old_a_), std::nullopt);
    EXPECT_EQ(versions().rebind(old_b_), std::nullopt);
    functions_of_both("_ZN4game4tickEv", "tick", STB_LOCAL); // hidden ones
    EXPECT_EQ(versions().rebind(old_a_), new_a_);
    EXPECT_EQ(versions().rebind(old_b_), new_b_);
    old_.file("a.cpp");
    new_.file("a.cpp");
    functions_of_both("_ZL6helperi", "_ZN12_GLOBAL__N_16helperEi", STB_LOCAL);
    EXPECT_EQ(versions().rebind(old_a_), new_a_);
    EXPECT_EQ(versions().rebind(old_b_), new_b_);
}

TEST_F(RebindTest, VtableKeepsItsOffsetsWithItsSize) {
    const Word vtable = old_.object(kData, "_ZTV5Enemy", 64);
    const Word new_vtable = new_.object(kData, "_ZTV5Enemy", 64);
    EXPECT_EQ(versions().rebind(vtable + 16), new_vtable + 16);
    EXPECT_EQ(versions().rebind(vtable + 40), new_vtable + 40);
}

TEST_F(RebindTest, GrownVtableKeepsItsFirstAddressPoint) {
    const Word vtable = old_.object(kData, "_ZTV5Enemy", 64);
    const Word parts = old_.object(kData, "_ZTT5Enemy", 24);
    const Word new_vtable = new_.object(kData, "_ZTV5Enemy", 72);
    new_.object(kData, "_ZTT5Enemy", 32);
    EXPECT_EQ(versions().rebind(vtable + 16), new_vtable + 16);
    EXPECT_EQ(versions().rebind(vtable + 40), std::nullopt);
    EXPECT_EQ(versions().rebind(parts + 16), std::nullopt);
}

TEST_F(RebindTest, EndOfAVtableIsNotTheNextOne) {
    const Word base = old_.object(kData, "_ZTV4Base", 24);
    old_.object(kData, "_ZTV5Enemy", 32);
    new_.object(kData, "_ZTV5Enemy", 32);
    new_.object(kData, "_ZTV4Base", 24);
    EXPECT_EQ(versions().rebind(base + 24), std::nullopt);
}

TEST_F(RebindTest, TypeInfoIsFoundByItsName) {
    const Word info = old_.object(kData, "_ZTI5Enemy", 24, STB_WEAK);
    const Word name = old_.object(kConstants, "_ZTS5Enemy", 7, STB_WEAK);
    const Word new_info = new_.object(kData, "_ZTI5Enemy", 24, STB_WEAK);
    const Word new_name = new_.object(kConstants, "_ZTS5Enemy", 7, STB_WEAK);
    EXPECT_EQ(versions().rebind(info), new_info);
    EXPECT_EQ(versions().rebind(name + 1), new_name + 1);
}

TEST_F(RebindTest, VariableKeepsOffsetsAndItsEnd) {
    const Word table = old_.object(kData, "table", 24);
    old_.bytes(kData, "padding.");
    const Word new_table = new_.object(kData, "table", 24);
    const Versions both = versions();
    EXPECT_EQ(both.rebind(table), new_table);
    EXPECT_EQ(both.rebind(table + 13), new_table + 13);
    EXPECT_EQ(both.rebind(table + 24), new_table + 24);
    EXPECT_EQ(both.rebind(table + 25), std::nullopt);
}

TEST_F(RebindTest, EndOfAVariableThatIsTheStartOfTheNextIsTheNext) {
    const Word table = old_.object(kData, "table", 24);
    old_.object(kData, "next", 8);
    const Word next = new_.object(kData, "next", 8);
    new_.object(kData, "table", 24);
    EXPECT_EQ(versions().rebind(table + 24), next);
}

TEST_F(RebindTest, VariableOfAnotherSizeOrMemoryIsRefused) {
    const Word grown = old_.object(kData, "grown", 24);
    const Word thawed = old_.object(kConstants, "thawed", 24);
    const Word guard = old_.object(kData, "_ZGVZ4tickvE5count", 8);
    new_.object(kData, "grown", 32);
    new_.object(kData, "thawed", 24);
    new_.object(kData, "_ZGVZ4tickvE5count", 8);
    EXPECT_EQ(versions().rebind(grown), std::nullopt);
    EXPECT_EQ(versions().rebind(thawed), std::nullopt);
    EXPECT_EQ(versions().rebind(guard), std::nullopt);
}

TEST_F(RebindTest, DescriptorIsFoundByWhatItDescribes) {
    for (const bool packed : {false, true}) {
        const Word enemy = old_.descriptor("_ZZ4initvE12hotrun_type_", "Enemy", 48, 8, packed);
        const Word shot = old_.descriptor("hotrun_type_.1", "Shot", 16, 8, packed);
        const Word grown = old_.descriptor("hotrun_type_.2", "Grown", 16, 8, packed);
        new_.descriptor("hotrun_type_.2", "Enemy", 40, 8, packed);
        new_.descriptor("hotrun_type_.3", "Enemy", 48, 16, packed);
        const Word new_shot = new_.descriptor("_ZZ4initvE12hotrun_type_", "Shot", 16, 8, packed);
        const Word new_enemy = new_.descriptor("hotrun_type_.1", "Enemy", 48, 8, packed);
        new_.descriptor("hotrun_type_.4", "Grown", 24, 8, packed);
        EXPECT_EQ(versions().rebind(enemy), new_enemy) << packed;
        EXPECT_EQ(versions().rebind(shot), new_shot) << packed;
        EXPECT_EQ(versions().rebind(grown), std::nullopt) << packed;
        EXPECT_EQ(versions().rebind(enemy + 8), std::nullopt) << packed;
        old_ = new_ = LibraryBuilder();
    }
}

TEST_F(RebindTest, VariableThatIsOnlyNamedLikeADescriptorIsNone) {
    const Word count = old_.object(kData, "hotrun_type_count", 8);
    const Word new_count = new_.object(kData, "hotrun_type_count", 8);
    EXPECT_EQ(versions().rebind(count), new_count);
}

TEST_F(RebindTest, DescriptorWhoseNameCantBeReadIsRefused) {
    const Word enemy = old_.object(kData, "hotrun_type_.1", 24, STB_LOCAL);
    const Word foreign = old_.object(kData, "hotrun_type_.2", 24, STB_LOCAL);
    const auto name = static_cast<Elf64_Sxword>(old_.literal("Enemy"));
    old_.relocation({foreign, ELF64_R_INFO(0, R_X86_64_64), name});
    new_.descriptor("hotrun_type_.1", "Enemy", 0x0101010101010101, 0x0101010101010101);
    EXPECT_EQ(versions().rebind(enemy), std::nullopt);
    EXPECT_EQ(versions().rebind(foreign), std::nullopt);
    old_.relocation({enemy, R_X86_64_RELATIVE, name});
    EXPECT_TRUE(versions().rebind(enemy));
}

TEST_F(RebindTest, PackedRelocationsAreThoseOfTheirBitmapAlone) {
    const Word name = old_.literal("Enemy");
    old_.descriptor("hotrun_type_.1", "A", 8, 8, true);
    const Word enemy = old_.object(kData, "hotrun_type_.2", 24, STB_LOCAL);
    old_.descriptor("hotrun_type_.3", "B", 8, 8, true); // enemy lies before it in the bitmap
    new_.descriptor("hotrun_type_.4", "Enemy", 0x0101010101010101, 0x0101010101010101, true);
    old_.write_word(enemy, name);
    EXPECT_EQ(versions().rebind(enemy), std::nullopt);
}

TEST_F(RebindTest, CodeAndVariablesWithoutANameAreRefused) {
    const Word code = old_.bytes(kCode, "unnamed code");
    const Word data = old_.bytes(kData, std::string_view("text\0", 5));
    new_.bytes(kData, std::string_view("text\0", 5));
    EXPECT_EQ(versions().rebind(code), std::nullopt);
    EXPECT_EQ(versions().rebind(data), std::nullopt);
    EXPECT_EQ(versions().rebind(0), std::nullopt);
    EXPECT_EQ(versions().rebind(~Word{0} - kOldBias), std::nullopt);
}

TEST_F(RebindTest, EmptyTablesKnowNothing) {
    const Word step = old_.function("step");
    const Versions both(old_, LibraryBuilder().without_sections());
    EXPECT_EQ(both.rebind(step), std::nullopt);
}

TEST_F(RebindTest, DescribesWhatAWordPointsTo) {
    const Word on_hit = old_.function("_ZN4game6on_hitEv");
    const Word helper = old_.file("util.cpp").function("helper", STB_LOCAL);
    const Word vtable = old_.object(kData, "_ZTV5Enemy", 64);
    const Word table = old_.object(kData, "table", 24);
    const Word type = old_.descriptor("hotrun_type_.3", "Enemy", 48, 8);
    const Word text = old_.literal("a line\n");
    const Word long_text = old_.literal(std::string(50, 'x'));
    const Word code = old_.bytes(kCode, "\x01\x02\x03\x04");
    const Word constant = old_.bytes(kConstants, "\x01\x02\x03\x04");
    const Word variable = old_.bytes(kData, "\x01\x02\x03\x04");
    const Versions both = versions();
    EXPECT_EQ(both.describe(on_hit), "function game::on_hit()");
    EXPECT_EQ(both.describe(helper + 4), "function helper+4 in util.cpp");
    EXPECT_EQ(both.describe(vtable + 16), "vtable for Enemy");
    EXPECT_EQ(both.describe(table + 16), "variable `table`+16");
    EXPECT_EQ(both.describe(type), "the descriptor of type Enemy");
    EXPECT_EQ(both.describe(text), "a string \"a line \"");
    EXPECT_EQ(both.describe(long_text), "a string \"" + std::string(40, 'x') + "...\"");
    EXPECT_EQ(both.describe(0), "an address without content");
    EXPECT_EQ(both.describe(code), "code without a name");
    EXPECT_EQ(both.describe(constant), "a constant without a name");
    EXPECT_EQ(both.describe(variable), "a variable without a name");
}

} // namespace
} // namespace hotrun
