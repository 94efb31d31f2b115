--- Live: streams of sound that come over WebSockets, heard in a process of their own while they go on.
---
---     service.live = live.new(service, {models = {"runs/genres"}, device = "cpu", offline = false, streams = 20})
---     service.live:hear(request, {rate = 48000, channels = 2, format = "s16"})
---
--- The process is started with the first stream, which is answered when it is ready, and ends when there has been none for a
--- minute. Where it ends otherwise, its
--- streams are closed with 1011, and the next one starts another. A stream of which half a second waits to be heard is not
--- read until that has been heard, so that what is told is never further behind than what the network holds.
local core = require "moonlark_core"
local json = require "moonlark.base.json"
local live_message = require "moonlark.server.live_message"
local problem = require "moonlark.server.problem"

local program = {core.process.program, "-e", "require('moonlark.server.live_worker').run()"}
local MOST_BEHIND, IDLE = 0.5, 60 -- s
local bytes_of = {f32 = 4, s16 = 2, s24 = 3, s32 = 4, u8 = 1}

local live = {}

---@class moonlark.server.Live
---@field package peer userdata?  the process; nil: it does not run
---@field package streams table<integer, table>
local Live = {}
Live.__index = Live
Live.__name = "moonlark.server.Live"

--- What hears the live streams of a service; it is among those that the service watches.
---     service.live = live.new(service, {models = {}, device = "cpu", offline = true, streams = 20})
---@param service moonlark.server.Service
---@param settings {models: string[], device: string, offline: boolean, streams: integer}
---@return moonlark.server.Live
function live.new(service, settings)
  local self = setmetatable({service = service, settings = settings, streams = {}, waiting = {}, count = 0, last = 0, idle_since = 0}, Live)
  service:watch(self)
  service:every(5, function() self:rest() end)
  return self
end

--- Whether as many streams are heard as may be.
---     if service.live:full() then problem.fail(503, "too many streams") end
---@return boolean
function Live:full() return self.count + #self.waiting >= self.settings.streams end

local function say(self, id, what, rest)
  if self.peer then self.peer:send(live_message.pack(id, what, rest)) end
end

local function leave(self, id)
  if not self.streams[id] then return end
  self.streams[id] = nil
  self.count, self.idle_since = self.count - 1, core.system.clock()
end

-- Seconds of sound in a message: a packet of Opus has 20 ms.
local function seconds_in(o, data)
  return o.format == "opus" and 0.02 or #data / (bytes_of[o.format] * o.channels * o.rate)
end

-- What a client says in words: {"kind":"end"}, after its last sound.
local function hear_words(self, id, stream, data)
  local fine, said = pcall(json.decode, data)
  if fine and type(said) == "table" and said.kind == "end" then
    say(self, id, "f")
    stream.socket.paused = true
  else
    stream.socket:close(1003, 'sound comes as binary messages; the only words are {"kind":"end"}')
  end
end

local function take(self, id, stream, data, binary)
  if not binary then return hear_words(self, id, stream, data) end
  if #data == 0 and stream.o.format ~= "opus" then return end
  local seconds = seconds_in(stream.o, data)
  table.insert(stream.owed, seconds)
  stream.behind = stream.behind + seconds
  stream.socket.paused = stream.behind >= MOST_BEHIND
  say(self, id, "d", data)
end

local function start(self)
  self.peer = core.process.start(program)
  self.peer:send(json.encode {models = json.array(self.settings.models), device = self.settings.device,
    offline = self.settings.offline})
end

-- A stream of a process that is ready.
local function begin(self, request, o)
  local socket = request:websocket()
  self.last = self.last % 0xffffffff + 1
  local id, stream = self.last, {socket = socket, o = o, owed = {}, behind = 0}
  self.streams[id], self.count = stream, self.count + 1
  say(self, id, "o", json.encode(o))
  socket.on_message = function(data, binary) take(self, id, stream, data, binary) end
  socket.on_close = function()
    say(self, id, "c")
    leave(self, id)
  end
end

--- Hears what comes over the WebSocket that a request asks for, and tells it what is heard, an event of JSON a message.
---     service.live:hear(request, {rate = 48000, channels = 1, format = "f32"})
---@param request moonlark.server.Request
---@param o {rate: integer, channels: integer, format: string, events: string[]?, model: string?, every: number?}
function Live:hear(request, o)
  if self.ready or not request.headers.upgrade then return begin(self, request, o) end
  if not self.peer then start(self) end
  table.insert(self.waiting, {request = request, o = o})
end

-- The process is ready: those who wait for it are answered.
local function welcome(self)
  local waiting = self.waiting
  self.waiting, self.ready = {}, true
  for _, one in ipairs(waiting) do
    self.service:later(one.request, function(request) begin(self, request, one.o) end)
  end
end

-- What the process says of a stream.
local words_of = {
  e = function(_, _, stream, rest) stream.socket:send(rest) end,
  a = function(_, _, stream)
    stream.behind = stream.behind - table.remove(stream.owed, 1)
    stream.socket.paused = stream.behind >= MOST_BEHIND
  end,
  b = function(_, _, stream) stream.socket:close(1000, "") end,
  x = function(_, _, stream, rest)
    stream.socket.paused = false
    stream.socket:send(json.encode {kind = "error", detail = rest})
    stream.socket:close(1008, "the sound cannot be heard")
  end,
}

-- The process has ended: so have its streams.
local function bury(self)
  self.peer:finish(1)
  self.peer:close()
  self.peer, self.ready = nil, false
  for _, one in ipairs(self.waiting) do
    self.service:later(one.request, function() problem.fail(503, "what hears streams does not start: see the service's log") end)
  end
  self.waiting = {}
  for id, stream in pairs(self.streams) do
    stream.socket.paused = false
    stream.socket:close(1011, "the process that heard it ended")
    leave(self, id)
  end
end

--- Takes what the process has said; the service calls it.
---     live:step()
function Live:step()
  if not self.peer then return end
  self.peer:flush()
  while true do
    local message, over = self.peer:receive()
    if over then return bury(self) end
    if not message then return end
    local id, what, rest = live_message.unpack(message)
    local stream = self.streams[id]
    if what == "r" then welcome(self) end
    if stream then words_of[what](self, id, stream, rest) end
  end
end

--- Ends the process where it has had nothing to do for a minute. One that is starting has those who wait for it.
---     live:rest()
function Live:rest()
  local idle = self.count == 0 and #self.waiting == 0 and core.system.clock() > self.idle_since + IDLE
  if self.peer and idle then self:close() end
end

---     core.process.poll(live:descriptors(), 1)
---@return integer[]
function Live:descriptors() return self.peer and {self.peer:descriptor()} or {} end

--- Ends the process.
---     live:close()
function Live:close()
  if self.peer then bury(self) end
end

return live
