--- Hub: models that others have published, fetched once and kept where other programs find them too.
---
---     local hub = require "moonlark.hub"
---     local folder = hub.find "openai/whisper-tiny.en"        -- from the cache, else fetched
---     local folder = hub.known "yamnet"                       -- of the catalogue: what moonlark models get brought
---     hub.get "yamnet"                                        -- fetched, checked, converted
---     for _, model in ipairs(hub.list()) do print(model.name, model.bytes) end
---
--- The cache is that of the huggingface_hub library ($HF_HOME, $HF_HUB_CACHE), so that transformers reads what Moonlark
--- fetched and Moonlark what transformers did. $HF_ENDPOINT, $HF_TOKEN and $HF_HUB_OFFLINE mean what they mean there.
local cache = require "moonlark.hub.cache"
local catalogue = require "moonlark.hub.catalogue"
local choice = require "moonlark.hub.choice"
local files = require "moonlark.base.files"
local got = require "moonlark.hub.got"
local options = require "moonlark.base.options"
local place = require "moonlark.hub.place"
local progress = require "moonlark.base.progress"
local remote = require "moonlark.hub.remote"
local show = require "moonlark.base.show"

local hub = {}

--- What functions that may fetch a model can be told.
hub.options = {
  offline = options.boolean(false, "nothing is fetched, what is here must do"),
  revision = options.text("main", "a branch, a tag or a commit"),
  token = options.text(options.none, "shown to the hub", {usual = "$HF_TOKEN, or the file in which it is kept"}),
}
local finding = options.describe("hub.find", hub.options)
local getting = options.describe("hub.get", hub.options)

local function is_part(word)
  return word:find "^[%w_][%w._-]*$" and not word:find("..", 1, true) and not word:find("--", 1, true) and #word <= 96
end

--- True for "org/name", the name of a model on a hub, where no file or folder is called so.
---     hub.is_name "openai/whisper-tiny"       --> true
---@param what any
---@return boolean
function hub.is_name(what)
  local org, name = tostring(what):match "^([^/]+)/([^/]+)$"
  return org ~= nil and is_part(org) and is_part(name) and not files.exists(what) or false
end

local function check_name(name)
  local org, own = tostring(name):match "^([^/]+)/([^/]+)$"
  if type(name) == "string" and org and is_part(org) and is_part(own) then return name end
  show.fail("the name of a model on a hub must be ORG/NAME, got '%s'", tostring(name))
end

