--- Prometheus: the figures of a service in Prometheus's text format.
---
---     request:answer(200, prometheus.text(service), {["Content-Type"] = prometheus.type})
local core = require "moonlark_core"

local prometheus = {type = "text/plain; version=0.0.4"}

local function escaped(value) return (value:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("\n", "\\n")) end

-- name{label="value"} number
local function line(name, labels, value)
  local written = {}
  for i = 1, #labels, 2 do written[#written + 1] = ('%s="%s"'):format(labels[i], escaped(labels[i + 1])) end
  local number = math.type(value) == "integer" and ("%d"):format(value) or ("%.9g"):format(value)
  return ("%s%s %s"):format(name, #written > 0 and "{" .. table.concat(written, ",") .. "}" or "", number)
end

local function head(lines, name, kind, help)
  lines[#lines + 1] = ("# HELP %s %s"):format(name, help)
  lines[#lines + 1] = ("# TYPE %s %s"):format(name, kind)
end

-- Bytes of memory that the process holds.
local function resident()
  local file <close> = io.open "/proc/self/status"
  local kilobytes = file and file:read "a":match "VmRSS:%s*(%d+)"
  return kilobytes and math.tointeger(tonumber(kilobytes)) * 1024 or nil
end

local function add_histogram(lines, labels, counted)
  local sum = 0
  local function bucket(bound)
    local with = table.move(labels, 1, #labels, 1, {})
    with[#with + 1], with[#with + 2] = "le", bound
    lines[#lines + 1] = line("moonlark_request_seconds_bucket", with, sum)
  end
  for i, bound in ipairs(core.server.latencies) do
    sum = sum + counted.within[i]
    bucket(("%g"):format(bound))
  end
  sum = 0
  for _, count in ipairs(counted.statuses) do sum = sum + count end
  bucket "+Inf"
  lines[#lines + 1] = line("moonlark_request_seconds_sum", labels, counted.seconds)
  lines[#lines + 1] = line("moonlark_request_seconds_count", labels, sum)
end

-- What was asked, by routes; number 0 fits none.
local function add_requests(lines, service)
  local tallies = {}
  for i = 0, #service.routes do
    local route = service.routes[i]
    local labels = {"method", route and route.method or "", "route", route and route.path or ""}
    tallies[#tallies + 1] = {labels = labels, counted = service.server:tally(i)}
  end
  head(lines, "moonlark_requests_total", "counter", "Requests that were answered, by route and class of status.")
  for _, one in ipairs(tallies) do
    for class, count in ipairs(one.counted.statuses) do
      local labels = {one.labels[1], one.labels[2], one.labels[3], one.labels[4], "status", class .. "xx"}
      if count > 0 then lines[#lines + 1] = line("moonlark_requests_total", labels, count) end
    end
  end
  head(lines, "moonlark_request_seconds", "histogram", "From a request's headers to its answer.")
  for _, one in ipairs(tallies) do add_histogram(lines, one.labels, one.counted) end
end

local function add_gauge(lines, name, help, value)
  if not value then return end
  head(lines, name, "gauge", help)
  lines[#lines + 1] = line(name, {}, value)
end

local function jobs_by_status(service)
  local counts = {cancelled = 0, done = 0, failed = 0, queued = 0, running = 0}
  for _, job in ipairs(service.jobs:all()) do counts[job.status] = counts[job.status] + 1 end
  return counts
end

local function add_pool(lines, service)
  if not service.pool then return end
  local counts, jobs = service.pool:counts(), jobs_by_status(service)
  add_gauge(lines, "moonlark_tasks_waiting", "Tasks that wait for a worker.", counts.waiting)
  add_gauge(lines, "moonlark_tasks_running", "Tasks that workers are at.", counts.running)
  add_gauge(lines, "moonlark_workers", "Worker processes that run.", counts.workers)
  head(lines, "moonlark_tasks_total", "counter", "Tasks that are over, by how they ended.")
  for _, name in ipairs {"cancelled", "done", "failed"} do
    lines[#lines + 1] = line("moonlark_tasks_total", {"end", name}, counts[name])
  end
  head(lines, "moonlark_worker_deaths_total", "counter", "Worker processes that ended while they worked.")
  lines[#lines + 1] = line("moonlark_worker_deaths_total", {}, counts.deaths)
  head(lines, "moonlark_jobs", "gauge", "Jobs that can be asked about, by status.")
  for _, name in ipairs {"cancelled", "done", "failed", "queued", "running"} do
    lines[#lines + 1] = line("moonlark_jobs", {"status", name}, jobs[name])
  end
  add_gauge(lines, "moonlark_songs", "Songs that are held.", #service.songs:list())
  add_gauge(lines, "moonlark_songs_bytes", "Bytes on the disk that they take.", service.songs:bytes())
end

--- The figures of a service.
---     io.write(prometheus.text(service))
---@param service moonlark.server.Service
---@return string
function prometheus.text(service)
  local lines, state = {}, service.server:state()
  add_requests(lines, service)
  add_gauge(lines, "moonlark_connections", "Connections that are open.", state.connections)
  add_gauge(lines, "moonlark_requests_waiting", "Requests that wait for a handler.", state.waiting)
  add_gauge(lines, "moonlark_memory_bytes", "Memory that the front process holds.", resident())
  add_pool(lines, service)
  return table.concat(lines, "\n") .. "\n"
end

return prometheus
