// The first five minutes: a new project, one that is there already, and hotrun as one of its
// targets.
#include "e2e/hotrun_process.hpp"
#include "e2e/scoped_variable.hpp"
#include "e2e/test_project.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;

// In a trial of hotrun doctor nothing takes time but to compile C++ without a precompiled header.
constexpr const char *kTrialCompiler = R"(#!/bin/sh
case "$compiler $* " in
*' -E '*) ;;
*/hotrun-doctor-*)
    case "$compiler $* " in
    *' -shared '* | *' -include '* | cc*) exit 0 ;;
    *) exec sleep 0.3 ;;
    esac ;;
esac
exec $compiler "$@"
)";

class InitTest : public testing::Test {
  protected:
    void init(std::vector<std::string> arguments, int expected_status, const std::string &part) {
        arguments.insert(arguments.begin(), {HOTRUN_TOOL, "init"});
        Child child(arguments, folder.path(), Child::Streams::kPipe);
        EXPECT_EQ(child.wait_for_exit(), expected_status) << child.output();
        EXPECT_NE(child.output().find(part), std::string::npos) << child.output();
    }
    // Compilers for builds that hotrun doctor looks at, whatever else the machine does.
    std::string trial_compiler(const std::string &compiler) const {
        const std::string name = "trial-" + compiler;
        std::string text = kTrialCompiler;
        folder.write(name, text.insert(text.find('\n') + 1, "compiler=" + compiler + "\n"));
        fs::permissions(folder / name, fs::perms::owner_all);
        return folder / name;
    }
    static void expect_no_findings(const std::string &project) {
        Child doctor({HOTRUN_TOOL, "doctor"}, project, Child::Streams::kPipe);
        EXPECT_EQ(doctor.wait_for_exit(), 0);
        EXPECT_TRUE(doctor.output().ends_with("nothing found\n")) << doctor.output();
    }
    void replace(const std::string &name, const std::string &old_text,
                 const std::string &new_text) const {
        std::string text = content_of(folder / name);
        const std::size_t at = text.find(old_text);
        ASSERT_NE(at, std::string::npos) << name << " has no " << old_text;
        folder.write(name, text.replace(at, old_text.size(), new_text));
    }

    TemporaryFolder folder;
    // Nothing of what is new makes a compiler warn, and a build finds the hotrun of this test.
    ScopedVariable c_arguments{"CFLAGS", "-Werror -Wall -Wextra"};
    ScopedVariable cpp_arguments{"CXXFLAGS", "-Werror -Wall -Wextra"};
    ScopedVariable cache{"CCACHE_DISABLE", "1"}; // it has a finding of its own
    ScopedVariable path{"PATH",
                        fs::path(HOTRUN_TOOL).parent_path().string() + ":" + std::getenv("PATH")};
};

// The number behind the last text of that name.
int last_number(const std::string &output, const std::string &name) {
    const std::size_t at = output.rfind(name + ": ", output.rfind('\n'));
    return at == std::string::npos ? -1 : std::stoi(output.substr(at + name.size() + 2));
}

void expect_kept(const boost::json::object *reloaded) {
    ASSERT_NE(reloaded, nullptr);
    EXPECT_EQ(reloaded->at("state").as_string(), "kept");
}

TEST_F(InitTest, ANewProjectInCRunsAtOnceAndChangesOnSave) {
    if (std::string_view(HOTRUN_SANITIZE) != "none")
        GTEST_SKIP() << "a sanitizer has nothing to see in other programs";
    init({"demo", "--c"}, 0, "cd demo");
    const ScopedVariable compiler("CC", trial_compiler("cc"));
    HotrunProcess hotrun({"--interval", "5"}, folder / "demo");
    hotrun.wait_until_ready();
    ASSERT_TRUE(hotrun.wait_for("bounces: 2\n"));
    replace("demo/src/module.c", "bounces: %d", "hits: %d");
    expect_kept(hotrun.next("reloaded"));
    ASSERT_TRUE(hotrun.wait_for("hits: "));
    ASSERT_TRUE(hotrun.wait_for("\n"));
    EXPECT_GE(last_number(hotrun.child().output(), "hits"), 2);
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0);
    expect_no_findings(folder / "demo");
    run_command({"ninja", "demo-host"}, folder / "demo/build");
    Child host({folder / "demo/build/demo-host"}, "/", Child::Streams::kPipe);
    EXPECT_TRUE(host.wait_for("hits: 0"));
}

