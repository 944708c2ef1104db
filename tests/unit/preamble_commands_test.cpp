#include "core/preamble_commands.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using Words = std::vector<std::string>;

std::optional<PreambleCommands> parse(const std::string &line) {
    return PreambleCommands::parse(
        line, "/p/b", [](const std::string &name) { return name == "cc" ? "" : "/bin/" + name; });
}

TEST(PreambleCommands, AreThoseOfTheBuildIntoOtherFiles) {
    const auto commands =
        parse("ccache c++ -Igame.p -iquote x '-DNAME=\"a b\"' -g -MD -MQ game.p/a.o -MF "
              "game.p/a.o.d -o game.p/a.o -c ../src/a.cpp\n");
    ASSERT_TRUE(commands);
    EXPECT_EQ(commands->source(), "/p/src/a.cpp");
    EXPECT_EQ(commands->compiler(), "/bin/c++");
    const Command header = commands->precompile("/f/1.hpp");
    EXPECT_EQ(header.program, "/bin/c++");
    EXPECT_EQ(header.directory, "/p/b");
    EXPECT_EQ(header.arguments,
              (Words{"-iquote", "../src", "-Igame.p", "-iquote", "x", "-DNAME=\"a b\"", "-g", "-w",
                     "-H", "-x", "c++-header", "/f/1.hpp", "-o", "/f/1.hpp.gch"}));
    const Command object = commands->compile("/f/1.hpp", "/f/1.o");
    EXPECT_EQ(object.arguments, (Words{"-Igame.p", "-iquote", "x", "-DNAME=\"a b\"", "-g",
                                       "-Winvalid-pch", "-Werror=invalid-pch", "-include",
                                       "/f/1.hpp", "-o", "/f/1.o", "-c", "../src/a.cpp"}));
    EXPECT_EQ(object.environment.front().first, "CCACHE_DISABLE");
}

TEST(PreambleCommands, HeaderIsOfTheLanguageOfItsSource) {
    const auto commands = parse("/opt/gcc -o a.o -c a.c");
    ASSERT_TRUE(commands);
    EXPECT_EQ(commands->compiler(), "/opt/gcc");
    EXPECT_EQ(
        commands->precompile("/f/1.hpp").arguments,
        (Words{"-iquote", ".", "-w", "-H", "-x", "c-header", "/f/1.hpp", "-o", "/f/1.hpp.gch"}));
}

TEST(PreambleCommands, AreNotMadeOfWhatIsMoreThanACompile) {
    for (const char *line :
         {"", "c++ -o a.o a.cpp", "c++ -o a.o -c", "c++ -o a.o -c a.s", "c++ -c a.cpp && touch x",
          "c++ -include x.hpp -o a.o -c a.cpp", "c++ -include-pch x.pch -o a.o -c a.cpp",
          "c++ @flags -o a.o -c a.cpp", "c++ -Wp,-MD,a.d -o a.o -c a.cpp",
          "c++ -x c -o a.o -c a.cpp", "c++ -fmodules-ts -o a.o -c a.cpp",
          "c++ -o a.o -c a.cpp b.cpp", "c++ -E -o a.o -c a.cpp", "cc -o a.o -c a.c"})
        EXPECT_FALSE(parse(line)) << line;
}

TEST(PreambleCommands, HeadersAreThoseThatTheCompilerPrints) {
    EXPECT_EQ(printed_headers(". ../src/game.h\n.. /usr/include/c++/12/vector\n"
                              "Multiple include guards may be useful for:\n/usr/include/a.h\n"
                              "../src/game.h:3:1: warning: x\n...\n",
                              "/p/b"),
              (Words{"/p/src/game.h", "/usr/include/c++/12/vector"}));
}

} // namespace
} // namespace hotrun
