#include "status_row.hpp"

#include "support/fake_screen.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

class StatusRowTest : public testing::Test {
  protected:
    FakeScreen screen{{6, 30}};
    StatusRow row{screen, {}};
};

TEST_F(StatusRowTest, WhatIsPrintedScrollsAboveTheRow) {
    for (int i = 1; i <= 5; ++i)
        screen.show("old " + std::to_string(i) + "\n");
    row.show();
    row.draw("status", "");
    EXPECT_EQ(screen.last_row(), "status");
    screen.show("one\ntwo");
    row.draw("another", "");
    screen.show(" and\nthree");
    EXPECT_EQ(screen.row(2), "one");
    EXPECT_EQ(screen.row(3), "two and");
    EXPECT_EQ(screen.row(4), "three");
    EXPECT_EQ(screen.last_row(), "another");
}

TEST_F(StatusRowTest, TheFirstLineIsNotMovedWhereThereIsRoom) {
    screen.show("$ hotrun\nhalf");
    row.show();
    row.draw("status", "");
    screen.show(" a line\n");
    EXPECT_EQ(screen.row(0), "$ hotrun");
    EXPECT_EQ(screen.row(1), "half a line");
    EXPECT_EQ(screen.cursor_row(), 2u);
    EXPECT_EQ(screen.last_row(), "status");
}

// Ctrl+S on a terminal must not hold up the run.
TEST_F(StatusRowTest, IsDrawnOnceTheTerminalTakesIt) {
    row.show();
    screen.ready = false;
    row.draw("status", "");
    EXPECT_EQ(screen.last_row(), "");
    screen.ready = true;
    row.draw("status", "");
    EXPECT_EQ(screen.last_row(), "status");
}

TEST_F(StatusRowTest, HidingLeavesTheScreenAsAnyProgramDoes) {
    row.show();
    row.draw("status", "");
    screen.show("one\n");
    EXPECT_EQ(screen.last_words, kReleaseRow);
    row.hide();
    EXPECT_EQ(screen.last_row(), "");
    EXPECT_FALSE(screen.has_region());
    EXPECT_EQ(screen.row(0), "one");
    EXPECT_EQ(screen.cursor_row(), 1u);
    EXPECT_EQ(screen.last_words, "");
    const std::string before = screen.written;
    row.draw("hidden", "");
    row.hide();
    EXPECT_EQ(screen.written, before);
    row.show();
    row.draw("back", "");
    EXPECT_EQ(screen.last_row(), "back");
}

TEST_F(StatusRowTest, TheLastWordsOfAProcessThatDiesHideIt) {
    row.show();
    row.draw("status", "");
    screen.show(screen.last_words);
    EXPECT_EQ(screen.last_row(), "");
    EXPECT_FALSE(screen.has_region());
}

TEST_F(StatusRowTest, IsDrawnAnewForAnotherSize) {
    for (int i = 1; i <= 8; ++i)
        screen.show("old " + std::to_string(i) + "\n");
    row.show();
    row.draw("status", "");
    for (const ScreenSize size : {ScreenSize{8, 30}, {4, 25}, {9, 40}}) {
        screen.resize(size);
        row.show();
        row.draw("status", "");
        EXPECT_EQ(screen.last_row(), "status");
        for (std::size_t i = 0; i + 1 < size.rows; ++i)
            EXPECT_NE(screen.row(i), "status") << size.rows;
        screen.show("printed\n");
        EXPECT_EQ(screen.row(screen.cursor_row() - 1), "printed");
        EXPECT_EQ(screen.last_row(), "status");
    }
}

TEST_F(StatusRowTest, AScreenThatIsTooSmallHasNone) {
    row.show();
    row.draw("status", "");
    screen.resize({3, 30});
    row.show();
    EXPECT_FALSE(row.has_row());
    EXPECT_FALSE(screen.has_region());
    row.draw("status", "");
    EXPECT_EQ(screen.last_row(), "");
    screen.resize({6, 30});
    row.show();
    row.draw("status", "");
    EXPECT_EQ(screen.last_row(), "status");
}

TEST_F(StatusRowTest, IsDrawnOnceUnlessTheScreenMayHaveBeenCleared) {
    row.show();
    row.draw("status", "");
    const std::size_t bytes = screen.written.size();
    row.draw("status", "");
    EXPECT_EQ(screen.written.size(), bytes);
    screen.show("\x1b[H\x1b[J");
    EXPECT_EQ(screen.last_row(), "");
    row.draw("status", "", StatusRow::Draw::kAnyway);
    EXPECT_EQ(screen.last_row(), "status");
}

TEST_F(StatusRowTest, AWholeRowOfTextDoesNotOverflow) {
    row.show();
    row.draw(std::string(row.columns(), 'x'), "");
    EXPECT_FALSE(screen.overflowed);
}

TEST_F(StatusRowTest, TheTitleIsKeptAndPutBack) {
    FakeScreen titled({6, 30});
    {
        StatusRow with_title(titled, {.row = false, .title = true});
        with_title.show();
        with_title.draw("", "game \x07gen 1");
        EXPECT_EQ(titled.title, "game ?gen 1");
        with_title.show(); // another size
        EXPECT_EQ(titled.kept_titles, 1);
        EXPECT_EQ(titled.last_words, kPutTitleBack);
        EXPECT_FALSE(titled.has_region());
    }
    EXPECT_EQ(titled.kept_titles, 0);
}

TEST_F(StatusRowTest, WhatTheProcessBeforeHasLeftIsHiddenToo) {
    row.show();
    row.draw("status", "");
    {
        StatusRow next(screen, {.handed_over = true});
        EXPECT_EQ(screen.last_words, kReleaseRow);
        next.draw("of the next", "");
        EXPECT_EQ(screen.last_row(), "of the next");
    }
    EXPECT_FALSE(screen.has_region());
    EXPECT_EQ(screen.last_row(), "");
}

} // namespace
} // namespace hotrun
