// Hot libraries that link other hot libraries.
#include "e2e/hotrun_process.hpp"
#include "e2e/test_project.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;

using Words = std::vector<std::string>;

// libgame.so and libmusic.so link libbase.so, which lies in another folder and counts its calls. A
// step of each prints its own value, that of the base, and the count: "game=1/1/7".
class Linked : public testing::Test {
  protected:
    explicit Linked(const Toolchain &toolchain = {Language::kC, "", ""}) : project(toolchain) {
        project.write("meson.build", kProject + kGame);
        project.write("base/meson.build", kBase);
        set_base(1);
        set_module("game", 1);
        set_module("music", 1);
    }

    void set_base(int value) const {
        project.write("base/base.c",
                      "int base_value(void) { return " + std::to_string(value) +
                          "; }\nint base_calls(void) { static int n; return ++n; }\n");
    }
    void set_module(const std::string &name, int value) const {
        project.write(name + ".c", module_source(name, std::to_string(value)));
    }
    static std::string module_source(const std::string &name, const std::string &value) {
        return "#include \"hotrun/module.h\"\n#include <stdio.h>\n"
               "int base_value(void);\nint base_calls(void);\n"
               "void hotrun_step(hotrun_context *c) {\n    (void)c;\n"
               "    printf(\"" +
               name + "=%d/%d/%d\\n\", " + value + ", base_value(), base_calls());\n}\n";
    }

    HotrunProcess &start(const Words &targets, const Words &options = {}) {
        if (!fs::exists(project.builddir()))
            project.set_up();
        Words arguments = {"--interval", "5", statics};
        arguments.insert(arguments.end(), options.begin(), options.end());
        arguments.insert(arguments.end(), targets.begin(), targets.end());
        hotrun_.emplace(arguments, project.path());
        hotrun_->wait_until_ready();
        return *hotrun_;
    }
    HotrunProcess &start_without_build(const Words &targets) {
        project.set_up();
        project.build();
        return start(targets, {"--no-build"});
    }

    // The next generation of a module, as "game 2: why".
    std::string next_reload() {
        const boost::json::object *event = hotrun_->next("reloaded");
        if (event == nullptr)
            return "none";
        std::string words(event->at("module").as_string());
        words += " " + std::to_string(event->at("generation").to_number<int>()) + ":";
        const std::string detail(event->at("detail").as_string());
        return detail.empty() ? words : words + " " + detail;
    }

    bool printed(const std::string &text) {
        return hotrun_->child().output().find(text) != std::string::npos;
    }

    static inline const std::string kProject =
        "project('demo', 'c')\n"
        "inc = include_directories(get_option('hotrun'))\nsubdir('base')\n";
    static inline const std::string kBase = "base = shared_library('base', 'base.c')\n";
    static inline const std::string kGame =
        "shared_module('game', 'game.c', link_with: base, include_directories: inc)\n";
    static inline const std::string kMusic =
        "shared_module('music', 'music.c', link_with: base, include_directories: inc)\n";

    TestProject project;
    const char *statics = "--no-statics"; // a count that begins anew tells whose it is
    std::optional<HotrunProcess> hotrun_;
};

TEST_F(Linked, NewBodyInACompanionIsLiveThoughItsUserIsNotLinkedAnew) {
    HotrunProcess &hotrun = start({"game"});
    ASSERT_TRUE(hotrun.wait_for("game=1/1/2\n"));
    const auto linked = fs::last_write_time(project.library());
    for (const int value : {2, 3}) {
        set_base(value);
        EXPECT_EQ(next_reload(), "game " + std::to_string(value) + ": libbase.so changed");
        ASSERT_TRUE(hotrun.wait_for("game=1/" + std::to_string(value) + "/1\n"));
        ASSERT_TRUE(hotrun.wait_for("game=1/" + std::to_string(value) + "/2\n"));
    }
    EXPECT_EQ(fs::last_write_time(project.library()), linked);
}

TEST_F(Linked, NewUserIsBoundToTheCompanionThatRuns) {
    HotrunProcess &hotrun = start({"game"});
    ASSERT_TRUE(hotrun.wait_for("game=1/1/2\n"));
    set_module("game", 2);
    EXPECT_EQ(next_reload(), "game 2:");
    ASSERT_TRUE(hotrun.wait_for("game=2/1/"));
    EXPECT_FALSE(printed("game=2/1/1\n")) << "its variables are new";
    EXPECT_EQ(project.files_with("libbase_live.", "build/base").size(), 1U);
}

