#include "screen_text.hpp"

#include "source_excerpt.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

TEST(ScreenText, WideAndJoiningCharactersHaveTheirWidths) {
    EXPECT_EQ(columns_of("aß"), 2u);
    EXPECT_EQ(columns_of("漢字"), 4u);
    EXPECT_EQ(columns_of("e\u0301"), 1u);
    EXPECT_EQ(columns_of("\xff"), 1u);
    EXPECT_EQ(first_columns("漢字", 3), "漢");
}

TEST(ScreenText, WhatIsTooWideIsCutWithAMark) {
    EXPECT_EQ(cut_to("hotmaths", 8, "..."), "hotmaths");
    EXPECT_EQ(cut_to("hotmaths", 7, "..."), "hotm...");
    EXPECT_EQ(cut_to("hotmaths", 2, "..."), "..");
}

TEST(ScreenText, LinesAreFoldedBetweenWords) {
    EXPECT_EQ(fold("one two three four", 10, 2), "one two\n  three\n  four");
    EXPECT_EQ(fold("one two", 10, 2), "one two");
    EXPECT_EQ(fold("onetwothreefour", 10, 2), "onetwothre\n  efour");
    EXPECT_EQ(fold("    at /usr/x\nend", 10, 2), "    at\n  /usr/x\nend");
    EXPECT_EQ(folded_lines("ab cd ef", 5), (std::vector<std::string>{"ab cd", "ef"}));
    EXPECT_EQ(folded_lines("ab äöüabc d", 4), (std::vector<std::string>{"ab", "äöüa", "bc d"}));
    EXPECT_EQ(folded_lines("", 5), std::vector<std::string>{""});
    EXPECT_EQ(folded_lines("ab世", 1), (std::vector<std::string>{"a", "b", "世"}));
    EXPECT_EQ(fold("one two three", 3, 2), "one two three") << "no room for a word";
}

TEST(ScreenText, NothingThatATerminalWouldObeyIsShown) {
    EXPECT_EQ(showable("a\tb"), "a       b");
    EXPECT_EQ(showable("\x1b[2J\x7f\xff"), "?[2J??");
    EXPECT_EQ(showable("\xc2\x9b"
                       "1A"),
              "?1A")
        << "an escape in one character";
}

TEST(SourceExcerpt, TheCaretStandsBelowItsByte) {
    EXPECT_EQ(source_excerpt("return a * ;", 8, 12, {}), "    8 | return a * ;\n"
                                                         "      |            ^\n");
    EXPECT_EQ(source_excerpt("\tx;", 120, 2, {}), "  120 |         x;\n"
                                                  "      |         ^\n");
    EXPECT_EQ(source_excerpt("漢字 x", 1, 8, {}), "    1 | 漢字 x\n"
                                                  "      |      ^\n");
    EXPECT_EQ(source_excerpt("x", 1, 9, {}), "    1 | x\n      |  ^\n") << "behind the line";
    EXPECT_EQ(source_excerpt("x", 1, 0, {}), "    1 | x\n");
}

TEST(SourceExcerpt, ALineThatIsTooWideIsShownAroundTheCaret) {
    const std::string source = std::string(50, 'a') + "!" + std::string(50, 'b');
    for (std::size_t columns = 20; columns < 120; ++columns) {
        for (const std::uint32_t column : {1U, 20U, 51U, 101U}) {
            const std::string text = source_excerpt(source, 1, column, {.columns = columns});
            const std::size_t end = text.find('\n');
            EXPECT_LT(end, columns);
            const std::size_t caret = text.find('^') - end - 1;
            EXPECT_LT(caret, columns);
            EXPECT_EQ(text[caret] == '!', column == 51) << text;
        }
    }
    EXPECT_EQ(source_excerpt(source, 1, 51, {.columns = 10}), "") << "no room";
}

} // namespace
} // namespace hotrun
