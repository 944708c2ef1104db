#include "core/object_diff.hpp"

#include "support/object_builder.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace hotrun {
namespace {

using namespace std::string_literals;

constexpr std::uint64_t kVariables = SHF_ALLOC | SHF_WRITE;
constexpr std::uint64_t kText = SHF_ALLOC | SHF_MERGE | SHF_STRINGS;
constexpr std::int64_t kFromEnd = -4; // references count from the end of their instructions

// lea reference(%rip), %rax; a byte that a test may change
std::string taking(char rest) {
    return "\x48\x8d\x05\0\0\0\0"s + rest;
}

struct GameObject {
    std::string step = taking('\x90');
    std::string literal = "hello\0"s;
    std::string variables = "\1\0\0\0\2\0\0\0"s;
    std::string table = "\1\2\3\4"s;
    std::string start = taking('\xc3');
    std::string start_literal = "name\0"s;
    bool is_public = false; // the table
    std::vector<std::string> lambdas;
    std::string lambda_body = "\xc3"s;
    std::vector<std::string> variable_names = {"_ZL1a", "_ZL1b"};

    Result<ObjectFile> object() const {
        ObjectBuilder builder;
        builder.debug_info();
        const auto code = builder.code(".text", step + start);
        const auto texts = builder.section(".rodata.str1.1", literal + start_literal, kText);
        const auto constants = builder.section(".rodata", table, SHF_ALLOC);
        const auto data = builder.section(".data", variables, kVariables);
        builder.symbol("step", code, 0, step.size());
        builder.symbol("_GLOBAL__sub_I_a", code, step.size(), start.size(), STT_FUNC, STB_LOCAL);
        const auto size = variables.size() / std::max<std::size_t>(variable_names.size(), 1);
        for (std::size_t i = 0; i < variable_names.size(); ++i)
            builder.symbol(variable_names[i], data, i * size, size, STT_OBJECT, STB_LOCAL);
        builder.symbol("kTable", constants, 0, table.size(), STT_OBJECT,
                       is_public ? STB_GLOBAL : STB_LOCAL);
        const auto text = builder.section_symbol(texts);
        builder.relocation(code, 3, text, R_X86_64_PC32, kFromEnd);
        builder.relocation(code, step.size() + 3, text, R_X86_64_PC32,
                           static_cast<std::int64_t>(literal.size()) + kFromEnd);
        for (std::size_t i = 0; i < lambdas.size(); ++i)
            builder.symbol(lambdas[i], builder.code(".text." + lambdas[i], lambda_body), 0, 1);
        return ObjectFile::read("game.o", builder.build());
    }
};

std::string diff_of(const GameObject &before, const GameObject &after) {
    const auto ours = before.object();
    const auto theirs = after.object();
    if (!ours || !theirs)
        return "not read";
    return diff_objects(ObjectMatch(*ours, *theirs)).why;
}

TEST(ObjectDiff, BodiesAndLiteralsMayChange) {
    GameObject after;
    after.step = taking('\xcc') + "\x90\x90"s;
    EXPECT_EQ(diff_of({}, after), "");
    after.literal = "good evening\0"s;
    EXPECT_EQ(diff_of({}, after), "") << "what is done at load has the same text elsewhere";
}

TEST(ObjectDiff, WhatIsDoneAtLoadMayNot) {
    GameObject after;
    after.start_literal = "other\0"s;
    EXPECT_EQ(diff_of({}, after), "game.cpp: what is done when the library is loaded has changed");
    after = {};
    after.start = taking('\x90');
    EXPECT_EQ(diff_of({}, after), "game.cpp: what is done when the library is loaded has changed");
}

TEST(ObjectDiff, VariablesAreTheSameOnesWithTheSameContent) {
    GameObject after;
    after.variable_names = {"_ZL1a", "_ZL1c"};
    EXPECT_EQ(diff_of({}, after), "game.cpp: the variable c is new");
    after.variable_names = {"_ZL1a"};
    EXPECT_EQ(diff_of({}, after), "game.cpp: the variable b is gone");
    after.variable_names = {"_ZL1b", "_ZL1a"};
    EXPECT_EQ(diff_of({}, after), "game.cpp: the variable b lies in another place");
    after = {};
    after.variables = "\1\0\0\0\3\0\0\0"s;
    EXPECT_EQ(diff_of({}, after), "game.cpp: the variable b has another initial value");
    after.variables = "\1\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0"s;
    EXPECT_EQ(diff_of({}, after), "game.cpp: the variable a has another size");
    GameObject before;
    before.variable_names = after.variable_names = {};
    after.variables = "\1\0\0\0\3\0\0\0"s;
    EXPECT_EQ(diff_of(before, after), "game.cpp: the variables in .data have other initial values");
}

TEST(ObjectDiff, VariablesThatOnlyANumberTellsApartAreRefused) {
    GameObject game;
    game.variable_names = {"count.0", "count.1"};
    EXPECT_EQ(diff_of(game, game),
              "game.cpp: there are several variables count, which only their order tells apart");
    game.variable_names = {"_ZZ1fvE5count", "_ZZ1fvE5count_0"};
    EXPECT_NE(diff_of(game, game), "");
    game.variable_names = {"count.0", "_ZZ1fvE5count"};
    EXPECT_EQ(diff_of(game, game), "");
}

TEST(ObjectDiff, ConstantsOfOneFileMayChangeAndOthersMayNot) {
    GameObject before;
    GameObject after;
    after.table = "\1\2\3\5"s;
    const auto ours = before.object();
    const auto theirs = after.object();
    const ObjectMatch match(*ours, *theirs);
    const ObjectDiff diff = diff_objects(match);
    EXPECT_EQ(diff.why, "");
    EXPECT_EQ(diff.changed_constants, std::vector<std::string_view>{"kTable"});
    before.is_public = after.is_public = true;
    EXPECT_EQ(diff_of(before, after),
              "game.cpp: the constant kTable, which other files may have read, has another value");
    EXPECT_EQ(diff_of(before, before), "");
}

TEST(ObjectDiff, LambdasAreTheSameOnes) {
    GameObject one;
    one.lambdas = {"_ZZ4stepvENKUlvE_clEv"};
    GameObject two;
    two.lambdas = {"_ZZ4stepvENKUlvE_clEv", "_ZZ4stepvENKUlvE0_clEv"};
    EXPECT_EQ(diff_of(two, two), "");
    const auto others = [](const std::string &lambda) {
        return "game.cpp: the lambdas or unnamed types in step()::{lambda()" + lambda +
               "}::operator()() const are not the same ones";
    };
    EXPECT_EQ(diff_of(one, two), others("#2"));
    EXPECT_EQ(diff_of(two, one), others("#1"));
    GameObject changed = two;
    changed.lambda_body = "\x90"s;
    EXPECT_EQ(diff_of(two, changed),
              "game.cpp: several of the lambdas in step()::{lambda()#2}::operator()() const have "
              "changed, and may have changed places");
    changed.lambdas = one.lambdas;
    EXPECT_EQ(diff_of(one, changed), "");
    EXPECT_EQ(diff_of({}, two), "") << "a function that had none";
}

std::string diff_of(const ObjectBuilder &before, const ObjectBuilder &after) {
    const auto ours = ObjectFile::read("game.o", before.build());
    const auto theirs = ObjectFile::read("game.o", after.build());
    return ours && theirs ? diff_objects(ObjectMatch(*ours, *theirs)).why : "not read";
}

TEST(ObjectDiff, SourceConstantsAndTypesOfTheHeapAreTheSame) {
    ObjectBuilder before;
    before.debug_info();
    EXPECT_EQ(diff_of(ObjectBuilder("old.cpp").debug_info(), before),
              "game.cpp: it was made from old.cpp before");
    ObjectBuilder several = before;
    const auto constants = several.section(".rodata", "12345678", SHF_ALLOC);
    for (const std::uint64_t at : {0, 4})
        several.symbol("kTable", constants, at, 4, STT_OBJECT, STB_LOCAL);
    EXPECT_EQ(diff_of(before, several),
              "game.cpp: there are several constants kTable, which only their order tells apart");
    ObjectBuilder typed = before;
    typed.symbol("hotrun_type_Game", typed.section(".rodata", "12345678", SHF_ALLOC), 0, 8,
                 STT_OBJECT, STB_LOCAL);
    EXPECT_EQ(diff_of(before, typed),
              "game.cpp: a HOTRUN_TYPE, HOTRUN_NEW or the like is new or has changed");
    EXPECT_EQ(diff_of(typed, typed), "");
}

TEST(ObjectDiff, SaysWhatHindersAFileFromBeingLoadedAlone) {
    const auto hindrance_of = [](const ObjectBuilder &builder) {
        const auto object = ObjectFile::read("game.o", builder.build());
        return object ? hindrance(*object) : object.error().message;
    };
    EXPECT_EQ(hindrance_of(ObjectBuilder()), "game.o has no debug information (-g)");
    ObjectBuilder whole;
    whole.debug_info();
    EXPECT_EQ(hindrance_of(whole), "");
    ObjectBuilder sanitized = whole;
    sanitized.undefined("__asan_init");
    EXPECT_EQ(hindrance_of(sanitized), "game.o is instrumented for AddressSanitizer");
    ObjectBuilder threaded = whole;
    threaded.undefined("errno", STT_TLS);
    EXPECT_EQ(hindrance_of(threaded), "game.o uses the thread_local variable errno");
    ObjectBuilder lto = whole;
    lto.section(".gnu.lto_.decls", "x", 0);
    EXPECT_EQ(hindrance_of(lto), "game.o is made for optimisation by the linker");
    ObjectBuilder compressed = whole;
    compressed.section(".debug_str", "x", SHF_COMPRESSED);
    EXPECT_EQ(hindrance_of(compressed), "game.o has compressed debug information");
    ObjectBuilder chosen = whole;
    chosen.symbol("f", chosen.code(".text", "\xc3"s), 0, 1, STT_GNU_IFUNC);
    EXPECT_EQ(hindrance_of(chosen), "game.o chooses the function f when it is loaded");
    ObjectBuilder fixed = whole;
    const auto code = fixed.code(".text", std::string(8, '\0'));
    fixed.relocation(code, 0, fixed.undefined("x"), R_X86_64_32S, 0);
    EXPECT_EQ(hindrance_of(fixed),
              "game.o has a relocation of type 11 in .text (is it compiled with -fPIC?)");
    ObjectBuilder common = whole;
    common.symbol("hits", SHN_COMMON, 4, 4, STT_OBJECT);
    EXPECT_EQ(hindrance_of(common), "game.o has the common variable hits (-fno-common avoids it)");
    ObjectBuilder labelled = whole;
    labelled.symbol("entry", labelled.code(".text", "\xc3"s), 0, 0, STT_NOTYPE);
    EXPECT_EQ(hindrance_of(labelled), "game.o has the label entry, which may be a function");
    ObjectBuilder with_thread_block = whole;
    const auto body = with_thread_block.code(".text", std::string(8, '\0'));
    with_thread_block.relocation(body, 0, with_thread_block.undefined("x"), R_X86_64_TLSLD, 0);
    EXPECT_EQ(hindrance_of(with_thread_block), "game.o uses a thread_local variable");
    ObjectBuilder with_threads = whole;
    with_threads.section(".tdata", "1234", kVariables | SHF_TLS);
    EXPECT_EQ(hindrance_of(with_threads), "game.o has thread_local variables");
    ObjectBuilder split = whole;
    split.section(".debug_info.dwo", "x", 0);
    EXPECT_EQ(hindrance_of(split), "game.o has its debug information in a file of its own");
    ObjectBuilder joined = whole;
    joined.symbol("enemy.cpp", SHN_ABS, 0, 0, STT_FILE, STB_LOCAL);
    EXPECT_EQ(hindrance_of(joined), "game.o is not made from one source");
}

} // namespace
} // namespace hotrun
