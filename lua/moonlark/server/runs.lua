--- Runs: what the folders of experiments (run/init.lua) have noted, as a dashboard shows it.
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local run = require "moonlark.run"
local text = require "moonlark.base.text"

local runs = {}

local function is_run(path) return files.kind(files.join(path, "run.json")) == "file" end

--- The names of the runs in a folder, sorted.
---     for _, name in ipairs(runs.names "runs") do print(name) end
---@param folder string
---@return string[]
function runs.names(folder)
  local names = {}
  for _, name in ipairs(files.list(folder, true)) do
    if is_run(files.join(folder, name)) then names[#names + 1] = name end
  end
  return text.sort(names)
end

--- The folder of a run by its name; nil where there is none. Only names that the folder lists are looked at.
---     local path = runs.path("runs", request.parts.name)
---@param folder string
---@param name string
---@return string?
function runs.path(folder, name)
  for _, known in ipairs(runs.names(folder)) do
    if known == name then return files.join(folder, name) end
  end
end

-- Numbers that are whole, as such: JSON's reader makes fractions of them.
local function whole(row)
  local made = {}
  for name, value in pairs(row) do made[name] = type(value) == "number" and math.tointeger(value) or value end
  return made
end

-- What a run's folder holds; what cannot be read is as if it were not there, with the reason.
local function load(path)
  local fine, loaded = pcall(run.load, path)
  return fine and loaded or {record = {status = "unreadable"}, metrics = {}, log = {}, why = tostring(loaded)}
end

-- The last value that the log has of the first of these names.
local function last(log, names)
  for _, name in ipairs(names) do
    for i = #log, 1, -1 do
      if type(log[i][name]) == "number" then return log[i][name] end
    end
  end
end

local judged = {"valid_accuracy", "accuracy"}

-- What the run was of: its model or architecture.
local function kind_of(record)
  local settings = record.settings or {}
  return settings.architecture or settings.model and tostring(settings.model) or settings.command
end

local function accuracy_of(loaded)
  for _, name in ipairs {"test.accuracy", "test_accuracy", "accuracy", "valid.accuracy"} do
    if type(loaded.metrics[name]) == "number" then return loaded.metrics[name] end
  end
  return last(loaded.log, judged)
end

--- A line of the list of runs.
---     request:answer(200, runs.summary("runs/a", "a"))
---@param path string
---@param name string
---@return table
function runs.summary(path, name)
  local loaded = load(path)
  local record = loaded.record
  return {name = name, status = record.status, kind = kind_of(record), started = record.started,
    finished = record.finished,
    epochs = last(loaded.log, {"epoch"}) and #loaded.log or nil, accuracy = accuracy_of(loaded)}
end

-- Rows of the log as a list for each name, null where a row has no such number.
local function curves_of(log)
  local curves = {}
  for i, row in ipairs(log) do
    for name, value in pairs(row) do
      if type(value) == "number" then
        value = math.tointeger(value) or value
        curves[name] = curves[name] or json.array {}
        for k = #curves[name] + 1, i - 1 do curves[name][k] = json.null end
        curves[name][i] = value
      end
    end
  end
  for _, list in pairs(curves) do
    for k = #list + 1, #log do list[k] = json.null end
  end
  return curves
end

--- All that a run has noted: settings, figures, curves, the confusion matrix where it is there.
---     request:answer(200, runs.detail("runs/a", "a"))
---@param path string
---@param name string
---@return table
function runs.detail(path, name)
  local loaded = load(path)
  local confusion = files.join(path, "confusion.json")
  local fine, found = pcall(json.read, confusion, "object")
  for i, row in ipairs(fine and found.matrix or {}) do found.matrix[i] = whole(row) end
  return {name = name, status = loaded.record.status, settings = whole(loaded.record.settings or {}),
    metrics = whole(loaded.metrics),
    curves = curves_of(loaded.log), confusion = fine and found or nil}
end

--- Looks at a run as it goes on: `next()` gives the rows that have come since, and whether the run is over.
---     local rows, over = runs.watch("runs/a")()
---@param path string
---@return fun(): table[], boolean
function runs.watch(path)
  local seen = 0
  return function()
    local loaded, rows = load(path), {}
    for i = seen + 1, #loaded.log do rows[#rows + 1] = whole(loaded.log[i]) end
    seen = #loaded.log
    return rows, loaded.record.status ~= "running"
  end
end

return runs
