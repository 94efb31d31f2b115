--- The other end of a WebSocket of a service under test (service.lua): what is sent behind the handshake, and the frames that
--- come back until the end.
---
---     local frames = client.talk(running, "/v1/echo", client.frame(client.TEXT, "hello"), client.goodbye)
---     lu.assertEquals(frames[1], {client.TEXT, "hello"})
local lu = require "luaunit"

local client = {TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10}

--- A frame whose mask is zeros.
function client.frame(kind, data)
  local size = #data < 126 and string.pack("B", 0x80 | #data) or #data < 65536 and string.pack(">BI2", 0xfe, #data)
    or string.pack(">BI8", 0xff, #data)
  return string.pack("B", 0x80 | kind) .. size .. "\0\0\0\0" .. data
end

--- Says goodbye when there was time for answers: who has said it hears none.
client.goodbye = "sleep 0.6; printf '\\x88\\x82\\0\\0\\0\\0\\x03\\xe8' >&3;"

--- A request for a WebSocket; a header that is false is left out.
function client.handshake(running, path, headers)
  local all = {Host = "127.0.0.1:" .. running.port, Upgrade = "websocket", Connection = "Upgrade",
    ["Sec-WebSocket-Version"] = "13", ["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="}
  for name, value in pairs(headers or {}) do all[name] = value or nil end
  local lines = {"GET " .. path .. " HTTP/1.1"}
  for name, value in pairs(all) do lines[#lines + 1] = name .. ": " .. value end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

--- The frames that come back, {kind, data}, for some that are sent right behind the handshake.
---@param then_ string?  commands of bash between sending and reading
function client.talk(running, path, bytes, then_)
  local answer = running:raw(client.handshake(running, path) .. bytes, then_)
  local head, rest = answer:match "^(.-\r\n\r\n)(.*)$"
  lu.assertStrContains(head, "HTTP/1.1 101")
  lu.assertStrContains(head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
  local frames, at = {}, 1
  while at < #rest do
    local first, size = rest:byte(at, at + 1)
    at = at + 2
    if size == 126 then size, at = string.unpack(">I2", rest, at) elseif size == 127 then size, at = string.unpack(">I8", rest, at) end
    frames[#frames + 1] = {first & 15, rest:sub(at, at + size - 1)}
    at = at + size
  end
  return frames
end

return client
