--- Live: what is heard of a sound while it goes on, from a microphone, a pipe or a stream.
---
---     local session = live.session {rate = 44100, channels = 2}
---     for _, event in ipairs(session:push(bytes)) do print(live.text(event)) end
---
--- `moonlark listen` shows it in a terminal, `moonlark serve` tells it over a WebSocket.
local base64 = require "moonlark.base.base64"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local session = require "moonlark.live.session"

---@class moonlark.live
local live = {session = session.session}

--- An event as a line of JSON. Bytes of columns become Base64.
---     print(live.text {kind = "beat", time = 1.5, tempo = 120})
---@param event table
---@return string
function live.text(event)
  if event.data then event = options.join(event, {data = base64.encode(event.data)}) end
  return json.encode(event)
end

return live
