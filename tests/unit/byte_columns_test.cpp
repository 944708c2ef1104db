#include "core/byte_columns.hpp"

#include "support/fake_file_system.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

// Each as g++ 12 prints it, beside what clang 14 does.
TEST(ByteColumns, OfTabsAndOfCharactersOfAnyWidth) {
    EXPECT_EQ(byte_column("    b = 1;", 5), 5u);
    EXPECT_EQ(byte_column("\tint a;\tb = 1;", 17), 9u);
    EXPECT_EQ(byte_column("\treturn c;", 16), 9u);
    EXPECT_EQ(byte_column("  const char *s = \"ä漢e\xcc\x81😀\"; q = 2;", 29), 35u);
    EXPECT_EQ(byte_column(" /*\xff*/ z = 1;", 8), 8u);
    EXPECT_EQ(byte_column(" auto 漢 = y; ä = 1;", 12), 13u);
    EXPECT_EQ(byte_column(" auto 漢 = y; ä = 1;", 15), 16u);
    EXPECT_EQ(byte_column("ä", 2), 3u);
    EXPECT_EQ(byte_column("ab", 5), 5u) << "beyond the end";
}

class ByteColumnsTest : public testing::Test {
  protected:
    ByteColumnsTest() {
        files.write("/p/a.cpp", "first\n\tint ä = b;\n");
        diagnostics.push_back({"/p/a.cpp", 2, 17, Severity::kError, "m", "", {}});
        diagnostics.front().children.push_back({"/p/a.cpp", 2, 13, Severity::kNote, "n", "", {}});
    }

    FakeClock clock;
    FakeFileSystem files{clock};
    std::vector<DiagnosticEvent> diagnostics;
};

TEST_F(ByteColumnsTest, TakeThePlaceOfThoseOfGcc) {
    use_byte_columns(files, "a.cpp:2:17: error: m\n", diagnostics);
    EXPECT_EQ(diagnostics.front().column, 11u);
    EXPECT_EQ(diagnostics.front().children.front().column, 6u);
}

TEST_F(ByteColumnsTest, AreWhatClangPrints) {
    use_byte_columns(files, "a.cpp:2:17: error: m\n\x1b[0m1 warning and 3 errors generated.\n",
                     diagnostics);
    EXPECT_EQ(diagnostics.front().column, 17u);
}

TEST_F(ByteColumnsTest, OfWhatCannotBeReadStayAsPrinted) {
    diagnostics[0].path = "/p/gone.cpp";
    diagnostics.push_back({"/p/a.cpp", 7, 9, Severity::kError, "past the end", "", {}});
    diagnostics.push_back({"", 0, 0, Severity::kError, "no place", "", {}});
    use_byte_columns(files, "text", diagnostics);
    EXPECT_EQ(diagnostics[0].column, 17u);
    EXPECT_EQ(diagnostics[1].column, 9u);
    EXPECT_EQ(diagnostics[2].column, 0u);
}

} // namespace
} // namespace hotrun
