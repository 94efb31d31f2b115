-- WebSockets of the service, over real sockets: the handshake and who is refused, messages, limits, its end.
local client = require "websocket_client"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local lib = require "lib"
local lu = require "luaunit"
local service = require "service"

local routes = [[
local route, service = ...
route("GET /v1/echo", {}, function(request)
  local socket = request:websocket()
  socket:send("you are " .. (request.query.name or "nobody"))
  socket.on_message = function(data, binary)
    if data == "fail" then error "a fault of ours" end
    if data == "much" then
      local n = 0
      while n < 1000 and socket:send(("x"):rep(100000)) do n = n + 1 end
      print("sent " .. n)
    end
    if data == "leave" then socket:close(4000, "as you said") else socket:send(data, binary) end
  end
  socket.on_close = function(code) print("closed " .. code) io.stdout:flush() end
end)
route("GET /v1/count", {}, function(request) request:answer(200, {sockets = #service.sockets}) end)
route("GET /v1/later", {}, function(request)
  local socket, heard = request:websocket(), {}
  service:every(0.2, function() socket.on_message = function(data) socket:send("at last " .. data) end end)
end)
]]

local running, folder

local function setup()
  if running then return end
  folder = files.temporary_folder()
  files.write(folder .. "/routes.lua", routes)
  running = service.start {"--routes", folder .. "/routes.lua"}
end

local TEXT, BINARY, CLOSE, PING, PONG = client.TEXT, client.BINARY, client.CLOSE, client.PING, client.PONG
local frame, goodbye = client.frame, client.goodbye

local function handshake(path) return client.handshake(running, path) end

local function talk(path, bytes, then_) return client.talk(running, path, bytes, then_) end

-- --- tests ----------------------------------------------------------------------------------

TestWebSockets = {setUp = setup}

function TestWebSockets:test_messages_come_back()
  local long = ("é"):rep(40000)
  local frames = talk("/v1/echo?name=me", frame(TEXT, "hello") .. frame(BINARY, "\0\255") .. frame(TEXT, long), goodbye)
  lu.assertTrue(frames[4][2] == long)
  frames[4] = nil
  lu.assertEquals({frames[1], frames[2], frames[3], frames[5]},
    {{TEXT, "you are me"}, {TEXT, "hello"}, {BINARY, "\0\255"}, {CLOSE, "\x03\xe8"}})
  lu.assertEquals(talk("/v1/echo", frame(PING, "p"), goodbye)[2], {PONG, "p"})
end

function TestWebSockets:test_the_service_may_close()
  local frames = talk("/v1/echo", frame(TEXT, "leave"), goodbye)
  lu.assertEquals(frames[2], {CLOSE, "\x0f\xa0as you said"})
end

function TestWebSockets:test_what_is_not_taken_waits()
  lu.assertEquals(talk("/v1/later", frame(TEXT, "x"), "sleep 0.4; " .. goodbye), {{TEXT, "at last x"}, {CLOSE, "\x03\xe8"}})
end

function TestWebSockets:test_faults_of_handlers()
  lu.assertEquals(talk("/v1/echo", frame(TEXT, "fail"), goodbye)[2], {CLOSE, "\x03\xf3the service failed"})
  lu.assertStrContains(running:log(), "a fault of ours")
end

function TestWebSockets:test_requests_that_ask_for_none()
  local function status(headers) return running:ask {path = "/v1/echo", headers = headers} end
  local good = {Upgrade = "websocket", Connection = "Upgrade", ["Sec-WebSocket-Version"] = "13", ["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="}
  local function with(name, value)
    local headers = {}
    for k, v in pairs(good) do headers[k] = v end
    headers[name], headers.Connection = value, name == "Connection" and value or "Upgrade, close"
    return status(headers).status
  end
  local plain = status {}
  lu.assertEquals({plain.status, plain.headers["sec-websocket-version"]}, {426, "13"})
  lu.assertEquals({with("Sec-WebSocket-Version", "8"), with("Sec-WebSocket-Key", "short"), with("Upgrade", "h2c")}, {426, 400, 426})
  lu.assertEquals(with("Origin", "https://evil.example"), 403)
  lu.assertEquals(with("Host", "evil.example"), 421)
  lu.assertEquals(running:ask({method = "HEAD", path = "/v1/echo"}).status, 405)
end

function TestWebSockets:test_what_breaks_the_protocol()
  lu.assertEquals(talk("/v1/echo", "\x81\x02hi")[2], {CLOSE, "\x03\xea"}) -- not masked
  lu.assertEquals(talk("/v1/echo", frame(TEXT, "\xff"))[2], {CLOSE, "\x03\xef"})
  lu.assertEquals(talk("/v1/echo", "\x82\xff\0\0\0\0\0\x10\0\x01\0\0\0\0x")[2], {CLOSE, "\x03\xf1"}) -- more than 1 MiB
end

function TestWebSockets:test_who_does_not_read_is_closed()
  running:raw(handshake "/v1/echo" .. frame(TEXT, "much"), "sleep 1; exit;")
  lu.assertStrMatches(files.read(running.folder .. "/out"), ".*sent %d%d?%d?\n.*")
end

function TestWebSockets:test_none_is_left_over()
  for _ = 1, 20 do talk("/v1/echo", frame(CLOSE, "\x03\xe8")) end
  running:raw(handshake "/v1/echo", "exit;") -- gone without a word
  local left
  for _ = 1, 50 do
    left = running:ask {path = "/v1/count"}.json().sockets
    if left == 0 then break end
    core.system.sleep(0.1)
  end
  lu.assertEquals(left, 0)
  lu.assertStrContains(files.read(running.folder .. "/out"), "closed 1006")
  local open = 0
  for _ in ipairs(files.list("/proc/" .. files.read(running.folder .. "/pid"):match "%d+" .. "/fd")) do open = open + 1 end
  lu.assertTrue(open < 40)
end

function TestWebSockets:test_the_service_stops_in_order()
  local frames = talk("/v1/echo", "", ("sleep 0.3; kill -TERM $(cat %s/pid);"):format(running.folder))
  lu.assertEquals(frames[2], {CLOSE, "\x03\xe9the service is stopping"})
  lu.assertEquals(running:stop "CONT", 0) -- a second SIGTERM would end it at once
  running = nil
  files.remove(folder)
end

lib.run()
