#include "core/build_files.hpp"

#include "support/fake_file_system.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using Paths = std::vector<std::string>;

class BuildFilesTest : public testing::Test {
  protected:
    void write(const std::string &name, const std::string &text) {
        clock.advance(std::chrono::milliseconds(1));
        files.write("/p/b/" + name, text);
    }
    Paths read(const std::string &build_ninja) {
        write("build.ninja", build_ninja);
        build_files.read();
        return build_files.paths();
    }

    FakeClock clock;
    FakeFileSystem files{clock};
    BuildFiles build_files{files, "/p/b"};
};

TEST_F(BuildFilesTest, IncludedFilesBelongToThem) {
    write("rules.ninja", "rule cc\n");
    write("sub/parts.ninja", "include ../more.ninja\n");
    files.write("/p/more.ninja", "include build.ninja\n"); // round in a circle
    EXPECT_EQ(
        read("include rules.ninja\nsubninja sub/parts.ninja\n# include no.ninja\n"),
        (Paths{"/p/b/build.ninja", "/p/b/rules.ninja", "/p/b/sub/parts.ninja", "/p/more.ninja"}));
    EXPECT_TRUE(build_files.contains("/p/b/rules.ninja"));
    EXPECT_FALSE(build_files.contains("/p/b/no.ninja"));
}

TEST_F(BuildFilesTest, DyndepFilesBelongToThemAlsoBeforeTheyAreThere) {
    EXPECT_EQ(read("build a.o: cc a.f90 || a.dd\n  dyndep = a.dd\n"
                   "build b.o: cc b.f90 || b$ c.dd\n  dyndep =b$ c.dd\n"
                   "rule cc\n  dyndep = all.dd\n"),
              (Paths{"/p/b/a.dd", "/p/b/all.dd", "/p/b/b c.dd", "/p/b/build.ninja"}));
    EXPECT_FALSE(build_files.changed());
    write("a.dd", "ninja_dyndep_version = 1\n");
    EXPECT_TRUE(build_files.changed());
}

TEST_F(BuildFilesTest, AreChangedBeforeTheyAreReadAndWhenOneIsWritten) {
    write("rules.ninja", "rule cc\n");
    EXPECT_TRUE(build_files.changed());
    read("include rules.ninja\n");
    EXPECT_FALSE(build_files.changed());
    write("rules.ninja", "rule cc\n");
    EXPECT_TRUE(build_files.changed());
    build_files.read();
    EXPECT_FALSE(build_files.changed());
    static_cast<void>(files.remove("/p/b/build.ninja"));
    EXPECT_TRUE(build_files.changed());
}

TEST_F(BuildFilesTest, RuleKeepsDependenciesIfItSaysSo) {
    read("rule cc\n depfile = $out.d\n deps = gcc\n\nrule link\n command = ld\n"
         "rule old\n depfile = $out.d\n");
    EXPECT_EQ(build_files.keeps_deps("cc"), true);
    EXPECT_EQ(build_files.keeps_deps("link"), false);
    EXPECT_EQ(build_files.keeps_deps("old"), false);
    EXPECT_EQ(build_files.keeps_deps("phony"), std::nullopt);
}

TEST_F(BuildFilesTest, RuleKeepsDependenciesIfOneOfItsCommandsDoes) {
    read("rule any\n command = x\nbuild a$ b.o: any c.c\n  deps = gcc\n");
    EXPECT_EQ(build_files.keeps_deps("any"), true);
}

TEST_F(BuildFilesTest, MadeAreTheOutputsOfCommandsInEachFile) {
    write("more.ninja", "build more.h: copy x.in\n");
    read("include more.ninja\nbuild gen.h | a$ b.h: gen gen.in || used.h\nbuild c.o: cc c.c\n");
    EXPECT_EQ(build_files.made_among({"more.h", "gen.h", "a b.h", "used.h", "gen.in", "config.h"}),
              (Paths{"gen.h", "a b.h", "more.h"}));
    EXPECT_EQ(build_files.made_among({}), Paths{});
}

} // namespace
} // namespace hotrun
