#include "core/build_folder.hpp"

#include "support/fake_file_system.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

class BuildFolderTest : public testing::Test {
  protected:
    void add_project(const std::string &root) {
        files.write(root + "/meson.build", "project('demo', 'cpp')\n");
        files.make_folder(root + "/src");
    }
    void add_build_folder(const std::string &path, const std::string &source) {
        files.write(path + "/build.ninja", "");
        files.write(path + "/meson-info/meson-info.json", R"({"directories": {"source": ")" +
                                                              source + R"(", "build": ")" + path +
                                                              R"("}})");
    }

    void expect_found(const std::string &directory, const std::string &builddir,
                      const Project &expected) {
        const Result<Project> project = find_project(files, directory, builddir);
        ASSERT_TRUE(project.ok()) << project.error().message;
        EXPECT_EQ(project->root, expected.root);
        EXPECT_EQ(project->builddir, expected.builddir);
        EXPECT_EQ(project->set_up, expected.set_up);
    }

    void expect_misuse(const std::string &directory, const std::string &builddir,
                       const std::string &message) {
        const Result<Project> project = find_project(files, directory, builddir);
        ASSERT_FALSE(project.ok()) << project->builddir;
        EXPECT_EQ(project.error().kind, ErrorKind::kMisuse);
        EXPECT_EQ(project.error().message, message);
    }

    FakeClock clock;
    FakeFileSystem files{clock};
};

TEST(CallsProject, ProjectIsTheFirstCall) {
    EXPECT_TRUE(calls_project("project('x')"));
    EXPECT_TRUE(calls_project("# a comment\n\n  # another (one)\n\tproject (\n  'x',\n)"));
    EXPECT_TRUE(calls_project("\r\nproject\n('x')"));
}

TEST(CallsProject, OtherFilesDoNot) {
    EXPECT_FALSE(calls_project(""));
    EXPECT_FALSE(calls_project("# project('x')\n"));
    EXPECT_FALSE(calls_project("# project('x')"));
    EXPECT_FALSE(calls_project("subdir('src')\nproject('x')\n"));
    EXPECT_FALSE(calls_project("projects('x')"));
    EXPECT_FALSE(calls_project("project = 'x'"));
    EXPECT_FALSE(calls_project("project"));
}

TEST_F(BuildFolderTest, BuildFolderIsWhatMesonAndNinjaKnow) {
    add_build_folder("/p/b", "/p");
    files.write("/other/build.ninja", "");
    EXPECT_TRUE(is_build_folder(files, "/p/b"));
    EXPECT_FALSE(is_build_folder(files, "/p"));
    EXPECT_FALSE(is_build_folder(files, "/other"));
}

TEST_F(BuildFolderTest, NearestBuildFolderAboveIsFound) {
    add_build_folder("/p/b", "/p");
    files.make_folder("/p/b/sub/deep");
    EXPECT_EQ(build_folder_above(files, "/p/b"), "/p/b");
    EXPECT_EQ(build_folder_above(files, "/p/b/sub/deep"), "/p/b");
    EXPECT_EQ(build_folder_above(files, "/p"), "");
    EXPECT_EQ(build_folder_above(files, "/"), "");
}

TEST_F(BuildFolderTest, WorkingDirectoryThatIsABuildFolderIsUsed) {
    add_project("/p");
    add_build_folder("/p/one", "/p");
    add_build_folder("/p/two", "/p");
    expect_found("/p/two", "", {"/p", "/p/two", true});
}

TEST_F(BuildFolderTest, ProjectInTheBuildFolderOfAnotherIsOneOfItsOwn) {
    add_project("/p");
    add_build_folder("/p/b", "/p");
    add_project("/p/b/tests/demo");
    expect_found("/p/b/tests/demo/src", "", {"/p/b/tests/demo", "/p/b/tests/demo/build", false});
    expect_found("/p/b/tests", "", {"/p", "/p/b", true});
}

TEST_F(BuildFolderTest, OnlyBuildFolderOfTheProjectIsUsed) {
    add_project("/p");
    add_build_folder("/p/out/debug", "/p");
    expect_found("/p/src", "", {"/p", "/p/out/debug", true});
}