-- The sizes of all files that are to come are known before the first, so the bar shows the whole.
local function fetch_all(name, commit, wanted, token)
  local list, total, done = {}, 0, 0
  for i, file in ipairs(wanted) do
    list[i] = remote.file(name, commit, file, token)
    total = total + (list[i].size or 0)
  end
  local bar <close> = progress.new(math.max(1, total // 1000000), ("fetching %s, MB"):format(name))
  for _, file in ipairs(list) do
    cache.put(name, commit, file, function(path)
      remote.fetch(name, commit, file, path, token, function(bytes) bar:update((done + bytes) // 1000000) end)
    end)
    done = done + (file.size or 0)
  end
  bar:finish()
end

local function get(name, o)
  local token = o.token or place.token()
  local model = remote.model(name, o.revision, token)
  local wanted, weights = choice.of(model.names)
  if weights == 0 then
    show.fail("%s has no weights that are read here, but %s", name, table.concat(model.names, ", ", 1,
      math.min(#model.names, 8)))
  end
  files.check_folder(place.cache(), "hub cache")
  fetch_all(name, model.commit, wanted, token)
  cache.note(name, o.revision, model.commit)
  return cache.snapshot(name, model.commit)
end

-- The snapshot in the cache, or nil and what it lacks.
local function here(name, o)
  local commit = cache.commit(name, o.revision)
  if not commit then return nil, "it is not in the cache" end
  local folder = cache.snapshot(name, commit)
  local lack = cache.lack(folder)
  if lack then return nil, lack end
  return folder
end

local function fail_offline(name, lack)
  show.fail("%s: %s (%s), and nothing is fetched offline", name, lack, place.cache())
end

--- The folder of a model's files: from the cache where they are there, else fetched into it: settings, vocabulary,
--- weights. Errors: the hub refuses, the connection fails, the disk is full, what came is damaged; the cache then holds
--- nothing that is not whole.
---     local folder = hub.find("openai/whisper-tiny.en", {offline = true})
---@param name string  "org/name"
---@param given moonlark.hub.find.Options?
---@return string folder
function hub.find(name, given)
  local o = finding:read(given)
  check_name(name)
  cache.check_revision(o.revision)
  local folder, lack = here(name, o)
  if folder then return folder end
  if o.offline or place.is_offline() then fail_offline(name, lack) end
  return get(name, o)
end

-- The entry of a name of the catalogue, or one of the hub alone.
local function entry_of(name)
  local entry = catalogue.find(name)
  if entry then return entry end
  if tostring(name):find "/" then return {name = check_name(name), hub = name} end
  local known = {}
  for i, one in ipairs(catalogue.entries) do known[i] = one.name end
  options.unknown("model", name, known)
end

--- Fetches a model of the catalogue, or of the hub, and what has changed of one that is here.
---     local folder = hub.get "yamnet"
---@param name string  of the catalogue (hub.catalogue), or "org/name"
---@param given moonlark.hub.get.Options?  a revision and a token are of models on the hub
---@return string folder
function hub.get(name, given)
  local o = getting:read(given)
  local entry, offline = entry_of(name), o.offline or place.is_offline()
  cache.check_revision(o.revision)
  if entry.hub and not offline then return get(entry.hub, o) end
  if entry.hub then
    local folder, lack = here(entry.hub, o)
    return folder or fail_offline(entry.hub, lack)
  end
  if o.revision ~= "main" then show.fail("%s has no revisions: it is not on the hub", name) end
  if not offline then return got.get(entry) end
  return got.find(name) or show.fail("%s is not in %s, and nothing is fetched offline", name, place.models())
end

--- The folder of a model of the catalogue that is here; nil where it has not been got, where there is no place for
--- models (HOME is not set), or the catalogue has no such name.
---     local folder = hub.known "yamnet"
---@param name string
---@return string?
function hub.known(name)
  local entry = catalogue.find(name)
  if not entry or not place.is_there() then return nil end
  if not entry.hub then return got.find(name) end
  return (here(entry.hub, {revision = "main"}))
end

-- Who misspelt the path of a folder is told of that, too.
local function find_or_explain(name, given)
  local fine, found = pcall(hub.find, name, given)
  if fine or found == "interrupted" then return fine and found or error(found, 0) end
  show.fail("%s is no file or folder here, and as the name of a model on the hub: %s", name, found)
end

--- The path of a model that a person names: a path, a name of the catalogue that was got, or "org/name", which is
--- fetched where it is not here. Errors: it is none of these, or cannot be fetched.
---     local path = hub.path_of "yamnet"
---@param what string
---@param given moonlark.hub.find.Options?
---@return string path
function hub.path_of(what, given)
  if files.exists(what) then return what end
  if hub.is_name(what) then return find_or_explain(what, given) end
  local folder = hub.known(what)
  if folder then return folder end
  local entry = catalogue.find(what) or show.fail("%s does not exist", what)
  if entry.hub then return hub.find(entry.hub, given) end
  show.fail("%s is not on this machine: moonlark models get %s brings it", what, what)
end

--- What the catalogue has: each with its name, what it is about, its task, licence and whom to cite.
---     for _, model in ipairs(hub.catalogue()) do print(model.name, model.about) end
---@return {name: string, about: string, task: string, licence: string, cite: string, here: boolean}[]
function hub.catalogue()
  local list = {}
  for i, entry in ipairs(catalogue.entries) do
    list[i] = {name = entry.name, about = entry.about, task = entry.task, licence = entry.licence, cite = entry.cite,
      hub = entry.hub, here = hub.known(entry.name) ~= nil}
  end
  return list
end

-- What the model card of a snapshot says of itself, between its first lines "---".
local function card_of(folder)
  local path = files.join(folder, "README.md")
  if files.kind(path) ~= "file" then return {} end
  local head = files.read(path):match "^%-%-%-\r?\n(.-)\n%-%-%-" or ""
  return {licence = ("\n" .. head):match "\nlicense:%s*([%w._-]+)", task = ("\n" .. head):match
    "\npipeline_tag:%s*([%w._-]+)"}
end

-- The newest snapshot of a model in the cache: that of main, or any.
local function snapshot_of(name)
  local commit = cache.commit(name, "main")
  local folder = files.join(cache.folder(name), "snapshots")
  commit = commit or (files.list(folder, true) or {})[1]
  return commit and files.join(folder, commit)
end

local function listed_on_hub(name)
  local folder, bytes, used = snapshot_of(name), cache.usage(name)
  local card = folder and card_of(folder) or {}
  return {name = name, folder = folder or cache.folder(name), bytes = bytes, used = used, licence = card.licence,
    task = card.task, from = "hub", lacks = folder and cache.lack(folder) or "nothing of it is whole"}
end

local function listed(name)
  local entry, folder = catalogue.find(name), got.folder(name)
  local bytes, used = got.usage(folder)
  return {name = name, folder = folder, bytes = bytes, used = used, licence = entry.licence, task = entry.task,
    about = entry.about, from = "catalogue"}
end

--- The models on this machine: those got from the catalogue, then those in the hub's cache, whoever put them there.
---     hub.get "yamnet"                                        -- fetched, checked, converted
---     for _, model in ipairs(hub.list()) do print(model.name, model.bytes, model.licence) end
---@return {name: string, folder: string, bytes: integer, used: integer, licence: string?, task: string?,
--- about: string?, from: "catalogue"|"hub", lacks: string?}[]  used: seconds since 1970; lacks: why it cannot be opened
function hub.list()
  local list = {}
  for _, name in ipairs(got.names()) do list[#list + 1] = listed(name) end
  for _, name in ipairs(cache.names()) do list[#list + 1] = listed_on_hub(name) end
  return list
end

--- Removes a model from this machine: exactly the one that is named, without asking.
---     print(hub.remove "openai/whisper-tiny.en" .. " bytes are free")
---@param name string
---@return integer bytes  what was freed
function hub.remove(name)
  local entry = entry_of(name)
  if entry.hub then return cache.remove(entry.hub) end
  return got.remove(name)
end

return hub