TEST_F(Linked, OneSaveOfBothIsOneNewGenerationOfBoth) {
    const std::string shared = "#include \"" + project.path("shared.h") + "\"\n";
    project.write("shared.h", "#define VALUE 1\n");
    project.write("base/base.c", shared + "int base_value(void) { return VALUE; }\n"
                                          "int base_calls(void) { static int n; return ++n; }\n");
    project.write("game.c", shared + module_source("game", "VALUE"));
    HotrunProcess &hotrun = start({"game"});
    for (const int value : {2, 3, 4}) {
        const std::string text = std::to_string(value);
        project.write("shared.h", "#define VALUE " + text + "\n");
        EXPECT_EQ(next_reload(), "game " + text + ":");
        ASSERT_TRUE(hotrun.wait_for("game=" + text + "/" + text + "/1\n"));
        EXPECT_FALSE(printed("game=" + text + "/" + std::to_string(value - 1)));
    }
}

// Both modules bring it along, and it has its values once.
TEST_F(Linked, AVariableOfASharedCompanionKeepsItsValue) {
    statics = "--verbose";
    project.write("meson.build", kProject + kGame + kMusic);
    HotrunProcess &hotrun = start({"game", "music"});
    ASSERT_TRUE(hotrun.wait_for("game=1/1/21\n"));
    set_base(2);
    ASSERT_NE(hotrun.next("reloaded"), nullptr);
    ASSERT_TRUE(hotrun.wait_for("music=1/2/"));
    EXPECT_FALSE(printed("=1/2/1\n"));
    EXPECT_FALSE(printed("=1/2/2\n"));
}

TEST_F(Linked, TwoModulesShareOneCompanion) {
    project.write("meson.build", kProject + kGame + kMusic);
    HotrunProcess &hotrun = start({"game", "music"});
    for (const char *line : {"game=1/1/5\n", "music=1/1/6\n", "game=1/1/7\n"})
        ASSERT_TRUE(hotrun.wait_for(line));
    set_base(2);
    EXPECT_EQ(next_reload(), "game 2: libbase.so changed");
    EXPECT_EQ(next_reload(), "music 2: libbase.so changed");
    for (const char *line : {"game=1/2/5\n", "music=1/2/6\n", "game=1/2/7\n"})
        ASSERT_TRUE(hotrun.wait_for(line));
    set_module("music", 2);
    EXPECT_EQ(next_reload(), "music 3:");
    ASSERT_TRUE(hotrun.wait_for("music=2/2/"));
    EXPECT_FALSE(printed("music=2/2/1\n"));
    EXPECT_EQ(project.files_with("libbase_live.", "build/base").size(), 2U);
}

TEST_F(Linked, StaticLibraryOfTwoModulesReloadsBoth) {
    project.write("base/meson.build", "base = static_library('base', 'base.c', pic: true)\n");
    project.write("meson.build", kProject + kGame + kMusic);
    HotrunProcess &hotrun = start({"game", "music"});
    set_base(2);
    EXPECT_EQ(next_reload(), "game 2:");
    EXPECT_EQ(next_reload(), "music 2:");
    ASSERT_TRUE(hotrun.wait_for("game=1/2/"));
    ASSERT_TRUE(hotrun.wait_for("music=1/2/"));
}

// The order of the words is not that of the links.
TEST_F(Linked, ModulesAreReloadedInTheOrderOfTheirLinks) {
    project.write("base/base.c", "#include \"hotrun/module.h\"\n#include <stdio.h>\n"
                                 "static int n;\nint base_value(void) { return 1; }\n"
                                 "int base_calls(void) { return n; }\n"
                                 "void hotrun_reload(hotrun_context *c) { printf(\"base g%d\\n\", "
                                 "(int)c->generation); }\n"
                                 "void hotrun_step(hotrun_context *c) { (void)c; ++n; }\n");
    const std::string base_source = [&] {
        std::ifstream file(project.path("base/base.c"));
        return std::string(std::istreambuf_iterator<char>(file), {});
    }();
    project.write("base/meson.build",
                  "base = shared_library('base', 'base.c', include_directories: inc)\n");
    HotrunProcess &hotrun = start({"game", "base"});
    ASSERT_TRUE(hotrun.wait_for("game=1/1/3\n"));

    std::string text = base_source;
    project.write("base/base.c", text.replace(text.find("return 1"), 8, "return 2"));
    EXPECT_EQ(next_reload(), "base 2:");
    EXPECT_EQ(next_reload(), "game 2: libbase.so changed");
    ASSERT_TRUE(hotrun.wait_for("game=1/2/"));
    ASSERT_TRUE(hotrun.wait_for("game=1/2/3\n"));
    EXPECT_FALSE(printed("game=1/2/4\ngame=1/2/4\n")) << "it sees another base than the host steps";

    set_module("game", 2);
    EXPECT_EQ(next_reload(), "game 3:");
    ASSERT_TRUE(hotrun.wait_for("game=2/2/"));
    EXPECT_FALSE(printed("game=2/2/0\n"));
    EXPECT_FALSE(printed("game=2/2/1\n"));
    // The game has no hotrun_reload of its own, and must not be given that of what it links.
    EXPECT_FALSE(printed("base g3\n"));
    EXPECT_EQ(hotrun.count("reloaded"), 3U);
}

