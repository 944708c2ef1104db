#include "run_plan.hpp"

#include "support/fake_module.hpp"

#include <gtest/gtest.h>

namespace hotrun {
namespace {

using Names = std::vector<std::string>;

// The project /p with its build folder /p/b; the host's executable is in it.
class RunPlanTest : public testing::Test {
  protected:
    RunPlanTest() {
        files.write("/p/b/build.ninja", "build hot: phony libgame.so\n");
        files.write("/p/b/meson-info/meson-info.json", "{}");
        set_targets(entry("game", "shared module"));
    }

    static std::string entry(const std::string &name, const std::string &type) {
        return R"({"name": ")" + name + R"(", "type": ")" + type + R"(", "filename": ["/p/b/lib)" +
               name + R"(.so"], "target_sources": [{"sources": ["/p/)" + name +
               R"(.cpp"]}], "subproject": null})";
    }
    void set_targets(const std::string &entries) {
        files.write("/p/b/meson-info/intro-targets.json", "[" + entries + "]");
    }

    Result<RunPlan> plan() const {
        return make_run_plan(files, options, [this]() -> Result<std::string> {
            if (executable.empty())
                return Error{ErrorKind::kFailed, "can't read /proc/self/exe", 2};
            return executable;
        });
    }
    void expect_library(const std::string &name, const std::string &path) const {
        const Result<RunPlan> made = plan();
        ASSERT_TRUE(made.ok()) << made.error().message;
        ASSERT_EQ(made->targets.modules.size(), 1u);
        EXPECT_EQ(made->targets.modules[0].name, name);
        EXPECT_EQ(made->targets.modules[0].library, path);
    }
    void expect_error(const std::string &message) const {
        const Result<RunPlan> made = plan();
        ASSERT_FALSE(made.ok());
        EXPECT_EQ(made.error().message, message);
    }

    FakeClock clock;
    FakeFileSystem files{clock};
    Options options;
    std::string executable = "/p/b/src/host";
};

TEST_F(RunPlanTest, BuildFolderIsTheOneAboveTheExecutable) {
    options.targets = {"game"};
    const Result<RunPlan> made = plan();
    ASSERT_TRUE(made.ok());
    EXPECT_TRUE(made->build);
    EXPECT_EQ(made->builddir, "/p/b");
    EXPECT_EQ(made->target_names, Names{"game"});
    EXPECT_EQ(made->targets.ninja_targets, Names{"libgame.so"});
    expect_library("game", "/p/b/libgame.so");
}

TEST_F(RunPlanTest, NamedBuildFolderNeedsNoExecutable) {
    executable.clear();
    options.builddir = "/p/b/../b";
    expect_library("game", "/p/b/libgame.so");
    EXPECT_EQ(plan()->builddir, "/p/b");
}

TEST_F(RunPlanTest, NamedFolderHasToBeABuildFolder) {
    options.builddir = "/p";
    expect_error("/p is no build folder of Meson and Ninja");
    EXPECT_EQ(plan().error().kind, ErrorKind::kMisuse);
}

TEST_F(RunPlanTest, ExecutableThatCantBeFoundIsAnError) {
    executable.clear();
    expect_error("can't read /proc/self/exe");
}

TEST_F(RunPlanTest, OnlyModuleGetsItsName) {
    expect_library("game", "/p/b/libgame.so");
    EXPECT_EQ(plan()->target_names, Names{"game"});
}

TEST_F(RunPlanTest, TargetNamesAreThoseOfTheUser) {
    options.targets = {"hot"};
    expect_library("game", "/p/b/libgame.so");
    EXPECT_EQ(plan()->target_names, Names{"hot"});
    EXPECT_EQ(plan()->targets.ninja_targets, Names{"hot"});
}

TEST_F(RunPlanTest, BuiltLibraryTellsWhetherItIsHot) {
    set_targets(entry("game", "shared library") + "," + entry("helper", "shared library"));
    files.write("/p/b/libgame.so", content_of(stepping_library("game")));
    files.write("/p/b/libhelper.so", content_of(ElfBuilder().soname("helper")));
    files.write("/p/helper.cpp", "// unlike hotrun_step");
    expect_library("game", "/p/b/libgame.so");
}

TEST_F(RunPlanTest, SourcesTellWhetherALibraryThatIsNotBuiltYetIsHot) {
    set_targets(entry("game", "shared library") + "," + entry("helper", "shared library"));
    files.write("/p/game.cpp", "void hotrun_step(hotrun_context *) {}");
    files.write("/p/helper.cpp", "int help() { return 1; }");
    expect_library("game", "/p/b/libgame.so");
}

TEST_F(RunPlanTest, FilesThatMesonDidNotWriteAreErrors) {
    files.write("/p/b/meson-info/intro-targets.json", "nonsense");
    EXPECT_NE(plan().error().message.find("intro-targets.json is not what Meson writes"),
              std::string::npos);
    static_cast<void>(files.remove("/p/b/meson-info/intro-targets.json"));
    expect_error("can't read /p/b/meson-info/intro-targets.json: No such file or directory");
}

TEST_F(RunPlanTest, UnknownTargetIsAnError) {
    options.targets = {"gamf"};
    expect_error("no target is called gamf; did you mean game?");
}

TEST_F(RunPlanTest, WithoutABuildFolderLibrariesLieBesideTheExecutable) {
    executable = "/opt/demo/bin/host";
    options.targets = {"game"};
    expect_library("game", "/opt/demo/bin/libgame.so");
    EXPECT_FALSE(plan()->build);
    EXPECT_EQ(plan()->builddir, "");
}

TEST_F(RunPlanTest, WithoutABuildFolderATargetHasToBeNamed) {
    executable = "/opt/demo/bin/host";
    expect_error("no target is named, and there is no build folder");
}

TEST_F(RunPlanTest, WithoutBuildTheBuildFolderStillTellsTheLibrary) {
    options.build = false;
    options.targets = {"game"};
    expect_library("game", "/p/b/libgame.so");
    EXPECT_FALSE(plan()->build);
}

TEST_F(RunPlanTest, WithoutBuildThePathOfALibraryStandsForItself) {
    options.build = false;
    options.targets = {"/elsewhere/libplugin.so"};
    files.write("/elsewhere/libplugin.so", "");
    executable.clear();
    expect_library("plugin", "/elsewhere/libplugin.so");
    EXPECT_EQ(plan()->builddir, "");
}

TEST_F(RunPlanTest, WithBuildThePathOfALibraryIsATarget) {
    options.targets = {"/elsewhere/libplugin.so"};
    files.write("/elsewhere/libplugin.so", "");
    EXPECT_FALSE(plan().ok());
}

TEST_F(RunPlanTest, FolderThatLooksLikeALibraryIsNone) {
    options.build = false;
    options.targets = {"/elsewhere/libplugin.so.p"};
    files.make_folder("/elsewhere/libplugin.so.p");
    EXPECT_FALSE(plan().ok());
}

} // namespace
} // namespace hotrun
