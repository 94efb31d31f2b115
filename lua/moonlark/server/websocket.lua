--- WebSockets of a service: messages both ways over a connection that stays.
---
---     service:route("GET /v1/echo", {summary = "Says what it hears."}, function(request)
---       local socket = request:websocket()
---       socket.on_message = function(data, binary) socket:send(data, binary) end
---     end)
---
--- The service's thread reads, writes and pings (core/net/websocket.h). Each limit has its end: a message of more than 1 MiB
--- closes with 1009, 4 MiB that are not read with 1008, 30 s without a sign of life with 1006. While `on_message` is nil, or
--- `paused` is true, nothing is taken, and after 2 MiB nothing is read: whoever sends must wait.
local problem = require "moonlark.server.problem"
local show = require "moonlark.base.show"

local limits = {message = 1 << 20, held = 2 << 20, unsent = 4 << 20, ping = 20, patience = 10, closing = 2}
local most_early = 64

local websocket = {}

---@class moonlark.server.Socket
---@field on_message fun(data: string, binary: boolean)?  called for each message that comes
---@field on_close fun(code: integer)?  called once, at the end: 1000 in order, 1006 without a word
---@field paused boolean  true: messages wait
---@field state "connecting"|"open"|"closing"|"closed"
local Socket = {}
Socket.__index = Socket
Socket.__name = "moonlark.server.Socket"

--- The WebSocket that a request asks for. Errors: it asks for none (problem 426, or 400).
---@param exchange userdata
---@return moonlark.server.Socket
function websocket.of(exchange)
  local engine, status, detail = exchange:websocket(limits)
  if not engine then
    problem.fail(status, detail, nil, {Upgrade = "websocket", ["Sec-WebSocket-Version"] = "13"})
  end
  return setmetatable({engine = engine, state = "connecting", early = {}, paused = false}, Socket)
end

--- Sends a message: text in UTF-8, or bytes.
---     socket:send('{"kind":"beat","time":1.5}')
---@param data string
---@param binary boolean?
---@return boolean  false once it is closed, or where the other end does not read
function Socket:send(data, binary)
  if not binary and not utf8.len(data) then show.fail "socket:send: a text must be UTF-8; bytes are sent with true" end
  if self.state ~= "connecting" then return self.engine:send(data, binary) end
  if #self.early < most_early then self.early[#self.early + 1] = {data, binary} end
  return #self.early < most_early
end

--- Closes it: what has been sent and not read is dropped.
---     socket:close(1000, "that was all")
---@param code integer?  default: 1000
---@param reason string?  up to 123 bytes
function Socket:close(code, reason)
  self.closes = self.closes or {code or 1000, reason or ""}
  if self.state ~= "connecting" then self.engine:say_close(table.unpack(self.closes)) end
end

-- It is connected: what was said before goes now.
local function begin(self)
  for _, message in ipairs(self.early) do self.engine:send(table.unpack(message)) end
  self.early = {}
  if self.closes then self.engine:say_close(table.unpack(self.closes)) end
  self.engine:begin()
end

local function log_failure(why)
  io.stderr:write(("moonlark serve: a WebSocket's handler: %s\n"):format(show.lines(tostring(why))))
end

-- Calls one of the handler's functions; a fault of its own closes the socket with 1011.
local function call(self, f, ...)
  local fine, why = xpcall(f, debug.traceback, ...)
  if fine then return end
  log_failure(why)
  self:close(1011, "the service failed")
end

--- Hands over what has come; the service calls it after each of its steps.
---     if not socket:serve() then print "over" end
---@return boolean  false: it is over
function Socket:serve()
  local before, code = self.state, nil
  self.state, code = self.engine:state()
  if before == "connecting" and self.state ~= before then
    begin(self)
    self.state, code = self.engine:state()
  end
  while self.on_message and not self.paused do
    local data, binary = self.engine:next()
    if not data then break end
    call(self, self.on_message, data, binary)
  end
  if self.state ~= "closed" then return true end
  self.engine:leave()
  if self.on_close then call(self, self.on_close, code) end
  return false
end

return websocket
