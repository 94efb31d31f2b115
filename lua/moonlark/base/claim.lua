--- Claim: folders that a program writes into beside what a person keeps there.
---
--- One process at a time writes a folder. Nothing is written through links that lie in it. What is not the program's
--- own is neither removed nor overwritten.
---
---     local lock <close> = claim.lock "runs/a"          -- or an error that says who has it
---     files.write(claim.place("runs/a", "report.md", mine), text)
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local lfs = require "lfs"
local show = require "moonlark.base.show"

local claim = {}

-- The line by which this process was started, for others to read.
local function command()
  local words = {}
  for i = 0, arg and #arg or -1 do words[#words + 1] = tostring(arg[i]) end
  if #words == 0 then return "moonlark" end
  words[1] = "moonlark " .. files.stem(words[1])
  return (table.concat(words, " "):gsub("[%c]", " "))
end

--- Holds a folder for this process until it is closed or collected.
---@class moonlark.Lock
---@field close fun(self: moonlark.Lock)
---@field __close fun(self: moonlark.Lock)

--- Locks a folder, which must exist, until the lock is closed or collected, or the process ends, however it does.
---@param folder string
---@param name? string  of the lock's file, default ".run.lock"
---@return moonlark.Lock? lock  nil when another process, or another lock of this one, has it
---@return string? why  who has it: process, machine, since when, its command
function claim.try_lock(folder, name) return core.store.lock(files.join(folder, name or ".run.lock"), command()) end

--- The same; it is an error when another has it.
---@param folder string
---@param name? string
---@return moonlark.Lock
function claim.lock(folder, name)
  local lock, why = claim.try_lock(folder, name)
  return lock or error(why, 0)
end

--- What lies at a path itself: as files.kind, but "link" for a link.
---@param path string
---@return string?
function claim.kind(path) return (lfs.symlinkattributes(path, "mode")) end

--- One file that a folder holds, at any depth; nil when there is none. Names that begin with a dot do not count.
---@param folder string
---@return string?
function claim.any_file(folder)
  local names = files.list(folder, true)
  if not names then return folder end
  for _, name in ipairs(names) do
    local path = files.join(folder, name)
    local found = path
    if claim.kind(path) == "directory" then found = claim.any_file(path) end
    if found then return found end
  end
end

--- Makes a folder below another, and those between. Errors: a link between the two, since writing would follow it.
---@param folder string  exists, or is made
---@param below string
---@return string path
function claim.mkdirs(folder, below)
  local path = files.mkdirs(folder)
  for step in below:gmatch "[^/]+" do
    path = files.join(path, step)
    local kind = claim.kind(path)
    if kind == "link" then show.fail("%s is a link: nothing is written through it", path) end
    if kind ~= "directory" then files.mkdirs(path) end
  end
  return path
end

--- Moves what lies at a path, if anything, out of the way, to the same name with "~", and says so.
---@param path string
function claim.set_aside(path)
  if not claim.kind(path) then return end
  local aside, n = path .. "~", 1
  while claim.kind(aside) do
    n = n + 1
    aside = path .. "~" .. n
  end
  local ok, why = os.rename(path, aside)
  if not ok then show.fail("cannot move %s", why) end
  io.stderr:write(show.format("moonlark: %s was there already, and is now %s\n", path, aside))
end

--- Removes a file below a folder, if it is there. Nothing happens where a link is on the way, where the path is a
--- folder, or where the name leads out of the folder.
---@param folder string
---@param name string
function claim.remove(folder, name)
  local path = folder
  for step in name:gmatch "[^/]+" do
    if step == ".." or (path ~= folder and claim.kind(path) ~= "directory") then return end
    path = files.join(path, step)
  end
  local kind = claim.kind(path)
  if path ~= folder and kind and kind ~= "directory" then files.remove(path) end
end

return claim
