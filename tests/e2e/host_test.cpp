// The example: hotmaths under hotrun, and in a host of its own.
#include "e2e/hotmaths_project.hpp"
#include "e2e/hotrun_process.hpp"
#include "e2e/test_project.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

namespace hotrun::e2e {
namespace {

namespace fs = std::filesystem;

TEST(Hotmaths, UnderHotrunPrintsAndChangesOnSave) {
    const HotmathsProject project;
    HotrunProcess hotrun({"-v", "hotmaths"}, project.path());
    hotrun.wait_until_ready();
    ASSERT_TRUE(hotrun.wait_for("operate(6, 7) = 13\n"));
    project.multiply();
    const auto *started = hotrun.next("build_started");
    ASSERT_NE(started, nullptr);
    EXPECT_EQ(started->at("targets").as_array()[0].as_string(), "hotmaths");
    ASSERT_TRUE(hotrun.wait_for("operate(6, 7) = 42\n"));
    EXPECT_EQ(hotrun.end_with(SIGINT), 130);
    const std::string &output = hotrun.child().output();
    for (const char *text : {"init of generation 1", "unload of generation 1",
                             "reload to generation 2", "shutdown of generation 2"})
        EXPECT_NE(output.find(text), std::string::npos) << text;
}

TEST(Hotmaths, TheExampleHostFindsItsLibraryByItsExecutable) {
    const HotmathsProject project;
    fs::create_symlink(project.path("build/hotmaths-host"), project.path("link to host"));
    Child host({project.path("link to host")}, "/", Child::Streams::kPipe);
    ASSERT_TRUE(host.wait_for("operate(6, 7) = 13\n"));
    project.multiply();
    ASSERT_TRUE(host.wait_for("operate(6, 7) = 42\n"));
    host.signal(SIGTERM);
    EXPECT_EQ(host.wait_for_exit(), 0);
    for (const auto &entry : fs::directory_iterator(project.path("build")))
        EXPECT_EQ(entry.path().string().find("_live."), std::string::npos);
}

TEST(Hotmaths, TheExampleHostRunsWithoutABuildFolder) {
    const HotmathsProject project;
    run_command({"ninja", "hotmaths"}, project.path("build"));
    const TemporaryFolder installed;
    for (const std::string name : {"hotmaths-host", "libhotmaths.so"})
        fs::copy_file(project.path("build/" + name), installed.path() + "/" + name);
    Child host({installed.path() + "/hotmaths-host"}, "/", Child::Streams::kPipe);
    ASSERT_TRUE(host.wait_for("operate(6, 7) = 13\n"));
    project.multiply();
    run_command({"ninja", "hotmaths"}, project.path("build"));
    run_command({"cp", project.path("build/libhotmaths.so"), installed.path()}, "/");
    ASSERT_TRUE(host.wait_for("operate(6, 7) = 42\n"));
    host.signal(SIGINT);
    EXPECT_EQ(host.wait_for_exit(), 130);
}

} // namespace
} // namespace hotrun::e2e
