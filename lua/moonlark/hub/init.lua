--- Hub: models that others have published, fetched once and kept where other programs find them too.
---
---     local hub = require "moonlark.hub"
---     local folder = hub.find "openai/whisper-tiny.en"        -- from the cache, else fetched
---     local folder = hub.known "yamnet"                       -- of the catalogue: what moonlark models get brought
---     for _, model in ipairs(hub.list()) do print(model.name, model.bytes) end
---
--- The cache is that of the huggingface_hub library ($HF_HOME, $HF_HUB_CACHE), so that transformers reads what Moonlark
--- fetched and Moonlark what transformers did. $HF_ENDPOINT, $HF_TOKEN and $HF_HUB_OFFLINE mean what they mean there.
local cache = require "moonlark.hub.cache"
local choice = require "moonlark.hub.choice"
local files = require "moonlark.base.files"
local options = require "moonlark.base.options"
local place = require "moonlark.hub.place"
local progress = require "moonlark.base.progress"
local remote = require "moonlark.hub.remote"
local show = require "moonlark.base.show"

local hub = {}

local fetching = {
  offline = options.boolean(false, "nothing is fetched, what is here must do"),
  revision = options.text("main", "a branch, a tag or a commit"),
  token = options.text(options.none, "shown to the hub", {usual = "$HF_TOKEN, or the file in which it is kept"}),
}
local finding = options.describe("hub.find", fetching)
local getting = options.describe("hub.get", fetching)

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

--- The same, but asks the hub what the revision is now, and fetches what has changed.
---     local folder = hub.get "openai/whisper-tiny.en"
---@param name string  "org/name"
---@param given moonlark.hub.get.Options?
---@return string folder
function hub.get(name, given)
  local o = getting:read(given)
  check_name(name)
  cache.check_revision(o.revision)
  if not (o.offline or place.is_offline()) then return get(name, o) end
  local folder, lack = here(name, o)
  return folder or fail_offline(name, lack)
end

return hub
