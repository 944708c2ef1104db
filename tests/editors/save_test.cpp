#include "editors/save_test.hpp"

#include "support/temporary_folder.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include <sys/stat.h>

namespace hotrun::editors {

namespace {

// The programs find no configuration but Debian's, and write their own files elsewhere than in the
// folder of temporary files, whose files some of them save in another way.
class HomeOfPrograms : public testing::Environment {
  public:
    void SetUp() override {
        folder_.emplace();
        const std::vector<std::pair<const char *, std::string>> variables = {
            {"HOME", folder_->path()},
            {"TMPDIR", folder_->make_folder("tmp")},
            {"TERM", "xterm"},
            {"LC_ALL", "C.UTF-8"},
            {"GIT_CONFIG_NOSYSTEM", "1"},
            {"GIT_AUTHOR_NAME", "someone"},
            {"GIT_AUTHOR_EMAIL", "someone@example.org"},
            {"GIT_COMMITTER_NAME", "someone"},
            {"GIT_COMMITTER_EMAIL", "someone@example.org"},
        };
        for (const auto &[name, value] : variables)
            ::setenv(name, value.c_str(), 1);
        for (const char *name : {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "VIMINIT",
                                 "EXINIT", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"})
            ::unsetenv(name);
    }
    void TearDown() override { folder_.reset(); }

  private:
    std::optional<TemporaryFolder> folder_;
};

[[maybe_unused]] const auto *const home = testing::AddGlobalTestEnvironment(new HomeOfPrograms);

ino_t inode_of(const std::string &path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

} // namespace

std::size_t finished_builds(const e2e::HotrunProcess &hotrun) {
    return static_cast<std::size_t>(std::count_if(
        hotrun.events().begin(), hotrun.events().end(), [](const boost::json::object &event) {
            return event.at("event").as_string() == "build_finished" &&
                   event.at("status").as_string() != "cancelled";
        }));
}

void expect_that_steps_go_on(const std::string &output) {
    const std::string label = " steps=";
    long expected = 1;
    for (std::size_t at = 0; (at = output.find(label, at)) != std::string::npos; ++expected) {
        at += label.size();
        ASSERT_EQ(std::stol(output.substr(at, 20)), expected) << "the state was lost";
    }
}

void run_script(const std::string &script, const std::string &directory, const std::string &file,
                int old_value, int new_value) {
    e2e::run_command({"env", "FILE=" + file, "OLD=" + std::to_string(old_value),
                      "NEW=" + std::to_string(new_value), "sh", "-euc", script},
                     directory);
}

void SaveTest::SetUp() {
    project().reset();
    hotrun_.emplace(kArguments, project().path());
    hotrun_->wait_until_ready();
    ASSERT_TRUE(wait_until_live());
}

void SaveTest::TearDown() {
    EXPECT_EQ(hotrun_->end_with(SIGTERM), 0);
    expect_that_steps_go_on(hotrun_->child().output());
    EXPECT_EQ(hotrun_->count("warning"), 0U);
}

bool SaveTest::wait_until_live() {
    return hotrun_->wait_for(project().line());
}

void SaveTest::wait_for_builds(std::size_t count) {
    hotrun_->child().wait_until([&] { return finished_builds(*hotrun_) >= count; },
                                "the end of a build");
}

void SaveTest::settle() {
    for (int step = 0; step < 16; ++step)
        ASSERT_TRUE(wait_until_live());
}

void SaveTest::expect_live(const std::string &file, const Save &save, Inode inode,
                           std::size_t builds, std::size_t more) {
    SCOPED_TRACE(file);
    const std::size_t builds_before = finished_builds(*hotrun_);
    const ino_t inode_before = inode_of(project().path(file));
    const int old_value = project().value(file);
    save(file, old_value, project().new_value(file));
    ASSERT_TRUE(wait_until_live());
    ASSERT_NO_FATAL_FAILURE(settle());
    const std::size_t built = finished_builds(*hotrun_) - builds_before;
    EXPECT_GE(built, builds);
    EXPECT_LE(built, builds + more);
    const bool kept = inode_of(project().path(file)) == inode_before;
    EXPECT_TRUE(inode == Inode::kAny || kept == (inode == Inode::kKept))
        << "the file was not saved in the way that this test is about";
}

} // namespace hotrun::editors
