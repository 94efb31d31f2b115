--- Request: what somebody asks of the service, and how it is answered: once, now or later.
---
---     service:route("GET /v1/hello/{name}", {}, function(request)
---       request:answer(200, {hello = request.parts.name, loud = request.query.loud})
---     end)
local json = require "moonlark.base.json"
local lfs = require "lfs"
local problem = require "moonlark.server.problem"
local websocket = require "moonlark.server.websocket"

---@class moonlark.server.Request
---@field method string  "GET", "POST" …; HEAD comes as it is, and its answer's body is not sent
---@field path string  unescaped, without the query
---@field parts table<string, string>  what stands in place of {name} in the route
---@field query table<string, string>
---@field headers table<string, string>  names in lower case
---@field peer string  the address that asks
---@field json string?  a body of JSON, not yet read
---@field upload {path: string, name: string, type: string, bytes: integer}?  a file that came; it goes when the handler
--- has returned, unless that has moved it away
---@field fields table<string, string>  the other parts of a form
---@field said table<string, any>?  what it says beside its sound, checked: of routes that describe what they take
---@field answered boolean
local Request = {}
Request.__index = Request
Request.__name = "moonlark.server.Request"

-- {name = value} as name and value by turns, with those that are always there.
local function in_turns(headers)
  local list = {}
  headers = headers or {}
  if not headers["Cache-Control"] then list = {"Cache-Control", "no-store"} end
  for name, value in pairs(headers) do
    list[#list + 1], list[#list + 2] = name, tostring(value)
  end
  return list
end

--- Answers. Errors: the request has been answered.
---     request:answer(200, {hello = "you"})
---@param status integer  200..599
---@param body string|table|nil  a table is sent as JSON
---@param headers table<string, string>?
function Request:answer(status, body, headers)
  headers = headers or {}
  if type(body) == "table" then
    body = json.encode(body) .. "\n"
    headers["Content-Type"] = headers["Content-Type"] or "application/json"
  end
  self.answered = true
  self.exchange:answer(status, in_turns(headers), body or "")
end

--- Answers with a problem.
---     request:problem(404, "there is no such song")
---@param status integer|moonlark.server.Problem
---@param detail string?
---@param extra table?
function Request:problem(status, detail, extra)
  local what = problem.is(status) and status or problem.new(status, detail, extra)
  local headers = {["Content-Type"] = problem.type}
  for name, value in pairs(what.headers or {}) do headers[name] = value end
  self:answer(what.status, what:encode(), headers)
end

-- The part of a file that Range asks for: first byte and length; nil for the whole, false for none.
local function range_of(header, size)
  local first, last = (header or ""):match "^bytes=(%d*)%-(%d*)$"
  if not first or first == "" and last == "" then return nil end
  first, last = math.tointeger(tonumber(first)), math.tointeger(tonumber(last))
  if not first then first, last = math.max(size - last, 0), size - 1 end
  last = math.min(last or size - 1, size - 1)
  return first <= last and first or false, last - first + 1
end

--- Answers with a file, or the part of it that the request's Range asks for.
---     request:send_file("song.wav", "audio/wav")
---@param path string
---@param type_name string  "audio/wav"
---@param headers table<string, string>?
function Request:send_file(path, type_name, headers)
  local size = lfs.attributes(path, "size") or problem.fail(404, "the file is gone")
  headers = headers or {}
  headers["Content-Type"], headers["Accept-Ranges"] = type_name, "bytes"
  local first, length = range_of(self.headers.range, size)
  if first == false then problem.fail(416, "Range lies outside of the file", nil, {["Content-Range"] = "bytes */" .. size}) end
  if first then headers["Content-Range"] = ("bytes %d-%d/%d"):format(first, first + length - 1, size) end
  self.answered = true
  self.exchange:answer_file(first and 206 or 200, in_turns(headers), path, first or 0, length or size)
end

--- What the body says as JSON; an empty table where there is none.
---     local said = request:body()
---@return table
function Request:body()
  if not self.json then return {} end
  local fine, value = pcall(json.decode, self.json)
  if not fine or type(value) ~= "table" then problem.fail(400, "the body must be an object of JSON") end
  return value
end

-- events ------------------------------------------------------------------------------------

--- A stream of server-sent events (the HTML standard's, text/event-stream).
---@class moonlark.server.Events
local Events = {}
Events.__index = Events

--- Answers with events that come one by one. `service:every` keeps such connections alive by comments.
---     local events = request:events()
---@return moonlark.server.Events
function Request:events()
  self.answered = true
  self.exchange:answer_stream(200, in_turns {["Content-Type"] = "text/event-stream"})
  local events = setmetatable({exchange = self.exchange, open = true}, Events)
  self.service.streams[events] = true
  return events
end

--- Sends an event; a table is sent as JSON.
---     events:send("progress", {progress = 0.5})
---@param event string  its name
---@param data string|table
---@return boolean  false once the client is gone
function Events:send(event, data)
  if type(data) == "table" then data = json.encode(data) end
  self.open = self.open and self.exchange:send(("event: %s\ndata: %s\n\n"):format(event, data:gsub("[\r\n]+", " ")))
  return self.open
end

--- Sends nothing, so that nobody on the way takes the connection for dead, and so that it is noticed when it is.
---     if not events:keep() then print "gone" end
---@return boolean
function Events:keep()
  self.open = self.open and self.exchange:send ":\n\n"
  return self.open
end

---     events:close()
function Events:close()
  self.open = false
  self.exchange:finish()
end

--- The WebSocket that the request asks for. Errors: it asks for none (problem 426), or wrongly (400).
---     local socket = request:websocket()
---     socket.on_message = function(data, binary) socket:send(data, binary) end
---@return moonlark.server.Socket
function Request:websocket()
  if self.method ~= "GET" then problem.fail(405, "a WebSocket is asked for by GET", nil, {Allow = "GET"}) end
  local socket = websocket.of(self.exchange)
  self.answered = true
  table.insert(self.service.sockets, socket)
  return socket
end

-- making ------------------------------------------------------------------------------------

--- A request of an exchange of the engine's.
---@param service moonlark.server.Service
---@param exchange userdata
---@return moonlark.server.Request
function Request.of(service, exchange)
  local self = setmetatable(exchange:request(), Request)
  self.service, self.exchange, self.answered = service, exchange, false
  return self
end

return Request
