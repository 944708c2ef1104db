// What a run leaves behind: nothing, neither while it goes on nor when it ends.
#include "e2e/game_test.hpp"
#include "e2e/proc_view.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>

namespace hotrun::e2e {
namespace {

class Lifetime : public GameTest {};

namespace fs = std::filesystem;

std::size_t files_of(const TestProject &project) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(project.builddir()), fs::directory_iterator()));
}

// Reloads `count` times by moving libraries over each other, as a linker does.
void reload(HotrunProcess &hotrun, const TestProject &project,
            const std::vector<std::string> &libraries, int count) {
    for (int i = 0; i < count; ++i) {
        const std::string next = project.path("next.so");
        fs::copy_file(libraries[static_cast<std::size_t>(i) % libraries.size()], next);
        fs::rename(next, project.library());
        ASSERT_NE(hotrun.next("reloaded"), nullptr);
    }
}

TEST_F(Lifetime, NothingGrowsInAThousandReloads) {
    HotrunProcess &hotrun = start({"--interval", "1"});
    const std::vector<std::string> libraries = {project.other_library(2), project.other_library(3)};
    reload(hotrun, project, libraries, 30);
    hotrun.wait_until_closed(30);
    const ProcessUsage before = usage_of(hotrun.child().pid());
    const std::size_t files = files_of(project);
    reload(hotrun, project, libraries, 1000);
    hotrun.wait_until_closed(1030);
    const ProcessUsage after = usage_of(hotrun.child().pid());
    EXPECT_EQ(after.descriptors, before.descriptors);
    EXPECT_EQ(after.threads, before.threads);
    EXPECT_EQ(files_of(project), files);
    EXPECT_EQ(after.children, before.children);
    EXPECT_EQ(after.libraries, before.libraries);
    const bool plain = std::string_view(HOTRUN_SANITIZE) == "none"; // a sanitizer's memory grows
    EXPECT_TRUE(!plain || after.resident_kb < before.resident_kb + 1024)
        << before.resident_kb << " KB became " << after.resident_kb;
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0);
    EXPECT_EQ(project.files_with("_live.").size(), 0U);
}

TEST_F(Lifetime, SigintEndsWith130AndLeavesNoFile) {
    HotrunProcess &hotrun = start();
    EXPECT_EQ(project.files_with("_live.").size(), 1U);
    EXPECT_EQ(hotrun.end_with(SIGINT), 130);
    EXPECT_EQ(project.files_with("_live.").size(), 0U);
    EXPECT_EQ(hotrun.events().back().at("event").as_string(), "stopped");
    EXPECT_EQ(hotrun.events().back().at("exit_status").to_number<int>(), 130);
}

// Two signals of one kind become one while the first is not delivered yet.
void wait_for_delivery(pid_t pid) {
    const std::string status = "/proc/" + std::to_string(pid) + "/status";
    while (read_text(status).find("ShdPnd:\t0000000000000002") != std::string::npos) {
    }
}

TEST_F(Lifetime, ASecondSigintEndsAStepThatHangs) {
    if (std::string_view(HOTRUN_SANITIZE).find("thread") != std::string_view::npos)
        GTEST_SKIP() << "ThreadSanitizer holds signals back while a thread only computes";
    project.set_source(project.source("1") + "struct Hang { Hang() {} };\n"
                                             "extern \"C\" void hotrun_init(hotrun_context *c) {\n"
                                             "  c->log(c, 2, \"hanging\"); for (;;) {} }\n");
    project.set_up();
    HotrunProcess hotrun(kFast, project.path());
    ASSERT_TRUE(hotrun.wait_for("hanging"));
    for (int i = 0; i < 2; ++i) {
        hotrun.child().signal(SIGINT);
        wait_for_delivery(hotrun.child().pid());
    }
    EXPECT_EQ(hotrun.child().wait_for_exit(), 130);
    EXPECT_TRUE(project.files_with("_live.").empty());
}

class EndDuringABuild : public GameTest, public testing::WithParamInterface<int> {};

// The compiler is a script that never ends, so the build is surely under way.
TEST_P(EndDuringABuild, EndsNinjaAndWhatItRuns) {
    HotrunProcess &hotrun = start();
    project.write("slow.sh", "#!/bin/sh\necho $$ > \"$1\"\nexec sleep 1000\n");
    fs::permissions(project.path("slow.sh"), fs::perms::owner_all);
    project.write("meson.build", "project('demo', 'cpp')\n"
                                 "slow = custom_target('slow', output: 'slow.h', command: "
                                 "[files('slow.sh'), meson.project_source_root() / 'pid'])\n"
                                 "shared_module('game', 'game.cpp', slow, include_directories: "
                                 "include_directories(get_option('hotrun')))\n");
    hotrun.child().wait_until([&] { return !read_text(project.path("pid")).empty(); },
                              "the slow command");
    const pid_t slow = std::stoi(read_text(project.path("pid")));
    EXPECT_EQ(hotrun.end_with(GetParam()), GetParam() == SIGINT ? 130 : 0);
    EXPECT_NE(::kill(slow, 0), 0) << "the command of the build goes on";
}

INSTANTIATE_TEST_SUITE_P(Lifetime, EndDuringABuild, testing::Values(SIGTERM, SIGINT));

TEST_F(Lifetime, CopiesOfAKilledRunAreRemovedByTheNext) {
    project.set_up();
    {
        HotrunProcess hotrun(kFast, project.path());
        hotrun.wait_until_ready();
        hotrun.child().signal(SIGKILL);
        EXPECT_EQ(hotrun.child().wait_for_exit(), 128 + SIGKILL);
    }
    const std::vector<std::string> left = project.files_with("_live.");
    ASSERT_EQ(left.size(), 1U);
    HotrunProcess hotrun(kFast, project.path());
    hotrun.wait_until_ready();
    const std::vector<std::string> now = project.files_with("_live.");
    ASSERT_EQ(now.size(), 1U);
    EXPECT_NE(now, left);
    EXPECT_EQ(now.front(), "libgame_live." + std::to_string(hotrun.child().pid()) + ".1.so");
}

TEST_F(Lifetime, CallbacksComeInTheOrderOfTheContract) {
    const auto source = [](int value) {
        std::string text = "#include \"hotrun/module.h\"\n#include <stdio.h>\n";
        for (const std::string name : {"init", "step", "unload", "reload", "shutdown"})
            text += "extern \"C\" void hotrun_" + name + "(hotrun_context *c) { printf(\"<" + name +
                    std::to_string(value) + " g%d>\\n\", (int)c->generation); if (c->step >= " +
                    std::to_string(value == 1 ? 1000000 : 0) + " && \"" + name +
                    "\"[1] == 't') c->stop(c, 7); }\n";
        return text;
    };
    project.set_source(source(1));
    HotrunProcess &hotrun = start();
    EXPECT_TRUE(hotrun.wait_for("<init1 g1>\n<step1 g1>\n"));
    project.set_source(source(2));
    EXPECT_TRUE(hotrun.wait_for("<unload1 g1>\n<reload2 g2>\n<step2 g2>\n"));
    EXPECT_TRUE(hotrun.wait_for("<shutdown2 g2>\n"));
    EXPECT_EQ(hotrun.child().wait_for_exit(), 7); // what the module gave to stop
}

} // namespace
} // namespace hotrun::e2e
