--- Cache: the folder in which the huggingface_hub library keeps models, read and written as it does:
---
---     models--ORG--NAME/blobs/HASH                      contents
---     models--ORG--NAME/snapshots/COMMIT/FILE           links to them
---     models--ORG--NAME/refs/REVISION                   the commit that a name of a revision stands for
---     .locks/models--ORG--NAME/HASH.lock                who writes a content now
local choice = require "moonlark.hub.choice"
local claim = require "moonlark.base.claim"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lfs = require "lfs"
local place = require "moonlark.hub.place"
local progress = require "moonlark.base.progress"
local show = require "moonlark.base.show"

local cache = {}

--- The folder of a model, there or not.
---@param name string  "org/name"
---@return string
function cache.folder(name) return files.join(place.cache(), "models--" .. name:gsub("/", "--")) end

-- Where a name that comes from elsewhere leads: never out of the folder that it is put behind.
local function check_name(what, name, most)
  local fine = #name > 0 and #name <= most and not name:find "[%c\\]" and name:sub(1, 1) ~= "/"
  for step in (name .. "/"):gmatch "([^/]*)/" do fine = fine and step:find "^[%w_][%w._ +=@%-]*$" and step ~= ".." end
  if not fine then show.fail("%s may not be called '%s'", what, name:sub(1, 200)) end
  return name
end

--- Refuses names of files and revisions that lead elsewhere: "..", absolute paths, odd characters.
---@param name string
---@return string name
function cache.check_file(name) return check_name("a file of a model", name, 200) end

---@param revision string
---@return string revision
function cache.check_revision(revision) return check_name("a revision", revision, 200) end

local function is_commit(text) return #text == 40 and text:find "^%x+$" ~= nil end

--- The commit that a revision stood for when it was last looked up; nil where nobody has.
---@param name string
---@param revision string  a branch, a tag or a commit
---@return string?
function cache.commit(name, revision)
  if is_commit(revision) then return revision end
  local path = files.join(cache.folder(name), "refs", revision)
  local commit = files.kind(path) == "file" and files.read(path):match "^%s*(%x+)%s*$"
  return commit and is_commit(commit) and commit or nil
end

--- Notes what commit a revision stands for.
---@param name string
---@param revision string
---@param commit string
function cache.note(name, revision, commit)
  if is_commit(revision) or cache.commit(name, revision) == commit then return end
  local path = files.join(cache.folder(name), "refs", revision)
  files.mkdirs((files.split(path)))
  files.write(path, commit)
end

--- The folder of a commit, there or not.
---@param name string
---@param commit string
---@return string
function cache.snapshot(name, commit) return files.join(cache.folder(name), "snapshots", commit) end

-- The names of shards that an index lists; nil where it is none.
local function shards_of(path)
  local fine, index = pcall(function() return json.decode(files.read(path), path) end)
  local shards = fine and type(index) == "table" and index.weight_map
  return type(shards) == "table" and shards or nil
end

--- What a snapshot lacks of what a model needs: a sentence, or nil where it is whole.
---@param folder string
---@return string?
function cache.lack(folder)
  local names = files.list(folder, true)
  if not names then return "it is not in the cache" end
  local present = {}
  for _, name in ipairs(names) do
    if files.kind(files.join(folder, name)) == "file" then present[#present + 1] = name end
  end
  local wanted, n = choice.of(present)
  if n == 0 then return "the cache has no weights of it" end
  for _, name in ipairs(wanted) do
    for _, shard in pairs(name:find "%.index%.json$" and shards_of(files.join(folder, name)) or {}) do
      if type(shard) ~= "string" or files.kind(files.join(folder, cache.check_file(shard))) ~= "file" then
        return ("the cache lacks its weights %s"):format(show.name(shard))
      end
    end
  end
end

-- Waits for whoever fetches the same content, and says so once.
local function lock(name, hash)
  local folder = files.mkdirs(files.join(place.cache(), ".locks", "models--" .. name:gsub("/", "--")))
  local said
  while true do
    local held, why = claim.try_lock(folder, hash .. ".lock")
    if held then return held end
    if not said then progress.line(show.format("moonlark: waiting: %s", why)) end
    said = true
    if not core.system.sleep(0.2) then error("interrupted", 0) end
  end
end

-- The way from a file of a snapshot up to the model's folder.
local function way_up(file) return ("../"):rep(2 + select(2, file:gsub("/", ""))) end

local function link(name, commit, file, hash)
  local path = files.join(cache.snapshot(name, commit), file)
  local target = way_up(file) .. "blobs/" .. hash
  if lfs.symlinkattributes(path, "target") == target then return end
  files.mkdirs((files.split(path)))
  if claim.kind(path) then files.remove(path) end
  local fine, why = lfs.link(target, path, true)
  if not fine and claim.kind(path) ~= "link" then show.fail("cannot link %s: %s", path, why) end
end

--- Puts a file of a commit in its place, fetched where its content is not here yet.
---@param name string
---@param commit string
---@param file {name: string, hash: string, size: integer?, known: boolean}  known: the hash is that of the content
---@param fetch fun(path: string)  fetches its content, checked, to a path
function cache.put(name, commit, file, fetch)
  local blobs = files.mkdirs(files.join(cache.folder(name), "blobs"))
  local blob = files.join(blobs, file.hash)
  if files.kind(blob) ~= "file" then
    local held <close> = lock(name, file.hash)
    if files.kind(blob) ~= "file" then fetch(blob) end
  end
  link(name, commit, file.name, file.hash)
end

--- The names of the models in the cache, sorted.
---@return string[]
function cache.names()
  local names = {}
  for _, entry in ipairs(files.list(place.cache(), true) or {}) do
    local name = entry:match "^models%-%-(.+)$"
    local folder = files.join(place.cache(), entry)
    if name and claim.kind(folder) == "directory" then names[#names + 1] = name:gsub("%-%-", "/", 1) end
  end
  return names
end

--- Bytes on the disk of all contents of a model, and when one was last read or written, in seconds since 1970.
---@param name string
---@return integer bytes
---@return integer used
function cache.usage(name)
  local blobs, bytes, used = files.join(cache.folder(name), "blobs"), 0, 0
  for _, entry in ipairs(files.list(blobs, true) or {}) do
    local facts = lfs.symlinkattributes(files.join(blobs, entry))
    if facts and facts.mode == "file" then
      bytes, used = bytes + facts.size, math.max(used, facts.access, facts.modification)
    end
  end
  return bytes, used
end

--- Removes a model with all its revisions, and nothing else.
---@param name string
---@return integer bytes  what was freed
function cache.remove(name)
  local folder = cache.folder(name)
  if claim.kind(folder) ~= "directory" then show.fail("%s is not in the cache %s", name, place.cache()) end
  local locks = files.join(place.cache(), ".locks", "models--" .. name:gsub("/", "--"))
  for _, entry in ipairs(files.list(locks, true) or {}) do
    local held, why = claim.try_lock(locks, entry)
    if not held then show.fail("%s is being fetched: %s", name, why) end
    held:close()
  end
  local bytes = cache.usage(name)
  files.remove(folder)
  files.remove(locks)
  return bytes
end

return cache
