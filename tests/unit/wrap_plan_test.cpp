#include "wrap_plan.hpp"

#include "support/fake_file_system.hpp"

#include <gtest/gtest.h>

#include <set>

namespace hotrun {
namespace {

using Names = std::vector<std::string>;

// The project /p with the executable app, the module game and the program's data, and /p/b.
class WrapPlanTest : public testing::Test {
  protected:
    WrapPlanTest() {
        files.write("/p/b/build.ninja", "build all: phony app libgame.so\n");
        files.write("/p/b/meson-info/meson-info.json", "{}");
        const auto entry = [](const std::string &name, const std::string &type,
                              const std::string &output) {
            return R"({"name": ")" + name + R"(", "type": ")" + type + R"(", "filename": ["/p/b/)" +
                   output + R"("], "target_sources": [], "subproject": null})";
        };
        files.write("/p/b/meson-info/intro-targets.json",
                    "[" + entry("app", "executable", "app") + "," +
                        entry("game", "shared module", "libgame.so") + "," +
                        entry("data", "custom", "data.bin") + "]");
    }

    Result<WrapPlan> plan(const std::string &program, Names targets = {}) {
        WrapOptions options;
        options.builddir = "/p/b";
        options.program = program;
        options.targets = std::move(targets);
        return make_wrap_plan(files, options, [this](const std::string &name) {
            return programs.contains(name) ? name.front() == '/' ? name : "/bin/" + name
                                           : std::string();
        });
    }
    std::string refusal(const std::string &program, Names targets = {}) {
        const Result<WrapPlan> made = plan(program, std::move(targets));
        return made ? "none" : made.error().message;
    }
    Names built(const std::string &program, Names targets = {}) {
        const Result<WrapPlan> made = plan(program, std::move(targets));
        return made ? made->targets.ninja_targets : Names{made.error().message};
    }

    FakeClock clock;
    FakeFileSystem files{clock};
    std::set<std::string> programs{"python3"};
};

TEST_F(WrapPlanTest, BuildsWhatMakesTheProgramThoughItIsNotThereYet) {
    const Result<WrapPlan> made = plan("/p/b/app");
    ASSERT_TRUE(made.ok()) << made.error().message;
    EXPECT_EQ(made->targets.ninja_targets, Names{"app"});
    EXPECT_EQ(made->target_names, Names{"app"});
    EXPECT_EQ(made->program, "/p/b/app");
    EXPECT_EQ(made->output, "app");
    EXPECT_TRUE(made->targets.modules.empty());
}

TEST_F(WrapPlanTest, BuildsTargetsOfAnyKindBesideIt) {
    EXPECT_EQ(built("/p/b/app", {"data"}), (Names{"data.bin", "app"}));
    EXPECT_EQ(built("/p/b/app", {"data.bin", "app"}), (Names{"data.bin", "app"}));
    EXPECT_EQ(built("/p/b/app", {"all"}), (Names{"all", "app"}));
    const Result<WrapPlan> made = plan("/p/b/app", {"game"});
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(made->targets.modules.at(0).library, "/p/b/libgame.so");
}

TEST_F(WrapPlanTest, AProgramFromElsewhereNeedsATarget) {
    const Result<WrapPlan> made = plan("python3", {"game"});
    ASSERT_TRUE(made.ok()) << made.error().message;
    EXPECT_EQ(made->command, "/bin/python3");
    EXPECT_EQ(made->output, "");
    EXPECT_EQ(refusal("python3"), "the program python3 is no executable that is built in /p/b: "
                                  "name the target to build, before the --");
}

TEST_F(WrapPlanTest, WhatCanNotBeStartedIsRefusedWithARemedy) {
    EXPECT_EQ(refusal("/p/q/app"), "there is no program /p/q/app; did you mean /p/b/app?");
    EXPECT_EQ(refusal("app"), "there is no program app; did you mean /p/b/app?");
    EXPECT_EQ(refusal("none"), "there is no program none; name one in PATH, or by its path");
    files.write("/p/run.sh", "text");
    EXPECT_EQ(refusal("/p/run.sh"),
              "the file /p/run.sh can't be started; make it executable by chmod +x");
    EXPECT_EQ(refusal("/p/b/app", {"dat"}), "no target is called dat; did you mean data?");
}

} // namespace
} // namespace hotrun
