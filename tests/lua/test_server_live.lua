-- Live streams over WebSockets: what is told is what a session tells of the same sound; faults, limits, the process's end.
local client = require "websocket_client"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lib = require "lib"
local live = require "moonlark.live"
local lu = require "luaunit"
local server_live = require "moonlark.server.live"
local service = require "service"

local BINARY, CLOSE, TEXT, frame = client.BINARY, client.CLOSE, client.TEXT, client.frame
local ending = frame(TEXT, '{"kind":"end"}')

-- Clicks twice a second over a tone, 16 bits.
local function sound(seconds, rate)
  local samples = {}
  for i = 0, seconds * rate - 1 do
    local t = i / rate
    local x = 0.3 * math.sin(2 * math.pi * 220 * t) * math.exp(-6 * (t % 0.5)) + 0.05 * math.sin(2 * math.pi * 440 * t)
    samples[#samples + 1] = string.pack("<i2", math.floor(32767 * x))
  end
  return table.concat(samples)
end

local function told(frames)
  local events = {}
  for _, one in ipairs(frames) do
    if one[1] == TEXT then events[#events + 1] = one[2] end
  end
  return events
end

-- An event with numbers of five digits: sums of more threads differ in the last.
local function rounded(event)
  local plain = json.decode(event)
  for name, value in pairs(plain) do
    if type(value) == "number" then plain[name] = ("%.5g"):format(value) end
  end
  return plain
end

local running

TestLive = {}

function TestLive:setUp() running = running or service.start({}, "OMP_NUM_THREADS=1") end

function TestLive:test_events_are_those_of_a_session()
  local rate = 16000
  local bytes = sound(5, rate)
  local parts = {}
  for at = 1, #bytes, 7001 do parts[#parts + 1] = frame(BINARY, bytes:sub(at, at + 7000)) end -- within samples, too
  local frames = client.talk(running, "/v1/live?rate=16000&format=s16", table.concat(parts) .. ending)
  local session, expected = live.session {rate = rate, format = "s16"}, {}
  for _, events in ipairs {session:push(bytes), session:finish()} do
    for _, event in ipairs(events) do expected[#expected + 1] = live.text(event) end
  end
  local events = told(frames)
  lu.assertEquals(#events, #expected)
  for i, event in ipairs(events) do lu.assertEquals(rounded(event), rounded(expected[i])) end
  lu.assertTrue(#events > 50)
  lu.assertEquals(frames[#frames], {CLOSE, "\x03\xe8"})
end

function TestLive:test_events_that_are_asked_for()
  local events = told(client.talk(running, "/v1/live?rate=8000&format=u8&events=level", frame(BINARY, ("\x80"):rep(8000)) .. ending))
  lu.assertTrue(#events > 5)
  for i, event in ipairs(events) do lu.assertEquals(json.decode(event).kind, i < #events and "level" or "end") end
end

function TestLive:test_what_cannot_be_heard()
  local frames = client.talk(running, "/v1/live?rate=8000", frame(TEXT, "hello"))
  lu.assertEquals(frames[1][2]:sub(1, 2), "\x03\xeb")
  frames = client.talk(running, "/v1/live?rate=8000&format=f32", frame(BINARY, string.pack("<f", 0 / 0):rep(800)))
  lu.assertStrContains(frames[1][2], "samples must be finite")
  lu.assertEquals(frames[2][2]:sub(1, 2), "\x03\xf0")
  frames = client.talk(running, "/v1/live?rate=48000&format=opus", frame(BINARY, "\xff\xff no packet"))
  lu.assertEquals(json.decode(frames[1][2]).kind, "error")
  frames = client.talk(running, "/v1/live?events=prediction", frame(BINARY, "\0\0\0\0"))
  lu.assertStrContains(frames[1][2], '"prediction\\" needs a model')
end

function TestLive:test_questions_that_are_refused()
  local function status(path) return running:ask {path = path, headers = {Upgrade = "websocket", Connection = "Upgrade, close",
    ["Sec-WebSocket-Version"] = "13", ["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="}}.status end
  lu.assertEquals({status "/v1/live?rate=1", status "/v1/live?format=mp3", status "/v1/live?format=opus&rate=44100",
    status "/v1/live?loudness=1"}, {422, 422, 422, 422})
  lu.assertEquals(running:ask {path = "/v1/live"}.status, 426)
  local none <close> = service.start {"--streams", "0"}
  lu.assertEquals(none:ask {path = "/v1/live"}.status, 503)
end

-- The first stream waits for the process: that is not idle, however long the service has run.
function TestLive:test_a_process_that_starts_is_left_alone()
  local told = {}
  local alone = server_live.new({watch = function() end, every = function() end, later = function(_, _, f) told[#told + 1] = f end},
    {models = {}, device = "cpu", offline = true, streams = 1})
  alone:hear({headers = {upgrade = "websocket"}}, {rate = 8000, channels = 1, format = "s16"})
  alone:rest()
  lu.assertEquals({#alone:descriptors(), #told}, {1, 0})
  alone:close()
  lu.assertEquals({#alone:descriptors(), #told}, {0, 1})
end

function TestLive:test_the_process_may_end()
  local pid = files.read(running.folder .. "/pid"):match "%d+"
  local kill = ("sleep 1; pkill -KILL -P %s; sleep 0.3;"):format(pid)
  local frames = client.talk(running, "/v1/live?rate=8000&events=level", frame(BINARY, ("\0"):rep(4000)), kill)
  lu.assertEquals(frames[#frames], {CLOSE, "\x03\xf3the process that heard it ended"})
  frames = client.talk(running, "/v1/live?rate=8000&events=level", frame(BINARY, ("\0"):rep(64000)) .. ending)
  lu.assertStrContains(frames[#frames - 1][2], '"kind":"end"')
end

TestLiveEnd = {}

function TestLiveEnd:test_it_ends_in_order()
  lu.assertEquals(running:stop(), 0)
  lu.assertEquals(running:log():gsub("^[^\n]*\n", "", 1), "")
  running:__close()
end

lib.run()
