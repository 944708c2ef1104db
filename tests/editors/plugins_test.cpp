// What scripts/editors/ gives to an editor: a broken save fills its list of errors, a mended one
// empties it, and the new code runs.
#include "editors/save_test.hpp"

namespace hotrun::editors {
namespace {

using e2e::Child;

class Plugin : public SaveTest {
  protected:
    // Runs the editor with a script that finds in $OLD and $NEW what it is to change in the source.
    static void run_session(const std::vector<std::string> &editor, const std::string &script,
                            const char *text, Child::Streams streams) {
        const std::string &file = kFiles[0];
        const int old_value = project().value(file);
        project().files().write(script, text);
        std::vector<std::string> words = {
            "env", "HOTRUN_TOOL=" HOTRUN_TOOL, "HOTRUN_EDITORS=" HOTRUN_EDITORS,
            "OLD=" + std::to_string(old_value), "NEW=" + std::to_string(project().new_value(file))};
        words.insert(words.end(), editor.begin(), editor.end());
        Child child(words, project().path(), streams);
        EXPECT_EQ(child.wait_for_exit(), 0) << child.output();
    }
};

// Each answer is the next step: the first is about the broken file.
constexpr const char *kVimSession = R"vim(
let g:hotrun_command = [$HOTRUN_TOOL]
source $HOTRUN_EDITORS/vim/plugin/hotrun.vim
function Check(expected, found)
  if a:expected !=# a:found
    echomsg 'expected' a:expected 'found' a:found
    cquit
  endif
endfunction
function BrokenIsAnswered()
  call Check('hotrun: failed', HotrunStatus())
  cfirst
  call Check('game.c 1 missing_name', join([expand('%'), line('.'), expand('<cword>')]))
  1delete
  execute '%s/' . $OLD . '/' . $NEW . '/'
  autocmd! answers
  autocmd answers User HotrunAnswered call MendedIsAnswered()
  write
endfunction
function MendedIsAnswered()
  call Check('hotrun: live', HotrunStatus())
  call Check([], getqflist())
  quitall!
endfunction
augroup answers
  autocmd User HotrunAnswered ++nested call BrokenIsAnswered()
augroup END
call append(0, "\tconst char *text = \"ä漢😀\"; int number = missing_name;")
write
)vim";

TEST_F(Plugin, OfVimFillsTheQuickfixListAndEmptiesIt) {
    if (!e2e::program_exists("vim"))
        GTEST_SKIP() << "vim is not installed";
    run_session({"vim", "-N", "-u", "NONE", "-i", "NONE", "-n", "-S", "session.vim", kFiles[0]},
                "session.vim", kVimSession, Child::Streams::kTerminal);
    EXPECT_TRUE(wait_until_live());
}

constexpr const char *kEmacsSession = R"lisp(
(setq make-backup-files nil
      hotrun-command (list (getenv "HOTRUN_TOOL")))
(prefer-coding-system 'utf-8)
(load (concat (getenv "HOTRUN_EDITORS") "/emacs/hotrun.el"))
(defun wait-until (holds)
  (while (not (funcall holds))
    (accept-process-output nil 0.01)))
(find-file "game.c")
(hotrun-mode)
(insert "\tconst char *text = \"ä漢😀\"; int number = missing_name;\n")
(save-buffer)
(wait-until (lambda () (flymake-diagnostics)))
(let ((mark (car (flymake-diagnostics))))
  (unless (equal (buffer-substring (flymake-diagnostic-beg mark) (flymake-diagnostic-end mark))
                 "missing_name")
    (error "Another word is marked: %S" mark)))
(goto-char (point-min))
(search-forward "missing_name")
(replace-match "1")
(search-forward (getenv "OLD"))
(replace-match (getenv "NEW"))
(unless (flymake-diagnostics)
  (error "The mark is gone before the error"))
(save-buffer)
(wait-until (lambda () (null (flymake-diagnostics))))
)lisp";

TEST_F(Plugin, OfEmacsMarksTheErrorAndForgetsIt) {
    if (!e2e::program_exists("emacs"))
        GTEST_SKIP() << "emacs is not installed";
    run_session({"emacs", "--batch", "-Q", "-l", "session.el"}, "session.el", kEmacsSession,
                Child::Streams::kPipe);
    EXPECT_TRUE(wait_until_live());
}

} // namespace
} // namespace hotrun::editors
