--- Live: what is heard of a sound while it goes on, from a microphone, a pipe or a stream.
---
---     local session = live.session {rate = 44100, channels = 2}
---     for _, event in ipairs(session:push(bytes)) do print(live.text(event)) end
---
--- `moonlark listen` shows it in a terminal, `moonlark serve` tells it over a WebSocket.
local base64 = require "moonlark.base.base64"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local core = require "moonlark_core".hearing
local session = require "moonlark.live.session"
local source = require "moonlark.live.source"

---@class moonlark.live
local live = {session = session.session, source = source.source}

--- An event as a line of JSON. Bytes of columns become Base64.
---     print(live.text {kind = "beat", time = 1.5, tempo = 120})
---@param event table
---@return string
function live.text(event)
  if event.data then event = options.join(event, {data = base64.encode(event.data)}) end
  return json.encode(event)
end

local of_opus = options.describe("live.opus", {
  rate = options.choice({8000, 12000, 16000, 24000, 48000}, 48000, "samples per second that packets become"),
  channels = options.integer(1, {least = 1, most = 2}, "that packets become"),
})

--- A decoder of packets of Opus, as browsers send them: its method decode(packet) gives channels × samples, which a
--- session takes. The order of packets counts; an empty packet stands for one that was lost, and is filled up.
---
--- Errors: libopus is not installed; of decode: bytes that are no packet.
---     local opus = live.opus {rate = 48000, channels = 2}
---     local events = session:push(opus:decode(packet))
---@param given moonlark.live.opus.Options?
---@return {decode: fun(self: any, packet: string): moonlark.Tensor}
function live.opus(given)
  local o = of_opus:read(given)
  return core.opus(o.rate, o.channels)
end

return live
