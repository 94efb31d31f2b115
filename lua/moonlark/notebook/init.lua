--- A notebook's kernel: cells that come over sockets, run in one state as at the prompt (Jupyter's protocol 5.4).
local core = require "moonlark_core"
local json = require "moonlark.base.json"
local messages = require "moonlark.notebook.messages"
local output = require "moonlark.notebook.output"
local prompt = require "moonlark.shell.prompt"
local shape = require "moonlark.base.shape"
local warning = require "moonlark.base.warning"

local notebook = {}

--- A kernel that runs.
---@class moonlark.notebook.Kernel
---@field channels table  core.kernel's sockets
---@field ports integer[]  in the order of the connection: shell, control, stdin, iopub, heartbeat
---@field count integer  cells that were run and counted
---@field header string  of the message that is handled now, JSON
---@field shown table<string, boolean>  ids of what this cell has displayed
---@field bars integer  progress bars so far
---@field history {[1]: integer, [2]: string, [3]: string?}[]  number, code and result of cells
---@field failed_at number?  cells that came before this moment are given up

-- What a connection file must hold.
local port = shape.integer(1, 65535)
local form = {
  transport = shape.word {"tcp", "ipc"}, ip = "string", key = "string", signature_scheme = shape.maybe "string",
  shell_port = port, control_port = port, stdin_port = port, iopub_port = port, hb_port = port,
}

--- What a connection file says, as core.kernel takes it.
---@param path string
---@return table
function notebook.connection(path)
  local file = json.read(path, form)
  local scheme = file.signature_scheme or "hmac-sha256"
  if scheme ~= "hmac-sha256" and file.key ~= "" then
    error(("%s: signature_scheme must be hmac-sha256, got %s"):format(path, scheme), 0)
  end
  return {transport = file.transport, ip = file.ip, key = file.key,
    ports = {file.shell_port, file.control_port, file.stdin_port, file.iopub_port, file.hb_port}}
end

-- A cell that ends the program would end what the others have computed.
local function exit()
  error("os.exit would end the kernel: the notebook's menu restarts it or shuts it down", 0)
end

--- Runs a kernel until it is shut down.
---@param path string  a connection file, as Jupyter writes it
function notebook.serve(path)
  local connection = notebook.connection(path)
  core.kernel.attempt(function() end) -- from here on Ctrl-C stops cells, and nothing else
  local channels <close> = core.kernel.open(connection)
  local kernel = {channels = channels, ports = connection.ports, count = 0, header = "", history = {}}
  channels:describe(json.encode(messages.kernel_info()))
  prompt.open()
  output.open(kernel)
  os.exit = exit
  warning.wording = function(words) return words end -- of Lua, not of the command that started this
  while true do
    local message, why = channels:wait({"control", "shell"}, 3600)
    if message then messages.handle(kernel, message) end
    if why == "ending" then return end
  end
end

return notebook
