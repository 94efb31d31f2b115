-- The service's ground: requests over HTTP, who may ask, what is too much, answers now and later, its end.
local files = require "moonlark.base.files"
local lib = require "lib"
local lu = require "luaunit"
local server = require "moonlark.server"
local service = require "service"

local routes = [[
local route, service = ...
local json, problem = require "moonlark.base.json", require "moonlark.server.problem"
route("GET /v1/hello/{name}", {public = true}, function(request)
  request:answer(200, {hello = request.parts.name, query = request.query, method = request.method})
end)
route("GET /v1/hello/you", {}, function(request) request:answer(200, "it is you", {["Content-Type"] = "text/plain"}) end)
route("POST /v1/json", {body = "json"}, function(request) request:answer(200, request:body()) end)
route("POST /v1/sound", {body = "sound"}, function(request)
  local upload = request.upload or problem.fail(422, "a file is needed")
  local file <close> = io.open(upload.path, "rb")
  local content = file:read "a"
  request:answer(201, {name = upload.name, type = upload.type, bytes = upload.bytes, size = #content, path = upload.path,
    fields = request.fields, first = content:sub(1, 4)})
end)
route("GET /v1/fault", {}, function() error "a fault of ours" end)
route("GET /v1/twice", {}, function(request) request:answer(200, "one") request:answer(200, "two") end)
route("GET /v1/file", {}, function(request) request:send_file(os.getenv "SERVED", "text/plain") end)
local waiting = {}
route("GET /v1/later", {}, function(request)
  service:every(0.3, function() if not request.answered then request:answer(200, "late") end end)
end)
route("GET /v1/events", {}, function(request)
  local events, n = request:events(), 0
  service:every(0.05, function()
    n = n + 1
    if n <= 3 then events:send("count", {n = n}) elseif n == 4 then events:close() end
  end)
end)
route("GET /v1/never", {}, function() end)
service:watch {descriptors = function() return {} end, step = function() end, busy = function() return false end}
]]

local running, folder -- a service that most tests ask; it ends with the program

local function start(...)
  return service.start({"--routes", folder .. "/routes.lua", ...}, ("SERVED=%s/served TMPDIR=%s"):format(folder, folder))
end

local function setup()
  if running then return end
  folder = files.temporary_folder()
  files.write(folder .. "/routes.lua", routes)
  files.write(folder .. "/served", "0123456789")
  running = start()
end

TestAnswers = {setUp = setup}

function TestAnswers:test_parts_and_queries_are_unescaped()
  local answer = running:ask {path = "/v1/hello/J%C3%B6rg%20M?a=1&b=%26x"}
  lu.assertEquals(answer.status, 200)
  lu.assertEquals(answer.headers["content-type"], "application/json")
  lu.assertEquals(answer.json(), {hello = "Jörg M", query = {a = "1", b = "&x"}, method = "GET"})
end

function TestAnswers:test_written_parts_are_preferred()
  lu.assertEquals(running:ask {path = "/v1/hello/you"}.body, "it is you")
end

function TestAnswers:test_every_answer_guards_the_page()
  local headers = running:ask {path = "/v1/hello/you"}.headers
  lu.assertStrContains(headers["content-security-policy"], "default-src 'self'")
  lu.assertEquals(headers["x-content-type-options"], "nosniff")
  lu.assertEquals(headers["cache-control"], "no-store")
end

function TestAnswers:test_head_has_no_body()
  local answer = running:ask {method = "HEAD", path = "/v1/hello/you"}
  lu.assertEquals({answer.status, answer.body, answer.headers["content-length"]}, {200, "", "9"})
end

function TestAnswers:test_unknown_addresses_and_methods()
  local answer = running:ask {path = "/v1/nothing"}
  lu.assertEquals(answer.status, 404)
  lu.assertEquals(answer.headers["content-type"], "application/problem+json")
  lu.assertEquals(answer.json().status, 404)
  answer = running:ask {method = "DELETE", path = "/v1/hello/you"}
  lu.assertEquals({answer.status, answer.headers.allow}, {405, "GET, HEAD"})
  answer = running:ask {method = "OPTIONS", path = "/v1/json"}
  lu.assertEquals({answer.status, answer.headers.allow}, {204, "POST"})
  lu.assertEquals(running:ask {method = "BREW", path = "/v1/json", body = "coffee"}.status, 405)
