--- Jobs: tasks that clients know by an id and come back for: their state, how far they are, what came of them.
---
---     local list = jobs.new {pool = pool, songs = shelf}
---     local job = list:start {kind = "analysis", song = song.id}
---     job:listen(function(event, job) print(event, job.progress) end)
---
--- Results are kept for a while, within limits of their number and size.
local core = require "moonlark_core"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"

local jobs = {}

---@class moonlark.server.Job
---@field id string  32 random hexadecimal digits
---@field kind string  its task: "analysis", "prediction" …
---@field song string?  its id
---@field options table
---@field status "queued"|"running"|"done"|"failed"|"cancelled"
---@field progress number  0 .. 1
---@field stage string?  what is done now
---@field result table?
---@field problem moonlark.server.Fault?
---@field created integer  seconds, as os.time has them
---@field package ended number?  of a clock that never jumps
---@field package bytes integer  of the result
---@field package listeners table<function, true>
---@field package ticket moonlark.server.Ticket?
local Job = {}
Job.__index = Job

---@class moonlark.server.Jobs
---@field package o table
---@field package list moonlark.server.Job[]  the oldest first
---@field package by_id table<string, moonlark.server.Job>
local Jobs = {}
Jobs.__index = Jobs
Jobs.__name = "moonlark.server.Jobs"

local parameters = options.describe("server.jobs", {
  pool = options.any(options.required, "what server.workers gives"),
  keep = options.integer(500, {least = 1}, "jobs that are over and can still be asked for"),
  keep_seconds = options.number(3600, {least = 0, unit = "s"}, "how long they can"),
  keep_bytes = options.integer(256000000, {least = 1}, "what their results may take together"),
})

--- An empty list of jobs.
---     local list = jobs.new {pool = pool}
---@param given moonlark.server.jobs.Options
---@return moonlark.server.Jobs
function jobs.new(given)
  local o = parameters:read(given)
  return setmetatable({o = o, list = {}, by_id = {}}, Jobs)
end

-- --- one job -------------------------------------------------------------------------

local function tell(self, event)
  local listeners = {}
  for listener in pairs(self.listeners) do listeners[#listeners + 1] = listener end
  for _, listener in ipairs(listeners) do
    if self.listeners[listener] then listener(event, self) end
  end
end

--- True once nothing more happens to it.
---     if job:is_over() then print(job.status) end
---@return boolean
function Job:is_over() return self.ended ~= nil end

--- Calls f("progress"|"done"|"failed"|"cancelled", job) from now on; at once where the job is over already.
---     job:listen(function(event, job) print(event, job.progress) end)
---@param f fun(event: string, job: moonlark.server.Job)
---@return function f  for unlisten
function Job:listen(f)
  if self:is_over() then f(self.status, self) else self.listeners[f] = true end
  return f
end

--- Calls it no more.
---     job:unlisten(listener)
---@param f function
function Job:unlisten(f) self.listeners[f] = nil end

--- What clients are told of it.
---     request:answer(200, job:plain(true))
---@param with_result boolean?
---@return table
function Job:plain(with_result)
  return {id = self.id, kind = self.kind, song = self.song, status = self.status, progress = self.progress,
    stage = self.stage, created = self.created, result = with_result and self.result or nil, problem = self.problem}
end

-- --- the list ------------------------------------------------------------------------

-- Forgets jobs that are over, the oldest first, beyond the limits.
local function forget(self)
  local over, bytes, now = 0, 0, core.system.clock()
  for _, job in ipairs(self.list) do
    if job:is_over() then over, bytes = over + 1, bytes + job.bytes end
  end
  local left = {}
  for _, job in ipairs(self.list) do
    local late = job:is_over() and now - job.ended > self.o.keep_seconds
    if job:is_over() and (late or over > self.o.keep or bytes > self.o.keep_bytes) then
      over, bytes = over - 1, bytes - job.bytes
      self.by_id[job.id] = nil
    else
      left[#left + 1] = job
    end
  end
  self.list = left
end

local function finish(self, job, status)
  job.status, job.ended, job.ticket = status, core.system.clock(), nil
  tell(job, status)
  job.listeners = {}
  forget(self)
end

-- What the pool calls as the task goes on.
local function ticket_of(self, job)
  return {
    task = job.kind, song = job.song, options = job.options,
    on_progress = function(done, stage)
      job.status, job.progress, job.stage = "running", done, stage
      tell(job, "progress")
    end,
    on_done = function(result)
      job.result, job.progress, job.stage = result, 1, nil
      job.bytes = #json.encode(result)
      finish(self, job, "done")
    end,
    on_failed = function(problem)
      job.problem = problem
      finish(self, job, "failed")
    end,
  }
end

--- Starts a job. A task that ends at once (a song that has been decoded) is over when this returns.
---     local job, why = list:start {kind = "analysis", song = song.id, options = {parts = {"tempo"}}}
---@param order {kind: string, song: string?, options: table?}
---@return moonlark.server.Job?
---@return "full"|"gone"|nil why  no place in the queue; no such song
function Jobs:start(order)
  local job = setmetatable({id = core.system.random_hex(16), kind = order.kind, song = order.song,
    options = order.options or {}, status = "queued", progress = 0, created = os.time(), bytes = 0, listeners = {}}, Job)
  local ticket, why = self.o.pool:submit(ticket_of(self, job))
  if not ticket then return nil, why end
  if not job:is_over() then job.ticket = ticket end
  self.list[#self.list + 1], self.by_id[job.id] = job, job
  return job
end

--- The job of an id; nil where there is none (any more).
---     local job = list:get(id)
---@param id string
---@return moonlark.server.Job?
function Jobs:get(id)
  forget(self)
  return self.by_id[id]
end

--- Cancels a job that is not over.
---     list:cancel(id)
---@param id string
---@return boolean  it was not over
function Jobs:cancel(id)
  local job = self.by_id[id]
  if not job or job:is_over() then return false end
  self.o.pool:cancel(job.ticket)
  finish(self, job, "cancelled")
  return true
end

--- Cancels a job that is not over, and forgets it.
---     list:remove(id)
---@param id string
function Jobs:remove(id)
  self:cancel(id)
  self.by_id[id] = nil
  for i, job in ipairs(self.list) do
    if job.id == id then return table.remove(self.list, i) end
  end
end

--- All of them, the newest first.
---     for _, job in ipairs(list:all()) do print(job.kind, job.status) end
---@return moonlark.server.Job[]
function Jobs:all()
  local all = {}
  for i = #self.list, 1, -1 do all[#all + 1] = self.list[i] end
  return all
end

return jobs
