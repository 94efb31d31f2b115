--- Workers: the processes that do the work of a service, and the tasks that wait for them.
---
---     local pool = workers.new {songs = shelf, workers = 2, models = {"runs/genres"}}
---     pool:submit {task = "analysis", song = song.id, on_done = function(result) print(result.tempo) end}
---     while pool:busy() do pool:wait(1) end
---
--- Three kinds of processes: decoders, one for each file; workers, which hear songs; and one that has the models, which
--- are loaded once. All tasks that wait for the same model are one batch for it. A process that dies takes the task that
--- it worked on with it, nothing else, and is started again. All of them end with this one, however it ends.
---
--- Nothing here waits but `wait` and `close`: the loop of a server polls `descriptors()` and calls `step()`.
local core = require "moonlark_core"
local decoders = require "moonlark.server.decoders"
local finally = require "moonlark.base.finally"
local hand = require "moonlark.server.hand"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local songs = require "moonlark.server.songs"

local workers = {}

---@class moonlark.server.Ticket
---@field task string
---@field song moonlark.server.Song?
---@field options table
---@field on_progress fun(done: number, stage: string)?
---@field on_done fun(result: table)?
---@field on_failed fun(problem: moonlark.server.Fault)?
---@field package state "decoding"|"waiting"|"running"|"over"
---@field package alone boolean?  it was part of a batch in which the process died

---@class moonlark.server.Fault
---@field status integer  of HTTP
---@field kind string
---@field detail string

---@class moonlark.server.Pool
---@field songs moonlark.server.Songs
---@field package o table
---@field package waiting moonlark.server.Ticket[]
---@field package hands moonlark.server.Hand[]
---@field package decoders moonlark.server.Decoders
---@field package tally table<string, integer>
---@field models table[]?  what the process with the models says of them, once it has loaded them
local Pool = {}
Pool.__index = Pool
Pool.__name = "moonlark.server.Pool"

-- Tasks of models; all others are for workers.
local for_models = {prediction = true, embedding = true}

local parameters = options.describe("server.workers", {
  songs = options.value("moonlark.server.Songs", "what server.songs gives", function(value)
    return getmetatable(value) and getmetatable(value).__name == "moonlark.server.Songs" and value or nil
  end, options.none, "where sounds lie", {usual = "a shelf of its own"}),
  workers = options.integer(2, {least = 1, most = 256}, "processes that hear songs"),
  queue = options.integer(64, {least = 0}, "tasks that may wait"),
  models = options.list(options.text(), options.none, {least = 1, usual = "none"}, "run folders, files, or models from elsewhere"),
  device = options.text("cpu", 'where networks compute: "cpu", "cuda:0"'),
  offline = options.boolean(false, "nothing is fetched"),
  tasks = options.text(options.none, "a folder with tasks of one's own, NAME.lua, beside those of tasks/", {usual = "none"}),
  batch = options.integer(64, {least = 1}, "tasks that a model is given at once"),
  task_seconds = options.number(600, {above = 0, unit = "s"}, "a task that takes longer is ended"),
  idle_seconds = options.number(300, {above = 0, unit = "s"}, "a worker with nothing to do ends after so long"),
  duration = options.number(7200, {above = 0, unit = "s"}, "the longest sound"),
  memory = options.integer(512, {least = 16, unit = "MB"}, "of a decoder"),
  decode_seconds = options.integer(120, {least = 1, unit = "s"}, "processor time of a decoder"),
  decoded_bytes = options.integer(4000000000, {least = 1000}, "of a decoded file"),
  partial = options.choice({"error", "keep"}, "error", "damaged files: an error, or what is there is kept"),
})