TEST_F(Linked, SymbolVersionsOfACompanionAreKept) {
    project.write("base/base.map", "BASE_1 { global: base_*; local: *; };\n");
    project.write("base/meson.build",
                  "map = meson.current_source_dir() / 'base.map'\n"
                  "base = shared_library('base', 'base.c', version: '1.2.3',\n"
                  "  link_args: '-Wl,--version-script=' + map, link_depends: 'base.map')\n");
    HotrunProcess &hotrun = start({"game"});
    set_base(2);
    EXPECT_EQ(next_reload(), "game 2: libbase.so.1.2.3 changed");
    ASSERT_TRUE(hotrun.wait_for("game=1/2/1\n"));
    set_module("game", 2);
    ASSERT_TRUE(hotrun.wait_for("game=2/2/"));
    EXPECT_FALSE(printed("game=2/2/1\n"));
}

class LinkedByEveryLinker : public Linked, public testing::WithParamInterface<const char *> {
  protected:
    LinkedByEveryLinker() : Linked({Language::kC, "", GetParam()}) {}
};

// The tables of names are laid out differently by each of them.
TEST_P(LinkedByEveryLinker, NewCompanionAndNewUserFindEachOther) {
    if (!program_exists(std::string("ld.") + GetParam()))
        GTEST_SKIP() << GetParam() << " is not installed";
    HotrunProcess &hotrun = start({"game"});
    set_base(2);
    EXPECT_EQ(next_reload(), "game 2: libbase.so changed");
    ASSERT_TRUE(hotrun.wait_for("game=1/2/1\n"));
    set_module("game", 2);
    ASSERT_TRUE(hotrun.wait_for("game=2/2/"));
    EXPECT_FALSE(printed("game=2/2/1\n"));
}

INSTANTIATE_TEST_SUITE_P(Linked, LinkedByEveryLinker, testing::Values("bfd", "gold", "lld", "mold"),
                         [](const auto &info) { return std::string(info.param); });

TEST_F(Linked, AChainOfCompanionsFollowsItsEnd) {
    project.write("deep/deep.c", "int deep_value(void) { return 1; }\n");
    project.write("deep/meson.build", "deep = shared_library('deep', 'deep.c')\n");
    project.write("base/base.c", "int deep_value(void);\n"
                                 "int base_value(void) { return 10 * deep_value(); }\n"
                                 "int base_calls(void) { static int n; return ++n; }\n");
    project.write("meson.build", "project('demo', 'c')\n"
                                 "inc = include_directories(get_option('hotrun'))\n"
                                 "subdir('deep')\nsubdir('base')\n" +
                                     kGame);
    project.write("base/meson.build", "base = shared_library('base', 'base.c', link_with: deep)\n");
    HotrunProcess &hotrun = start({"game"});
    ASSERT_TRUE(hotrun.wait_for("game=1/10/2\n"));
    project.write("deep/deep.c", "int deep_value(void) { return 2; }\n");
    EXPECT_EQ(next_reload(), "game 2: libdeep.so changed");
    ASSERT_TRUE(hotrun.wait_for("game=1/20/1\n"));
}

TEST_F(Linked, CompanionBuiltByHandIsReloadedWithoutABuild) {
    HotrunProcess &hotrun = start_without_build({"game"});
    ASSERT_TRUE(hotrun.wait_for("game=1/1/2\n"));
    for (const int value : {2, 3}) {
        set_base(value);
        project.build();
        ASSERT_TRUE(hotrun.wait_for("game=1/" + std::to_string(value) + "/1\n"));
    }
    EXPECT_EQ(hotrun.count("build_started"), 0U);
}

