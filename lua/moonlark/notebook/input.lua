--- What a cell reads from its standard input: a line that the notebook asks the person for.
local json = require "moonlark.base.json"

local input = {}

local ours = {read = io.read, lines = io.lines, stdin = io.stdin}

-- Asks for a line and waits for it.
local function ask(kernel, message)
  local channels = kernel.channels
  if not message then error("this notebook gives no input: io.read has nothing to read", 0) end
  while channels:wait({"stdin"}, 0) do end -- what was answered to nobody
  channels:send {channel = "stdin", type = "input_request", identities = message.identities, parent = message.header,
    content = json.encode {prompt = "", password = false}}
  while true do
    local reply, why = channels:wait({"stdin"}, 3600)
    local ok, content = pcall(json.decode, reply and reply.content or "")
    if ok and type(content) == "table" and type(content.value) == "string" then return content.value end
    if why == "ending" or why == "interrupted" then error("interrupted", 0) end
  end
end

-- What one format of io.read makes of a line.
local function taken(line, format)
  if math.type(format) == "integer" then return line:sub(1, format) end
  local kind = tostring(format):gsub("^%*", ""):sub(1, 1)
  if kind == "n" then return tonumber(line) end
  return kind == "L" and line .. "\n" or line
end

local function reader(kernel, message)
  local function read(...)
    local results = table.pack(...)
    if results.n == 0 then results = {"l", n = 1} end
    for i = 1, results.n do results[i] = taken(ask(kernel, message), results[i]) end
    return table.unpack(results, 1, results.n)
  end
  return read
end

--- Until it is closed, io.read, io.lines without a name, and io.stdin ask whoever sent the message.
---@param kernel moonlark.notebook.Kernel
---@param message table|false  false: nobody can be asked
---@return table  to be closed
function input.of(kernel, message)
  local read = reader(kernel, message)
  local stdin = {read = function(_, ...) return read(...) end, lines = function(_, ...)
    local formats = table.pack(...)
    return function() return read(table.unpack(formats, 1, formats.n)) end
  end, close = function() return true end}
  io.read, io.stdin = read, stdin
  io.lines = function(name, ...)
    if name ~= nil then return ours.lines(name, ...) end
    return stdin:lines(...)
  end
  return setmetatable({}, {__close = function() io.read, io.lines, io.stdin = ours.read, ours.lines, ours.stdin end})
end

return input
