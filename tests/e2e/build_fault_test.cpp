// Faults that come with a real edit: saved, built by ninja, loaded, failed and mended.
#include "e2e/game_test.hpp"
#include "e2e/proc_view.hpp"
#include "linux/process_session.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kGuarded = {"--interval",     "5",  "--guard", "on",
                                           "--step-timeout", "300"};

class BuildFault : public GameTest {
  protected:
    // The game, with code that is run in each step before the rest.
    void save_with(const std::string &code, const std::string &before = "") const {
        std::string text = project.source("2");
        const std::size_t at = text.find("    printf");
        project.set_source("#include <stdlib.h>\n#include <time.h>\n#include <unistd.h>\n" +
                           before + text.insert(at, code));
    }

    static std::string field(const boost::json::object *event, const char *name) {
        if (event == nullptr)
            return "no event";
        const boost::json::value &value = event->at(name);
        return value.is_string() ? std::string(value.as_string()) : boost::json::serialize(value);
    }

    void expect_mended(HotrunProcess &hotrun) const {
        project.set_value(9);
        EXPECT_NE(hotrun.next("reloaded"), nullptr);
        ASSERT_TRUE(hotrun.wait_for("value=9 steps="));
        EXPECT_EQ(hotrun.child().output().find("value=9 steps=1\n"), std::string::npos);
        const pid_t pid = hotrun.child().pid();
        EXPECT_EQ(::kill(pid, 0), 0);
        EXPECT_EQ(hotrun.end_with(SIGTERM), 0);
        EXPECT_TRUE(project.files_with("_live.").empty());
    }
};

TEST_F(BuildFault, ACrashNamesTheLineAndTheOldCodeRunsOn) {
    HotrunProcess &hotrun = start(kGuarded);
    save_with("    *(volatile int *)0x10 = 1;\n");
    const auto *rolled_back = hotrun.next("rolled_back");
    EXPECT_EQ(field(rolled_back, "signal"), "SIGSEGV");
    EXPECT_EQ(field(rolled_back, "address"), "0x10");
    ASSERT_NE(rolled_back, nullptr);
    const boost::json::object &frame = rolled_back->at("backtrace").as_array()[0].as_object();
    EXPECT_EQ(frame.at("file").as_string(), project.path("game.cpp"));
    EXPECT_EQ(frame.at("line").to_number<int>(), 11);
    EXPECT_EQ(frame.at("function").as_string(), "hotrun_step");
    ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
    expect_mended(hotrun);
}

TEST_F(BuildFault, AThrowIsMendedByTheNextSave) {
    HotrunProcess &hotrun = start(kGuarded);
    save_with("    throw 7;\n");
    const auto *rolled_back = hotrun.next("rolled_back");
    EXPECT_EQ(field(rolled_back, "reason"), "exception");
    EXPECT_NE(field(rolled_back, "detail").find("int"), std::string::npos);
    expect_mended(hotrun);
}

TEST_F(BuildFault, ALoopIsMendedByTheNextSave) {
    if (std::string_view(HOTRUN_SANITIZE).find("thread") != std::string_view::npos)
        GTEST_SKIP() << "ThreadSanitizer holds signals back while a thread only computes";
    HotrunProcess &hotrun = start(kGuarded);
    save_with("    for (volatile int i = 0;; i = i + 1) {}\n");
    EXPECT_EQ(field(hotrun.next("rolled_back"), "reason"), "timeout");
    expect_mended(hotrun);
}

TEST_F(BuildFault, AStaticConstructorThatThrowsIsMendedByTheNextSave) {
    HotrunProcess &hotrun = start(kGuarded);
    save_with("", "static int thrown = [] { throw 1; return 1; }();\n");
    EXPECT_NE(hotrun.next("restarted"), nullptr);
    EXPECT_EQ(field(hotrun.next("rejected"), "reason"), "constructor");
    expect_mended(hotrun);
}

// A process that goes on in the build folder finds there the library that it must not load again.
TEST_F(BuildFault, ADoubleFreeIsMendedByTheNextSave) {
    if (std::string_view(HOTRUN_SANITIZE) != "none")
        GTEST_SKIP() << "a sanitizer ends the process at a double free";
    HotrunProcess &hotrun = start(kGuarded);
    save_with("    void *volatile p = malloc(24); void *q = p; free(p); free(q);\n");
    EXPECT_NE(hotrun.next("restarted"), nullptr);
    EXPECT_EQ(field(hotrun.next("rolled_back"), "to"), "1");
    ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
    expect_mended(hotrun);
    EXPECT_EQ(hotrun.count("restarted"), 1U);
}

TEST_F(BuildFault, WhileACallIsStalledTheNextSaveIsBuilt) {
    HotrunProcess &hotrun = start(kGuarded);
    save_with("    while (access(\"" + project.path("flag") + "\", 0) != 0) usleep(2000);\n");
    ASSERT_NE(hotrun.next("stalled"), nullptr);
    project.set_value(3);
    EXPECT_EQ(field(hotrun.next("build_finished"), "status"), "ok");
    project.write("flag", "go on\n");
    ASSERT_TRUE(hotrun.wait_for("value=3 steps="));
    expect_mended(hotrun);
}

// The command of the build never ends by itself.
TEST_F(BuildFault, ABuildThatRunsWhileTheProcessReplacesItselfIsEndedAndBegunAgain) {
    if (std::string_view(HOTRUN_SANITIZE) != "none")
        GTEST_SKIP() << "a sanitizer ends the process at a double free";
    project.write("slow.sh",
                  "#!/bin/sh\n[ -e \"$1.done\" ] || { echo $$ > \"$1\"; exec sleep 1000; "
                  "}\ntouch slow.h\n");
    fs::permissions(project.path("slow.sh"), fs::perms::owner_all);
    save_with("    if (access(\"" + project.path("crash") +
              "\", 0) == 0) { void *volatile p = malloc(24); void *q = p; free(p); free(q); }\n");
    HotrunProcess &hotrun = start(kGuarded);
    project.write("meson.build", "project('demo', 'cpp')\n"
                                 "slow = custom_target('slow', output: 'slow.h', command: "
                                 "[files('slow.sh'), meson.project_source_root() / 'pid'])\n"
                                 "shared_module('game', 'game.cpp', slow, include_directories: "
                                 "include_directories(get_option('hotrun')))\n");
    hotrun.child().wait_until([&] { return !read_text(project.path("pid")).empty(); },
                              "the slow command");
    const pid_t session = ::getsid(std::stoi(read_text(project.path("pid"))));
    project.write("crash", "now\n");
    EXPECT_NE(hotrun.next("restarted"), nullptr);
    EXPECT_NE(hotrun.next("build_started"), nullptr);
    EXPECT_EQ(session_members(session), std::vector<pid_t>{});
    project.write("pid.done", "\n");
    fs::remove(project.path("crash"));
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0);
}

} // namespace
} // namespace hotrun::e2e
