// Saves by system calls, as editors make them that can't be run here, and files that are not whole
// for a while.
#include "editors/save_test.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

namespace hotrun::editors {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class Save : public SaveTest {};

void write_at_once(const std::string &path, const std::string &text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

// What Visual Studio Code does.
TEST_F(Save, ByTruncatingAndWritingInPlaceIsLiveAfterOneBuild) {
    for (const std::string &file : kFiles) {
        expect_live(
            file,
            [](const std::string &name, int, int value) {
                write_at_once(project().path(name), ValuesProject::content(name, value));
            },
            Inode::kKept);
    }
}

// What kakoune does, and several extensions of Visual Studio Code.
TEST_F(Save, ByRenamingATemporaryFileIsLiveAfterOneBuild) {
    for (const std::string &file : kFiles) {
        expect_live(
            file,
            [](const std::string &name, int, int value) {
                const std::string temporary = project().path("." + name + ".kak.Xy12ab");
                write_at_once(temporary, ValuesProject::content(name, value));
                fs::rename(temporary, project().path(name));
            },
            Inode::kReplaced);
    }
}

// The file is closed while it is empty. That is a save as well: its build ends before the next, but
// on a busy machine.
TEST_F(Save, OfAFileThatWasEmptyForAWhileIsLive) {
    for (const std::string &file : kFiles) {
        expect_live(
            file,
            [](const std::string &name, int, int value) {
                write_at_once(project().path(name), "");
                std::this_thread::sleep_for(milliseconds(300));
                write_at_once(project().path(name), ValuesProject::content(name, value));
            },
            Inode::kKept, 1, 1);
    }
}

// As python's shutil.copy2() does it. A build that begins in between may look at either time.
TEST_F(Save, OfAFileThatIsGivenAnOldTimeAfterwardsIsLive) {
    for (const std::string &file : kFiles) {
        expect_live(
            file,
            [](const std::string &name, int, int value) {
                write_at_once(project().path(name), ValuesProject::content(name, value));
                fs::last_write_time(project().path(name),
                                    fs::file_time_type::clock::now() - std::chrono::hours(value));
            },
            Inode::kKept, 1, 1);
    }
}

// As long as the file is not closed there is nothing to build.
TEST_F(Save, ThatTakesLongIsLiveAfterOneBuild) {
    for (const std::string &file : kFiles) {
        expect_live(
            file,
            [](const std::string &name, int, int value) {
                std::ofstream out(project().path(name), std::ios::binary | std::ios::trunc);
                const std::string text = ValuesProject::content(name, value);
                out << text.substr(0, text.size() / 2) << std::flush;
                std::this_thread::sleep_for(milliseconds(300));
                out << text.substr(text.size() / 2);
            },
            Inode::kKept);
    }
}

// The build without the file fails, if it ends in that time.
TEST_F(Save, OfAFileThatWasDeletedForAWhileIsLive) {
    for (const std::string &file : kFiles) {
        expect_live(
            file,
            [](const std::string &name, int, int value) {
                fs::remove(project().path(name));
                std::this_thread::sleep_for(milliseconds(200));
                write_at_once(project().path(name), ValuesProject::content(name, value));
            },
            Inode::kAny, 1, 1);
    }
}

TEST_F(Save, OfAFileThatWasMovedAwayForAWhileIsLive) {
    for (const std::string &file : kFiles) {
        expect_live(
            file,
            [](const std::string &name, int, int value) {
                const std::string away = project().path(name + ".orig");
                fs::rename(project().path(name), away);
                std::this_thread::sleep_for(milliseconds(200));
                write_at_once(away, ValuesProject::content(name, value));
                fs::rename(away, project().path(name));
            },
            Inode::kKept, 1, 1);
    }
}

} // namespace
} // namespace hotrun::editors
