-- Starts `hotrun lsp`, one for each Meson project of which a file is open. It is told of saves, and
-- publishes what builds complain of as diagnostics, next to any other language server.
if vim.g.loaded_hotrun or vim.fn.has('nvim-0.7') == 0 then
    return
end
vim.g.loaded_hotrun = true

local clients = {} -- by project, where there is no vim.lsp.start()
local buffers = {} -- of each client
local marks = vim.api.nvim_create_namespace('hotrun')

-- What is live, behind the first line of a file that the run is made of.
local function show_line(buffer, id)
    local params = { textDocument = { uri = vim.uri_from_bufnr(buffer) } }
    vim.lsp.buf_request(buffer, 'textDocument/codeLens', params, function(failure, lenses, context)
        if failure or context.client_id ~= id or not vim.api.nvim_buf_is_loaded(buffer) then
            return
        end
        vim.api.nvim_buf_clear_namespace(buffer, marks, 0, -1)
        for _, lens in ipairs(lenses or {}) do
            local text = { { lens.command.title, 'LspCodeLens' } }
            vim.api.nvim_buf_set_extmark(buffer, marks, 0, 0, { virt_text = text })
        end
    end)
end

local function show_lines(_, _, context)
    for buffer in pairs(buffers[context.client_id] or {}) do
        if vim.api.nvim_buf_is_loaded(buffer) then
            show_line(buffer, context.client_id)
        end
    end
    return vim.NIL
end

local function capabilities()
    local all = vim.lsp.protocol.make_client_capabilities()
    all.textDocument.codeLens = all.textDocument.codeLens or { dynamicRegistration = false }
    all.workspace.codeLens = { refreshSupport = true }
    return all
end

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
        capabilities = capabilities(),
        handlers = { ['workspace/codeLens/refresh'] = show_lines },
        on_attach = function(client, attached)
            buffers[client.id] = buffers[client.id] or {}
            buffers[client.id][attached] = true
            show_line(attached, client.id)
        end,
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
