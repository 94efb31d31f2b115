--- The other end of a kernel, for tests: starts one, asks it, and collects what it says. No Python is needed.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lib = require "lib"

local Client = {}
Client.__index = Client

local client = {}

if not core.system.libraries().libzmq then
  print "skipped: libzmq is not here"
  os.exit(77)
end

local PATIENCE = 60

--- Starts a kernel and waits until it answers. Its sockets are files of a folder of its own.
---@param settings string?  words before the program: "env NAME=value"
function client.start(settings)
  local folder = lib.folder()
  local file = {transport = "ipc", ip = folder .. "/s", key = "secret", signature_scheme = "hmac-sha256",
    shell_port = 1, control_port = 2, stdin_port = 3, iopub_port = 4, hb_port = 5}
  local place = lib.write(folder .. "/connection.json", json.encode(file))
  local line = ("echo $$; cd '%s'; exec env JPY_PARENT_PID=1 %s '%s' kernel start '%s' 2>'%s/log'"):format(folder,
    settings or "", lib.program, place, folder)
  local self = setmetatable({folder = folder, process = io.popen(line), kept = {}, patience = PATIENCE}, Client)
  self.pid = tonumber(self.process:read "l")
  self.channels = core.kernel.open {transport = "ipc", ip = file.ip, key = file.key, ports = {1, 2, 3, 4, 5},
    client = true}
  assert(self:next {"iopub"}.type == "iopub_welcome")
  return self
end

--- The next message of some channels, decoded; nil after so many seconds.
function Client:next(channels, seconds)
  local message, why = self.channels:wait(channels, seconds or self.patience)
  if not message then
    if seconds then return nil end
    error(("the kernel is silent (%s); it wrote: %s"):format(why, files.read(self.folder .. "/log")), 0)
  end
  if message.channel == "heartbeat" then return message end
  for _, part in ipairs {"header", "parent", "metadata", "content"} do message[part] = json.decode(message[part]) end
  message.type = message.header.msg_type
  return message
end

--- Sends a request; its header, decoded.
function Client:send(kind, content, channel)
  local header = self.channels:send {channel = channel or "shell", type = kind, content = json.encode(content or {})}
  return json.decode(header)
end

--- Sends a request and gives the content of its reply, and what was told meanwhile: messages of iopub from busy to
--- idle, which all name the request as their parent.
---@param answer (fun(message: table): table?)?  what is answered when the kernel asks for input
function Client:ask(kind, content, channel, answer)
  local header = self:send(kind, content, channel)
  return self:reply(header, channel or "shell", answer)
end

-- The next message that has this parent; those of others are kept for when they are asked for.
function Client:next_of(header, channels)
  for i, message in ipairs(self.kept) do
    if message.parent.msg_id == header.msg_id then return table.remove(self.kept, i) end
  end
  while true do
    local message = self:next(channels)
    if message.parent.msg_id == header.msg_id then return message end
    self.kept[#self.kept + 1] = message
  end
end

--- What `ask` gives, of a request that was sent before.
function Client:reply(header, channel, answer)
  local told, reply, idle = {}, nil, false
  while not (reply and idle) do
    local message = self:next_of(header, {channel, "iopub", "stdin"})
    if message.channel == "iopub" then
      told[#told + 1] = message
      idle = message.type == "status" and message.content.execution_state == "idle"
    elseif message.channel == "stdin" then
      self.channels:send {channel = "stdin", type = "input_reply", content = json.encode(answer(message))}
    else
      reply = message
    end
  end
  return reply.content, told, reply
end

--- Runs a cell: the content of the reply, what was told, and all that was printed on standard output.
---@param more table?  other fields of the request
---@param answer (fun(message: table): table)?  see ask
function Client:run(code, more, answer)
  local content = {code = code}
  for key, value in pairs(more or {}) do content[key] = value end
  local reply, told = self:ask("execute_request", content, "shell", answer)
  return reply, told, client.printed(told, "stdout")
end

--- What was printed on a stream.
function client.printed(told, name)
  local parts = {}
  for _, message in ipairs(told) do
    if message.type == "stream" and message.content.name == name then parts[#parts + 1] = message.content.text end
  end
  return table.concat(parts)
end

--- The contents of what was told of a type.
function client.of_type(told, kind)
  local list = {}
  for _, message in ipairs(told) do
    if message.type == kind then list[#list + 1] = message.content end
  end
  return list
end

--- Sends a signal to the kernel.
function Client:signal(name) os.execute(("kill -%s %d"):format(name, self.pid)) end

--- Shuts the kernel down; its exit code.
function Client:stop()
  self:send("shutdown_request", {restart = false}, "control")
  return self:ended()
end

--- Waits for the kernel's end; its exit code, or the signal's name before it.
function Client:ended()
  local _, how, code = self.process:close()
  self.channels:close()
  return code, how
end

return client
