#include "control/diagnostics.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace hotrun {
namespace {

using Lines = std::vector<std::string>;

// One line each, as `hotrun notify` would print it; children are indented.
void show(const std::vector<DiagnosticEvent> &diagnostics, const std::string &indent,
          Lines &lines) {
    for (const DiagnosticEvent &each : diagnostics) {
        lines.push_back(indent + each.path + ":" + std::to_string(each.line) + ":" +
                        std::to_string(each.column) + ": " + std::string(to_word(each.severity)) +
                        ": " + each.message);
        show(each.children, indent + "  ", lines);
    }
}

Lines parse(std::string_view text) {
    Lines lines;
    show(parse_diagnostics(text, "/p/build", "x"), "", lines);
    return lines;
}

TEST(StripColors, TakesOutWhatGccClangAndNinjaPutIn) {
    EXPECT_EQ(strip_colors("\x1b[01m\x1b[K../a.cpp:8:6:\x1b[m\x1b[K \x1b[01;31m\x1b[Kerror: "),
              "../a.cpp:8:6: error: ");
    EXPECT_EQ(strip_colors("\x1b[0;1;31merror: \x1b[0m\x1b[1mx"), "error: x");
    EXPECT_EQ(strip_colors("\x1b[31mFAILED: \x1b[0mx"), "FAILED: x");
}

TEST(StripColors, TakesOutLinks) {
    EXPECT_EQ(strip_colors("[\x1b]8;;https://gcc.gnu.org/x\a-Wcpp\x1b]8;;\a]"), "[-Wcpp]");
    EXPECT_EQ(strip_colors("\x1b]8;;u\x1b\\-Wcpp\x1b]8;;\x1b\\"), "-Wcpp");
}

TEST(StripColors, AnUnfinishedSequenceTakesNoOtherLineWithIt) {
    EXPECT_EQ(strip_colors("a\x1b[0\nb"), "a\nb");
    EXPECT_EQ(strip_colors("a\x1b]8;;\nb"), "a\nb");
    EXPECT_EQ(strip_colors("a\x1b"), "a");
    EXPECT_EQ(strip_colors("a\x1b["), "a");
    EXPECT_EQ(strip_colors("plain"), "plain");
}

TEST(Diagnostics, ReadsGccWithColours) {
    EXPECT_EQ(
        parse("\x1b[01m\x1b[K../src/warn.cpp:\x1b[m\x1b[K In function ‘\x1b[01m\x1b[Kint "
              "warn(int)\x1b[m\x1b[K’:\n"
              "\x1b[01m\x1b[K../src/warn.cpp:1:28:\x1b[m\x1b[K \x1b[01;35m\x1b[Kwarning: "
              "\x1b[m\x1b[Kunused variable ‘\x1b[01m\x1b[Kx\x1b[m\x1b[K’ "
              "[\x1b[01;35m\x1b[K-Wunused-variable\x1b[m\x1b[K]\n"
              "    1 | int warn(int unused) { int \x1b[01;35m\x1b[Kx\x1b[m\x1b[K; return 1; }\n"
              "      |                            \x1b[01;35m\x1b[K^\x1b[m\x1b[K\n"),
        (Lines{"/p/src/warn.cpp:1:28: warning: unused variable ‘x’ [-Wunused-variable]"}));
}

TEST(Diagnostics, NotesAreChildrenOfTheDiagnosticBefore) {
    EXPECT_EQ(parse("../src/bad.cpp: In function ‘int bad()’:\n"
                    "../src/bad.cpp:8:6: error: no matching function for call to ‘f(double)’\n"
                    "    8 |     f(1.0, 2.0, 3.0);\n"
                    "      |     ~^~~~~~~~~~~~~~~\n"
                    "../src/bad.cpp:5:6: note: candidate: ‘void f(int)’\n"
                    "    5 | void f(int);\n"
                    "      |      ^\n"
                    "../src/bad.cpp:5:6: note:   candidate expects 1 argument, 3 provided\n"
                    "../src/bad.cpp:9:5: error: ‘undeclared’ was not declared in this scope\n"),
              (Lines{"/p/src/bad.cpp:8:6: error: no matching function for call to ‘f(double)’",
                     "  /p/src/bad.cpp:5:6: note: candidate: ‘void f(int)’",
                     "  /p/src/bad.cpp:5:6: note: candidate expects 1 argument, 3 provided",
                     "/p/src/bad.cpp:9:5: error: ‘undeclared’ was not declared in this scope"}));
}

TEST(Diagnostics, TheWayToAHeaderOrATemplateIsAChild) {
    EXPECT_EQ(
        parse("In file included from ../a.h:1,\n"
              "                 from ../t.cpp:1:\n"
              "../b.h: In instantiation of ‘struct Q<int>’:\n"
              "../t.cpp:3:43:   required from ‘void go(T) [with T = int]’\n"
              "../t.cpp:4:14:   required from here\n"
              "../b.h:3:51: error: ‘int’ is not a class, struct, or union type\n"
              "    3 | template <typename T> struct Q { typename T::type t; };\n"
              "      |                                                   ^\n"
              "../t.cpp: In function ‘int d(int)’:\n"
              "../t.cpp:9:37: warning: control reaches end of non-void function\n"),
        (Lines{"/p/b.h:3:51: error: ‘int’ is not a class, struct, or union type",
               "  /p/a.h:1:0: note: included from here", "  /p/t.cpp:1:0: note: included from here",
               "  /p/t.cpp:3:43: note: required from ‘void go(T) [with T = int]’",
               "  /p/t.cpp:4:14: note: required from here",
               "/p/t.cpp:9:37: warning: control reaches end of non-void function"}));
}

TEST(Diagnostics, ReadsClang) {
    EXPECT_EQ(parse("In file included from ../src/bad.cpp:1:\n"
                    "\x1b[1m../src/bad.h:1:46: \x1b[0m\x1b[0;1;31merror: \x1b[0m\x1b[1mmember "
                    "reference base type 'int' is not a structure or union\x1b[0m\n"
                    "template <typename T> T twice(T t) { return t.twice(); }\n"
                    "\x1b[0;1;32m                                            ~^~~~~~\n"
                    "\x1b[0m\x1b[1m../src/bad.cpp:10:12: \x1b[0m\x1b[0;1;30mnote: \x1b[0min "
                    "instantiation of function template specialization 'twice<int>' requested "
                    "here\x1b[0m\n"
                    "    return twice(4);\n"
                    "\x1b[0;1;32m           ^\n"
                    "\x1b[0m3 errors generated.\n"),
              (Lines{"/p/src/bad.h:1:46: error: member reference base type 'int' is not a "
                     "structure or union",
                     "  /p/src/bad.cpp:1:0: note: included from here",
                     "  /p/src/bad.cpp:10:12: note: in instantiation of function template "
                     "specialization 'twice<int>' requested here"}));
}

TEST(Diagnostics, ReadsFatalErrorsAndLinesWithoutAColumn) {
    EXPECT_EQ(parse("../src/bad2.cpp:1:10: fatal error: nothere.h: No such file or directory\n"
                    "compilation terminated.\n"
                    "t.cpp:8: error: #error stop here\n"
                    "../x.cpp:4:1: internal compiler error: Segmentation fault\n"
                    "s.s: Assembler messages:\n"
                    "s.s:2: Error: no such instruction: `frobnicate %eax'\n"),
              (Lines{"/p/src/bad2.cpp:1:10: error: nothere.h: No such file or directory",
                     "/p/build/t.cpp:8:0: error: #error stop here",
                     "/p/x.cpp:4:1: error: Segmentation fault",
                     "/p/build/s.s:2:0: error: no such instruction: `frobnicate %eax'"}));
}

TEST(Diagnostics, WhatNamesNoFileHasAnEmptyPath) {
    EXPECT_EQ(parse("cc1plus: fatal error: ../good.cpp: No such file or directory\n"
                    "compilation terminated.\n"
                    "clang: error: no such file or directory: 'nofile.cpp'\n"
                    "x86_64-linux-gnu-g++-12: error: unrecognized command-line option ‘-fbogus’\n"
                    "<command-line>: warning: \"X\" redefined\n"
                    "gen.py: error: the following arguments are required: input\n"
                    "error: unable to open output file 'x.o'\n"),
              (Lines{":0:0: error: ../good.cpp: No such file or directory",
                     ":0:0: error: no such file or directory: 'nofile.cpp'",
                     ":0:0: error: unrecognized command-line option ‘-fbogus’",
                     ":0:0: warning: <command-line>: \"X\" redefined",
                     ":0:0: error: gen.py: the following arguments are required: input",
                     ":0:0: error: unable to open output file 'x.o'"}));
}

TEST(Diagnostics, BuiltInTextIsNoFile) {
    EXPECT_EQ(parse("In file included from <built-in>:404:\n"
                    "<command line>:2:9: warning: 'X' macro redefined [-Wmacro-redefined]\n"
                    "#define X 2\n"
                    "        ^\n"
                    "<command line>:1:9: note: previous definition is here\n"),
              (Lines{":0:0: warning: 'X' macro redefined [-Wmacro-redefined]",
                     "  :0:0: note: previous definition is here"}));
}

TEST(Diagnostics, APathMayHaveSpacesAndColons) {
    EXPECT_EQ(parse("d d/with space:1.h:1:9: error: ‘b’ was not declared in this scope\n"),
              (Lines{"/p/build/d d/with space:1.h:1:9: error: ‘b’ was not declared in this "
                     "scope"}));
}

TEST(Diagnostics, QuotedSourceAndMessagesAreNotMistaken) {
    EXPECT_EQ(parse("t.cpp:4:45: error: static assertion failed: int: error: is small\n"
                    "    4 | void u() { static_assert(false, \"a.h:3: error: is small\"); }\n"
                    "void u() { go(3); static_assert(sizeof(int) == 2, \"a.h:3: error: x\"); }\n"
                    "  case kBad: error: return;\n"
                    "    // as in a.h:3:4: error: x\n"
                    "say what: error: is a word\n"
                    "2 warnings and 7 errors generated.\n"
                    "cc1plus: all warnings being treated as errors\n"),
              (Lines{"/p/build/t.cpp:4:45: error: static assertion failed: int: error: is "
                     "small"}));
}

TEST(Diagnostics, ReadsTheLinkerBfd) {
    EXPECT_EQ(
        parse("/usr/bin/ld: b.o: in function `twice()':\n"
              "/q/b.cpp:1: multiple definition of `twice()'; a.o:/q/a.cpp:4: first defined here\n"
              "/usr/bin/ld: nolink.p/nolink.cpp.o: in function `helper()':\n"
              "/p/build/../src/nolink.cpp:3: undefined reference to `ns::also(char const*)'\n"
              "/usr/bin/ld: /p/build/../src/nolink.cpp:3: undefined reference to `missing(int)'\n"
              "/usr/bin/ld: a.o:/q/a.cpp:6: undefined reference to `vtable for V'\n"
              "/usr/bin/ld: x.o: in function `f': ../file.cpp:3: undefined reference to `g()'\n"
              "collect2: error: ld returned 1 exit status\n"),
        (Lines{"/q/b.cpp:1:0: error: multiple definition of `twice()'",
               "  /q/a.cpp:4:0: note: first defined here",
               "/p/src/nolink.cpp:3:0: error: undefined reference to `ns::also(char const*)'",
               "/p/src/nolink.cpp:3:0: error: undefined reference to `missing(int)'",
               "/q/a.cpp:6:0: error: undefined reference to `vtable for V'",
               "/p/file.cpp:3:0: error: undefined reference to `g()'"}));
}

TEST(Diagnostics, ReadsTheLinkerBfdWithoutDebugInformation) {
    EXPECT_EQ(parse("/usr/bin/ld.bfd: a.o: in function `helper()':\n"
                    "a.cpp:(.text+0xf): undefined reference to `ns::also(char const*)'\n"
                    "/usr/bin/ld.bfd: a.o:(.data.rel+0x0): undefined reference to `vtable for V'\n"
                    "a.cpp:(.text+0x2f): more undefined references to `far()' follow\n"
                    "/usr/bin/ld.bfd: link errors found, deleting executable `a.out'\n"
                    "clang: error: linker command failed with exit code 1 (use -v to see "
                    "invocation)\n"),
              (Lines{":0:0: error: a.cpp:(.text+0xf): undefined reference to `ns::also(char "
                     "const*)'",
                     ":0:0: error: a.o:(.data.rel+0x0): undefined reference to `vtable for V'",
                     ":0:0: error: a.cpp:(.text+0x2f): more undefined references to `far()' "
                     "follow"}));
}

TEST(Diagnostics, ReadsWhatTheLinkerBfdSaysWithoutAPlace) {
    EXPECT_EQ(parse("/usr/bin/ld: skipping incompatible /usr/lib/libm.so when searching for -lm\n"
                    "/usr/bin/ld: cannot find -lnotthere: No such file or directory\n"
                    "/usr/bin/ld: /tmp/x.o: in function `main':\n"
                    "/q/w.c:2: warning: the use of `tmpnam' is dangerous, better use `mkstemp'\n"
                    "/usr/bin/ld: warning: cannot find entry symbol _start; defaulting to 1000\n"
                    "collect2: error: ld returned 1 exit status\n"),
              (Lines{":0:0: note: skipping incompatible /usr/lib/libm.so when searching for -lm",
                     ":0:0: error: cannot find -lnotthere: No such file or directory",
                     "/q/w.c:2:0: warning: the use of `tmpnam' is dangerous, better use `mkstemp'",
                     ":0:0: warning: cannot find entry symbol _start; defaulting to 1000"}));
}

TEST(Diagnostics, ReadsTheLinkerGold) {
    EXPECT_EQ(
        parse("/usr/bin/ld.gold: error: b.o: multiple definition of 'twice()'\n"
              "/usr/bin/ld.gold: a.o: previous definition here\n"
              "/q/a.cpp:3: error: undefined reference to 'missing(int)'\n"
              "a.o:a.cpp:function helper(): error: undefined reference to 'ns::also()'\n"
              "a.o:a.cpp:v: error: undefined reference to 'vtable for V'\n"
              "/usr/bin/ld.gold: the vtable symbol may be undefined because the class is missing "
              "its key function\n"
              "collect2: error: ld returned 1 exit status\n"),
        (Lines{":0:0: error: b.o: multiple definition of 'twice()'",
               "  :0:0: note: a.o: previous definition here",
               "/q/a.cpp:3:0: error: undefined reference to 'missing(int)'",
               ":0:0: error: a.o:a.cpp:function helper(): undefined reference to 'ns::also()'",
               ":0:0: error: a.o:a.cpp:v: undefined reference to 'vtable for V'",
               "  :0:0: note: the vtable symbol may be undefined because the class is missing its "
               "key function"}));
}

TEST(Diagnostics, ReadsTheLinkerLld) {
    EXPECT_EQ(parse("ld.lld: error: undefined symbol: missing(int)\n"
                    ">>> referenced by lldref.cpp:4 (/q/lldref.cpp:4)\n"
                    ">>>               lldref.o:(main)\n"
                    ">>> referenced by lldref.cpp:3 (/q/lldref.cpp:3)\n"
                    ">>>               lldref.o:(helper())\n"
                    "\n"
                    "ld.lld: error: undefined symbol: ns::also(char const*)\n"
                    ">>> referenced by a.cpp\n"
                    ">>>               a.o:(helper())\n"
                    "clang: error: linker command failed with exit code 1 (use -v to see "
                    "invocation)\n"),
              (Lines{"/q/lldref.cpp:4:0: error: undefined symbol: missing(int)",
                     "  /q/lldref.cpp:3:0: note: referenced by lldref.cpp:3",
                     ":0:0: error: undefined symbol: ns::also(char const*)"}));
}

TEST(Diagnostics, ReadsTheLinkerMold) {
    EXPECT_EQ(parse("mold: error: undefined symbol: missing(int)\n"
                    ">>> referenced by lldref.cpp\n"
                    ">>>               lldref.o:(main)>>> referenced by lldref.cpp\n"
                    ">>>               lldref.o:(helper())\n"
                    "mold: error: duplicate symbol: b.o: a.o: twice()\n"
                    "mold: fatal: library not found: notthere\n"
                    "collect2: error: ld returned 1 exit status\n"),
              (Lines{":0:0: error: undefined symbol: missing(int)",
                     ":0:0: error: duplicate symbol: b.o: a.o: twice()",
                     ":0:0: error: library not found: notthere"}));
}

TEST(Diagnostics, TheCompilersLastWordStaysIfItIsTheOnlyOne) {
    EXPECT_EQ(parse("collect2: error: ld returned 1 exit status\n"),
              (Lines{":0:0: error: ld returned 1 exit status"}));
    EXPECT_EQ(parse("a.cpp:1:1: warning: w\ncollect2: error: ld returned 1 exit status\n").size(),
              2u);
}

TEST(Diagnostics, ReadsMesonWhoseColumnsCountFromNought) {
    EXPECT_EQ(parse("The Meson build system\n"
                    "Program python3 found: YES (/usr/bin/python3)\n"
                    "../meson.build:1: WARNING: Consider using the built-in warning_level\n"
                    "../sub/meson.build:9:4: ERROR: Expecting rparen got eof.\n"
                    "foo(\n"
                    "   ^\n"
                    "\n"
                    "A full log can be found at /p/build/meson-logs/meson-log.txt\n"
                    "ninja: error: rebuilding 'build.ninja': subcommand failed\n"),
              (Lines{"/p/meson.build:1:0: warning: Consider using the built-in warning_level",
                     "/p/sub/meson.build:9:5: error: Expecting rparen got eof."}));
    EXPECT_EQ(parse("ERROR: Some other Meson process is already using this build directory. "
                    "Exiting.\n"),
              (Lines{":0:0: error: Some other Meson process is already using this build "
                     "directory. Exiting."}));
}

TEST(Diagnostics, ReadsNinja) {
    EXPECT_EQ(
        parse("ninja: error: '../x.cpp', needed by 'x.o', missing and no known rule to make it\n"
              "ninja: fatal: chdir to 'nodir' - No such file or directory\n"
              "ninja: warning: premature end of file; recovering\n"),
        (Lines{":0:0: error: '../x.cpp', needed by 'x.o', missing and no known rule to make it",
               ":0:0: error: chdir to 'nodir' - No such file or directory",
               ":0:0: warning: premature end of file; recovering"}));
}

TEST(Diagnostics, TheWayToANoteIsNotTheWayToTheNextDiagnostic) {
    EXPECT_EQ(parse("/t.cpp:2:1: error: one\n"
                    "In file included from /t.cpp:1:\n"
                    "/a.h:1:1: note: declared here\n"
                    "/t.cpp:3:1: error: two\n"),
              (Lines{"/t.cpp:2:1: error: one", "  /a.h:1:1: note: declared here",
                     "/t.cpp:3:1: error: two"}));
}

TEST(Diagnostics, EachHasTheTarget) {
    const auto diagnostics =
        parse_diagnostics("/a.cpp:1:2: error: e\r\n/a.cpp:3:4: note: n", "/p", "libx.so");
    ASSERT_EQ(diagnostics.size(), 1u);
    EXPECT_EQ(diagnostics[0].target, "libx.so");
    EXPECT_EQ(diagnostics[0].message, "e");
    ASSERT_EQ(diagnostics[0].children.size(), 1u);
    EXPECT_EQ(diagnostics[0].children[0].target, "libx.so");
    EXPECT_EQ(diagnostics[0].children[0].line, 3u);
}

TEST(Diagnostics, ANoteWithNothingBeforeItStandsAlone) {
    EXPECT_EQ(parse("a.cpp:1:2: note: n\n"), (Lines{"/p/build/a.cpp:1:2: note: n"}));
}

TEST(Diagnostics, OrdinaryOutputHasNone) {
    EXPECT_EQ(parse(""), Lines{});
    EXPECT_EQ(parse("hello from talk\n>>> nothing\n12:30:15 done\nerrors: none\n"), Lines{});
}

} // namespace
} // namespace hotrun
