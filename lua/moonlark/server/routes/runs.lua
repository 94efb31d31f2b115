--- Routes of runs: the folders of experiments, their curves and matrices, trainings as they go on.
local answers = require "moonlark.server.answers"
local json = require "moonlark.base.json"
local problem = require "moonlark.server.problem"
local runs = require "moonlark.server.runs"
local schema = require "moonlark.server.schema"

local no_run = "There is no such run."

local function path_of(service, request)
  return service.runs and runs.path(service.runs, request.parts.name) or problem.fail(404, "there is no such run")
end

local function list(service, request)
  local made = json.array {}
  for i, name in ipairs(service.runs and runs.names(service.runs) or {}) do
    made[i] = runs.summary(service.runs .. "/" .. name, name)
  end
  request:answer(200, {runs = made, total = #made})
end

-- Rows are sent as they come; the service looks once a second for those who watch.
local function follow(watched, service, request)
  local look = runs.watch(path_of(service, request))
  watched[#watched + 1] = {events = request:events(), look = look}
end

-- Tells one who watches what has come; false once there is nobody, or nothing more.
local function tell(one)
  local rows, over = one.look()
  for _, row in ipairs(rows) do
    if not one.events:send("epoch", row) then return false end
  end
  if not over then return one.events:keep() end
  one.events:send("done", {})
  one.events:close()
  return false
end

return function(route, service)
  local watched = {}
  service:every(1, function()
    local left = {}
    for _, one in ipairs(watched) do
      if tell(one) then left[#left + 1] = one end
    end
    watched = left
  end)

  route("GET /v1/runs", {summary = "Lists the runs in the folder of --runs.",
    answers = {[200] = {"The runs.", schema = answers.page("runs", "Run")}}}, function(request) list(service,
      request) end)
  route("GET /v1/runs/{name}", {summary = "What a run has noted: settings, figures, curves, the confusion matrix.",
    answers = {[200] = {"The run.", schema = schema.named "RunDetail"}, [404] = no_run},
  }, function(request) request:answer(200, runs.detail(path_of(service, request), request.parts.name)) end)
  route("GET /v1/runs/{name}/events", {summary = "A training as it goes on, as server-sent events.",
    events = "epoch, with what the run notes of it, those before first; done, when the run is over",
    answers = {[200] = {"The events.", type = "text/event-stream", schema = schema.event}, [404] = no_run},
  }, function(request) follow(watched, service, request) end)
end