end

function TestAnswers:test_faults_of_handlers_are_logged_and_not_told()
  local answer = running:ask {path = "/v1/fault"}
  lu.assertEquals(answer.status, 500)
  lu.assertNotStrContains(answer.body, "fault of ours")
  lu.assertStrContains(running:log(), "a fault of ours")
  lu.assertEquals(running:ask {path = "/v1/twice"}.body, "one")
end

function TestAnswers:test_answers_may_come_later()
  lu.assertEquals(running:ask {path = "/v1/later"}.body, "late")
end

function TestAnswers:test_events_come_one_by_one()
  local answer = running:ask {path = "/v1/events"}
  lu.assertEquals(answer.headers["content-type"], "text/event-stream")
  lu.assertEquals(answer.body, 'event: count\ndata: {"n":1}\n\nevent: count\ndata: {"n":2}\n\nevent: count\ndata: {"n":3}\n\n')
end

function TestAnswers:test_files_and_ranges()
  local function part(range) return running:ask {path = "/v1/file", headers = {Range = range}} end
  lu.assertEquals({part().status, part().body}, {200, "0123456789"})
  lu.assertEquals({part("bytes=2-4").status, part("bytes=2-4").body}, {206, "234"})
  lu.assertEquals({part("bytes=-3").body, part("bytes=7-").body, part("bytes=7-99").body}, {"789", "789", "789"})
  lu.assertEquals(part("bytes=2-4").headers["content-range"], "bytes 2-4/10")
  lu.assertEquals(part("bytes=10-").status, 416)
  lu.assertEquals(part("lines=1-2").status, 200)
end

TestBodies = {setUp = setup}

function TestBodies:test_json()
  local answer = running:ask {method = "POST", path = "/v1/json", body = {a = {1, 2}, b = "x"}}
  lu.assertEquals(answer.json(), {a = {1, 2}, b = "x"})
  lu.assertEquals(running:ask {method = "POST", path = "/v1/json", body = "{", headers = {["Content-Type"] = "application/json"}}.status, 400)
  lu.assertEquals(running:ask {method = "POST", path = "/v1/json", body = "a=1"}.status, 415)
  local long = '"' .. ("x"):rep(1 << 20) .. '"'
  lu.assertEquals(running:ask {method = "POST", path = "/v1/json", body = long, headers = {["Content-Type"] = "application/json"}}.status, 413)
end

