-- paasq in Neovim, 0.7 and later: errors while typing, completion, hover, formatting, fixes, Run.
-- 1. Copy this file to ~/.config/nvim/plugin/paasq.lua.
-- 2. The command paasq must be on the PATH, or set vim.g.paasq_command = "/where/it/is/paasq" (a list for more arguments).
-- 3. The store is that of $PAASQ_DATA or your own; <C-x><C-o> completes, :PaasqRun runs the statement under the cursor.

local function command(...)
  local given = vim.g.paasq_command or "paasq"
  return vim.list_extend(type(given) == "table" and vim.deepcopy(given) or { given }, { ... })
end

-- What the server says of a statement: a text that runs alone, its document, its place there, parameters to ask for.
-- A file is run from the disk, beside its modules. Arguments go past any shell, so nothing in them needs quoting.
local function run(text, uri, place, parameters)
  local given = command("query", text)
  if vim.startswith(uri, "file:") then
    local buffer = vim.uri_to_bufnr(uri)
    vim.api.nvim_buf_call(buffer, function() vim.cmd("silent update") end)
    given = command("run", vim.api.nvim_buf_get_name(buffer), "--at", place)
  end
  for _, name in ipairs(parameters) do
    vim.list_extend(given, { "-p", name .. "=" .. vim.fn.input("$" .. name .. ": ") })
  end
  vim.cmd("botright new")
  vim.fn.termopen(given)
end

-- Asked for before the server is attached, 0.7 would wait for an answer for ever, and never ask again.
local function refresh_lenses(buffer)
  local clients = vim.lsp.get_clients and vim.lsp.get_clients({ bufnr = buffer }) or vim.lsp.buf_get_clients(buffer)
  if next(clients) then pcall(vim.lsp.codelens.refresh, { bufnr = buffer }) end
end

local server = {
  name = "paasq",
  cmd = vim.g.paasq_server or command("lsp"),
  filetypes = { "paasq" },
  on_attach = function(_, buffer) refresh_lenses(buffer) end,
}

local group = vim.api.nvim_create_augroup("paasq", {})

vim.api.nvim_create_autocmd({ "BufRead", "BufNewFile" }, {
  group = group,
  pattern = "*.paasq",
  callback = function() vim.bo.filetype = "paasq" end,
})

local function prepare(buffer)
  vim.bo[buffer].commentstring = "// %s"
  vim.bo[buffer].omnifunc = "v:lua.vim.lsp.omnifunc"
  vim.api.nvim_buf_create_user_command(buffer, "PaasqRun", vim.lsp.codelens.run, {})
end

if vim.lsp.commands then
  vim.lsp.commands["paasq.run"] = function(lens) run(unpack(lens.arguments)) end
end

-- 0.7 knows neither vim.lsp.enable nor vim.lsp.start: one client is started, and each buffer attached to it.
local started
local function attach(buffer)
  if vim.lsp.start then
    vim.lsp.start(server, { bufnr = buffer })
    return
  end
  started = started and vim.lsp.get_client_by_id(started) and started or vim.lsp.start_client(server)
  if started then vim.lsp.buf_attach_client(buffer, started) end
end

if vim.lsp.enable then
  vim.lsp.config("paasq", server)
  vim.lsp.enable("paasq")
end

vim.api.nvim_create_autocmd("FileType", {
  group = group,
  pattern = "paasq",
  callback = function(event)
    prepare(event.buf)
    if not vim.lsp.enable then attach(event.buf) end
    vim.api.nvim_create_autocmd({ "BufEnter", "InsertLeave", "BufWritePost" }, {
      group = group,
      buffer = event.buf,
      callback = function() refresh_lenses(event.buf) end,
    })
  end,
})