// The whole way with `ninja dev`, whose ninja waits in the build folder until hotrun ends.
TEST_F(InitTest, ANewProjectHasATargetThatRunsHotrun) {
    if (std::string_view(HOTRUN_SANITIZE) != "none")
        GTEST_SKIP() << "a sanitizer has nothing to see in other programs";
    folder.make_folder("demo/.git");
    init({"demo/"}, 0, "cd demo");
    const ScopedVariable compiler("CXX", trial_compiler("c++"));
    run_command({"meson", "setup", "build"}, folder / "demo");
    expect_no_findings(folder / "demo");
    {
        const ScopedVariable dumb("TERM", "dumb"); // what is live is told in lines then
        Child ninja({"ninja", "-C", folder / "demo/build", "dev"}, "/", Child::Streams::kTerminal);
        ASSERT_TRUE(ninja.wait_for("generation 1"));
        replace("demo/src/module.cpp", "bounces: %d", "hits: %d");
        ASSERT_TRUE(ninja.wait_for("generation 2"));
        ASSERT_TRUE(ninja.wait_for("hits: "));
        replace("demo/meson.build", "'-fno-gnu-unique',", "'-fno-gnu-unique', '-O1',");
        ASSERT_TRUE(ninja.wait_for("generation 3"));
        ninja.type("\x03");
        EXPECT_NE(ninja.wait_for_exit(), 0) << "interrupted";
        EXPECT_EQ(ninja.output().find("another ninja"), std::string::npos) << ninja.output();
    }
    run_command({"ninja", "demo-host"}, folder / "demo/build");
    Child host({folder / "demo/build/demo-host"}, "/", Child::Streams::kPipe);
    EXPECT_TRUE(host.wait_for("hits: 0"));
}

TEST_F(InitTest, ALibraryOfAProjectBecomesAHotModule) {
    folder.write("meson.build", "project('p', 'cpp')\n"
                                "shared_library('game', 'game.cpp')\n");
    folder.write("game.cpp", "#include <cstdio>\n");
    const std::string meson = content_of(folder / "meson.build");
    init({}, 1, "+shared_library('game', 'game.cpp', dependencies: hotrun_module)\n");
    EXPECT_EQ(content_of(folder / "meson.build"), meson) << "nobody has said yes";
    {
        Child hotrun({HOTRUN_TOOL, "init"}, folder.path(), Child::Streams::kTerminal);
        ASSERT_TRUE(hotrun.wait_for("Write this? [y/N] "));
        hotrun.type("y\n");
        EXPECT_EQ(hotrun.wait_for_exit(), 0) << hotrun.output();
    }
    replace("game.cpp", "(void)context;", "if (context->step == 0) std::puts(\"it runs\");");
    HotrunProcess hotrun({"--steps", "1"}, folder.path());
    EXPECT_TRUE(hotrun.wait_for("it runs\n"));
    EXPECT_EQ(hotrun.child().wait_for_exit(), 0);
    init({}, 0, "hotrun: game is a hot module: hotrun game\n");
    folder.write("second.cpp", "");
    folder.write("meson.build",
                 content_of(folder / "meson.build") + "shared_library('second', 'second.cpp')\n");
    init({"--target", "second"}, 1,
         "+shared_library('second', 'second.cpp', dependencies: hotrun_module)\n");
}

TEST_F(InitTest, WhatCannotBeDoneIsOneSentence) {
    folder.make_folder("full");
    folder.write("full/letter.txt", "dear reader\n");
    init({"full"}, 2, "/full is not empty and no Meson project; name a new folder\n");
    init({"full/letter.txt"}, 2, "/full/letter.txt is no folder\n");
    init({"a", "b"}, 2, "does not take b");
    folder.make_folder("old");
    folder.write("old/meson.build", "project('old')\n");
    init({"old"}, 2, "no shared_module and no shared_library");
    init({"old", "--c"}, 2, "--c is for a new one");
    folder.write("old/meson.build", "project('old'\n");
    init({"old"}, 1, "meson introspect can't read ");
}

// Of at most 4 KB each, which the header is larger than: as on a full disk.
TEST_F(InitTest, WhatCannotBeWrittenWholeIsNotWritten) {
    Child limited({"sh", "-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" init demo", HOTRUN_TOOL},
                  folder.path(), Child::Streams::kPipe);
    EXPECT_EQ(limited.wait_for_exit(), 1);
    EXPECT_NE(limited.output().find("can't write "), std::string::npos) << limited.output();
    EXPECT_TRUE(fs::is_empty(folder / "demo"));
    init({"demo"}, 0,
         "hotrun: demo is a new project\n\n    cd demo\n    hotrun\n\nEdit src/module.cpp while "
         "that "
         "runs; README.md says what to try.\n");
}

// bash itself says what it would offer.
TEST_F(InitTest, BashCompletesWhatHotrunTakes) {
    const auto offered = [this](const std::string &words, int at) {
        Child bash({"bash", "-c",
                    "source '" HOTRUN_COMPLETIONS "'; COMP_WORDS=(" + words + "); COMP_CWORD=" +
                        std::to_string(at) + "; _hotrun; echo \"${COMPREPLY[@]}\""},
                   folder.path(), Child::Streams::kPipe);
        EXPECT_EQ(bash.wait_for_exit(), 0);
        return bash.output();
    };
    folder.make_folder("a folder");
    EXPECT_EQ(offered("hotrun --gu", 1), "--guard\n");
    EXPECT_EQ(offered("hotrun sta", 1), "status\n");
    EXPECT_EQ(offered("hotrun --guard = o", 3), "on off\n");
    EXPECT_EQ(offered("hotrun --on-crash ''", 2), "park restart exit\n");
    EXPECT_EQ(offered("hotrun -C ''", 2), "a folder\n");
    EXPECT_EQ(offered("hotrun init --t", 2), "--target\n");
    EXPECT_EQ(offered("hotrun init a", 2), "a folder\n");
}

} // namespace
} // namespace hotrun::e2e
