// What stands in the way of a build: hotrun says so in one sentence and goes on watching.
#include "e2e/game_test.hpp"
#include "linux/process_session.hpp"
#include "linux/unique_fd.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <unistd.h>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;

class Obstacle : public GameTest {
  protected:
    // VALUE comes from config.in by way of a script; "stuck" keeps the script at work for ever,
    // with half of its output written and deaf to an interrupt.
    void make_generated_project() const {
        project.write("gen.sh", "#!/bin/sh\n"
                                "value=$(cat \"$1\")\n"
                                "printf '#define VAL' > \"$2\"\n"
                                "if [ \"$value\" = stuck ]; then\n"
                                "    trap '' INT\n"
                                "    echo $$ > \"$1.pid.new\"; mv \"$1.pid.new\" \"$1.pid\"\n"
                                "    while :; do sleep 1000; done\n"
                                "fi\n"
                                "printf 'UE %s\\n' \"$value\" >> \"$2\"\n");
        fs::permissions(project.path("gen.sh"), fs::perms::owner_all);
        project.write("config.in", "1");
        project.write("meson.build",
                      "project('demo', 'cpp')\n"
                      "config = custom_target('config', input: 'config.in', output: 'config.h',\n"
                      "  command: [find_program('gen.sh'), '@INPUT@', '@OUTPUT@'])\n"
                      "shared_module('game', 'game.cpp', config,\n"
                      "  include_directories: include_directories(get_option('hotrun')))\n"
                      "custom_target('slow', input: 'slow.in', output: 'slow.out',\n"
                      "  command: [find_program('gen.sh'), '@INPUT@', '@OUTPUT@'])\n");
        project.write("slow.in", "stuck");
        project.set_source("#include \"config.h\"\n" + project.source("VALUE"));
    }

    // The script that is stuck, once it is.
    pid_t stuck_script(HotrunProcess &hotrun, const std::string &input = "config.in") const {
        const std::string path = project.path(input + ".pid");
        hotrun.child().wait_until([&] { return fs::exists(path); }, "the script's pid");
        pid_t pid = 0;
        std::ifstream(path) >> pid;
        fs::remove(path);
        return pid;
    }

    static std::string sentence(HotrunProcess &hotrun) {
        const boost::json::object *diagnostic = hotrun.next("diagnostic");
        return diagnostic == nullptr ? "" : std::string(diagnostic->at("message").as_string());
    }
};

TEST_F(Obstacle, ABuildFolderThatIsWipedAndSetUpAgainIsBuiltAgain) {
    HotrunProcess &hotrun = start();
    ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
    fs::remove_all(project.builddir());
    EXPECT_EQ(sentence(hotrun), "the build folder " + project.builddir() +
                                    " is not set up; run meson setup " + project.builddir() +
                                    " in the project's folder");
    EXPECT_EQ(hotrun.next("build_finished")->at("status").as_string(), "failed");
    ASSERT_TRUE(hotrun.wait_for("value=1 steps=")) << "the old code runs on";
    project.set_value(2);
    run_command({"meson", "setup", "build"}, project.path());
    ASSERT_TRUE(hotrun.wait_for("value=2 steps="));
    EXPECT_EQ(hotrun.child().output().find("value=2 steps=1\n"), std::string::npos);
    project.set_value(3);
    ASSERT_TRUE(hotrun.wait_for("value=3 steps="));

    HotrunProcess second(kFast, project.path());
    EXPECT_EQ(second.child().wait_for_exit(), 1) << "the new folder is ours as well";
}

TEST_F(Obstacle, AForeignNinjaIsWaitedFor) {
    make_generated_project();
    HotrunProcess &hotrun = start();
    Child foreign({"ninja", "slow.out"}, project.builddir(), Child::Streams::kPipe);
    const pid_t script = stuck_script(hotrun, "slow.in");
    project.write("config.in", "2");
    const boost::json::object *warning = hotrun.next("warning");
    ASSERT_NE(warning, nullptr);
    EXPECT_EQ(warning->at("code").as_string(), "foreign_ninja");
    EXPECT_EQ(warning->at("message").as_string(),
              "another ninja (process " + std::to_string(foreign.pid()) + ") builds in " +
                  project.builddir() + "; hotrun waits for it, then builds");
    EXPECT_EQ(hotrun.next("build_finished")->at("status").as_string(), "cancelled");
    ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
    EXPECT_EQ(std::ranges::count(session_members(::getsid(script)), script), 1)
        << "what the other does is left alone";
    ::kill(-::getpgid(script), SIGKILL);
    EXPECT_EQ(foreign.wait_for_exit(), 1);
    ASSERT_TRUE(hotrun.wait_for("value=2 steps="));
}

