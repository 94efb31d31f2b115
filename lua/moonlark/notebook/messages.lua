--- What is asked of a kernel, by the type of the message, and what is answered.
local execute = require "moonlark.notebook.execute"
local history = require "moonlark.notebook.history"
local json = require "moonlark.base.json"
local moonlark = require "moonlark"
local output = require "moonlark.notebook.output"
local questions = require "moonlark.notebook.questions"

local messages = {}

--- What a kernel says of itself.
---@return table
function messages.kernel_info()
  return {
    status = "ok", protocol_version = "5.4", implementation = "moonlark", implementation_version = moonlark.version,
    banner = ("Moonlark %s, %s: music and sound"):format(moonlark.version, _VERSION), debugger = false,
    language_info = {
      name = "lua", version = _VERSION:match "[%d.]+", mimetype = "text/x-lua", file_extension = ".lua",
      pygments_lexer = "lua", codemirror_mode = "lua", nbconvert_exporter = "script",
    },
    help_links = json.array {{text = "Lua 5.4", url = "https://www.lua.org/manual/5.4/"}},
  }
end

local function connect(kernel)
  local shell, control, stdin, iopub, heartbeat = table.unpack(kernel.ports)
  return {status = "ok", shell_port = shell, control_port = control, stdin_port = stdin, iopub_port = iopub,
    hb_port = heartbeat}
end

local answers = {
  kernel_info_request = messages.kernel_info,
  connect_request = connect,
  execute_request = execute,
  complete_request = questions.complete,
  inspect_request = questions.inspect,
  is_complete_request = questions.is_complete,
  history_request = history.answer,
  comm_info_request = function() return {status = "ok", comms = {}} end,
}

-- Whoever opens a comm is told that nobody here takes it.
local function refuse_comm(kernel, content)
  if type(content.comm_id) ~= "string" then return end
  output.publish(kernel, "comm_close", {comm_id = content.comm_id, data = {}})
end

local function failure(words)
  return {status = "error", ename = "error", evalue = output.as_utf8(words), traceback = json.array {}}
end

local function reply_to(kernel, message, type_of, content)
  kernel.channels:send {channel = message.channel, type = type_of, identities = message.identities,
    parent = message.header, content = json.encode(content)}
end

-- The object that a part of a message is; nil where it is none.
local function object(text)
  local ok, value = pcall(json.decode, text)
  return ok and type(value) == "table" and value or nil
end

local function answer(kernel, message, type_of, content)
  local named = type_of:match "^([%w_]+)_request$"
  if type_of == "comm_open" then refuse_comm(kernel, content) end
  if not named then return end
  local handle = answers[type_of]
  if not handle then return reply_to(kernel, message, named .. "_reply", failure("there is no " .. type_of)) end
  local ok, reply, later = pcall(handle, kernel, content, message)
  reply_to(kernel, message, named .. "_reply", ok and reply or failure(tostring(reply)))
  return later
end

--- Answers a message. What is no message of Jupyter's is passed over.
---@param kernel moonlark.notebook.Kernel
---@param message table  as core.kernel gives it
function messages.handle(kernel, message)
  local header, content = object(message.header), object(message.content)
  if not header or not content or type(header.msg_type) ~= "string" then return end
  kernel.header, kernel.shown = message.header, {}
  kernel.channels:output_of(message.header)
  output.publish(kernel, "status", {execution_state = "busy"})
  answer(kernel, message, header.msg_type, content)
  output.publish(kernel, "status", {execution_state = "idle"})
end

return messages
