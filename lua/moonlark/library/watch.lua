--- Watch: says when something that may be music has changed in a folder or below it.
---
---     for _ in watch.changes("/music", {settle = 2, every = 60}) do print "look again" end
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local lfs = require "lfs"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"
local warning = require "moonlark.base.warning"

local watch = {}

local longest = 30 -- seconds that changes without a pause are waited for

local endings = {}
for _, ending in ipairs(scan.extensions) do endings["." .. ending] = true end

-- Whether an event may be of music. A name that begins with a dot is none, as for those who list folders.
local function is_of_music(event)
  if not event.name then return true end
  return event.name:sub(1, 1) ~= "." and (event.folder or endings[select(2, files.stem(event.name))] ~= nil)
end

-- All folders at and below a path, links to folders followed once.
local function folders_of(path)
  local list, seen = {}, {}
  local function descend(folder)
    local here = lfs.attributes(folder)
    local identity = here and here.mode == "directory" and here.dev .. ":" .. here.ino
    if not identity or seen[identity] then return end
    seen[identity], list[#list + 1] = true, folder
    for _, name in ipairs(files.list(folder, true) or {}) do
      local inner = files.join(folder, name)
      if files.kind(inner) == "directory" then descend(inner) end
    end
  end
  descend(path)
  return list
end

-- Watches all folders; false and why where the system allows no more. One that may not be read, or is gone by now, is
-- passed over.
local function cover(watcher, path)
  for _, folder in ipairs(folders_of(path)) do
    local fine, done, why = pcall(watcher.folder, watcher, folder)
    if fine and not done then return false, why end
  end
  return true
end

-- Waits until something has changed and then nothing for `settle` seconds.
local function wait_for_change(watcher, settle)
  local first, last
  while true do
    local now = core.system.clock()
    if last and (now - last >= settle or now - first >= longest) then return end
    for _, event in ipairs(watcher:wait(last and settle - (now - last) or 1)) do
      if is_of_music(event) then last = core.system.clock() end
    end
    first = first or last
  end
end

local function wait_seconds(seconds)
  core.system.sleep(seconds)
  if core.system.interrupted() then error("interrupted", 0) end
end

--- Goes on at once, and then each time that something has changed and is at rest. Folders that appear are watched as those
--- that are there. Where the system lets no more folders be watched, that is said, and it goes on each `every` seconds.
--- Errors: interrupted.
---@param path string
---@param o {settle: number, every: number}  seconds
---@return fun(): integer?, nil, nil, table  for a loop: how often it has gone on
function watch.changes(path, o)
  local watcher, why = core.watch.open()
  local times, covered = 0, watcher ~= nil
  local closing = setmetatable({}, {__close = function() if watcher then watcher:close() end end})
  local function step()
    if times > 0 and covered then wait_for_change(watcher, o.settle) end
    if times > 0 and not covered then wait_seconds(o.every) end
    if covered then covered, why = cover(watcher, path) end
    if not covered and why then
      warning.say("library-watch", show.format("%s is looked through each %g s: %s", path, o.every, why))
      why = nil
    end
    times = times + 1
    return times
  end
  return step, nil, nil, closing
end

return watch
