#include "core/leading_includes.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

TEST(LeadingIncludes, AreThoseBeforeAnythingElse) {
    EXPECT_EQ(leading_includes("// what it is\n"
                               "\n"
                               "#include \"game.h\" // ours\n"
                               "/* two\n"
                               "lines */ # include\t<vector> /* a */ // b\r\n"
                               "#include<map>\n"
                               "int x;\n"
                               "#include <set>\n"),
              "#include \"game.h\"\n#include <vector>\n#include <map>\n");
    EXPECT_EQ(leading_includes("#include <map>"), "#include <map>\n");
    EXPECT_EQ(leading_includes(""), "");
}

TEST(LeadingIncludes, EndWhereSomethingElseSaysWhatAHeaderMeans) {
    for (const char *other :
         {"#define NDEBUG", "#if 1", "#pragma once", "#include_next <a.h>", "#include HEADER",
          "#import <a.h>", "using namespace std;", "\\\n", "\xef\xbb\xbf", "// goes on \\",
          "/* has no end", "#include <a.h", "#include \"a.h\n\"", "#include \"a\\.h\"",
          "#include \"../part.cpp\"", "#include <a.h> int y;", "#include <a.h> // goes on \\",
          "#include <a.h> /* no end"}) {
        const std::string end = std::string(other) + "\n#include <set>\n";
        EXPECT_EQ(leading_includes(end), "") << other;
        EXPECT_EQ(leading_includes("#include <map>\n" + end), "#include <map>\n") << other;
    }
}

// What follows the comment is in a line of its own for a compiler too.
TEST(LeadingIncludes, CommentMayEndInALaterLine) {
    EXPECT_EQ(leading_includes("#include <map> /* a\nb */\n#include <set>\n"),
              "#include <map>\n#include <set>\n");
    EXPECT_EQ(leading_includes("#include <map> /* a\nb */ #include <set>\n"), "");
}

} // namespace
} // namespace hotrun
