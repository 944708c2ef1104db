#include "core/build_commands.hpp"
#include "core/shell_words.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using Words = std::vector<std::string>;

TEST(ShellWords, QuotesAndBackslashesAreUndone) {
    EXPECT_EQ(shell_words("c++ '-DNAME=\"a b\"' -I\"x y\" a\\ b.cpp \"\\\"q\\\\\" ''"),
              (Words{"c++", "-DNAME=\"a b\"", "-Ix y", "a b.cpp", "\"q\\", ""}));
    EXPECT_EQ(shell_words("  a\t b  "), (Words{"a", "b"}));
}

TEST(ShellWords, WhatIsMoreThanOneProgramIsNone) {
    for (const char *line : {"a && b", "a | b", "a > b", "a $HOME", "a `b`", "a \"$b\"", "a *.c",
                             "a 'b", "a \\", "a # b", "a ~"})
        EXPECT_FALSE(shell_words(line)) << line;
    EXPECT_TRUE(shell_words("a -DX=1#2 b~"));
}

std::string entry(const std::string &command, const std::string &input, const std::string &output) {
    return R"({"directory": "/b", "command": ")" + command + R"(", "file": ")" + input +
           R"(", "output": ")" + output + R"("})";
}

TEST(LibraryCommands, AreThoseOfItsObjectsAlsoInStaticLibraries) {
    const std::string compdb = "[" + entry("cc -o a.o -c ../a.c", "../a.c", "a.o") + "," +
                               entry("cc -o in.o -c ../in.c", "../in.c", "sub/in.o") + "," +
                               entry("cc -o other.o -c ../other.c", "../other.c", "other.o") + "," +
                               entry("ar csr libs.a sub/in.o", "sub/in.o", "libs.a") + "," +
                               entry("cc -shared -o libg.so a.o libs.a", "a.o", "libg.so") + "," +
                               entry("rm -f x && touch x", "", "x") + "]";
    const Result<LibraryCommands> commands = library_commands(compdb, "/b/libg.so");
    ASSERT_TRUE(commands);
    EXPECT_EQ(commands->link.words.front(), "cc");
    ASSERT_EQ(commands->compiles.size(), 2u);
    EXPECT_EQ(commands->compiles[0].output, "a.o");
    EXPECT_EQ(commands->compiles[1].output, "sub/in.o");
    EXPECT_TRUE(library_commands(compdb, "/b/libnone.so")->link.words.empty());
    EXPECT_FALSE(library_commands("ninja: error", "/b/libg.so"));
}

TEST(CompilerCall, LeavesOutWhatWritesIntoTheBuildFolder) {
    const CompilerCall call({"/b",
                             "../a.cpp",
                             "a.o",
                             {"ccache", "c++", "-O2", "-g", "-MD", "-MQ", "a.o", "-MF", "a.o.d",
                              "-save-temps=cwd", "-o", "a.o", "-c", "../a.cpp"}});
    EXPECT_EQ(call.cache(), "ccache");
    EXPECT_EQ(call.words(), (Words{"c++", "-O2", "-g", "../a.cpp"}));
    EXPECT_EQ(call.without("-O").with({"-O0"}).on("b.cpp").words(),
              (Words{"c++", "-g", "-O0", "b.cpp"}));
    EXPECT_EQ(call.last_with("-O"), "-O2");
    const CompilerCall link({"/b", "", "lib.so", {"cc", "a.o", "b.o", "-Wl,-Map=x", "-lm"}});
    EXPECT_EQ(link.words(), (Words{"cc", "a.o", "b.o", "-lm"})) << "in their order";
}

} // namespace
} // namespace hotrun
