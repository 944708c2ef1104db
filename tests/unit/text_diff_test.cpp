#include "text_diff.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

std::string numbered(int first, int last) {
    std::string text;
    for (int i = first; i <= last; ++i)
        text += std::to_string(i) + "\n";
    return text;
}

TEST(TextDiff, EqualTextsHaveNone) {
    EXPECT_EQ(unified_diff("f", "", ""), "");
    EXPECT_EQ(unified_diff("f", "a\nb", "a\nb"), "");
}

TEST(TextDiff, AnAddedLineHasThreeLinesAroundIt) {
    const std::string before = numbered(1, 9);
    const std::string after = numbered(1, 5) + "new\n" + numbered(6, 9);
    EXPECT_EQ(unified_diff("f", before, after), "--- f\n+++ f\n@@ -3,6 +3,7 @@\n"
                                                " 3\n 4\n 5\n+new\n 6\n 7\n 8\n");
}

TEST(TextDiff, ChangesFarFromEachOtherAreHunksOfTheirOwn) {
    const std::string before = numbered(1, 20);
    const std::string after = "first\n" + numbered(2, 19) + "last\nand more\n";
    EXPECT_EQ(unified_diff("f", before, after),
              "--- f\n+++ f\n@@ -1,4 +1,4 @@\n-1\n+first\n 2\n 3\n 4\n"
              "@@ -17,4 +17,5 @@\n 17\n 18\n 19\n-20\n+last\n+and more\n");
}

TEST(TextDiff, ChangesNearEachOtherAreOneHunk) {
    const std::string after = numbered(1, 2) + numbered(4, 8) + "x\n" + numbered(9, 10);
    EXPECT_EQ(unified_diff("f", numbered(1, 10), after),
              "--- f\n+++ f\n@@ -1,10 +1,10 @@\n"
              " 1\n 2\n-3\n 4\n 5\n 6\n 7\n 8\n+x\n 9\n 10\n");
}

TEST(TextDiff, ABracketIsNoPlaceToMeet) {
    EXPECT_EQ(unified_diff("f", "f(\n  a,\n)\n", "x = g(\n  b,\n)\nf(\n  a,\n)\n"),
              "--- f\n+++ f\n@@ -1,3 +1,6 @@\n+x = g(\n+  b,\n+)\n f(\n   a,\n )\n");
}

TEST(TextDiff, AMissingLineBreakAtTheEndIsTold) {
    EXPECT_EQ(unified_diff("f", "a\nb", "a\nb\nc\n"),
              "--- f\n+++ f\n@@ -1,2 +1,3 @@\n a\n-b\n\\ No newline at end of file\n+b\n+c\n");
}

TEST(TextDiff, AWholeTextCanBeNew) {
    EXPECT_EQ(unified_diff("f", "", "a\n"), "--- f\n+++ f\n@@ -0,0 +1,1 @@\n+a\n");
}

} // namespace
} // namespace hotrun
