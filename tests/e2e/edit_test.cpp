// Edit a real source file, see the running program change.
#include "e2e/game_test.hpp"

#include <csignal>
#include <filesystem>

namespace hotrun::e2e {
namespace {

class Edit : public GameTest {};

std::uint64_t generation_of(const boost::json::object *event) {
    return event == nullptr ? 0 : event->at("generation").to_number<std::uint64_t>();
}

class EveryToolchain : public testing::TestWithParam<Toolchain> {};

TEST_P(EveryToolchain, AnEditChangesTheOutputAndKeepsTheState) {
    for (const std::string &program : {GetParam().compiler, "ld." + GetParam().linker}) {
        if (!program_exists(program))
            GTEST_SKIP() << program << " is not installed";
    }
    const TestProject project(GetParam());
    project.set_up();
    HotrunProcess hotrun(kFast, project.path());
    hotrun.wait_until_ready();
    ASSERT_TRUE(hotrun.wait_for("value=1 steps=2\n"));
    project.set_value(2);
    EXPECT_EQ(generation_of(hotrun.next("reloaded")), 2U);
    ASSERT_TRUE(hotrun.wait_for("value=2 steps="));
    EXPECT_EQ(hotrun.child().output().find("value=2 steps=1\n"), std::string::npos);
    EXPECT_EQ(hotrun.end_with(SIGINT), 130);
}

std::vector<Toolchain> toolchains() {
    // A sanitizer watches hotrun, which is the same with each of them.
    if (std::string_view(HOTRUN_SANITIZE) != "none")
        return {{Language::kCpp, "g++", "bfd"}, {Language::kC, "clang", "lld"}};
    std::vector<Toolchain> all;
    for (const char *linker : {"bfd", "lld", "mold"}) {
        all.push_back({Language::kC, "gcc", linker});
        all.push_back({Language::kC, "clang", linker});
        all.push_back({Language::kCpp, "g++", linker});
        all.push_back({Language::kCpp, "clang++", linker});
    }
    return all;
}

std::string name_of(const testing::TestParamInfo<Toolchain> &info) {
    std::string name = info.param.compiler + "_" + info.param.linker;
    for (std::size_t at; (at = name.find("++")) != std::string::npos;)
        name.replace(at, 2, "xx");
    return name;
}

INSTANTIATE_TEST_SUITE_P(Edit, EveryToolchain, testing::ValuesIn(toolchains()), name_of);

TEST_F(Edit, ASyntaxErrorLeavesTheOldCodeRunningUntilItIsMended) {
    HotrunProcess &hotrun = start();
    project.set_source(project.source("oops"));
    const auto *diagnostic = hotrun.next("diagnostic");
    ASSERT_NE(diagnostic, nullptr);
    EXPECT_EQ(diagnostic->at("path").as_string(), project.path("game.cpp"));
    EXPECT_EQ(diagnostic->at("line").to_number<int>(), 8);
    EXPECT_EQ(diagnostic->at("severity").as_string(), "error");
    EXPECT_EQ(hotrun.next("build_finished")->at("status").as_string(), "failed");
    ASSERT_TRUE(hotrun.wait_for("oops")); // the compiler's own words, once
    ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
    project.set_value(3);
    EXPECT_EQ(generation_of(hotrun.next("reloaded")), 2U);
    ASSERT_TRUE(hotrun.wait_for("value=3 steps="));
    const std::string &output = hotrun.child().output();
    EXPECT_EQ(output.find("was not declared"), output.rfind("was not declared"));
}

TEST_F(Edit, OfTenSavesInAHundredMillisecondsTheLastIsLive) {
    HotrunProcess &hotrun = start();
    for (int round = 1; round <= 3; ++round) {
        auto next = std::chrono::steady_clock::now();
        for (int i = 1; i <= 10; ++i) {
            project.set_value(round * 100 + i);
            // The saves of a burst are paced: this is the burst itself, not a wait for its outcome.
            while (std::chrono::steady_clock::now() < next + std::chrono::milliseconds(10 * i)) {
            }
        }
        ASSERT_TRUE(hotrun.wait_for("value=" + std::to_string(round * 100 + 10) + " "));
    }
}

// ninja 1.11 takes an object for up to date that was compiled from the content before the save.
TEST_F(Edit, ASaveAtAnyMomentOfABuildIsNotLost) {
    HotrunProcess &hotrun = start();
    for (int i = 0; i < 12; ++i) {
        project.set_value(1000 + i);
        ASSERT_NE(hotrun.next("build_started"), nullptr);
        const auto later = std::chrono::steady_clock::now() + std::chrono::milliseconds(8 * i);
        while (std::chrono::steady_clock::now() < later) {
        }
        project.set_value(2000 + i);
        ASSERT_TRUE(hotrun.wait_for("value=" + std::to_string(2000 + i) + " "));
    }
}

TEST_F(Edit, AnOlderFileMovedOverTheSourceIsBuilt) {
    project.write("older.cpp", project.source("77"));
    HotrunProcess &hotrun = start();
    std::filesystem::rename(project.path("older.cpp"), project.path("game.cpp"));
    ASSERT_TRUE(hotrun.wait_for("value=77 "));
}

TEST_F(Edit, ATouchIsNoNewGeneration) {
    HotrunProcess &hotrun = start();
    run_command({"touch", "game.cpp"}, project.path());
    EXPECT_EQ(hotrun.next("build_finished")->at("status").as_string(), "ok");
    project.set_value(2);
    EXPECT_EQ(generation_of(hotrun.next("reloaded")), 2U);
}

TEST_F(Edit, AHeaderThatWasIncludedLaterIsWatched) {
    HotrunProcess &hotrun = start();
    project.write("speed.h", "#define SPEED 5\n");
    project.set_source("#include \"speed.h\"\n" + project.source("SPEED"));
    ASSERT_TRUE(hotrun.wait_for("value=5 "));
    project.write("speed.h", "#define SPEED 6\n");
    ASSERT_TRUE(hotrun.wait_for("value=6 "));
}

TEST_F(Edit, AChangedMesonBuildIsRegeneratedAndItsNewSourceWatched) {
    HotrunProcess &hotrun = start();
    project.write("extra.cpp", "int extra() { return 10; }\n");
    project.set_source("int extra();\n" + project.source("extra()"));
    EXPECT_NE(hotrun.next("rejected"), nullptr); // extra is undefined until meson.build has it
    project.write("meson.build", "project('demo', 'cpp')\n"
                                 "shared_module('game', 'game.cpp', 'extra.cpp',\n"
                                 "  include_directories: "
                                 "include_directories(get_option('hotrun')))\n");
    ASSERT_TRUE(hotrun.wait_for("value=10 "));
    project.write("extra.cpp", "int extra() { return 11; }\n");
    ASSERT_TRUE(hotrun.wait_for("value=11 "));
}

TEST_F(Edit, ABrokenMesonBuildIsToldAndMended) {
    HotrunProcess &hotrun = start();
    const std::string good = "project('demo', 'cpp')\n"
                             "shared_module('game', 'game.cpp', include_directories: "
                             "include_directories(get_option('hotrun')))\n";
    project.write("meson.build", "project('demo', 'cpp'\n");
    EXPECT_EQ(hotrun.next("build_finished")->at("status").as_string(), "failed");
    ASSERT_TRUE(hotrun.wait_for("meson.build:"));
    ASSERT_TRUE(hotrun.wait_for("value=1 "));
    project.write("meson.build", good);
    EXPECT_NE(hotrun.next("build_finished"), nullptr);
    project.set_value(4);
    ASSERT_TRUE(hotrun.wait_for("value=4 "));
}

TEST_F(Edit, TheCounterInTheHeapGoesOnAcrossAHundredReloads) {
    HotrunProcess &hotrun = start();
    for (int i = 2; i <= 101; ++i) {
        project.set_value(i);
        ASSERT_EQ(generation_of(hotrun.next("reloaded")), static_cast<std::uint64_t>(i));
    }
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0);
    const std::string &output = hotrun.child().output();
    long expected = 1;
    for (std::size_t at = 0; (at = output.find(" steps=", at)) != std::string::npos; ++expected)
        ASSERT_EQ(std::stol(output.substr(at += 7)), expected);
    EXPECT_GT(expected, 100);
}

TEST_F(Edit, EventsOfASaveComeInTheirOrder) {
    HotrunProcess &hotrun = start();
    const std::size_t before = hotrun.events().size();
    project.set_value(2);
    ASSERT_NE(hotrun.next("retired"), nullptr);
    std::vector<std::string> names;
    for (std::size_t i = before; i < hotrun.events().size(); ++i)
        names.emplace_back(hotrun.events()[i].at("event").as_string());
    EXPECT_EQ(names, (std::vector<std::string>{"change", "build_started", "build_finished",
                                               "reloaded", "retired"}));
    const boost::json::object &reloaded = hotrun.events()[before + 3];
    long sum = 0;
    for (const auto &phase : reloaded.at("phases_us").as_object())
        sum += phase.value().to_number<long>();
    EXPECT_EQ(reloaded.at("phases_us").as_object().size(), 14U);
    EXPECT_LE(std::abs(sum - reloaded.at("total_us").to_number<long>()), 1000);
}

// No record of ninja's tells of them: the compile that would have made it has failed.
TEST_F(Edit, AHeaderThatIsMissingOrBrokenAtItsFirstUseIsWatched) {
    HotrunProcess &hotrun = start();
    project.set_source("#include \"new/value.h\"\n" + project.source("VALUE"));
    ASSERT_NE(hotrun.next("diagnostic"), nullptr);
    hotrun.next("build_finished");
    project.write("new/value.h", "#define VALUE = oops\n#error \"not yet\"\n");
    ASSERT_NE(hotrun.next("diagnostic"), nullptr);
    hotrun.next("build_finished");
    project.write("new/value.h", "#define VALUE 6\n");
    ASSERT_TRUE(hotrun.wait_for("value=6 steps="));
}

TEST_F(Edit, AHeaderThatLacksWhatItsFirstUseNeedsIsWatched) {
    project.write("value.h", "// nothing yet\n");
    HotrunProcess &hotrun = start();
    project.set_source("#include \"value.h\"\n" + project.source("VALUE"));
    const auto *diagnostic = hotrun.next("diagnostic");
    ASSERT_NE(diagnostic, nullptr);
    EXPECT_EQ(diagnostic->at("path").as_string(), project.path("game.cpp"));
    hotrun.next("build_finished");
    project.write("value.h", "#define VALUE 7\n");
    ASSERT_TRUE(hotrun.wait_for("value=7 steps="));
}

TEST_F(Edit, ALinkToAFolderThatPointsElsewhereIsFollowed) {
    project.write("v1/value.h", "#define VALUE 1\n");
    project.write("v2/value.h", "#define VALUE 2\n");
    std::filesystem::create_directory_symlink("v1", project.path("current"));
    project.set_source("#include \"current/value.h\"\n" + project.source("VALUE"));
    HotrunProcess &hotrun = start();
    run_command({"ln", "-sfn", "v2", "current"}, project.path());
    ASSERT_TRUE(hotrun.wait_for("value=2 steps="));
    project.write("v2/value.h", "#define VALUE 3\n");
    ASSERT_TRUE(hotrun.wait_for("value=3 steps="));
    run_command({"ln", "-sfn", "v1", "current"}, project.path());
    ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
    project.write("v1/value.h", "#define VALUE 4\n");
    ASSERT_TRUE(hotrun.wait_for("value=4 steps="));
}

} // namespace
} // namespace hotrun::e2e
