--- Server: what the program hears and knows, over HTTP.
---
---     local server = require "moonlark.server"
---     local service = server.new {port = 8000}
---     service:route("GET /v1/hello/{name}", {summary = "Says hello."}, function(request)
---       request:answer(200, {hello = request.parts.name})
---     end)
---     service:run()
---
--- One thread of the engine's owns the network (core/net/server.h); this one runs the handlers, one after the other. A
--- handler returns at once: what takes longer it hands to a worker, and answers when the result comes.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local input = require "moonlark.server.input"
local options = require "moonlark.base.options"
local problem = require "moonlark.server.problem"
local Request = require "moonlark.server.request"
local show = require "moonlark.base.show"

local integer, list, number, string = options.integer, options.list, options.number, options.text

local server = {}

---@class moonlark.server.Service
---@field routes moonlark.server.Route[]
---@field options table
---@field folder string  of its own, for files that come; it goes with the service
---@field streams table<moonlark.server.Events, boolean>
---@field sockets moonlark.server.Socket[]
local Service = {}
Service.__index = Service
Service.__name = "moonlark.server.Service"

---@class moonlark.server.Route
---@field method string
---@field path string
---@field body "none"|"json"|"sound"
---@field public boolean  answered without a token
---@field about moonlark.server.About  what is said of it (openapi.lua)
---@field handler fun(request: moonlark.server.Request)

local described = options.describe("server.new", {
  address = string("127.0.0.1", "where it listens; any other than this machine itself needs a token"),
  port = integer(8000, {least = 0, most = 65535}, "and at which port; 0: any free one"),
  hosts = list(string(), options.none, {}, "names that the machine is called by, beside localhost and numbers"),
  token = string(options.none, "what everybody must send who asks; none: nobody need"),
  rate = number(50, {least = 0, unit = "requests/s"}, "how often an address may ask; 0: as it likes"),
  connections = integer(256, {least = 1}, "the most at once; then 503"),
  connections_of_one = integer(64, {least = 1}, "the most of one address; then 429"),
  queue = integer(128, {least = 1}, "requests that may wait for a handler; then 503"),
  idle = number(30, {above = 0, unit = "s"}, "a connection that sends no request's headers within it is closed"),
  body_time = number(300, {above = 0, unit = "s"}, "how long a body may take to come; then 408"),
  max_upload = integer(1 << 30, {least = 1, unit = "bytes"}, "of a file that comes; then 413"),
  grace = number(30, {least = 0, unit = "s"}, "how long what runs may go on when the service is to end"),
})

local loopback = {["127.0.0.1"] = true, ["::1"] = true}

--- A service that does not listen yet. Errors: an option is wrong; it listens beyond this machine without a token.
---     local service = require "moonlark.server".new {port = 0}
---@param given moonlark.server.new.Options?
---@return moonlark.server.Service
function server.new(given)
  local o = described:read(given)
  if not loopback[o.address] and not o.token then
    show.fail("server.new: address %s can be reached from other machines, so a token is needed", o.address)
  end
  return setmetatable({options = o, routes = {}, streams = {}, sockets = {}, watched = {}, timers = {}}, Service)
end