TEST_F(Obstacle, AnotherMesonIsWaitedFor) {
    HotrunProcess &hotrun = start();
    const UniqueFd lock(::open(project.path("build/meson-private/meson.lock").c_str(),
                               O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(::flock(lock.get(), LOCK_EX | LOCK_NB), 0);
    std::ofstream(project.path("meson.build"), std::ios::app) << "# more\n";
    EXPECT_EQ(sentence(hotrun), "another Meson works in " + project.builddir() +
                                    "; hotrun builds again when it is done");
    const auto builds = hotrun.count("build_started");
    ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
    EXPECT_EQ(hotrun.count("build_started"), builds) << "nothing is tried meanwhile";
    ::flock(lock.get(), LOCK_UN);
    hotrun.next("build_finished");
    EXPECT_EQ(hotrun.next("build_finished")->at("exit_status").to_number<int>(), 0);
}

TEST_F(Obstacle, AKilledNinjaLeavesNothingHalfWritten) {
    make_generated_project();
    HotrunProcess &hotrun = start();
    project.write("config.in", "stuck");
    const pid_t session = ::getsid(stuck_script(hotrun));
    ::kill(session, SIGKILL); // its leader is ninja
    EXPECT_EQ(sentence(hotrun), "ninja was ended by signal 9; save to build again");
    EXPECT_EQ(hotrun.next("build_finished")->at("status").as_string(), "failed");
    EXPECT_EQ(session_members(session), std::vector<pid_t>{}) << "it goes on without its ninja";
    EXPECT_FALSE(fs::exists(project.path("build/config.h")));
    project.write("config.in", "3");
    ASSERT_TRUE(hotrun.wait_for("value=3 steps="));
}

TEST_F(Obstacle, ACancelEndsACommandThatIgnoresAnInterrupt) {
    make_generated_project();
    HotrunProcess &hotrun = start();
    project.write("config.in", "stuck");
    const pid_t session = ::getsid(stuck_script(hotrun));
    project.write("config.in", "4");
    EXPECT_EQ(hotrun.next("build_finished")->at("status").as_string(), "cancelled");
    EXPECT_EQ(session_members(session), std::vector<pid_t>{});
    ASSERT_TRUE(hotrun.wait_for("value=4 steps="));
}

TEST_F(Obstacle, TheEndOfARunEndsACommandThatIgnoresAnInterrupt) {
    make_generated_project();
    HotrunProcess &hotrun = start();
    project.write("config.in", "stuck");
    const pid_t session = ::getsid(stuck_script(hotrun));
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0);
    EXPECT_EQ(session_members(session), std::vector<pid_t>{});
}

TEST_F(Obstacle, AFullDiskIsOneSentence) {
    fs::create_directories(project.builddir());
    if (::mount("none", project.builddir().c_str(), "tmpfs", 0, "size=4m") != 0)
        GTEST_SKIP() << "no right to mount a small disk";
    project.set_up();
    {
        HotrunProcess hotrun(kFast, project.path());
        hotrun.wait_until_ready();
        const std::string filler = project.path("build/filler");
        std::ofstream(filler) << std::string(std::size_t{8} << 20, 'x');
        project.set_value(2);
        EXPECT_NE(sentence(hotrun).find("there is no space left"), std::string::npos);
        ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
        fs::remove(filler);
        project.set_value(3);
        EXPECT_TRUE(hotrun.wait_for("value=3 steps="));
    }
    EXPECT_EQ(::umount(project.builddir().c_str()), 0);
}

TEST_F(Obstacle, ANinjaThatVanishesIsMissedUntilItIsBack) {
    fs::create_directories(project.path("bin"));
    const std::string ninja = project.path("bin/ninja");
    run_command({"sh", "-c", "cp \"$(command -v ninja)\" bin/ninja"}, project.path());
    ::setenv("NINJA", ninja.c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    HotrunProcess &hotrun = start();
    ::unsetenv("NINJA"); // NOLINT(concurrency-mt-unsafe)
    fs::rename(ninja, ninja + ".away");
    project.set_value(2);
    EXPECT_EQ(sentence(hotrun), "can't start " + ninja +
                                    ": No such file or directory; install ninja-build if it is "
                                    "gone");
    fs::rename(ninja + ".away", ninja);
    project.set_value(3);
    ASSERT_TRUE(hotrun.wait_for("value=3 steps="));
}

TEST_F(Obstacle, ATargetThatIsRenamedIsMissedUntilItIsBack) {
    HotrunProcess &hotrun = start();
    std::ifstream file(project.path("meson.build"));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::string renamed = text;
    renamed.replace(renamed.find("'game'"), 6, "'play'");
    project.write("meson.build", renamed);
    EXPECT_EQ(sentence(hotrun), "a target that hotrun builds is not in " + project.builddir() +
                                    " any more; put it back into meson.build, or start hotrun "
                                    "with another");
    project.write("meson.build", text);
    project.set_value(2);
    ASSERT_TRUE(hotrun.wait_for("value=2 steps="));
}

TEST_F(Obstacle, ABuildFileThatNinjaCantReadIsToldOfUntilItIsWrittenAnew) {
    HotrunProcess &hotrun = start();
    std::ofstream(project.path("build/build.ninja"), std::ios::app) << "build x: nosuch\n";
    project.set_value(2);
    const std::string wanted = "ninja can't read " + project.builddir() +
                               "/build.ninja; set the build folder up again with meson setup "
                               "--reconfigure " +
                               project.builddir();
    std::string told = sentence(hotrun);
    if (told != wanted) // ninja's own words come first, with the line
        told = sentence(hotrun);
    EXPECT_EQ(told, wanted);
    run_command({"meson", "setup", "--reconfigure", project.builddir()}, project.path());
    ASSERT_TRUE(hotrun.wait_for("value=2 steps="));
}

TEST_F(Obstacle, AFolderOfSourcesThatIsMovedAwayAndBackIsWatchedAgain) {
    project.write("src/deep/value.h", "#define VALUE 1\n");
    project.set_source("#include \"src/deep/value.h\"\n" + project.source("VALUE"));
    HotrunProcess &hotrun = start();
    fs::rename(project.path("src"), project.path("away"));
    EXPECT_NE(hotrun.next("diagnostic"), nullptr);
    fs::rename(project.path("away"), project.path("src"));
    ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
    project.write("src/deep/value.h", "#define VALUE 5\n");
    ASSERT_TRUE(hotrun.wait_for("value=5 steps="));
}

} // namespace
} // namespace hotrun::e2e
