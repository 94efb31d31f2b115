--- Run: one folder that holds all of an experiment.
---
---     local r <close> = run.open("runs/a", {model = "svm", C = 1, seed = 1}, {data = songs})
---     r:log {fold = 1, accuracy = 0.82}            -- a line of metrics.jsonl, on the disk at once
---     r:finish()
---
--- The folder holds run.json (settings, seed, versions, content hash of the data, times), metrics.jsonl, metrics.json
--- (the final figures, flat and sorted), confusion.json where classes were judged, report.md, report.html (the same
--- with its pictures inside), plots/, and model.safetensors with model.json. Every file appears whole or not at all, and
--- none names the machine.
---
--- The folder may hold files of yours, too. While a run is open, its process alone writes to the folder (.run.lock says
--- which process it is). run.json lists what the run wrote: only that is ever removed or overwritten.
local cards = require "moonlark.base.card"
local claim = require "moonlark.base.claim"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local finally = require "moonlark.base.finally"
local html = require "moonlark.run.html"
local json = require "moonlark.base.json"
local lfs = require "lfs"
local options = require "moonlark.base.options"
local shape = require "moonlark.base.shape"
local report = require "moonlark.run.report"
local show = require "moonlark.base.show"
local versions = require "moonlark.base.versions"
local warning = require "moonlark.base.warning"

local run = {}

---@class moonlark.Run
---@field path string  the folder
---@field settings table
---@field record table  what run.json holds
---@field resumed boolean  true when it goes on with what was there
---@field left_out {picture: string, why: string}[]  plots that could not be drawn
---@field package owned table<string, boolean>
---@field package final boolean?
---@field package told integer?
local Run = {}
Run.__index = Run
Run.__name = "moonlark.Run"

local told -- where the warnings begin that no finished run has taken: a run's own and those of opening its data

local function now() return os.date "!%Y-%m-%dT%H:%M:%SZ" end

-- A copy that JSON can hold: tensors of one number become it, other objects their text.
local function plain(value, depth)
  depth = depth or 0
  if type(value) == "userdata" and value.item and value:numel() == 1 then return value:item() end
  if type(value) ~= "table" then
    return (type(value) == "userdata" or type(value) == "function") and tostring(value) or value
  end
  if depth > 20 or (getmetatable(value) or {}).__name then return tostring(value) end
  local copy, list = {}, #value > 0
  for key, item in pairs(value) do copy[list and key or tostring(key)] = plain(item, depth + 1) end
  return copy
end

-- {accuracy = {svm = 0.8}} as {["accuracy.svm"] = 0.8}, in `flat`.
local function flatten(value, prefix, flat)
  for key, item in pairs(value) do
    local name = prefix .. tostring(key)
    if type(item) == "table" then flatten(item, name .. ".", flat) else flat[name] = item end
  end
end

function Run:__tostring()
  return show.format("run %s  %s", self.path, self.record.status)
end

-- What older runs wrote, whose run.json keeps no list.
local usual_files = {"metrics.jsonl", "metrics.json", "report.md", "model.safetensors", "model.json",
  "checkpoint.safetensors", "splits.json"}
local usual_plots = {"accuracy", "classes", "clusters", "confusion", "curves", "input", "labels", "variance"}

local function holds_run(path)
  return files.kind(files.join(path, "run.json")) == "file"
end

-- What run.json holds. Other keys are let through.
local record_form = {
  settings = shape.maybe "object", versions = shape.maybe "object", data = shape.maybe "object",
  status = "string", started = shape.maybe "string", finished = shape.maybe "string",
  files = shape.maybe(shape.list "string"), resumed = shape.maybe(shape.list "string"),
}

local function read_record(path)
  local place = files.join(path, "run.json")
  local record = json.read(place, "object")
  if record.status == nil then show.fail("%s was not written by Moonlark: it has no status", place) end
  return shape.check(record, place, record_form)
end