function TestBodies:test_raw_sound_goes_to_a_file_that_goes()
  local sound = "RIFF" .. ("\0\255"):rep(300000)
  local answer = running:ask {method = "POST", path = "/v1/sound?name=..%2Fa%3Cb%3E.wav", body = sound,
    headers = {["Content-Type"] = "audio/wav"}}
  lu.assertEquals(answer.status, 201)
  local said = answer.json()
  lu.assertEquals({said.name, said.type, said.bytes, said.size, said.first}, {"../a<b>.wav", "audio/wav", #sound, #sound, "RIFF"})
  lu.assertStrContains(said.path, folder)
  lu.assertFalse(files.exists(said.path))
end

function TestBodies:test_chunked_sound()
  local answer = service.parse(running:raw(("POST /v1/sound HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    .. "Transfer-Encoding: chunked\r\nContent-Type: audio/mpeg\r\n\r\n4\r\nRIFF\r\n6\r\nxxxxxx\r\n0\r\n\r\n")))
  lu.assertEquals({answer.status, answer.json().size}, {201, 10})
end

function TestBodies:test_forms()
  local body, kind = service.form {{name = "top", content = "5"}, {name = "file", content = "RIFFabc", filename = "my song.wav", type = "audio/wav"},
    {name = "after", content = "é"}}
  local function send(bytes) return running:ask {method = "POST", path = "/v1/sound", body = bytes, headers = {["Content-Type"] = kind}} end
  local said = send(body).json()
  lu.assertEquals({said.name, said.size, said.fields}, {"my song.wav", 7, {top = "5", after = "é"}})
  lu.assertEquals(send(body:sub(1, -20)).status, 400)
  lu.assertEquals(send(service.form {{name = "top", content = "5"}}).status, 422)
  lu.assertEquals(running:ask {method = "POST", path = "/v1/sound", body = body, headers = {["Content-Type"] = "multipart/form-data"}}.status, 400)
end

function TestBodies:test_what_is_too_long_is_refused()
  local small <close> = start("--max-upload", "1000")
  local function send(n) return small:ask {method = "POST", path = "/v1/sound", body = ("x"):rep(n), headers = {["Content-Type"] = "audio/wav"}} end
  lu.assertEquals({send(1000).status, send(1001).status}, {201, 413})
  local chunks = ("3e8\r\n" .. ("x"):rep(1000) .. "\r\n"):rep(3) .. "0\r\n\r\n"
  lu.assertEquals(service.parse(small:raw("POST /v1/sound HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    .. "Transfer-Encoding: chunked\r\nContent-Type: audio/wav\r\n\r\n" .. chunks)).status, 413)
end

function TestBodies:test_a_slow_body_is_told_so()
  local strict <close> = start("--body-time", "0.5")
  lu.assertStrContains(strict:raw("POST /v1/sound HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nContent-Type: audio/wav\r\n\r\nRIFF"), "HTTP/1.1 408")
end

function TestBodies:test_slow_headers_are_not_waited_for()
  local strict <close> = start("--idle", "0.5")
  lu.assertEquals(strict:raw "GET /v1/hello/you HTTP/1.1\r\nHost: lo", "")
end

function TestBodies:test_parts_without_a_name()
  local body = '--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n'
  lu.assertEquals(running:ask {method = "POST", path = "/v1/sound", body = body,
    headers = {["Content-Type"] = "multipart/form-data; boundary=b"}}.status, 400)
end

-- What two programs could read as different requests is refused, and nothing behind it is answered.
function TestBodies:test_requests_whose_end_is_in_doubt()
  local hidden = "GET /v1/hello/you HTTP/1.1\r\nHost: localhost\r\n\r\n"
  for fields, status in pairs {
    ["Content-Length: 2\r\nContent-Length: 2"] = 400, ["Content-Length: 2\r\nTransfer-Encoding: chunked"] = 400,
    ["Transfer-Encoding: gzip, chunked"] = 501, ["Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"] = 400,
    ["Host: evil.example\r\nContent-Length: 2"] = 400, ["X: a\1b\r\nContent-Length: 2"] = 400,
  } do
    local answer = running:raw(("POST /v1/json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s\r\n\r\n{}%s"):format(
      fields, hidden))
    lu.assertEquals({fields, answer:match "^HTTP/1.1 (%d+)", select(2, answer:gsub("HTTP/1.1", ""))}, {fields, tostring(status), 1})
  end
end

TestGate = {setUp = setup}

function TestGate:test_names_that_are_not_ours()
  local function status(host) return running:ask {path = "/v1/hello/you", headers = {Host = host}}.status end
  lu.assertEquals({status "localhost", status "LOCALHOST:80", status "10.0.0.1:8000", status "[::1]:8000"}, {200, 200, 200, 200})
  lu.assertEquals({status "evil.example", status "localhost.evil.example", status "127.0.0.1.evil.example", status ""}, {421, 421, 421, 421})
  local named <close> = start("--hosts", "music.example")
  lu.assertEquals(named:ask {path = "/v1/hello/you", headers = {Host = "music.example"}}.status, 200)
end

function TestGate:test_pages_of_others()
  local function status(headers)
    headers.Host = "localhost:8000"
    return running:ask {path = "/v1/hello/you", headers = headers}.status
  end
  lu.assertEquals(status {Origin = "http://localhost:8000"}, 200)
  lu.assertEquals(status {Origin = "http://localhost:8001"}, 403)
  lu.assertEquals(status {Origin = "https://evil.example"}, 403)
  lu.assertEquals(status {Origin = "null"}, 403)
  lu.assertEquals(status {["Sec-Fetch-Site"] = "cross-site"}, 403)
  lu.assertEquals(status {["Sec-Fetch-Site"] = "cross-site", ["Sec-Fetch-Mode"] = "navigate"}, 200)
  lu.assertEquals(status {["Sec-Fetch-Site"] = "same-origin"}, 200)
end

function TestGate:test_tokens()
  files.write(folder .. "/token", "0123456789abcdef\n")
  local guarded <close> = start("--token-file", folder .. "/token")
  local function status(headers) return guarded:ask {path = "/v1/hello/you", headers = headers}.status end
  lu.assertEquals(guarded:ask {path = "/v1/hello/you"}.headers["www-authenticate"], "Bearer")
  lu.assertEquals({status {}, status {Authorization = "Bearer 0123456789abcdeX"}, status {Authorization = "Bearer "},
    status {Authorization = "0123456789abcdef"}, status {Cookie = "moonlark=0123456789abcde"}}, {401, 401, 401, 401, 401})
  lu.assertEquals({status {Authorization = "Bearer 0123456789abcdef"}, status {Cookie = "a=b; moonlark=0123456789abcdef"}}, {200, 200})
  lu.assertEquals(guarded:ask {path = "/v1/hello/me"}.status, 200) -- a public one
end

-- A cookie cannot hold each token, and a short one can be guessed.
function TestGate:test_tokens_that_are_refused()
  for _, token in ipairs {"short", "with blanks in between", "with;semicolons;in", "höher als Buchstaben"} do
    local ran = lib.moonlark(folder, nil, "serve", "--port", "0", "--token-file", lib.write(folder .. "/bad-token", token .. "\n"))
    lu.assertEquals(ran.code, 2, token)
    lu.assertStrContains(ran.err, "--token-file must hold a token of 16 characters or more")
  end
end

function TestGate:test_beyond_this_machine_a_token_is_needed()
  lu.assertErrorMsgContains("so a token is needed", server.new, {address = "0.0.0.0"})
end

function TestGate:test_too_often()
  local strict <close> = start("--rate", "1")
  local seen = {}
  for i = 1, 4 do
    local answer = strict:ask {path = "/v1/hello/you"}
    seen[i] = answer.status
    if answer.status == 429 then lu.assertEquals(answer.headers["retry-after"], "1") end
  end
  lu.assertEquals({seen[1], seen[4]}, {200, 429})
end

function TestGate:test_malformed_addresses()
  lu.assertEquals(running:ask {path = "/v1/hello/a%00b"}.status, 400)
  lu.assertEquals(running:ask {path = "/v1/hello/a%zz"}.status, 400)
  lu.assertEquals(running:ask {path = "/v1/hello/../../etc/passwd"}.status, 404)
end

function TestGate:test_huge_headers()
  lu.assertStrContains(running:raw("GET /v1/hello/you HTTP/1.1\r\nHost: localhost\r\nX: " .. ("y"):rep(100000) .. "\r\n\r\n"), "431")
end

TestEnd = {setUp = setup}

function TestEnd:test_signals_end_it_in_order()
  lu.assertEquals(start():stop "TERM", 0)
  lu.assertEquals(start():stop "INT", 130)
end

function TestEnd:test_who_still_waits_is_told()
  local ending <close> = start("--grace", "0")
  local answer = service.parse(ending:raw("GET /v1/never HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ("sleep 0.3; kill -TERM $(cat %s/pid);"):format(ending.folder)))
  lu.assertEquals(answer.status, 503)
end

function TestEnd:test_nothing_is_left_behind()
  local one = start()
  one:stop()
  for _, name in ipairs(files.list(folder)) do lu.assertNil(name:match "^moonlark%-.*%-serve") end
end

function TestEnd:test_a_model_that_is_not_there()
  lu.assertErrorMsgContains("there is no /no/such/model", service.start, {"--model", "/no/such/model"})
end

function TestEnd:test_a_port_that_is_taken()
  lu.assertErrorMsgContains("cannot listen at 127.0.0.1, port " .. running.port, service.start, {"--port", running.port})
  running:stop()
  running = nil
  files.remove(folder)
end

lib.run(true)
