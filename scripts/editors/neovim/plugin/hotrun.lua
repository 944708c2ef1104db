-- Starts `hotrun lsp`, one for each Meson project of which a file is open. It is told of saves, and
-- publishes what builds complain of as diagnostics, next to any other language server.
if vim.g.loaded_hotrun or vim.fn.has('nvim-0.7') == 0 then
    return
end
vim.g.loaded_hotrun = true

local clients = {} -- by project, where there is no vim.lsp.start()

local function calls_project(folder)
    local file = io.open(folder .. '/meson.build')
    if not file then
        return false
    end
    local text = '\n' .. file:read('*a')
    file:close()
    return text:find('\n%s*project%s*%(') ~= nil
end

-- As hotrun finds it: the nearest that is in no other's subprojects.
local function project_of(path)
    local folder = vim.fn.fnamemodify(path, ':h')
    while true do
        local outer = folder:match('^(.*)/subprojects/')
        if calls_project(folder) and not (outer and calls_project(outer)) then
            return folder
        end
        local parent = vim.fn.fnamemodify(folder, ':h')
        if parent == folder then
            return nil
        end
        folder = parent
    end
end

local function attach(buffer)
    local path = vim.api.nvim_buf_get_name(buffer)
    if path:sub(1, 1) ~= '/' or vim.bo[buffer].buftype ~= '' then
        return
    end
    local command = vim.g.hotrun_command or { 'hotrun' }
    local root = project_of(path)
    if not root or vim.fn.executable(command[1]) == 0 then
        return
    end
    local config = {
        name = 'hotrun',
        cmd = vim.list_extend(vim.list_slice(command), { 'lsp' }),
        root_dir = root,
    }
    if vim.lsp.start then
        vim.lsp.start(config, { bufnr = buffer })
        return
    end
    config.on_exit = function()
        clients[root] = nil
    end
    clients[root] = clients[root] or vim.lsp.start_client(config)
    vim.lsp.buf_attach_client(buffer, clients[root])
end

vim.api.nvim_create_autocmd({ 'BufReadPost', 'BufNewFile' }, {
    group = vim.api.nvim_create_augroup('hotrun', {}),
    callback = function(arguments)
        attach(arguments.buf)
    end,
})
