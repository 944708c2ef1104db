#include "unit/rebind_test.hpp"

namespace hotrun {
namespace {

using RebindLiteralTest = RebindTest;

TEST_F(RebindLiteralTest, LiteralIsFoundByWhatItSays) {
    const Word first = old_.literal("a literal");
    const Word second = old_.literal("the other \xc3\xa9\n");
    new_.literal("something new");
    const Word new_second = new_.literal("the other \xc3\xa9\n");
    const Word new_first = new_.literal("a literal");
    EXPECT_EQ(versions().rebind(first), new_first);
    EXPECT_EQ(versions().rebind(second), new_second);
    EXPECT_EQ(versions().rebind(first + 2), new_first + 2) << "a place within a literal";
    EXPECT_EQ(versions().rebind(first + 9), new_first + 9) << "its NUL, where a range ends";
}

TEST_F(RebindLiteralTest, LiteralIsRatherAWholeOneThanTheEndOfOne) {
    old_.literal("pad");
    const Word was = old_.literal("target");
    const Word longer = new_.literal("off target");
    EXPECT_EQ(versions().rebind(was), longer + 4);
    const Word whole = new_.literal("target");
    EXPECT_EQ(versions().rebind(was), whole);
}

TEST_F(RebindLiteralTest, LiteralThatSaysSomethingElseIsRefused) {
    const Word was = old_.literal("old text");
    const Word longest = old_.literal(std::string(4095, 'x'));
    const Word too_long = old_.literal(std::string(4096, 'y'));
    const Word open = old_.bytes(kConstants, "no end");
    new_.literal("old text, and more");
    const Word new_longest = new_.literal(std::string(4095, 'x'));
    new_.literal(std::string(4096, 'y'));
    new_.literal("no end");
    EXPECT_EQ(versions().rebind(was), std::nullopt);
    EXPECT_EQ(versions().rebind(longest), new_longest);
    EXPECT_EQ(versions().rebind(too_long), std::nullopt);
    EXPECT_EQ(versions().rebind(open), std::nullopt);
}

TEST_F(RebindLiteralTest, RangeInALiteralThatWasEditedStaysTogether) {
    const Word word = old_.literal("one two");
    new_.literal("two");
    EXPECT_EQ(versions().rebind(word), std::nullopt);
    EXPECT_EQ(versions().rebind(word + 4), std::nullopt) << "\"two\" is another literal";
}

TEST_F(RebindLiteralTest, WhatIsInASymbolIsNoLiteral) {
    const Word was = old_.literal("text");
    const Word name = new_.bytes(kConstants, std::string_view("text", 5));
    new_.alias("name", name, 5, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT));
    EXPECT_EQ(versions().rebind(was), std::nullopt);
    const Word literal = new_.literal("text");
    EXPECT_EQ(versions().rebind(was), literal);
}

TEST_F(RebindLiteralTest, SymbolMayBeLargerThanAllMemory) {
    const Word was = old_.literal("text");
    const Word literal = new_.literal("text");
    new_.alias("endless", new_.bytes(kConstants, "12345678"), ~Word{0} - 4,
               ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT));
    EXPECT_EQ(versions().rebind(was), literal);
}

TEST_F(RebindLiteralTest, NumbersAndWideTextAreNoLiterals) {
    const auto add = [](LibraryBuilder &builder) {
        builder.object(kConstants, "aligned", 8);
        const Word wide = builder.bytes(kConstants, std::string_view("a\0b\0\0\0\0\0", 8));
        const Word numbers = builder.bytes(kConstants, std::string_view("\1\0\0\0\2\0\0\0", 8));
        builder.bytes(kConstants, std::string_view("\xf8?hello\0", 8)); // 1.5 before a literal
        EXPECT_EQ(numbers, wide + 8);
        return wide;
    };
    const Word was = add(old_);
    add(new_);
    EXPECT_EQ(versions().rebind(was + 2), std::nullopt);
    EXPECT_EQ(versions().rebind(was + 8), std::nullopt);
    EXPECT_EQ(versions().rebind(was + 16), std::nullopt);
}

TEST_F(RebindLiteralTest, ControlCharactersAreNoText) {
    const auto add = [](LibraryBuilder &builder) {
        builder.literal("text");
        return builder.bytes(kConstants, std::string_view("\1\2\3\4\0", 5));
    };
    const Word was = add(old_);
    add(new_);
    EXPECT_EQ(versions().rebind(was), std::nullopt);
}

TEST_F(RebindLiteralTest, EmptyLiteralIsFound) {
    old_.literal("abc");
    const Word empty = old_.literal("");
    old_.literal("z");
    const Word other = new_.literal("x") + 1;
    ASSERT_TRUE(versions().rebind(empty));
    EXPECT_LE(*versions().rebind(empty), other);
}

TEST_F(RebindLiteralTest, EndOfAConstantAndTheLiteralAfterItStayTogether) {
    const Word table = old_.object(kConstants, "limits", 8);
    const Word text = old_.literal("text");
    EXPECT_EQ(text, table + 8);
    const Word new_table = new_.object(kConstants, "limits", 8);
    new_.literal("text");
    EXPECT_EQ(versions().rebind(text), new_table + 8);
    LibraryBuilder apart;
    apart.object(kConstants, "other", 8, STB_LOCAL);
    apart.literal("text");
    apart.object(kConstants, "limits", 8);
    EXPECT_EQ(Versions(old_, apart).rebind(text), std::nullopt);
}

TEST_F(RebindLiteralTest, WithoutLocalSymbolsNothingIsTakenForALiteral) {
    old_.function("step");
    new_.function("step");
    const Word text = old_.literal("text");
    new_.literal("text");
    ASSERT_TRUE(versions().rebind(text));
    old_.stripped();
    EXPECT_EQ(versions().rebind(text), std::nullopt);
}

} // namespace
} // namespace hotrun
