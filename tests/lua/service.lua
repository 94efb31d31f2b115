--- A service under test: `moonlark serve` in a process of its own, asked over real sockets.
---
---     local running <close> = service.start {"--routes", path}
---     local answer = running:ask {method = "POST", path = "/v1/hello", headers = {Host = "localhost"}, body = "{}"}
---     lu.assertEquals(answer.status, 200)
---
--- The client is bash's /dev/tcp, which every machine that builds Moonlark has.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local moonlark = require "moonlark"

local service = {}
service.__index = service

local function wait_for(what, f)
  for _ = 1, 600 do
    local found = f()
    if found then return found end
    core.system.sleep(0.05)
  end
  error(what .. " did not happen within 30 s", 0)
end

local function content(path) return files.exists(path) and files.read(path) or "" end

-- The program under test: the one that runs this.
local function program() return moonlark.home:gsub("/share/moonlark$", "/bin/moonlark") end

local function quoted(word) return "'" .. word:gsub("'", "'\\''") .. "'" end

--- Starts a service at a free port.
---@param words string[]?  more arguments
---@param environment string?  "NAME=value …" for a shell
function service.start(words, environment)
  local self = setmetatable({folder = files.temporary_folder()}, service)
  local line = {environment or "", quoted(program()), "serve --port 0"}
  for _, word in ipairs(words or {}) do line[#line + 1] = quoted(word) end
  local script = ("cd %s; (%s >out 2>log & pid=$!; echo $pid >pid; wait $pid; echo $? >code) >/dev/null 2>&1 &"):format(
    quoted(self.folder), table.concat(line, " "))
  core.process.run({"bash", "-c", script}, 10)
  self.port = wait_for("the service's start", function()
    if files.exists(self.folder .. "/code") then error("the service ended: " .. self:log(), 0) end
    return self:log():match "http://[^\n]+:(%d+)\n"
  end)
  return self
end

--- What the service has written to standard error.
function service:log() return content(self.folder .. "/log") end

--- What comes back, until the end, for bytes that are sent.
---@param bytes string
---@param then_ string?  a command of bash between sending and reading: "sleep 1;", or in place of it
function service:raw(bytes, then_)
  local path = files.temporary_folder()
  files.write(path .. "/request", bytes)
  local script = ("exec 3<>/dev/tcp/127.0.0.1/%s; cat %s/request >&3; %s cat <&3"):format(self.port, path, then_ or "")
  local ran = core.process.run({"bash", "-c", script}, 60)
  files.remove(path)
  return ran.out
end

-- A body that came in chunks.
local function joined(chunks)
  local parts, at = {}, 1
  while true do
    local size, from = chunks:match("^(%x+)[^\r]*\r\n()", at)
    if not size or size == "0" then return table.concat(parts) end
    parts[#parts + 1] = chunks:sub(from, from + tonumber(size, 16) - 1)
    at = from + tonumber(size, 16) + 2
  end
end

--- An answer taken apart: {status, headers (names in lower case), body, json() the body as it says}.
function service.parse(answer)
  while answer:find "^HTTP/1.1 100" do answer = answer:gsub("^.-\r\n\r\n", "", 1) end
  local status, head, body = answer:match "^HTTP/1.1 (%d+)[^\r]*\r\n(.-)\r\n\r\n(.*)$"
  if not status then error("no answer of HTTP: " .. answer:sub(1, 200), 0) end
  local headers = {}
  for name, value in (head .. "\r\n"):gmatch "([^\r\n:]+): ?([^\r\n]*)" do headers[name:lower()] = value end
  if headers["transfer-encoding"] == "chunked" then body = joined(body) end
  return {status = math.tointeger(tonumber(status)), headers = headers, body = body, json = function() return json.decode(body) end}
end

--- Asks: {method, path, headers, body (a table is sent as JSON)}.
function service:ask(what)
  local headers, body = {Host = "127.0.0.1:" .. self.port, Connection = "close"}, what.body
  if type(body) == "table" then body, headers["Content-Type"] = json.encode(body), "application/json" end
  if body then headers["Content-Length"] = #body end
  for name, value in pairs(what.headers or {}) do headers[name] = value or nil end
  local lines = {("%s %s HTTP/1.1"):format(what.method or "GET", what.path)}
  for name, value in pairs(headers) do lines[#lines + 1] = ("%s: %s"):format(name, value) end
  return service.parse(self:raw(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")))
end

--- A body of multipart/form-data: a list of {name, content, filename?, type?}. Returns the body and its Content-Type.
function service.form(parts)
  local boundary, out = "moonlark-test-boundary", {}
  for _, part in ipairs(parts) do
    out[#out + 1] = ('--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n%s\r\n%s\r\n'):format(boundary, part.name,
      part.filename and ('; filename="%s"'):format(part.filename) or "",
      part.type and ("Content-Type: %s\r\n"):format(part.type) or "", part.content)
  end
  return table.concat(out) .. "--" .. boundary .. "--\r\n", "multipart/form-data; boundary=" .. boundary
end

--- Ends the service by a signal and returns its exit code.
---@param signal string?  default: "TERM"
function service:stop(signal)
  os.execute(("kill -%s %s 2>/dev/null"):format(signal or "TERM", content(self.folder .. "/pid"):match "%d+"))
  wait_for("the service's end", function() return content(self.folder .. "/code") ~= "" end)
  return tonumber(content(self.folder .. "/code"))
end

function service:__close()
  if self.closed then return end
  self.closed = true
  if not files.exists(self.folder .. "/code") then self:stop "KILL" end
  files.remove(self.folder)
end
service.__gc = service.__close -- one that nobody closed ends with the test

return service
