// Editors on a terminal, with the keys that somebody would type.
#include "editors/save_test.hpp"

#include <csignal>

namespace hotrun::editors {
namespace {

using e2e::Child;

// An editor at work on one file.
class Editor {
  public:
    Editor(const std::vector<std::string> &words, const ValuesProject &project)
        : child_(words, project.path(), Child::Streams::kTerminal) {}

    // Types the keys once the editor has shown `text` after what it showed before.
    void type_after(const std::string &text, const std::string &keys) {
        wait_for(text);
        type(keys);
    }
    void type(const std::string &keys) { child_.type(keys); }
    void wait_for(const std::string &text) {
        if (!child_.wait_for(text))
            child_.signal(SIGKILL); // or each further wait would take its time
    }
    void expect_end() { EXPECT_EQ(child_.wait_for_exit(), 0) << child_.output(); }

  private:
    Child child_;
};

class TerminalEditor : public SaveTest {};

// vim's; it says "All" of the file is shown when it is ready for keys.
std::string replace_and_exit(int old_value, int new_value) {
    return ":%s/" + std::to_string(old_value) + "/" + std::to_string(new_value) + "/\r:x\r";
}

TEST_F(TerminalEditor, VimWithDebiansConfigurationIsLiveAfterOneBuild) {
    if (!e2e::program_exists("vim"))
        GTEST_SKIP() << "vim is not installed";
    for (const std::string &file : kFiles) {
        expect_live(file, [](const std::string &name, int old_value, int new_value) {
            Editor vim({"vim", name}, project());
            vim.type_after("All", replace_and_exit(old_value, new_value));
            vim.expect_end();
        });
    }
}

TEST_F(TerminalEditor, NeovimIsLiveAfterOneBuild) {
    if (!e2e::program_exists("nvim"))
        GTEST_SKIP() << "nvim is not installed";
    for (const std::string &file : kFiles) {
        expect_live(file, [](const std::string &name, int old_value, int new_value) {
            Editor neovim({"nvim", name}, project());
            neovim.type_after("All", replace_and_exit(old_value, new_value));
            neovim.expect_end();
        });
    }
}

TEST_F(TerminalEditor, NanoIsLiveAfterOneBuild) {
    if (!e2e::program_exists("nano"))
        GTEST_SKIP() << "nano is not installed";
    for (const std::string &file : kFiles) {
        expect_live(
            file,
            [](const std::string &name, int old_value, int new_value) {
                Editor nano({"nano", "-B", name}, project());
                // Replace all, write out, exit.
                nano.type_after("GNU nano", "\x1c" + std::to_string(old_value) + "\r" +
                                                std::to_string(new_value) + "\ra\x0f\r\x18");
                nano.expect_end();
            },
            Inode::kKept);
    }
}

// The first save of a session moves the old file aside, the later ones write in place.
TEST_F(TerminalEditor, EmacsIsLiveAfterOneBuildOfEachSaveInASession) {
    if (!e2e::program_exists("emacs"))
        GTEST_SKIP() << "emacs is not installed";
    const std::string file = kFiles[0];
    Editor emacs({"emacs", "-Q", "-nw", "--eval", "(setq backup-enable-predicate 'stringp)", file},
                 project()); // also below /tmp
    emacs.wait_for(file);
    const auto replace_and_save = [&](const std::string &, int old_value, int new_value) {
        // From the beginning replace all, then save.
        emacs.type("\x1b<\x1b%" + std::to_string(old_value) + "\r" + std::to_string(new_value) +
                   "\r!\x18\x13");
        emacs.wait_for("Wrote");
    };
    expect_live(file, replace_and_save, Inode::kReplaced);
    expect_live(file, replace_and_save, Inode::kKept);
    emacs.type("\x18\x03"); // exit
    emacs.expect_end();
}

} // namespace
} // namespace hotrun::editors
