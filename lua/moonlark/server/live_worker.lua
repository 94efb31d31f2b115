--- Live worker: the process that hears all live streams of a service, each piece as it comes.
local core = require "moonlark_core"
local json = require "moonlark.base.json"
local live = require "moonlark.live"
local live_message = require "moonlark.server.live_message"
local models = require "moonlark.server.models"
local torch = require "moonlark.torch"

local live_worker = {}

local DAY = 86400

-- A stream: its session, and what makes sound of the bytes.
local function open(opened, o)
  local is_opus = o.format == "opus"
  local has_models = #opened.list > 0
  local model = (o.model or has_models) and opened:get(o.model) or nil
  local stream = {decode = function(bytes) return bytes end}
  if is_opus then
    local decoder = live.opus {rate = o.rate, channels = o.channels}
    function stream.decode(packet) return decoder:decode(packet) end
  end
  stream.session = live.session {rate = o.rate, channels = o.channels, format = is_opus and "f32" or o.format, events = o.events,
    every = o.every, model = model}
  return stream
end

local function tell(peer, id, events)
  for _, event in ipairs(events) do peer:send(live_message.pack(id, "e", live.text(event))) end
end

local words_of = {
  o = function(self, id, rest) self.streams[id] = open(self.opened, json.decode(rest)) end,
  d = function(self, id, rest)
    local stream = self.streams[id]
    if not stream then return end
    tell(self.peer, id, stream.session:push(stream.decode(rest)))
    self.peer:send(live_message.pack(id, "a"), true)
  end,
  f = function(self, id)
    local stream = self.streams[id]
    if not stream then return end
    self.streams[id] = nil
    tell(self.peer, id, stream.session:finish())
    self.peer:send(live_message.pack(id, "b"), true)
  end,
  c = function(self, id) self.streams[id] = nil end,
}

-- Why something failed, in words for whoever sent the sound.
local function reason(raised) return type(raised) == "table" and raised.detail or tostring(raised) end

local function follow(self, message)
  local id, what, rest = live_message.unpack(message)
  local fine, why = pcall(words_of[what], self, id, rest)
  if fine then return end
  self.streams[id] = nil
  self.peer:send(live_message.pack(id, "x", reason(why)), true)
end

--- Works until the process that started this one is gone.
---     moonlark -e "require('moonlark.server.live_worker').run()"   -- started by the service, not by people
function live_worker.run()
  local peer = core.process.parent()
  local self = {peer = peer, streams = {}}
  torch.set_num_threads(1) -- pieces are short: threads that wait for each other take longer
  while true do
    local message, over = peer:receive()
    if over then return end
    if not message then
      core.process.poll({peer:descriptor()}, DAY)
    elseif self.opened then
      follow(self, message)
    else
      local settings = json.decode(message)
      self.opened = models.open(settings.models, settings)
      peer:send(live_message.pack(0, "r"), true)
    end
  end
end

return live_worker
