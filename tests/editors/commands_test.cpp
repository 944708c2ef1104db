// Programs that change a file and end.
#include "editors/save_test.hpp"

#include <filesystem>
#include <ostream>

namespace hotrun::editors {
namespace {

struct Command {
    const char *name;
    std::vector<std::string> programs; // that it needs
    const char *script;                // see run_script()
    Inode inode;
    std::size_t more = 0; // builds, where the first of two saves may be live before the second
};

void PrintTo(const Command &command, std::ostream *out) {
    *out << command.script;
}

class CommandSaves : public SaveTest, public testing::WithParamInterface<Command> {
  protected:
    void SetUp() override {
        for (const std::string &program : GetParam().programs) {
            if (!e2e::program_exists(program))
                GTEST_SKIP() << program << " is not installed";
        }
        SaveTest::SetUp();
    }
    void TearDown() override {
        if (!IsSkipped())
            SaveTest::TearDown();
    }
};

TEST_P(CommandSaves, AreLiveAfterOneBuild) {
    for (const std::string &file : kFiles) {
        expect_live(
            file,
            [](const std::string &name, int old_value, int new_value) {
                run_script(GetParam().script, project().path(), name, old_value, new_value);
            },
            GetParam().inode, 1, GetParam().more);
    }
}

// The new content lies ready where a program only has to put it in its place.
#define NEXT "rm -f next; sed s/$OLD/$NEW/ \"$FILE\" >next; "
// Older than all that was built from the file.
#define OLDER NEXT "touch -d '2001-02-03 +'$NEW' seconds' next; "
#define REPLACE "-c \"%s/$OLD/$NEW/\" -c wq \"$FILE\" </dev/null"
// Emacs makes no backup of a file below /tmp, which a build folder may be in.
#define EMACS                                                                                      \
    "rm -f \"$FILE~\"; emacs -Q --batch --eval '(setq backup-enable-predicate (quote stringp))'"   \
    " \"$FILE\" --eval \"(while (search-forward \\\"$OLD\\\" nil t) (replace-match "               \
    "\\\"$NEW\\\"))\" "

const Command kCommands[] = {
    {"Redirection", {}, NEXT "cat next >\"$FILE\"", Inode::kKept},
    {"Dd",
     {},
     "at=$(grep -bo $OLD \"$FILE\" | cut -d: -f1);"
     "printf %s $NEW | dd of=\"$FILE\" bs=1 seek=$at conv=notrunc status=none",
     Inode::kKept},
    {"Cp", {}, NEXT "cp next \"$FILE\"", Inode::kKept},
    {"CpOfAnOlderFile", {}, OLDER "cp -p next \"$FILE\"", Inode::kKept},
    {"CpThatRemovesFirst", {}, NEXT "cp --remove-destination next \"$FILE\"", Inode::kAny},
    {"Mv", {}, NEXT "mv next \"$FILE\"", Inode::kReplaced},
    {"MvOfAnOlderFile", {}, OLDER "mv next \"$FILE\"", Inode::kReplaced},
    {"Ln", {}, NEXT "ln -f next \"$FILE\"", Inode::kReplaced},
    {"LnAndMv", {}, NEXT "ln next linked; mv linked \"$FILE\"", Inode::kReplaced},
    {"Install", {}, NEXT "install -m 644 next \"$FILE\"", Inode::kAny},
    {"Sed", {}, "sed -i s/$OLD/$NEW/ \"$FILE\"", Inode::kReplaced},
    {"SedWithABackup", {}, "sed -i.bak s/$OLD/$NEW/ \"$FILE\"", Inode::kReplaced},
    {"Perl", {"perl"}, "perl -pi -e s/$OLD/$NEW/ \"$FILE\"", Inode::kReplaced},
    {"PerlWithABackup", {"perl"}, "perl -pi.bak -e s/$OLD/$NEW/ \"$FILE\"", Inode::kReplaced},
    {"Rsync", {"rsync"}, NEXT "rsync -I next \"$FILE\"", Inode::kReplaced},
    {"RsyncOfAnOlderFile", {"rsync"}, OLDER "rsync -It next \"$FILE\"", Inode::kReplaced},
    {"RsyncInPlace", {"rsync"}, NEXT "rsync -I --inplace next \"$FILE\"", Inode::kKept},
    {"Patch",
     {"patch"},
     NEXT "diff -u \"$FILE\" next >change || true; patch -s \"$FILE\" <change",
     Inode::kReplaced},
    {"ClangFormat", // right after another save
     {"clang-format"},
     "sed -i \"s/$OLD/    $NEW/\" \"$FILE\"; clang-format -i --style=LLVM \"$FILE\";"
     "! grep -q \"  $NEW\" \"$FILE\"",
     Inode::kAny,
     1},
    {"VimByItsDefault",
     {"vim"},
     "vim -N -u NONE -es -c 'set backupskip=' " REPLACE,
     Inode::kReplaced},
    {"VimWithABackupByRename",
     {"vim"},
     "vim -N -u NONE -es -c 'set backupskip= backup backupcopy=no' " REPLACE "; test -e \"$FILE~\"",
     Inode::kReplaced},
    {"VimWithABackupByCopy",
     {"vim"},
     "vim -N -u NONE -es -c 'set backupskip= backup backupcopy=yes' " REPLACE
     "; test -e \"$FILE~\"",
     Inode::kKept},
    {"VimWithoutABackup",
     {"vim"},
     "vim -N -u NONE -es -c 'set nobackup nowritebackup' " REPLACE,
     Inode::kKept},
    {"Neovim", {"nvim"}, "nvim --headless -c 'set backupskip=' " REPLACE, Inode::kReplaced},
    {"NeovimWithABackupByCopy",
     {"nvim"},
     "nvim --headless -c 'set backupskip= backup backupdir=. backupcopy=yes' " REPLACE,
     Inode::kKept},
    {"Emacs", {"emacs"}, EMACS "-f save-buffer; test -e \"$FILE~\"", Inode::kReplaced},
    {"EmacsWithABackupByCopy",
     {"emacs"},
     EMACS "--eval '(setq backup-by-copying t)' -f save-buffer; test -e \"$FILE~\"",
     Inode::kKept},
    {"EmacsThatSavesPrecious", // by a temporary file and a rename
     {"emacs"},
     EMACS "--eval '(setq file-precious-flag t)' -f save-buffer",
     Inode::kReplaced},
};

#undef NEXT
#undef OLDER
#undef REPLACE
#undef EMACS

INSTANTIATE_TEST_SUITE_P(Editors, CommandSaves, testing::ValuesIn(kCommands),
                         [](const testing::TestParamInfo<Command> &info) {
                             return std::string(info.param.name);
                         });

} // namespace
} // namespace hotrun::editors
