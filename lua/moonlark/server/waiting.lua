--- Waiting: requests that are answered with a job: now, when it ends, or as it goes on.
---
---     local job = waiting.start(service, {kind = "analysis", song = song.id, options = {parts = {"key"}}})
---     waiting.answer(request, job, said.wait)        -- 202 and the job; 200 with its result, where that comes in time
---
--- What a job is: jobs.lua. What it is called in addresses: `waiting.places`.
local core = require "moonlark_core"
local problem = require "moonlark.server.problem"

local waiting = {}

--- Where jobs of a kind are asked about: /v1/analyses/{id}.
waiting.places = {analysis = "analyses", prediction = "predictions", features = "features", embedding = "embeddings"}

--- Why a task could not be taken, as a problem.
---@param why "full"|"gone"
function waiting.refuse(why)
  if why == "gone" then problem.fail(404, "there is no such song (any more)") end
  problem.fail(503, "too many tasks wait already; ask again later", nil, {["Retry-After"] = "5"})
end

--- Starts a job. Errors, as problems: the queue is full (503), the song is gone (404).
---@param service moonlark.server.Service
---@param wanted {kind: string, song: string?, options: table?}
---@return moonlark.server.Job
function waiting.start(service, wanted)
  local job, why = service.jobs:start(wanted)
  return job or waiting.refuse(why)
end

--- The job of an id. Errors, as a problem: there is none of this kind (any more).
---@param service moonlark.server.Service
---@param kind string  "analysis" …
---@param id string
---@return moonlark.server.Job
function waiting.job(service, kind, id)
  local job = service.jobs:get(id)
  return job and job.kind == kind and job or problem.fail(404, "there is no such job (any more)")
end

local function href(job) return ("/v1/%s/%s"):format(waiting.places[job.kind], job.id) end

-- What is wrong with a job, as a document of problem+json has it.
local function problem_of(job)
  local why = job.problem
  return why and problem.new(why.status or 500, why.detail, {kind = why.kind})
end

--- What clients are told of a job, its result with it.
---@param job moonlark.server.Job
---@return table
function waiting.plain(job)
  local plain, why = job:plain(true), problem_of(job)
  plain.kind, plain.href, plain.problem = waiting.places[job.kind], href(job), why and why:plain()
  return plain
end

-- The answer of now. Where somebody waited for a job, its failure is the answer.
local function answer(request, job, waited)
  if request.answered then return end
  request.service:later(request, function()
    if waited and job.problem then error(problem_of(job), 0) end
    request:answer(job:is_over() and 200 or 202, waiting.plain(job), {Location = href(job)})
  end)
end

local held = setmetatable({}, {__mode = "k"}) -- service -> those that wait: {request, job, listener, due}

-- Answers those that have waited long enough.
local function answer_late(service)
  local now, left = core.system.clock(), {}
  for _, one in ipairs(held[service]) do
    if now >= one.due then
      one.job:unlisten(one.listener)
      answer(one.request, one.job, true)
    end
    if not one.request.answered then left[#left + 1] = one end
  end
  held[service] = left
end

--- Looks after requests that wait for jobs, as long as the service runs.
---@param service moonlark.server.Service
function waiting.watch(service)
  held[service] = {}
  service:every(0.25, function() answer_late(service) end)
end

--- Answers a request with a job: at once, when it ends, or after so many seconds.
---@param request moonlark.server.Request
---@param job moonlark.server.Job
---@param seconds number
function waiting.answer(request, job, seconds)
  if seconds <= 0 then return answer(request, job, false) end
  local listener = job:listen(function() if job:is_over() then answer(request, job, true) end end)
  if request.answered then return end
  table.insert(held[request.service], {request = request, job = job, listener = listener,
    due = core.system.clock() + seconds})
end

--- Answers a request with what happens to a job, as server-sent events: "progress" again and again, at the end "done",
--- "failed" or "cancelled" with the job.
---@param request moonlark.server.Request
---@param job moonlark.server.Job
function waiting.follow(request, job)
  local events, listener = request:events(), nil
  local function tell()
    if job:is_over() then
      events:send(job.status, waiting.plain(job))
      return events:close()
    end
    local there = events:send("progress", {progress = job.progress, stage = job.stage, status = job.status})
    if not there and listener then job:unlisten(listener) end
  end
  tell()
  if not job:is_over() then listener = job:listen(tell) end
end

--- Submits a task whose result answers the request itself: f(request, result). Errors, as problems, as of
--- waiting.start.
---@param request moonlark.server.Request
---@param ticket {task: string, song: string?, options: table?}
---@param f fun(request: moonlark.server.Request, result: table)
function waiting.task(request, ticket, f)
  local service = request.service
  ticket.on_done = function(result) service:later(request, function() f(request, result) end) end
  ticket.on_failed = function(why)
    service:later(request, function() problem.fail(why.status or 500, why.detail, {kind = why.kind}) end)
  end
  local made, why = service.pool:submit(ticket)
  if not made then waiting.refuse(why) end
end

return waiting