-- What stands in braces in a path, in order.
local function names_of(path)
  local names = {}
  for part in path:gmatch "[^/]+" do names[#names + 1] = part:match "^{(.*)}$" or false end
  return names
end

--- Adds a route: who asks so is answered by the handler. Before `open`. Errors: it is written wrongly, or there already.
---     service:route("GET /v1/hello", {summary = "Says hello."}, function(request) request:answer(200, {hello = "you"}) end)
---@param pattern string  a method and a path
---@param about moonlark.server.About  {body = "json", "sound" or nil; public, summary …}
---@param handler fun(request: moonlark.server.Request)
function Service:route(pattern, about, handler)
  local method, path = pattern:match "^(%u+) (/%S*)$"
  if not method then show.fail('a route must be written like "GET /v1/songs/{id}", got "%s"', pattern) end
  if self.server then error("routes must be added before the service is opened", 2) end
  self.routes[#self.routes + 1] = {method = method, path = path, names = names_of(path), about = about,
    body = about.body or "none", public = about.public or false, handler = handler}
end

--- Calls a function again and again, so many seconds apart, while the service runs.
---     service:every(60, function() collectgarbage() end)
---@param seconds number
---@param f fun()
function Service:every(seconds, f)
  self.timers[#self.timers + 1] = {seconds = seconds, f = f, due = core.system.clock() + seconds}
end

--- Watches others' descriptors: `step` is called with those that can be read.
---     service:watch(pool)
---@param watched {descriptors: fun(self): integer[]; step: fun(self, ready: integer[])}
function Service:watch(watched) self.watched[#self.watched + 1] = watched end

--- Listens from here on.
---     local port = service:open()
---@return integer port
function Service:open()
  local o = self.options
  self.folder = self.folder or files.temporary_folder()
  self:every(10, function() collectgarbage() end) -- so that memory follows what is in use, not what was
  self:every(15, function()
    for stream in pairs(self.streams) do
      if not stream:keep() then self.streams[stream] = nil end
    end
  end)
  self.server = core.server.open {address = o.address, port = o.port, hosts = o.hosts or {}, token = o.token, rate = o.rate,
    connections = o.connections, connections_of_one = o.connections_of_one, queue = o.queue, idle = o.idle,
    body_time = o.body_time, json_bytes = 1 << 20, upload_bytes = o.max_upload, folder = self.folder,
    routes = self.routes}
  return self.server:port()
end

-- answering ---------------------------------------------------------------------------------

local function parts_of(route, path)
  local parts, i = {}, 0
  for part in path:gmatch "[^/]+" do
    i = i + 1
    if route.names[i] then parts[route.names[i]] = part end
  end
  return parts
end

-- Answers a request whose handler failed, or did not finish.
local function answer_failure(request, why)
  if not problem.is(why) then
    io.stderr:write(("moonlark serve: %s %s: %s\n"):format(request.method, show.name(request.path), show.lines(tostring(why))))
    why = problem.new(500, "the service failed; its log says why")
  end
  if not request.answered then request:problem(why) end
end

-- Runs the handler of one request.
local function serve(self, exchange)
  local request = Request.of(self, exchange)
  local route = self.routes[request.route]
  request.parts = parts_of(route, request.path)
  local function answer()
    if route.about.answers then request.said = input.read(route.about, request) end -- a route that says what it takes
    route.handler(request)
  end
  local fine, why = xpcall(answer, function(why) return problem.is(why) and why or debug.traceback(why, 2) end)
  if not fine then answer_failure(request, why) end
  if request.upload then os.remove(request.upload.path) end -- unless the handler has moved it
end

--- Answers a request later, when a result comes, as a handler would: errors become problems.
---     service:later(request, function(r) r:answer(200, {tempo = 120}) end)
---@param request moonlark.server.Request
---@param f fun(request: moonlark.server.Request)
function Service:later(request, f)
  local fine, why = pcall(f, request)
  if not fine then answer_failure(request, why) end
end

-- How long may be waited before a timer is due, so many seconds at most.
local function until_timer(self, seconds)
  local now = core.system.clock()
  for _, timer in ipairs(self.timers) do seconds = math.min(seconds, timer.due - now) end
  return math.max(seconds, 0)
end

local function run_timers(self)
  local now = core.system.clock()
  for _, timer in ipairs(self.timers) do
    if now >= timer.due then
      timer.due = now + timer.seconds
      timer.f()
    end
  end
end

local function engines_of(sockets)
  local engines = {}
  for i, socket in ipairs(sockets) do engines[i] = socket.engine end
  return engines
end

-- Lets each WebSocket say what it heard; those that are over go.
local function serve_sockets(self)
  local all = self.sockets
  for i = #all, 1, -1 do
    if not all[i]:serve() then table.remove(all, i) end
  end
end

-- Tells all of them that it is over, and gives them a moment to answer.
local function close_sockets(self)
  for _, socket in ipairs(self.sockets) do socket:close(1001, "the service is stopping") end
  local last = core.system.clock() + 1
  while #self.sockets > 0 and core.system.clock() < last do
    self.server:next(0.05, {}, engines_of(self.sockets))
    serve_sockets(self)
  end
end

--- Waits for a request or for who is watched, so many seconds at most, and serves it.
---     while true do service:step(1) end
---@param seconds number
function Service:step(seconds)
  local descriptors = {}
  for _, watched in ipairs(self.watched) do
    for _, descriptor in ipairs(watched:descriptors()) do descriptors[#descriptors + 1] = descriptor end
  end
  local exchange, ready = self.server:next(until_timer(self, seconds), descriptors, engines_of(self.sockets))
  if exchange then serve(self, exchange) end
  for _, watched in ipairs(#ready > 0 and self.watched or {}) do watched:step(ready) end
  serve_sockets(self)
  run_timers(self)
end

--- Whether something is still under way: a request that waits for its answer, or work of those who are watched.
---     if not service:busy() then service:close() end
---@return boolean
function Service:busy()
  for _, watched in ipairs(self.watched) do
    if watched.busy and watched:busy() then return true end
  end
  return self.server:state().waiting > 0
end

--- Opens, unless that is done, and serves until SIGINT or SIGTERM comes; what runs then may go on for `grace` seconds,
--- and what does not end within them is handed back as a problem, 503.
---     local signal = service:run()
---@return string  the signal that ended it: "INT" or "TERM"
function Service:run()
  local held = core.system.hold_signals()
  local came
  self:watch {descriptors = function() return {held} end, step = function() came = came or core.system.held_signal(held) end}
  if not self.server then self:open() end
  while not came do self:step(1) end
  self.server:quiesce()
  local last = core.system.clock() + self.options.grace
  while self:busy() and core.system.clock() < last do self:step(0.1) end
  self:close()
  return came
end

--- Ends all connections and removes the folder of uploads.
---     service:close()
function Service:close()
  if self.server then
    close_sockets(self)
    self.server:close()
  end
  for _, watched in ipairs(self.watched) do
    if watched.close then watched:close() end
  end
  if self.folder then files.remove(self.folder) end
  self.folder = nil
end
Service.__close = Service.close

--- Adds the routes of a file: a chunk of Lua that is called with `route` and the service.
---     local route, service = ...
---     route("GET /v1/hello", {summary = "Says hello."}, function(request) request:answer(200, {hello = "you"}) end)
---     service:load "mine.lua"
---@param path string
function Service:load(path)
  local chunk, why = loadfile(path, "t")
  if not chunk then show.fail("routes: %s", why) end
  chunk(function(...) self:route(...) end, self)
end

--- The route's name for people and figures: "GET /v1/songs/{id}".
---     print(server.name_of(service.routes[1]))
---@param route moonlark.server.Route
---@return string
function server.name_of(route) return route.method .. " " .. route.path end

return server