--- A pool of processes, none of which is started yet but the one with the models, if there are any.
---     local pool = workers.new {songs = shelf}
---@param given moonlark.server.workers.Options?
---@return moonlark.server.Pool
function workers.new(given)
  local o = parameters:read(given)
  local shelf = o.songs or songs.new()
  local self = setmetatable({songs = shelf, o = o, waiting = {}, hands = {},
    decoders = decoders.new(shelf, o, math.max(2, core.system.cores())),
    tally = {done = 0, failed = 0, cancelled = 0, deaths = 0, batches = 0, batched = 0}}, Pool)
  if #(o.models or {}) > 0 then self:hand_for "model":start() end
  return self
end

-- --- how tasks end -------------------------------------------------------------------

local function close_ticket(self, ticket, outcome)
  if ticket.state == "over" then return false end
  ticket.state = "over"
  self.tally[outcome] = self.tally[outcome] + 1
  if ticket.song then self.songs:let_go(ticket.song) end
  return true
end

-- Calls a function of a ticket. One that fails must not keep the others from their results.
local function call(f, ...)
  local fine, why = xpcall(f or function() end, debug.traceback, ...)
  if not fine then io.stderr:write(("moonlark serve: a result was not taken: %s\n"):format(show.lines(why))) end
end

local function fail(self, ticket, problem)
  if close_ticket(self, ticket, "failed") then call(ticket.on_failed, problem) end
end

local function succeed(self, ticket, result)
  if close_ticket(self, ticket, "done") then call(ticket.on_done, result) end
end

local function leave_queue(self, ticket)
  for i, other in ipairs(self.waiting) do
    if other == ticket then return table.remove(self.waiting, i) end
  end
end

-- What a process worked on when it died. Of a batch each task gets another chance, by itself.
local function bury(self, one, how)
  self.tally.deaths = self.tally.deaths + 1
  local tickets = one:put_down()
  for i = #tickets, 1, -1 do
    local ticket = tickets[i]
    if #tickets > 1 and ticket.state == "running" then
      ticket.alone, ticket.state = true, "waiting"
      table.insert(self.waiting, 1, ticket)
    else
      fail(self, ticket, {status = 500, kind = "crashed", detail = ("the process that worked on it ended (%s)"):format(how)})
    end
  end
end

-- --- orders --------------------------------------------------------------------------

