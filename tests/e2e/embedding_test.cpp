// Programs that embed the Runner: in loops of their own, built as users build them, and released
// with the module linked in.
#include "e2e/hotmaths_project.hpp"
#include "e2e/hotrun_process.hpp"
#include "e2e/test_project.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSanitizer = HOTRUN_SANITIZE;
constexpr const char *kNoSanitizer = "a sanitizer changes nothing in how it is put together";

std::string output_of(const std::vector<std::string> &words, const std::string &directory) {
    Child child(words, directory, Child::Streams::kPipe);
    EXPECT_EQ(child.wait_for_exit(), 0) << child.output();
    return child.output();
}

// The example, beside the library that it hosts.
std::string put_beside(const HotmathsProject &project, const std::string &example) {
    const std::string path = project.path("build/" + example);
    fs::copy_file(fs::path(HOTRUN_EXAMPLES) / example, path);
    return path;
}

TEST(Embedding, ALoopAroundPollWaitsForTheRunnerToo) {
    const HotmathsProject project;
    const std::string program = put_beside(project, "poll-loop");
    Child host({program}, "/", Child::Streams::kTerminal);
    ASSERT_TRUE(host.wait_for("generation 1"));
    host.type("6 7\n");
    ASSERT_TRUE(host.wait_for("\n13\r\n"));
    project.multiply();
    ASSERT_TRUE(host.wait_for("generation 2"));
    host.type("6 7\n");
    ASSERT_TRUE(host.wait_for("\n42\r\n"));
    host.type("\x04");
    EXPECT_EQ(host.wait_for_exit(), 0);

    // The end of a run ends the link behind what is live, and its unfinished library goes.
    run_command({"ninja", "hotmaths"}, project.path("build"));
    Child alone({program, "host"}, "/", Child::Streams::kTerminal);
    ASSERT_TRUE(alone.wait_for("generation 1"));
    project.replace("return a * b", "return b - a");
    run_command({"ninja", "hotmaths"}, project.path("build"));
    ASSERT_TRUE(alone.wait_for("generation 2"));
    alone.type("6 7\n");
    ASSERT_TRUE(alone.wait_for("\n1\r\n"));
    alone.signal(SIGTERM);
    EXPECT_EQ(alone.wait_for_exit(), 0);
}

TEST(Embedding, ALoopOfAsiosWaitsForTheRunnerToo) {
    const HotmathsProject project;
    Child host({put_beside(project, "asio-loop")}, "/", Child::Streams::kPipe);
    ASSERT_TRUE(host.wait_for("operate(6, 7) = 13\n"));
    project.multiply();
    ASSERT_TRUE(host.wait_for("operate(6, 7) = 42\n"));
    host.signal(SIGTERM);
    EXPECT_EQ(host.wait_for_exit(), 0);
}

TEST(Embedding, ALinkedModuleRunsWithoutAnythingOfHotrun) {
    const std::string linked = std::string(HOTRUN_EXAMPLES) + "/linked-host";
    Child host({linked}, "/", Child::Streams::kPipe);
    ASSERT_TRUE(host.wait_for("operate(6, 7) = 13\noperate(6, 7) = 13\n"));
    const auto threads = fs::directory_iterator("/proc/" + std::to_string(host.pid()) + "/task");
    const auto thread_count = std::distance(begin(threads), end(threads));
    host.signal(SIGTERM);
    EXPECT_EQ(host.wait_for_exit(), 0);
    if (kSanitizer != "none")
        return; // it brings threads and symbols of its own
    EXPECT_EQ(thread_count, 1);

    const std::string symbols = output_of({"nm", "-C", linked}, "/");
    const std::string hosted = output_of({"nm", "-C", HOTMATHS_HOST}, "/");
    EXPECT_NE(symbols.find("hotrun::Runner::poll()"), std::string::npos);
    for (const char *part : {"hotrun::Engine::", "dwarf_", "boost::", "std::thread"}) {
        EXPECT_EQ(symbols.find(part), std::string::npos) << part;
        EXPECT_NE(hosted.find(part), std::string::npos) << part;
    }
    const std::string needed = output_of({"readelf", "-d", linked}, "/");
    for (const char *library : {"libdw", "libelf", "libboost"})
        EXPECT_EQ(needed.find(library), std::string::npos) << needed;
}

// A project as its user writes it: a module, and a host that steps it N times.
class UserProject {
  public:
    UserProject() {
        fs::create_directories(path());
        write("meson.build",
              "project('user', 'cpp', default_options: ['cpp_std=c++20'])\n"
              "module_dep = dependency('hotrun-module', fallback: 'hotrun')\n"
              "if get_option('hot')\n"
              "  shared_module('game', 'game.cpp', dependencies: module_dep)\n"
              "  executable('host', 'host.cpp', dependencies: dependency('hotrun'))\n"
              "else\n"
              "  executable('host', 'host.cpp', 'game.cpp', dependencies: [module_dep,\n"
              "    dependency('hotrun-linked')])\n"
              "endif\n");
        write("meson_options.txt", "option('hot', type: 'boolean', value: true)\n");
        write("host.cpp", "#include <hotrun/runner.hpp>\n"
                          "#include <cstdio>\n"
                          "#include <cstdlib>\n"
                          "int main(int count, char **words) {\n"
                          "    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);\n"
                          "    hotrun::Options options;\n"
                          "    options.targets = {\"game\"};\n"
                          "    options.interval = std::chrono::milliseconds(5);\n"
                          "    options.step_limit = count > 1 ? std::strtoul(words[1], 0, 0) : 0;\n"
                          "    auto runner = hotrun::Runner::create(std::move(options));\n"
                          "    if (!runner)\n"
                          "        return std::puts(runner.error().message.c_str());\n"
                          "    return runner->run();\n"
                          "}\n");
        set_value(1);
    }

