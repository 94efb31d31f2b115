--- Hearing: gives a service songs, workers, jobs and all routes.
---
---     local service = server.new {port = 0}
---     hearing.add(service, {folders = {"/music"}, runs = "runs"}, {workers = 2, models = {"runs/genres"}})
---     service:run()
local files = require "moonlark.base.files"
local jobs = require "moonlark.server.jobs"
local live = require "moonlark.server.live"
local options = require "moonlark.base.options"
local routes = require "moonlark.server.routes"
local show = require "moonlark.base.show"
local songs = require "moonlark.server.songs"
local workers = require "moonlark.server.workers"

local hearing = {}

local described = options.describe("server.hearing", {
  folders = options.list(options.text(), options.none, {least = 1, usual = "none"},
    "whose files may be asked about by their paths"),
  runs = options.text(options.none, "the folder of runs that the dashboard shows", {usual = "none"}),
  library = options.text(options.none, "a library (moonlark library) whose songs are searched and heard, too",
    {usual = "none"}),
  songs_bytes = options.integer(4000000000, {least = 1000000, unit = "bytes"},
    "what songs and all that is made of them may "
    .. "take on the disk; those that were not used for the longest time go"),
  streams = options.integer(20, {least = 0}, "live streams at once; then 503"),
})

local function check_folder(path, name)
  if files.kind(path) ~= "directory" then show.fail("server.hearing: %s must name folders, got %s", name, path) end
  return path
end

-- What is written as a path must be there; other names may be those of a hub, which the worker that opens them looks for.
local function check_model(name)
  if name:find "^%.?%.?/" and not files.exists(name) then
    show.fail("server.hearing: models must name models, and there is no %s", name)
  end
end

-- A library that is there; a misspelt one would be made.
local function open_library(path)
  if files.kind(path) ~= "file" then show.fail("server.hearing: library must be a file, got %s", path) end
  return require "moonlark.library".open(path) -- it brings libtorch, which a service without one does without
end

--- Adds them. Before the service is opened. Errors: an option is wrong; a folder is not there.
---     hearing.add(service, {folders = {"/music"}})
---@param service moonlark.server.Service
---@param given moonlark.server.hearing.Options?
---@param of_workers moonlark.server.workers.Options?
function hearing.add(service, given, of_workers)
  local o = described:read(given)
  for _, folder in ipairs(o.folders or {}) do check_folder(folder, "folders") end
  for _, name in ipairs(of_workers and of_workers.models or {}) do check_model(name) end
  service.folders, service.runs = o.folders or {}, o.runs and check_folder(o.runs, "runs")
  service.library = o.library and open_library(o.library)
  service.songs = songs.new {most_bytes = o.songs_bytes}
  service.folder = service.songs.uploads -- where files that come can be moved from
  local told = options.join({}, of_workers or {})
  told.songs = service.songs
  service.pool = workers.new(told)
  service.has_models = #(of_workers and of_workers.models or {}) > 0
  service.jobs = jobs.new {pool = service.pool}
  service:watch(service.pool)
  service:every(0.5, function() service.pool:step() end) -- limits of time are looked at even where nothing comes
  service.live = live.new(service, {models = told.models or {}, device = told.device or "cpu",
    offline = told.offline or false,
    streams = o.streams})
  routes(service)
end

return hearing