TEST_F(BuildFolderTest, BuildFolderOfAnotherProjectIsNotOurs) {
    add_project("/p");
    add_build_folder("/p/elsewhere", "/q");
    expect_found("/p", "", {"/p", "/p/build", false});
}

TEST_F(BuildFolderTest, HiddenDeepLinkedAndSubprojectFoldersAreNotSearched) {
    add_project("/p");
    add_build_folder("/p/.cache/b", "/p");
    add_build_folder("/p/1/2/3/4", "/p");
    add_build_folder("/p/subprojects/b", "/p");
    add_build_folder("/elsewhere/b", "/p");
    files.make_link("/p/link", "/elsewhere");
    expect_found("/p", "", {"/p", "/p/build", false});
}

TEST_F(BuildFolderTest, SeveralBuildFoldersAreListed) {
    add_project("/p");
    add_build_folder("/p/release", "/p");
    add_build_folder("/p/debug", "/p");
    expect_misuse("/p", "",
                  "the project /p has several build folders (/p/debug, /p/release); choose one "
                  "with -C");
}

TEST_F(BuildFolderTest, BrokenInfoOfMesonBelongsToNoProject) {
    add_project("/p");
    add_build_folder("/p/b", "/p");
    files.write("/p/b/meson-info/meson-info.json", "{\"directories\": ");
    expect_found("/p", "", {"/p", "/p/build", false});
}

TEST_F(BuildFolderTest, ProjectOfASubprojectIsTheOneAround) {
    add_project("/p");
    add_project("/p/subprojects/lib");
    expect_found("/p/subprojects/lib/src", "", {"/p", "/p/build", false});
}

TEST_F(BuildFolderTest, FolderNamedSubprojectsMakesNoSubproject) {
    add_project("/home/subprojects/lib");
    expect_found("/home/subprojects/lib/src", "",
                 {"/home/subprojects/lib", "/home/subprojects/lib/build", false});
}

TEST_F(BuildFolderTest, ProjectInTheFolderOfAnotherIsOneOfItsOwn) {
    add_project("/p");
    add_project("/p/examples/demo");
    expect_found("/p/examples/demo", "", {"/p/examples/demo", "/p/examples/demo/build", false});
}

TEST_F(BuildFolderTest, MesonFileWithoutProjectIsPartOfTheOneAbove) {
    add_project("/p");
    files.write("/p/src/meson.build", "library('x')\n");
    expect_found("/p/src", "", {"/p", "/p/build", false});
}

TEST_F(BuildFolderTest, WithoutAProjectThereIsNothingToDo) {
    files.make_folder("/empty");
    expect_misuse("/empty", "",
                  "no Meson project at or above /empty; go to its folder, or name a build folder "
                  "with -C");
}

TEST_F(BuildFolderTest, NamedBuildFolderIsTakenFromTheWorkingDirectory) {
    add_project("/p");
    add_build_folder("/p/b", "/p");
    add_build_folder("/p/c", "/p");
    expect_found("/p/src", "../b", {"/p", "/p/b", true});
    expect_found("/p/src", "/p/c", {"/p", "/p/c", true});
}

TEST_F(BuildFolderTest, NamedBuildFolderMayLieAnywhere) {
    add_project("/p");
    add_build_folder("/var/out", "/p");
    expect_found("/", "/var/out", {"/p", "/var/out", true});
}

TEST_F(BuildFolderTest, NamedBuildFolderThatIsNotThereIsToBeSetUp) {
    add_project("/p");
    expect_found("/p/src", "new", {"/p", "/p/src/new", false});
}

TEST_F(BuildFolderTest, NamedFolderThatIsSomethingElseIsRefused) {
    add_project("/p");
    expect_misuse("/p", "src",
                  "/p/src is no build folder of Meson and Ninja; set it up with meson setup");
    files.make_folder("/empty");
    expect_misuse("/empty", "b",
                  "/empty/b is no build folder of Meson and Ninja; set it up with meson setup");
}

TEST_F(BuildFolderTest, LinkToTheProjectIsTheProject) {
    add_project("/p");
    add_build_folder("/p/b", "/p");
    files.make_link("/home/link", "/p");
    expect_found("/home/link/src", "", {"/p", "/p/b", true});
}

} // namespace
} // namespace hotrun
