#include "core/ninja_output.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace hotrun {
namespace {

using Names = std::vector<std::string>;

// A status line as ninja prints it for kNinjaStatus: started, total, running, unstarted, finished.
std::string status(std::string_view counts_and_description) {
    return kNinjaStatus.front() + std::string(counts_and_description) + "\n";
}

std::string failed(std::string_view outputs) {
    return "\x1b[31mFAILED: \x1b[0m" + std::string(outputs) + " \n";
}

NinjaOutput output_of(std::string_view text, std::size_t piece = std::string_view::npos) {
    NinjaOutput output;
    for (std::size_t at = 0; at < text.size(); at += std::min(piece, text.size()))
        output.feed(text.substr(at, piece));
    output.finish();
    return output;
}

// What ninja 1.11.1 printed for g++ 12, Meson 1.0 and -k 0, shortened: a console edge, a warning, a
// command that talks, two failed compilations and a failed link.
const std::string kMessage = "\x1b[01m\x1b[K../src/bad2.cpp:1:10:\x1b[m\x1b[K \x1b[01;31m\x1b[K"
                             "fatal error: \x1b[m\x1b[Knothere.h: No such file or directory\n"
                             "    1 | #include \x1b[01;31m\x1b[K\"nothere.h\"\x1b[m\x1b[K\n"
                             "      |          \x1b[01;31m\x1b[K^~~~~~~~~~~\x1b[m\x1b[K\n"
                             "compilation terminated.\n";
const std::string kWarning = "../src/warn.cpp:1:28: warning: unused variable 'x'\n"
                             "    1 | int warn(int unused) { int x; return 1; }\n";
const std::string kLinkError = "/usr/bin/ld: nolink.p/nolink.cpp.o: in function `main':\n"
                               "../src/nolink.cpp:4: undefined reference to `missing(int)'\n"
                               "collect2: error: ld returned 1 exit status\n";
const std::string kManyEdges =
    "ninja: Entering directory `bg'\n" + status("2 11 2 9 0 Generating con with a custom command") +
    "hello from console\n" + status("5 11 3 6 3 Compiling C++ object libwarn.so.p/warn.cpp.o") +
    kWarning + status("6 11 3 5 4 Linking target libwarn.so") +
    status("8 11 3 3 6 Generating talk with a custom command") + "hello from talk\n" +
    status("9 11 3 2 7 Compiling C++ object libbad.so.p/bad2.cpp.o") +
    failed("libbad.so.p/bad2.cpp.o") + "g++ -Ilibbad.so.p -c ../src/bad2.cpp\n" + kMessage +
    status("9 11 2 2 8 Compiling C++ object nolink.p/nolink.cpp.o") +
    status("10 11 2 1 9 Linking target nolink") + failed("nolink") + "g++  -o nolink\n" +
    kLinkError + "ninja: build stopped: cannot make progress due to previous errors.\n";

void expect_many_edges(const NinjaOutput &output) {
    ASSERT_EQ(output.chunks().size(), 5u);
    EXPECT_EQ(output.chunks()[0].text, "hello from console\n");
    EXPECT_EQ(output.chunks()[0].description, "Generating con with a custom command");
    EXPECT_EQ(output.chunks()[1].text, kWarning);
    EXPECT_EQ(output.chunks()[1].description, "Compiling C++ object libwarn.so.p/warn.cpp.o");
    EXPECT_FALSE(output.chunks()[1].failed);
    EXPECT_EQ(output.chunks()[1].output_name, "");
    EXPECT_EQ(output.chunks()[2].text, "hello from talk\n");
    EXPECT_TRUE(output.chunks()[3].failed);
    EXPECT_EQ(output.chunks()[3].output_name, "libbad.so.p/bad2.cpp.o");
    EXPECT_EQ(output.chunks()[3].command, "g++ -Ilibbad.so.p -c ../src/bad2.cpp");
    EXPECT_EQ(output.chunks()[3].text, kMessage);
    EXPECT_EQ(output.chunks()[4].output_name, "nolink");
    EXPECT_EQ(output.chunks()[4].text, kLinkError);
    EXPECT_EQ(output.failed_outputs(), (Names{"libbad.so.p/bad2.cpp.o", "nolink"}));
    EXPECT_EQ(output.finished(), 9u);
    EXPECT_EQ(output.total(), 11u);
    EXPECT_FALSE(output.nothing_to_do());
}

TEST(NinjaOutput, TellsTheEdgesApart) {
    expect_many_edges(output_of(kManyEdges));
}

TEST(NinjaOutput, PiecesMayEndAnywhere) {
    for (const std::size_t piece : {1u, 2u, 3u, 7u, 64u})
        expect_many_edges(output_of(kManyEdges, piece));
}

TEST(NinjaOutput, PrintsWhatCommandsSaidWithoutStatusAndCommandLines) {
    EXPECT_EQ(output_of(kManyEdges).printed(),
              "hello from console\n" + kWarning + "hello from talk\n" +
                  failed("libbad.so.p/bad2.cpp.o") + kMessage + failed("nolink") + kLinkError);
}

TEST(NinjaOutput, PrintsTheCommandLinesOfTheFailedWhenVerbose) {
    const std::string printed = output_of(kManyEdges).printed(true);
    EXPECT_NE(printed.find("bad2.cpp.o \ng++ -Ilibbad.so.p -c ../src/bad2.cpp\n\x1b[01m"),
              std::string::npos);
}

TEST(NinjaOutput, FeedTellsThatTheCountsChanged) {
    NinjaOutput output;
    EXPECT_FALSE(output.feed("ninja: Entering directory `b'\n"));
    EXPECT_FALSE(output.feed(status("1 3 1 2 0 Generating con").substr(0, 8)));
    EXPECT_TRUE(output.feed(status("1 3 1 2 0 Generating con").substr(8)));
    EXPECT_EQ(output.finished(), 0u);
    EXPECT_EQ(output.total(), 3u);
    EXPECT_FALSE(output.feed("hello\n"));
    EXPECT_TRUE(output.feed(status("3 3 2 0 2 Linking target x")));
    EXPECT_EQ(output.finished(), 2u);
}

TEST(NinjaOutput, NoWorkToDoIsNothingAndIsNotPrinted) {
    const NinjaOutput output = output_of("ninja: Entering directory `b'\nninja: no work to do.\n"
                                         "ninja: Leaving directory `b'\n");
    EXPECT_TRUE(output.nothing_to_do());
    EXPECT_EQ(output.printed(), "");
    EXPECT_TRUE(output.chunks().empty());
}

TEST(NinjaOutput, NoWorkToDoAfterARegenerationIsNothing) {
    const std::string meson = "The Meson build system\nVersion: 1.0.1\nCleaning... 0 files.\n";
    const NinjaOutput output = output_of(status("1 1 1 0 0 Regenerating build files.") + meson +
                                         "ninja: no work to do.\n");
    EXPECT_TRUE(output.nothing_to_do());
    EXPECT_EQ(output.printed(), meson);
}

TEST(NinjaOutput, NoWorkToDoOfANinjaThatAnEdgeRanIsNotOurs) {
    EXPECT_FALSE(
        output_of(status("1 1 1 0 1 Generating sub") + "ninja: no work to do.\n").nothing_to_do());
    EXPECT_FALSE(output_of(status("1 2 1 1 0 Generating sub") + "ninja: no work to do.\n" +
                           status("2 2 1 0 2 Linking target x"))
                     .nothing_to_do());
}

TEST(NinjaOutput, AFailedRegenerationHasWhatMesonSaid) {
    const std::string meson = "The Meson build system\n"
                              "\n"
                              "../meson.build:9:0: ERROR: Unknown function \"unknown_fn\".\n"
                              "\n"
                              "A full log can be found at b/meson-logs/meson-log.txt\n";
    const NinjaOutput output = output_of(
        "ninja: Entering directory `b'\n" + status("1 1 1 0 0 Regenerating build files.") + meson +
        failed("build.ninja") + "/usr/bin/meson --internal regenerate . b\n" +
        "ninja: error: rebuilding 'build.ninja': subcommand failed\n");
    ASSERT_EQ(output.chunks().size(), 1u);
    EXPECT_EQ(output.chunks()[0].output_name, "build.ninja");
    EXPECT_TRUE(output.chunks()[0].failed);
    EXPECT_EQ(output.chunks()[0].text, meson);
    EXPECT_EQ(output.printed(), failed("build.ninja") + meson);
}

// From a run with a console edge, commands without a line break at their end, and two edges that
// ended while the console edge ran.
TEST(NinjaOutput, AStatusLineMayFollowTextInOneLine) {
    const NinjaOutput output = output_of(
        status("1 8 1 7 0 Generating con with a custom command") +
        "console start\nconsole tail, no newline" +
        status("3 8 3 5 1 Generating failnonl with a custom command") + failed("fa.txt fb.txt") +
        "python3 -c 'print'\nfail without newline" +
        status("4 8 3 4 2 Generating silentfail with a custom command") + "\n" + failed("sf.txt") +
        "/usr/bin/false\n" + status("5 8 3 3 3 Generating nonl with a custom command") +
        "talk without newline" + status("6 8 3 2 4 Compiling C++ object libwarn.so.p/warn.cpp.o") +
        "\n" + kWarning);
    ASSERT_EQ(output.chunks().size(), 5u);
    EXPECT_EQ(output.chunks()[0].text, "console start\nconsole tail, no newline\n");
    EXPECT_FALSE(output.chunks()[0].failed);
    EXPECT_EQ(output.chunks()[1].text, "fail without newline\n");
    EXPECT_EQ(output.chunks()[2].output_name, "sf.txt");
    EXPECT_EQ(output.chunks()[2].text, "");
    EXPECT_EQ(output.chunks()[3].text, "talk without newline\n");
    EXPECT_EQ(output.chunks()[4].text, kWarning);
    EXPECT_EQ(output.failed_outputs(), (Names{"fa.txt", "fb.txt", "sf.txt"}));
}

TEST(NinjaOutput, AConsoleEdgeThatFailsLastGetsItsOwnText) {
    const NinjaOutput output = output_of(
        status("1 3 1 2 0 Generating con") + "console says\n" +
        status("3 3 3 0 1 Generating other") + failed("other.txt") + "make_other\nother says\n" +
        failed("con.txt") + "make_con\n" + "ninja: build stopped: subcommand failed.\n");
    ASSERT_EQ(output.chunks().size(), 2u);
    EXPECT_EQ(output.chunks()[0].output_name, "con.txt");
    EXPECT_EQ(output.chunks()[0].text, "console says\n");
    EXPECT_EQ(output.chunks()[0].command, "make_con");
    EXPECT_EQ(output.chunks()[1].output_name, "other.txt");
    EXPECT_EQ(output.chunks()[1].text, "other says\n");
}

TEST(NinjaOutput, AConsoleEdgeThatFailsWithoutAWordIsNotMistakenForAnother) {
    const NinjaOutput output =
        output_of(status("1 3 1 2 0 Generating con") + status("3 3 3 0 1 Generating other") +
                  "other says\n" + failed("con.txt") + "make_con\n");
    ASSERT_EQ(output.chunks().size(), 2u);
    EXPECT_EQ(output.chunks()[0].output_name, "con.txt");
    EXPECT_EQ(output.chunks()[0].text, "");
    EXPECT_FALSE(output.chunks()[1].failed);
    EXPECT_EQ(output.chunks()[1].text, "other says\n");
}

TEST(NinjaOutput, ErrorsOfNinjaItselfAreKeptApart) {
    const std::string missing =
        "ninja: error: '../x.cpp', needed by 'x.o', missing and no known rule to make it\n";
    const NinjaOutput output = output_of("ninja: Entering directory `b'\n" + missing);
    ASSERT_EQ(output.chunks().size(), 1u);
    EXPECT_TRUE(output.chunks()[0].failed);
    EXPECT_EQ(output.chunks()[0].output_name, "");
    EXPECT_EQ(output.printed(), missing);
    EXPECT_TRUE(output.failed_outputs().empty());

    const NinjaOutput amid = output_of(status("1 2 1 1 1 Compiling x") + "a warning\n" + missing +
                                       "more of the warning\n");
    ASSERT_EQ(amid.chunks().size(), 2u);
    EXPECT_EQ(amid.chunks()[0].text, "a warning\nmore of the warning\n");
    EXPECT_EQ(amid.chunks()[1].text, missing);
}

TEST(NinjaOutput, WarningsOfNinjaAreNoFailure) {
    const NinjaOutput output =
        output_of("ninja: warning: premature end of file; recovering\nand some text\n");
    ASSERT_EQ(output.chunks().size(), 2u);
    EXPECT_FALSE(output.chunks()[0].failed);
    EXPECT_FALSE(output.chunks()[1].failed);
}

TEST(NinjaOutput, UnderstandsFailedLinesWithoutColoursAndWithACode) {
    EXPECT_EQ(output_of(status("1 1 1 0 1 x") + "FAILED: a.o \ncc\n").failed_outputs(),
              (Names{"a.o"}));
    EXPECT_EQ(output_of(status("1 1 1 0 1 x") + "FAILED: [code=2] a.o \ncc\n").failed_outputs(),
              (Names{"a.o"}));
    EXPECT_EQ(output_of(status("1 1 1 0 1 x") + "\x1b[31mFAILED: [code=2] \x1b[0ma.o \ncc\n")
                  .failed_outputs(),
              (Names{"a.o"}));
}

TEST(NinjaOutput, ACommandMayPrintSomethingThatLooksAlike) {
    const std::string test_log = "FAILED: suite.case\n[  FAILED  ] 1 test\n\x1e"
                                 "3 9 1 2 1 x\n";
    const NinjaOutput output = output_of(status("1 1 1 0 1 Running tests") + test_log);
    ASSERT_EQ(output.chunks().size(), 1u);
    EXPECT_FALSE(output.chunks()[0].failed);
    EXPECT_EQ(output.chunks()[0].text, test_log);
    EXPECT_EQ(output.total(), 1u);
}

TEST(NinjaOutput, TextThatIsCutOffInTheMiddleOfALineIsNotLost) {
    EXPECT_EQ(output_of(status("1 1 1 0 1 x") + "half a li").printed(), "half a li\n");
    EXPECT_EQ(output_of("").printed(), "");
}

} // namespace
} // namespace hotrun
