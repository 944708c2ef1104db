// Files that have several names, or none of their own in the project.
#include "editors/save_test.hpp"

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <sched.h>
#include <sys/mount.h>

namespace hotrun::editors {
namespace {

namespace fs = std::filesystem;

class LinkedFile : public SaveTest {
  protected:
    // A file elsewhere that holds a new value.
    static std::string make_target(const std::string &file, const std::string &folder, int value) {
        project().files().write(folder + "/" + file, ValuesProject::content(file, value));
        return project().path(folder + "/" + file);
    }

    static void link_to(const std::string &target, const std::string &file) {
        e2e::run_command({"ln", "-sfT", target, file}, project().path());
    }

    // From now on each file is a link into `folder`.
    void make_links(const std::string &folder) {
        for (const std::string &file : kFiles) {
            expect_live(file, [&](const std::string &name, int, int value) {
                link_to(make_target(name, folder, value), name);
            });
        }
    }
};

TEST_F(LinkedFile, ThatReplacesAPlainOneIsLiveAfterOneBuild) {
    make_links("one");
}

TEST_F(LinkedFile, WhoseTargetIsSavedIsLiveAfterOneBuild) {
    make_links("one");
    for (const char *script :
         {"sed s/$OLD/$NEW/ one/$FILE >next; cat next >one/$FILE", "sed -i s/$OLD/$NEW/ one/$FILE",
          "sed s/$OLD/$NEW/ $FILE >next; cp next $FILE"}) {
        for (const std::string &file : kFiles) {
            expect_live(file, [&](const std::string &name, int old_value, int new_value) {
                run_script(script, project().path(), name, old_value, new_value);
            });
        }
    }
}

TEST_F(LinkedFile, ThatPointsElsewhereIsLiveAfterOneBuild) {
    make_links("one");
    make_links("two");
    for (const char *folder : {"one", "two"}) { // the files are older than what was built
        for (const std::string &file : kFiles) {
            expect_live(file, [&](const std::string &name, int, int value) {
                const std::string target = make_target(name, folder, value);
                e2e::run_command({"touch", "-d", "2001-02-03", target}, project().path());
                link_to(target, name);
            });
        }
    }
}

TEST_F(LinkedFile, WhoseNewTargetIsBrokenIsLiveOnceThatIsMended) {
    make_links("one");
    for (const std::string &file : kFiles) {
        expect_live(
            file,
            [&](const std::string &name, int, int value) {
                project().files().write("bad/" + name, "#error broken\n");
                const std::size_t builds = finished_builds(hotrun());
                link_to(project().path("bad/" + name), name);
                wait_for_builds(builds + 1);
                make_target(name, "bad", value);
            },
            Inode::kAny, 1, 1);
    }
}

TEST_F(LinkedFile, ThatBecomesAPlainOneIsLiveAfterOneBuild) {
    make_links("one");
    for (const std::string &file : kFiles) {
        expect_live(file, [&](const std::string &name, int old_value, int new_value) {
            run_script("sed -i s/$OLD/$NEW/ $FILE; test ! -L $FILE", project().path(), name,
                       old_value, new_value);
        });
    }
}

// A folder of sources that is mounted under another name: watched there, saved here and there.
class MountedFolder : public testing::Test {
  protected:
    void SetUp() override {
        fs::create_directories(project.path("src"));
        fs::create_directories(project.path("elsewhere"));
        if (!mount())
            GTEST_SKIP() << "mounting is not permitted here: " << std::strerror(errno);
        project.write("meson.build", "project('demo', 'c')\n"
                                     "shared_module('game', 'src/game.c', include_directories: "
                                     "include_directories(get_option('hotrun')))\n");
        project.write("elsewhere/game.c", project.source("1"));
        project.set_up();
    }
    void TearDown() override { ::umount2(project.path("src").c_str(), MNT_DETACH); }

    // In a name space of this process: whatever happens, the mount ends with it.
    bool mount() const {
        return ::unshare(CLONE_NEWNS) == 0 &&
               ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               ::mount(project.path("elsewhere").c_str(), project.path("src").c_str(), nullptr,
                       MS_BIND, nullptr) == 0;
    }

    e2e::TestProject project{{e2e::Language::kC, "gcc", ""}};
};

TEST_F(MountedFolder, IsLiveAfterOneBuildOfASaveUnderEitherName) {
    e2e::HotrunProcess hotrun(kArguments, project.path());
    hotrun.wait_until_ready();
    int value = 1;
    for (const std::string folder : {"src/", "elsewhere/", "src/", "elsewhere/"}) {
        const std::string number = std::to_string(++value);
        const std::size_t builds_before = finished_builds(hotrun);
        if (value < 4) {
            project.write(folder + "game.c", project.source(number));
        } else {
            project.write(folder + "next", project.source(number));
            fs::rename(project.path(folder + "next"), project.path(folder + "game.c"));
        }
        for (int step = 0; step < 16; ++step)
            ASSERT_TRUE(hotrun.wait_for("value=" + number + " "));
        EXPECT_EQ(finished_builds(hotrun) - builds_before, 1U);
    }
    EXPECT_EQ(hotrun.end_with(SIGTERM), 0);
    expect_that_steps_go_on(hotrun.child().output());
}

} // namespace
} // namespace hotrun::editors