    std::string path(const std::string &name = "") const {
        return (fs::path(folder_.path()) / "user" / name).string();
    }
    void write(const std::string &name, const std::string &text) const {
        std::ofstream(path(name)) << text;
    }
    void set_value(int value) const {
        write("game.cpp", "#include <hotrun/module.hpp>\n"
                          "#include <cstdio>\n"
                          "struct State { int steps = 0; };\n"
                          "extern \"C\" void hotrun_step(hotrun_context *ctx) {\n"
                          "    std::printf(\"value=" +
                              std::to_string(value) +
                              " steps=%d\\n\", ++hotrun::state<State>(ctx).steps);\n"
                              "}\n");
    }

    // With what pkg-config finds below `installed`; empty: nothing.
    void set_up(const std::string &builddir, const std::string &installed,
                const std::vector<std::string> &options = {}) const {
        std::vector<std::string> words = {"env", "CXX=" HOTRUN_CXX};
        if (!installed.empty())
            words.push_back("PKG_CONFIG_PATH=" + installed + HOTRUN_LIBDIR "/pkgconfig");
        words.insert(words.end(), {"meson", "setup", builddir});
        words.insert(words.end(), options.begin(), options.end());
        run_command(words, path());
    }

  private:
    TemporaryFolder folder_;
};

TEST(Embedding, AProjectThatUsesWhatIsInstalledIsReloadedAndReleased) {
    if (kSanitizer != "none")
        GTEST_SKIP() << kNoSanitizer;
    const TemporaryFolder installed;
    run_command({"meson", "install", "--no-rebuild", "--tags", "devel", "-C", HOTRUN_BUILD,
                 "--destdir", installed.path()},
                "/");
    // As if it had been installed there for good.
    run_command({"sh", "-c", "sed -i 's|^prefix=|&" + installed.path() + "|' *.pc"},
                installed.path() + HOTRUN_LIBDIR "/pkgconfig");
    const UserProject project;
    project.set_up("build", installed.path());
    {
        HotrunProcess hotrun({"--", "build/host"}, project.path());
        ASSERT_NE(hotrun.next("program_attached"), nullptr);
        ASSERT_TRUE(hotrun.wait_for("value=1 steps="));
        project.set_value(2);
        ASSERT_TRUE(hotrun.wait_for("value=2 steps="));
        EXPECT_EQ(hotrun.count("program_started"), 1U);
        EXPECT_EQ(hotrun.end_with(SIGTERM), 0);
    }
    project.set_up("release", installed.path(), {"-Dhot=false", "--buildtype=release"});
    run_command({"ninja"}, project.path("release"));
    const std::string released = output_of({"release/host", "3"}, project.path());
    EXPECT_EQ(released, "value=2 steps=1\nvalue=2 steps=2\nvalue=2 steps=3\n");
    EXPECT_EQ(output_of({"build/host", "3"}, project.path()), released);
}

// All of hotrun is compiled only if HOTRUN_WHOLE_SUBPROJECT is set: it takes minutes.
TEST(Embedding, AProjectWithHotrunAsItsSubprojectIsBuilt) {
    if (kSanitizer != "none")
        GTEST_SKIP() << kNoSanitizer;
    const UserProject project;
    fs::create_directories(project.path("subprojects"));
    fs::create_directory_symlink(HOTRUN_ROOT, project.path("subprojects/hotrun"));
    project.set_up("build", "",
                   {"--wrap-mode=forcefallback", "-Dhotrun:docs=disabled", "-Dhotrun:joined=true"});
    run_command({"ninja", "libgame.so", "subprojects/hotrun/runner/libhotrun-linked.a"},
                project.path("build"));
    EXPECT_TRUE(fs::exists(project.path("build/libgame.so")));
    const std::string plan = output_of({"ninja", "-n", "-v", "host"}, project.path("build"));
    EXPECT_NE(plan.find("subprojects/hotrun/runner/libhotrun.a"), std::string::npos);
    EXPECT_EQ(plan.find("hotmaths"), std::string::npos) << "its example is left out";
    if (std::getenv("HOTRUN_WHOLE_SUBPROJECT") == nullptr)
        return;
    EXPECT_EQ(std::system(("ninja -C '" + project.path("build") + "' host").c_str()), 0);
    EXPECT_EQ(output_of({"build/host", "1"}, project.path()), "value=1 steps=1\n");
}

} // namespace
} // namespace hotrun::e2e