--- Submits a task: of a song, which is decoded first where it is not, or of none. Results and problems are handed to
--- the functions of the ticket within a later `step`.
---     local ticket = pool:submit {task = "analysis", song = id, options = {parts = {"tempo"}}, on_done = print}
---@param ticket {task: string, song: string?, options: table?, on_progress: function?, on_done: function?, on_failed: function?}
---@return moonlark.server.Ticket?  nil where it was refused
---@return "full"|"gone"|nil why  no place in the queue; no such song
function Pool:submit(ticket)
  if #self.waiting >= self.o.queue or self.closing then return nil, "full" end
  local song = ticket.song and self.songs:get(ticket.song)
  if ticket.song and not song then return nil, "gone" end
  ticket.song, ticket.options, ticket.state = song, ticket.options or {}, "waiting"
  if song then
    self.songs:hold(song)
    self.decoders:want(song)
    if song.state ~= "ready" then ticket.state = "decoding" end
  end
  self.waiting[#self.waiting + 1] = ticket
  self:step()
  return ticket
end

--- Cancels a task: one that waits leaves, and of one that runs the worker is ended. A model's batch goes on, for the
--- others in it. Nothing of the ticket is called any more.
---     pool:cancel(ticket)
---@param ticket moonlark.server.Ticket
---@return boolean  it was not over yet
function Pool:cancel(ticket)
  local running = ticket.state == "running"
  leave_queue(self, ticket)
  if not close_ticket(self, ticket, "cancelled") then return false end
  for _, one in ipairs(running and self.hands or {}) do
    if one.kind == "analysis" and one.order and one.order.tickets[1] == ticket then
      one:stop(0)
      one:put_down()
    end
  end
  return true
end

--- A process of a kind that has nothing to do: one that runs, or a new one where there is still room; nil where all work.
---     local one = self:hand_for "model"
---@package
---@param kind "analysis"|"model"
---@return moonlark.server.Hand?
function Pool:hand_for(kind)
  local count, asleep = 0, nil
  for _, one in ipairs(self.hands) do
    if one.kind == kind then
      count = count + 1
      if not one.order and one.peer then return one end
      if not one.order then asleep = one end
    end
  end
  if asleep then return asleep end
  if count >= (kind == "model" and 1 or self.o.workers) then return nil end
  local settings = {kind = kind, tasks = self.o.tasks, threads = math.max(1, core.system.cores() // (kind == "model" and 1 or self.o.workers))}
  if kind == "model" then
    settings.models, settings.device, settings.offline = json.array(self.o.models or {}), self.o.device, self.o.offline
  end
  self.hands[#self.hands + 1] = hand.new(kind, settings)
  return self.hands[#self.hands]
end

-- What makes tasks of models one batch.
local function key_of(ticket) return ticket.task .. json.encode(ticket.options) end

local function is_for(ticket, kind)
  return ticket.state == "waiting" and (for_models[ticket.task] or false) == (kind == "model")
end

local function has_work(self, kind)
  for _, ticket in ipairs(self.waiting) do
    if is_for(ticket, kind) then return true end
  end
  return false
end

-- Takes the first task for a kind of process out of the queue; for models all that ask the same of the same.
local function next_tickets(self, kind)
  local tickets, left, key = {}, {}, nil
  for _, ticket in ipairs(self.waiting) do
    local fits = is_for(ticket, kind)
    if fits and #tickets > 0 then
      fits = kind == "model" and #tickets < self.o.batch and not tickets[1].alone and not ticket.alone
        and key_of(ticket) == key
    end
    if fits then
      tickets[#tickets + 1] = ticket
      key = key or (kind == "model" and key_of(ticket))
    else
      left[#left + 1] = ticket
    end
  end
  if #tickets > 0 then self.waiting = left end
  return tickets
end

-- What a worker is told of a song.
local function about(self, ticket)
  local song = ticket.song
  return song and {id = song.id, name = song.name, rate = song.rate, channels = song.channels, frames = song.frames,
    duration = song.duration, tags = song.tags, sound = song.sound, folder = self.songs:folder(song.id)} or json.null
end

local function give(self, one, tickets)
  local message = {task = tickets[1].task, options = tickets[1].options, songs = json.array {}}
  for i, ticket in ipairs(tickets) do
    ticket.state = "running"
    message.songs[i] = about(self, ticket)
  end
  if one.kind == "model" then
    self.tally.batches, self.tally.batched = self.tally.batches + 1, self.tally.batched + #tickets
  end
  one:give(tickets, message)
end

-- Gives work to those who have none.
local function dispatch(self)
  for _, kind in ipairs {"model", "analysis"} do
    while has_work(self, kind) do
      local one = self:hand_for(kind)
      if not one then break end
      give(self, one, next_tickets(self, kind))
    end
  end
end

-- --- what comes of them ---------------------------------------------------------------

local function take(self, one, message)
  if message.ready then
    self.models = message.models or self.models
    return one:begin()
  end
  local ticket = one:ticket(message)
  if message.problem then
    message.problem.status = math.tointeger(message.problem.status)
    fail(self, ticket, message.problem)
  elseif message.result then
    succeed(self, ticket, message.result)
  elseif ticket.state == "running" then
    call(ticket.on_progress, message.done, message.stage)
  end
end

local function hear(self, one, now)
  local messages, ended = one:hear()
  for _, message in ipairs(messages) do take(self, one, message) end
  if ended then
    bury(self, one, ended)
  elseif one:is_late(now, self.o.task_seconds) then
    one:stop(0)
    for _, ticket in ipairs(one:put_down()) do
      fail(self, ticket, {status = 504, kind = "too-slow", detail = ("it took more than %g s"):format(self.o.task_seconds)})
    end
  elseif one.peer and not one.order and one.kind == "analysis" and now > one.idle_since + self.o.idle_seconds then
    one:stop(0)
  end
end

-- Tasks whose song has been decoded may go on, or fail as it did.
local function take_decoded(self)
  for _, done in ipairs(self.decoders:step()) do
    for _, ticket in ipairs(table.move(self.waiting, 1, #self.waiting, 1, {})) do
      if ticket.song == done.song and ticket.state == "decoding" then
        ticket.state = "waiting"
        if done.problem then
          leave_queue(self, ticket)
          fail(self, ticket, done.problem)
        elseif ticket.task == "decode" then
          leave_queue(self, ticket)
          succeed(self, ticket, self.songs:plain(done.song))
        end
      end
    end
    if done.problem then self.songs:remove(done.song.id) end
    self.songs:let_go(done.song)
  end
end

-- Tasks that want nothing but a song that was decoded before.
local function take_ready(self)
  for _, ticket in ipairs(table.move(self.waiting, 1, #self.waiting, 1, {})) do
    if ticket.task == "decode" and ticket.state == "waiting" then
      leave_queue(self, ticket)
      succeed(self, ticket, self.songs:plain(ticket.song))
    end
  end
end

--- Takes what has come from the processes and gives them work. Never waits.
---     pool:step()
function Pool:step()
  if self.stepping then return end -- a ticket's function submitted another
  self.stepping = true
  local _ <close> = finally(function() self.stepping = false end)
  local now = core.system.clock()
  for _, one in ipairs(self.hands) do hear(self, one, now) end
  take_decoded(self)
  take_ready(self)
  dispatch(self)
end

-- --- waiting --------------------------------------------------------------------------

--- The descriptors that say when `step` has something to do.
---     local ready = core.process.poll(pool:descriptors(), 1)
---@return integer[]
function Pool:descriptors()
  local list = {}
  for _, one in ipairs(self.hands) do
    if one.peer then list[#list + 1] = one.peer:descriptor() end
  end
  self.decoders:add_descriptors(list)
  return list
end

--- Seconds after which `step` is due even where nothing has come: limits of time are looked at. nil: no need.
---     local seconds = pool:patience()
---@return number?
function Pool:patience() return #self:descriptors() > 0 and 0.5 or nil end

--- True while tasks wait or run.
---     while pool:busy() do pool:wait(1) end
---@return boolean
function Pool:busy()
  for _, one in ipairs(self.hands) do
    if one.order then return true end
  end
  return #self.waiting > 0
end

--- Waits so long until a process says something, and takes what has come.
---     pool:wait(0.5)
---@param seconds number
function Pool:wait(seconds)
  core.process.poll(self:descriptors(), math.min(seconds, self:patience() or seconds))
  self:step()
end

--- What there is to count: for /metrics.
---     print(pool:counts().waiting)
---@return table<string, integer>
function Pool:counts()
  local counts = {waiting = #self.waiting, running = 0, workers = 0}
  for name, count in pairs(self.tally) do counts[name] = count end
  for _, one in ipairs(self.hands) do
    counts.workers = counts.workers + (one.peer and 1 or 0)
    counts.running = counts.running + (one.order and #one.order.tickets or 0)
  end
  return counts
end

--- Ends all processes, after those that work have had so long to finish. What waits is cancelled; nothing can be
--- submitted any more.
---     pool:close(10)
---@param seconds number?  default: 0
function Pool:close(seconds)
  self.closing = true
  for _, ticket in ipairs(self.waiting) do
    if close_ticket(self, ticket, "cancelled") then
      call(ticket.on_failed, {status = 503, kind = "closing", detail = "the service ends"})
    end
  end
  self.waiting = {}
  local until_s = core.system.clock() + (seconds or 0)
  while self:busy() and core.system.clock() < until_s do self:wait(0.1) end
  for _, one in ipairs(self.hands) do
    one:stop(0)
    for _, ticket in ipairs(one:put_down()) do
      fail(self, ticket, {status = 503, kind = "closing", detail = "the service ends"})
    end
  end
  self.decoders:close()
end

return workers
