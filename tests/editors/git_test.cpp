// A version control system that exchanges files.
#include "editors/save_test.hpp"

#include <csignal>

namespace hotrun::editors {
namespace {

constexpr const char *kCommitAll = "git add game.c values.h data.in; git commit -qm next";

class GitTest : public SaveTest {
  protected:
    void SetUp() override {
        if (!e2e::program_exists("git"))
            GTEST_SKIP() << "git is not installed";
        SaveTest::SetUp();
        run("rm -rf .git; git init -q -b first; "
            "git add game.c values.h data.in; git commit -qm first");
    }
    void TearDown() override {
        if (!IsSkipped())
            SaveTest::TearDown();
    }

    static void run(const std::string &script) {
        e2e::run_command({"sh", "-euc", script}, project().path());
    }

    // All three files get new values by one command, or their old ones.
    void expect_all_live(const std::string &script, const std::map<std::string, int> &values) {
        const std::size_t builds_before = finished_builds(hotrun());
        run(script);
        project().set_values(values);
        ASSERT_TRUE(wait_until_live());
        ASSERT_NO_FATAL_FAILURE(settle());
        EXPECT_EQ(finished_builds(hotrun()) - builds_before, 1U);
    }

    // Plain writes, live before this returns.
    std::map<std::string, int> change_all() {
        project().reset();
        EXPECT_TRUE(wait_until_live());
        settle();
        return project().values();
    }
};

TEST_F(GitTest, CheckoutOfAnotherCommitIsLiveAfterOneBuild) {
    const std::map<std::string, int> first = project().values();
    run("git checkout -qb second");
    const std::map<std::string, int> second = change_all();
    run(kCommitAll);
    expect_all_live("git checkout -q first", first);
    expect_all_live("git checkout -q second", second);
    expect_all_live("git checkout -q HEAD~", first);
}

TEST_F(GitTest, StashAndStashPopAreLiveAfterOneBuildEach) {
    const std::map<std::string, int> first = project().values();
    const std::map<std::string, int> second = change_all();
    expect_all_live("git stash -q", first);
    expect_all_live("git stash pop -q", second);
}

TEST_F(GitTest, RestoreAndResetAreLiveAfterOneBuild) {
    const std::map<std::string, int> first = project().values();
    change_all();
    expect_all_live("git restore .", first);
    change_all();
    expect_all_live("git reset -q --hard", first);
}

TEST_F(GitTest, ApplyOfAChangeIsLiveAfterOneBuild) {
    const std::map<std::string, int> first = project().values();
    const std::map<std::string, int> second = change_all();
    run("git diff >change");
    expect_all_live("git apply -R change", first);
    expect_all_live("git apply change", second);
}

// A checkout takes longer than a build: one may see a part of it, the next sees all. That makes two
// on a quiet machine; on a busy one git pauses for longer than hotrun waits for quiet.
TEST(GitCheckout, OfAThousandFilesIsLiveAfterFewBuilds) {
    if (!e2e::program_exists("git"))
        GTEST_SKIP() << "git is not installed";
    const e2e::TestProject project({e2e::Language::kC, "gcc", ""});
    constexpr int kCount = 1000;
    project.write("meson.build", "project('demo', 'c')\n"
                                 "names = []\n"
                                 "foreach i : range(" +
                                     std::to_string(kCount) +
                                     ")\n"
                                     "  names += 'data' / '@0@'.format(i)\n"
                                     "endforeach\n"
                                     "sum = custom_target('sum', input: names, output: 'sum.h',\n"
                                     "  command: ['sh', files('sum.sh'), '@OUTPUT@', '@INPUT@'])\n"
                                     "shared_module('game', 'game.c', sum, include_directories: "
                                     "include_directories(get_option('hotrun')))\n");
    project.write("sum.sh",
                  "output=$1; shift\n"
                  "awk '{ s += $1 } END { print \"#define SUM \" s }' \"$@\" >\"$output\"\n");
    project.set_source("#include \"sum.h\"\n" + project.source("SUM"));
    const auto write_all = [&](int value) {
        for (int i = 0; i < kCount; ++i)
            project.write("data/" + std::to_string(i), std::to_string(value) + "\n");
    };
    const auto run = [&](const std::string &script) {
        e2e::run_command({"sh", "-euc", script}, project.path());
    };
    write_all(2);
    run("git init -q -b two; git add data; git commit -qm two; git checkout -qb three");
    write_all(3);
    run("git commit -qam three");
    project.set_up();
    e2e::HotrunProcess hotrun(kArguments, project.path());
    hotrun.wait_until_ready();
    ASSERT_TRUE(hotrun.wait_for("value=3000 "));
    for (const std::string branch : {"two", "three"}) {
        const std::size_t builds_before = finished_builds(hotrun);
        run("git checkout -q " + branch);
        const std::string line = branch == "two" ? "value=2000 " : "value=3000 ";
        for (int step = 0; step < 20; ++step)
            ASSERT_TRUE(hotrun.wait_for(line));
        EXPECT_LE(finished_builds(hotrun) - builds_before, 6U) << branch;
    }
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0);
    EXPECT_EQ(hotrun.count("warning"), 0U);
    expect_that_steps_go_on(hotrun.child().output());
}

} // namespace
} // namespace hotrun::editors
