--- Site: the folder of a manual. It appears whole under its name or not at all, and takes the place of nothing but an
--- earlier manual.
---
---     site.check "manual"
---     site.write("manual", {["index.html"] = "…", ["style.css"] = "…"})
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local finally = require "moonlark.base.finally"
local json = require "moonlark.base.json"
local lfs = require "lfs"
local moonlark = require "moonlark"
local shape = require "moonlark.base.shape"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local site = {}

local LIST = "manual.json" -- says that a folder is a manual, and which files it has
local form = {moonlark = "string", files = shape.list "string"}

-- Calls f(name) for each file below a folder, those that begin with a dot as well.
local function each_file(folder, f, below)
  for name in lfs.dir(files.join(folder, below or "")) do
    local inner = below and below .. "/" .. name or name
    if name ~= "." and name ~= ".." then
      local is_folder = lfs.symlinkattributes(files.join(folder, inner), "mode") == "directory"
      if is_folder then each_file(folder, f, inner) else f(inner) end
    end
  end
end

-- Refuses a folder that holds what no manual wrote.
local function check_content(folder)
  local ours, path = {}, files.join(folder, LIST)
  if files.kind(path) == "file" then
    for _, name in ipairs(json.read(path, form).files) do ours[name] = true end
    ours[LIST] = true
  end
  each_file(folder, function(name)
    if not next(ours) then show.fail("%s is not empty, and no manual: choose another folder", folder) end
    if not ours[name] then
      show.fail("%s holds %s, which is no part of the manual: move it away, or choose another folder", folder, name)
    end
  end)
end

--- Refuses a folder in whose place no manual may be written, before the work.
---@param folder string
---@return string folder  without slashes at its end
function site.check(folder)
  local place = folder:gsub("(.)/+$", "%1")
  local _, name = files.split(place)
  if name == "" or name == "." or name == ".." then
    show.fail("a manual needs a folder with a name of its own, got %s", folder)
  end
  local kind = lfs.symlinkattributes(place, "mode")
  if kind and kind ~= "directory" then show.fail("%s is there already, and is no folder", place) end
  files.check_folder(files.split(place), "folder above the manual,")
  if kind then check_content(place) end
  return place
end

local function rename(from, to)
  local ok, why = os.rename(from, to)
  if not ok then show.fail("cannot move %s", why) end
end

-- A name beside the folder that nothing has.
local function beside(folder, word) return ("%s.%s-%x"):format(folder, word, math.floor(core.system.clock() * 1e6)) end

--- Writes a manual: it is made beside its place, and then takes it.
---@param folder string
---@param pages table<string, string>  names below the folder, and bytes
function site.write(folder, pages)
  local place = site.check(folder)
  files.mkdirs((files.split(place)))
  local made, before = beside(place, "new"), beside(place, "old")
  local _ <close> = finally(function()
    if not files.exists(place) and files.exists(before) then os.rename(before, place) end
    files.remove(made)
    files.remove(before)
  end)
  files.mkdirs(made)
  for _, name in ipairs(text.keys(pages)) do
    files.mkdirs(files.join(made, (files.split(name))))
    files.write(files.join(made, name), pages[name])
  end
  local list = {moonlark = moonlark.version, files = text.keys(pages)}
  files.write(files.join(made, LIST), json.encode(list, "  ") .. "\n")
  if files.exists(place) then rename(place, before) end
  rename(made, place)
end

return site