-- The files that a run wrote, without run.json.
local function files_of(path, record)
  if record.files then return record.files end
  local list = {table.unpack(usual_files)}
  for _, name in ipairs(usual_plots) do list[#list + 1] = "plots/" .. name .. ".png" end
  for _, name in ipairs(files.list(path)) do
    if name:find "^events%.out%.tfevents%.%d+%.moonlark%.%d+$" then list[#list + 1] = name end
  end
  return list
end

-- What a run writes before its first result.
local beginnings = {["splits.json"] = true, ["checkpoint.safetensors"] = true}

local function is_beginning(path, name)
  if beginnings[name] or name:find "^events%.out%.tfevents%." then return true end
  return name == "metrics.jsonl" and lfs.attributes(files.join(path, name), "size") == 0
end

-- Runs of folds and seeds within a folder.
local function inner_runs(path)
  local list = {}
  for _, name in ipairs(files.list(path)) do
    local inner = files.join(path, name)
    local is_part = name:find "^fold%-" or name:find "^seed%-"
    if is_part and claim.kind(inner) == "directory" then list[#list + 1] = inner end
  end
  return list
end

--- Whether a folder holds a run that has something to lose: it was finished, or came to a first result. One that failed
--- or was stopped before that is replaced by the next without asking.
---     if run.holds "runs/a" then print "take another folder" end
---@param path string
---@return boolean
function run.holds(path)
  if files.kind(path) ~= "directory" then return false end
  for _, inner in ipairs(inner_runs(path)) do
    if run.holds(inner) then return true end
  end
  if not holds_run(path) then return false end
  local record = read_record(path)
  if record.status == "finished" then return true end
  for _, name in ipairs(files_of(path, record)) do
    if files.exists(files.join(path, name)) and not is_beginning(path, name) then return true end
  end
  return false
end

-- Removes what the run in a folder wrote, and the runs of folds and seeds within it. run.json goes last: after an
-- interruption the next call goes on.
local function clear(path)
  for _, inner in ipairs(inner_runs(path)) do
    local lock <close> = claim.lock(inner)
    clear(inner)
    lock:close()
    lfs.rmdir(inner) -- stays where it holds something else
  end
  if not holds_run(path) then return end
  for _, name in ipairs(files_of(path, read_record(path))) do claim.remove(path, name) end
  if claim.kind(files.join(path, "plots")) == "directory" then lfs.rmdir(files.join(path, "plots")) end
  claim.remove(path, "run.json")
end

-- A run that was killed while it wrote a line leaves half of one.
local function mend_log(path)
  local log = files.join(path, "metrics.jsonl")
  if not files.exists(log) then return end
  local text = files.read(log)
  local whole = text:match "^(.*\n)[^\n]*$" or ""
  if whole ~= text then files.write(log, whole) end
end

-- The first of path-2, path-3 … that this process makes.
local function numbered(path)
  local base = path:gsub("/+$", "")
  for i = 2, 9999 do
    local candidate = ("%s-%d"):format(base, i)
    if lfs.mkdir(candidate) then return candidate end
  end
  show.fail("no free folder from %s-2 to %s-9999", base, base)
end

-- Why a folder that is there cannot be taken as `exists` says; nil when it can.
local function objection(path, exists)
  if holds_run(path) then
    if exists == "overwrite" or exists == "resume" or not run.holds(path) then return nil end
    return show.format('%s holds a run already: take another folder, or exists = "number", "overwrite" or "resume"',
      path)
  end
  local found = claim.any_file(path)
  return found and show.format("%s holds files that are no run's, such as %s: take another folder", path, found)
end

-- The folder and its lock: the folder that is named, or with "number" the first that is free.
local function take(path, exists)
  files.mkdirs(path)
  local lock, why = claim.try_lock(path)
  why = why or objection(path, exists)
  if not why then return path, lock end
  if lock then lock:close() end
  if exists ~= "number" then error(why, 0) end
  path = numbered(path)
  return path, claim.lock(path)
end

--- Raises the error that run.open would raise for a folder, before any work is done.
--- Errors: another process writes to the folder; it holds a run, or files that are no run's.
---     run.check("runs/a", "refuse")
---@param path string
---@param exists string  as in run.open
function run.check(path, exists)
  local kind = files.kind(path)
  if not kind then return end
  if kind ~= "directory" then show.fail("%s is no folder", path) end
  local lock <close> = claim.lock(path)
  local why = objection(path, exists)
  if why then error(why, 0) end
end

-- What lies in the folder becomes the run's own ("resume") or is removed: the record to go on with, and whether there
-- was one.
local function settle(path, exists)
  if not holds_run(path) then return {} end
  local record = read_record(path)
  if record.status == "running" then
    io.stderr:write(show.format("moonlark: the process that wrote %s was killed\n", path))
  end
  if exists ~= "resume" then
    clear(path)
    return {}
  end
  record.files = files_of(path, record)
  mend_log(path)
  return record, true
end

-- What run.json says when the run begins or goes on; which files and figures there are already.
local function begin(self)
  local record = self.record
  record.files = json.array(record.files or {})
  for _, name in ipairs(record.files) do self.owned[name] = true end
  record.settings = plain(self.settings)
  record.seed = plain(self.settings.seed)
  record.versions = versions()
  record.started = record.started or now()
  record.finished = nil
  record.status = "running"
  if not self.resumed then return end
  local final = self:file "metrics.json"
  if files.exists(final) then self.final = json.read(final, "object") end
  record.resumed = json.array(record.resumed or {})
  table.insert(record.resumed, now())
end

local function is_dataset(data) return type(data) == "table" and data.hash and data.tracks and true or false end

local parameters = options.describe("run.open", {
  exists = options.choice({"refuse", "number", "overwrite", "resume"}, "refuse", "what to do with a run that is there"),
  data = options.value("moonlark.Dataset|string", "a dataset or a hash",
    function(data) return (type(data) == "string" or is_dataset(data)) and data or nil end, nil,
    "what the run reads; run.json keeps its content hash", {usual = "not recorded"}),
})

--- Opens a run folder, making it where needed, and writes run.json.
---
--- When the folder holds another run, `exists` decides: "refuse" is an error, "number" takes path-2, path-3 …,
--- "overwrite" removes that run's files (and no others), "resume" goes on with it. One that ended before its first
--- result (run.holds) gives way to any other. A folder without a run must be empty, apart from names that begin with a
--- dot.
---
--- No other run can be opened in the folder until this one is finished, closed or collected, or its process is gone.
--- The folder may be a link. A link within it is never written through: where a file should be it is replaced.
--- Errors: another process has the folder; it holds a run, or files that are no run's; a link in a folder's place.
---     local r <close> = run.open("runs/a", {model = "svm", seed = 1}, {data = songs})
---@param path string
---@param settings? table  everything that decides the result; `seed` also gets a place of its own
---@param given moonlark.run.open.Options?
---@return moonlark.Run
function run.open(path, settings, given)
  if type(path) ~= "string" or path == "" then
    show.fail("path must be a folder's name, got %s", tostring(path))
  end
  local o = parameters:read(given)
  local lock, self
  path, lock = take(path, o.exists)
  local _ <close> = finally(function(failure)
    if not failure then return end
    if self and core.system.interrupted() then return self:__close(failure) end -- run.json may be there
    lock:close()
  end)
  local record, resumed = settle(path, o.exists)
  claim.mkdirs(path, "plots")

  self = setmetatable({
    path = path, settings = settings or record.settings or {}, record = record, resumed = resumed or false,
    left_out = {}, final = {}, lock = lock, owned = {["run.json"] = true}, told = told,
  }, Run)
  begin(self)
  if o.data then self:data(o.data) end
  self:save_record()
  return self
end

--- The path of a file in the run's folder, to read it.
---     print(files.read(r:file "metrics.json"))
---@param name string
---@return string
function Run:file(name)
  return files.join(self.path, name)
end

--- The path of a file in the run's folder, to write it. The file belongs to the run from now on, and goes with it. A
--- file of yours in its place is moved to the same name with "~"; a line on standard error says so.
---     io.open(r:own "notes.txt", "w"):write("two takes"):close()
---@param name string  "notes.txt", "plots/mine.svg"
---@return string
function Run:own(name)
  if not self.lock then self.lock = claim.lock(self.path) end -- finished, and goes on
  local path = self:file(name)
  if not self.owned[name] then
    claim.set_aside(path)
    self.owned[name] = true
    table.insert(self.record.files, name)
    self:save_record()
  end
  if claim.kind(path) == "link" then files.remove(path) end
  return path
end

--- Writes run.json.
---     r:save_record()
function Run:save_record()
  files.write(self:own "run.json", json.encode(self.record, "  ") .. "\n")
end

--- Records the content hash of what the run reads.
---     r:data(songs)
---@param data any  a dataset, or the hash itself
function Run:data(data)
  if type(data) == "string" then
    self.record.data = {hash = data}
  elseif is_dataset(data) then
    self.record.data = {hash = data:hash(), tracks = #data.tracks, classes = #data.classes}
  else
    show.fail("data must be a dataset or a hash, got %s", type(data))
  end
  self:save_record()
end

--- Adds one line to metrics.jsonl: an epoch, a fold, a step. It is on its way to the disk when this returns.
---     r:log {epoch = 3, loss = 0.41}
---@param row table
function Run:log(row)
  if type(row) ~= "table" then show.fail("row must be a table, got %s", type(row)) end
  core.store.append(self:own "metrics.jsonl", json.encode(plain(row)) .. "\n")
end

--- Notes which class was taken for which, in confusion.json: {classes, matrix}, a row for each true class.
---     r:confusion(classify.cross_validate(model, X))
---@param found {classes: string[], confusion: moonlark.Tensor}  an evaluation
function Run:confusion(found)
  local content = {classes = json.array(found.classes), matrix = json.array(found.confusion:totable())}
  files.write(self:own "confusion.json", json.encode(content) .. "\n")
end

--- Sets final figures over those set before, and writes metrics.json: flat and sorted, {accuracy = {svm = 0.8}} as
--- "accuracy.svm".
---     r:metrics {accuracy = 0.84, ari = 0.41}
---@param figures table
function Run:metrics(figures)
  if type(figures) ~= "table" then show.fail("figures must be a table, got %s", type(figures)) end
  flatten(plain(figures), "", self.final)
  files.write(self:own "metrics.json", json.encode(self.final, "  ") .. "\n")
end

--- Saves a figure as plots/NAME.png.
---
--- A picture never costs a result: when it cannot be drawn (there is no gnuplot, say), a line on standard error and
--- report.md say which one is missing and why, and the run goes on. With the function and its arguments in place of the
--- figure this holds for its making, too.
---     r:plot("confusion", plot.confusion, found)
---@param name string  letters, digits, "_", "-" and "."
---@param figure moonlark.Figure|function  or what makes it
---@param ... any  that function's arguments
---@return string? path  within the run folder; nil when it was not drawn
function Run:plot(name, figure, ...)
  if type(name) ~= "string" or not name:find "^[%w_][%w_.-]*$" then
    show.fail("name must be letters, digits, '_', '-' and '.', got %s", tostring(name))
  end
  local place = "plots/" .. name .. ".png"
  local drawn, why = pcall(function(...)
    local made = type(figure) == "function" and figure(...) or figure
    made:save(self:own(place))
  end, ...)
  if drawn then return place end
  self.left_out[#self.left_out + 1] = {picture = place, why = tostring(why)}
  io.stderr:write(show.format("moonlark: %s left out: %s\n", place, tostring(why)))
  return nil
end

-- What report.md says of pictures that are missing: a line for each reason.
local function missing_pictures(left_out)
  local lines, place = {}, {}
  for _, one in ipairs(left_out) do
    local at = place[one.why] or #lines + 1
    place[one.why], lines[at] = at, (lines[at] and lines[at] .. ", " or "- ") .. one.picture
  end
  for why, at in pairs(place) do lines[at] = lines[at] .. ": " .. report.escape(why) end
  return #lines > 0 and "\n## Pictures left out\n\n" .. table.concat(lines, "\n") .. "\n" or ""
end

-- What report.md says of warnings: a line for each text.
local function warnings_of(list)
  local lines = {}
  for _, one in ipairs(list) do
    for _, words in ipairs(one.texts) do lines[#lines + 1] = ("- %s (%s)"):format(report.escape(words), one.kind) end
    local more = one.count - #one.texts
    if more > 0 then lines[#lines + 1] = ("- %d more of %s"):format(more, one.kind) end
  end
  return #lines > 0 and "\n## Warnings\n\n" .. table.concat(lines, "\n") .. "\n" or ""
end

--- Writes report.md, and report.html: the same as one page with the run's pictures inside. Warnings, and pictures that
--- could not be drawn, stand at the end.
---     r:report "# Two takes"
---@param markdown any  text, or what tostring makes a text: a page of moonlark.run.report
function Run:report(markdown)
  local text = tostring(markdown)
  if text:sub(-1) ~= "\n" then text = text .. "\n" end
  text = text .. warnings_of(warning.since(self.told)) .. missing_pictures(self.left_out)
  files.write(self:own "report.md", text)
  files.write(self:own "report.html", html.page(text, self.path))
end

-- What was warned of since the run began goes to run.json.
local function keep_warnings(self)
  local list = warning.since(self.told)
  for _, one in ipairs(list) do one.texts = json.array(one.texts) end
  self.record.warnings = #list > 0 and json.array(list) or nil
end

--- A model's card with what the run knows: the hash of the data, and what warnings there were.
---     net.card = r:card(net.card)
---@param card moonlark.Card?
---@return moonlark.Card
function Run:card(card)
  keep_warnings(self)
  return cards.stamped(card, {data = self.record.data, warnings = self.record.warnings})
end

--- Saves the model, its card completed: model.safetensors and model.json. Then the run answers moonlark.predict.
---     r:model(net)
---@param model table  anything with `save` and a `card`: an estimator that was fitted to features, a network
function Run:model(model)
  self:own "model.json"
  model.card = self:card(model.card)
  model:save(self:own "model.safetensors")
end

--- Ends the run: run.json gets the time and "finished", and the folder is free for others.
---     r:finish()
---@param status? string  default "finished"
function Run:finish(status)
  self.record.finished = now()
  self.record.status = status or "finished"
  self.record.versions = versions()
  keep_warnings(self)
  told = warning.mark()
  self:save_record()
  self:release()
end

--- Lets other processes have the folder, without a word in run.json. The next thing written takes it again.
---     r:release()
function Run:release()
  if self.lock then self.lock:close() end
  self.lock = nil
end

--- When its variable goes, a run that nobody finished gets its status: "interrupted" after Ctrl-C, SIGTERM or SIGHUP,
--- "failed" after another error, else "finished". A run that was no closing variable is "interrupted".
function Run:__close(failure)
  local how = failure and (core.system.interrupted() and "interrupted" or "failed") or "finished"
  if self.record.status == "running" then self:finish(how) end
  self:release()
end

-- The signal came after run.json was written and before anything could close the run; or nobody ever closed it.
function Run:__gc()
  if self.lock and self.record.status == "running" then pcall(self.finish, self, "interrupted") end
end

--- What a run folder holds: {record = run.json, metrics = metrics.json, log = rows of metrics.jsonl}.
---     print(run.load "runs/a".metrics.accuracy)
---@param path string
---@return table
function run.load(path)
  if not holds_run(path) then show.fail("%s holds no run (there is no run.json)", path) end
  local loaded = {path = path, record = read_record(path), metrics = {}, log = {}}
  local metrics, log = files.join(path, "metrics.json"), files.join(path, "metrics.jsonl")
  if files.exists(metrics) then loaded.metrics = json.read(metrics, "object") end
  if files.exists(log) then loaded.log = json.read_lines(log, "object") end
  return loaded
end

return run
