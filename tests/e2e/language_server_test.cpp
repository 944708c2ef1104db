// Neovim beside a run, set up as scripts/editors/ has it.
#include "e2e/game_test.hpp"

namespace hotrun::e2e {
namespace {

class Lsp : public GameTest {};

constexpr const char *kScript = R"lua(
local function wait(what, holds)
    if not vim.wait(60000, holds, 10) then
        io.stdout:write('in vain: ' .. what .. '\n')
        vim.cmd('cquit')
    end
end
local function line_shown()
    local space = vim.api.nvim_get_namespaces()['hotrun']
    local mark = vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })[1]
    return mark and mark[4].virt_text[1][1]
end
vim.g.hotrun_command = { vim.env.HOTRUN_TOOL }
vim.cmd('source $HOTRUN_EDITORS/neovim/plugin/hotrun.lua')
vim.cmd('edit game.cpp')
wait('the server', function() return next(vim.lsp.buf_get_clients()) ~= nil end)
local id = next(vim.lsp.buf_get_clients())
wait('what is live', function() return line_shown() == 'live: generation 1' end)
local function in_trouble() return line_shown() == 'build failed, live: generation 1' end
vim.fn.append(0, '\tconst char *text = "ä漢😀"; int number = missing_name;')
vim.cmd('write')
wait('a diagnostic', function() return #vim.diagnostic.get(0) > 0 end)
wait('what has failed', in_trouble)
local first = vim.diagnostic.get(0)[1]
local marked = string.sub(vim.fn.getline(first.lnum + 1), first.col + 1, first.end_col)
io.stdout:write('\nline ' .. first.lnum .. ' marks ' .. marked .. '\n')
vim.cmd('undo')
vim.cmd('write')
wait('its end', function() return #vim.diagnostic.get(0) == 0 end)
wait('that nothing has', function() return line_shown() == 'live: generation 1' end)
vim.lsp.stop_client(id)
wait('the end of the server', function() return vim.lsp.client_is_stopped(id) end)
io.stdout:write('\nmended\n')
vim.cmd('quit')
)lua";

TEST_F(Lsp, AnEditorMarksTheErrorAndForgetsItWhenItIsMended) {
    if (!program_exists("nvim"))
        GTEST_SKIP() << "nvim is not installed";
    HotrunProcess &hotrun = start({"--interval", "5", "--poll", "100000"});
    project.write("session.lua", kScript);
    Child editor({"env", "HOTRUN_TOOL=" HOTRUN_TOOL, "HOTRUN_EDITORS=" HOTRUN_EDITORS, "nvim",
                  "--headless", "-u", "NONE", "-n", "-c", "luafile session.lua"},
                 project.path(), Child::Streams::kPipe);
    EXPECT_EQ(editor.wait_for_exit(), 0) << editor.output();
    EXPECT_NE(editor.output().find("line 0 marks missing_name"), std::string::npos)
        << editor.output();
    EXPECT_NE(editor.output().find("mended"), std::string::npos) << editor.output();
    EXPECT_EQ(hotrun.next("change")->at("source"), "editor");
    EXPECT_EQ(hotrun.next("change")->at("source"), "editor");
}

} // namespace
} // namespace hotrun::e2e