TEST_F(Linked, CompanionWrittenByHandBesideARunnerIsReloaded) {
    project.set_up();
    set_base(7);
    project.build();
    fs::copy_file(project.path("build/base/libbase.so"), project.path("other.so"));
    set_base(1);
    project.build(); // so that the first build of the run has nothing to do
    HotrunProcess &hotrun = start({"game"});
    run_command({"cp", "other.so", "build/base/libbase.so"}, project.path());
    EXPECT_EQ(hotrun.next("change")->at("source").as_string(), "timestamp");
    ASSERT_TRUE(hotrun.wait_for("game=1/7/1\n"));
}

TEST_F(Linked, BrokenCompanionIsRejectedAndTheOldCodeRunsOn) {
    HotrunProcess &hotrun = start_without_build({"game"});
    const std::string base = project.path("build/base/libbase.so");
    std::ifstream file(base, std::ios::binary);
    const std::string whole(std::istreambuf_iterator<char>(file), {});
    std::ofstream(base, std::ios::binary) << whole.substr(0, whole.size() / 2);
    const boost::json::object *rejected = hotrun.next("rejected");
    ASSERT_NE(rejected, nullptr);
    EXPECT_EQ(rejected->at("module").as_string(), "game");
    EXPECT_EQ(rejected->at("reason").as_string(), "truncated");
    EXPECT_EQ(rejected->at("generation").to_number<int>(), 1);
    const std::string detail(rejected->at("detail").as_string());
    EXPECT_NE(detail.find("libbase.so, which libgame.so needs, can't be loaded: "),
              std::string::npos)
        << detail;
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(hotrun.wait_for("game=1/1/"));
    set_base(2);
    project.build();
    EXPECT_EQ(next_reload(), "game 2: libbase.so changed");
    ASSERT_TRUE(hotrun.wait_for("game=1/2/1\n"));
    EXPECT_EQ(hotrun.count("rejected"), 1U);
}

// Also one that the first generation could not be loaded with.
TEST_F(Linked, CompanionThatIsMendedStartsTheRun) {
    project.set_up();
    project.build();
    const std::string base = project.path("build/base/libbase.so");
    std::ofstream(base, std::ios::binary) << "no library";
    HotrunProcess &hotrun = start({"game"}, {"--no-build"});
    EXPECT_EQ(hotrun.count("rejected"), 1U);
    set_base(2);
    project.build();
    EXPECT_EQ(next_reload(), "game 1:");
    ASSERT_TRUE(hotrun.wait_for("game=1/2/1\n"));
}

TEST_F(Linked, CopiesOfCompanionsGoWithTheRun) {
    HotrunProcess &hotrun = start({"game"});
    EXPECT_EQ(project.files_with("_live.", "build/base").size(), 1U);
    EXPECT_EQ(hotrun.end_with(SIGINT), 130);
    EXPECT_EQ(project.files_with("_live.", "build/base").size(), 0U);

    HotrunProcess &killed = start({"game"});
    EXPECT_EQ(killed.end_with(SIGKILL), 128 + SIGKILL);
    const Words left = project.files_with("_live.", "build/base");
    ASSERT_EQ(left.size(), 1U);
    start({"game"});
    const Words now = project.files_with("_live.", "build/base");
    ASSERT_EQ(now.size(), 1U);
    EXPECT_NE(now, left);
}

TEST_F(Linked, OldCompanionsLeaveTheProcessWithTheLastGenerationThatUsesThem) {
    HotrunProcess &hotrun = start({"game"});
    for (int value = 2; value <= 12; ++value) {
        set_base(value);
        ASSERT_NE(hotrun.next("reloaded"), nullptr);
    }
    hotrun.wait_until_closed(11);
    EXPECT_LE(project.files_with("_live.", "build/base").size(), 10U);
    std::ifstream maps("/proc/" + std::to_string(hotrun.child().pid()) + "/maps");
    const std::string text(std::istreambuf_iterator<char>(maps), {});
    EXPECT_EQ(text.find("libbase_live." + std::to_string(hotrun.child().pid()) + ".1.so"),
              std::string::npos);
}

} // namespace
} // namespace hotrun::e2e
