--- Models from elsewhere as a feature of recipes (feature/embedder.lua): found, opened once, and kept between runs by
--- the content of the sound, the content of the model's files, and all settings.
local background = require "moonlark.dataset.background"
local caches = require "moonlark.dataset.cache"
local core = require "moonlark_core"
local embedding = require "moonlark.pretrained.embedding"
local files = require "moonlark.base.files"
local hearing = require "moonlark.pretrained.hearing"
local hub = require "moonlark.hub"
local lfs = require "lfs"
local options = require "moonlark.base.options"
local pretrained = require "moonlark.pretrained"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"
local windows = require "moonlark.pretrained.windows"

local feature = {}

local NUMBERS = 1 -- raised when the same model gives other numbers than before: what is kept is then made anew

local models = setmetatable({}, {__mode = "v"}) -- by path and how it is opened, as long as somebody uses them

-- Sizes and times of a model's files: one that is written anew is opened anew.
local function stamp(path)
  local parts = {}
  for _, name in ipairs(files.kind(path) == "directory" and files.list(path) or {""}) do
    local file = name == "" and path or files.join(path, name)
    local facts = lfs.attributes(file) or {}
    parts[#parts + 1] = ("%s %s %s"):format(name, facts.size, facts.modification)
  end
  return table.concat(parts, "\n")
end

local function model_at(path, o)
  local key = table.concat({path, o.device, o.precision, tostring(o.pca), stamp(path)}, "\n")
  models[key] = models[key] or pretrained.open(path, {device = o.device, precision = o.precision, pca = o.pca})
  return models[key]
end

-- Numbers of a window: known from the architecture, else by hearing silence.
local function width_of(model, layer)
  local said = model.card.options.width
  if math.type(said) == "integer" and (layer or not model.net.embedding) then return said end
  local length = windows.sizes(model.front)
  local silence = model.front.window and length or math.max(model.front.least or 1, model.front.rate)
  local x = torch.zeros {1, silence}
  return torch.no_grad(function()
    if model.front.feature then x = hearing.prepared(model.front, x:select(0, 0)):unsqueeze(0) end
    return embedding.of(model, hearing.input(model, x), layer)
  end):size(-1)
end

-- A setting as text has it.
local function word(value) return value == nil and "nil" or type(value) == "number" and ("%.17g"):format(value) or value end

local function hash_of(tensors)
  local parts = {}
  for i, one in ipairs(tensors) do parts[i] = table.concat(one:flatten():totable(), " ") end
  return core.store.hash(table.concat(parts, "\n"))
end

--- The model that settings name, and what they come to. Errors: there is none, or other weights than they say.
---@param o table  checked options of feature.embedding
---@return moonlark.FeatureEmbedding
function feature.resolve(o)
  local fine, path = pcall(hub.path_of, o.model)
  if not fine then show.fail("embedding.model: %s", path) end
  path = scan.absolute(path)
  local model = model_at(path, o)
  local content = model.found:content()
  if o.content and o.content ~= content then
    show.fail("embedding.model: %s holds other weights than those that were used before; the numbers would not be "
      .. "comparable", path)
  end
  local text = ("embedding %d content=%s"):format(NUMBERS, content)
  for _, name in ipairs {"layer", "window", "hop", "precision"} do
    text = ("%s %s=%s"):format(text, name, word(name == "precision" and model.precision or o[name]))
  end
  local pca = model.net.pproc
  if pca then text = text .. " pca=" .. hash_of {pca.pca_means, pca.pca_eigen_vectors} end
  return {settings = options.join(o, {model = path, content = content}), text = text .. "\n", model = model,
    width = width_of(model, o.layer)}
end

-- Hears songs; see hearing.run.
local function hear(found, songs, o, keep)
  local model, settings = found.model, found.settings
  local how = options.join(o, {window = settings.window, hop = settings.hop, batch_size = settings.batch_size})
  how.batch_size = hearing.batch_size(model, how)
  local length, hop = windows.sizes(model.front, how)
  return hearing.run(model, songs, how, function(x) return embedding.of(model, x, settings.layer) end, function()
    return o.pool and embedding.pooled(o.pool) or embedding.kept(length / model.front.rate, hop / model.front.rate)
  end, keep)
end

-- What the cache knows results by, but for the sound.
local function key_of(found, o)
  local parts = {found.text}
  for _, name in ipairs {"start", "duration", "pad", "channel", "partial"} do
    if o[name] ~= nil then parts[#parts + 1] = ("%s %s\n"):format(name, tostring(o[name])) end
  end
  return table.concat(parts) .. "pool " .. table.concat(o.pool or {}, " ") .. "\n"
end

-- The content of each track's file; nil for one that cannot be read, of which hearing it says why.
local function contents(tracks, o)
  local paths = {}
  for i, track in ipairs(tracks) do paths[i] = track.path end
  local job <close> = core.extract.inspect(paths, "content", o.workers or 0, -1, false)
  background.await(job)
  local hashes = {}
  for i, found in ipairs(core.extract.inspected(job)) do hashes[i] = found and found.hash or nil end
  return hashes
end

-- The key of each track.
local function keys_of(found, tracks, o)
  local whole, hashes, keys = key_of(found, o), contents(tracks, o), {}
  for i, track in ipairs(tracks) do
    keys[i] = hashes[i] and ("%s%s\n%s %s"):format(whole, hashes[i], word(track.start), word(track.duration))
  end
  return keys
end

-- As the cache holds it, and back.
local function packed(made, notes)
  if torch.is_tensor(made) then return {data = made, rate = 0, start = 0, notes = notes} end
  return {data = made.data, rate = made.rate, start = made.start, notes = notes}
end
local function unpacked(entry, o) return o.pool and entry.data or entry end

-- What became of tracks that were heard before; the numbers of the others.
local function from_cache(cache, keys, found, tracks, o, keep)
  local out, left = {results = {}, failures = {}, notes = {}, cached = 0, waited = 0}, {}
  for i in ipairs(tracks) do
    local entry = keys[i] and core.cache.read(cache, keys[i])
    if entry and entry.data:size(o.pool and 1 or 0) == found.width then
      out.results[i], out.notes[i] = keep(i, unpacked(entry, o)), entry.notes
      out.cached = out.cached + 1
    else
      left[#left + 1] = i
    end
  end
  return out, left
end

-- Says once why results could not be kept.
local function write(cache, key, entry, state)
  local why = core.cache.write(cache, key, entry)
  if why and not state.said then
    io.stderr:write(show.format("some results could not be kept in the cache: %s\n", why))
    state.said = true
  end
end

--- Embeddings of tracks; see feature/embedder.lua.
function feature.extract(found, tracks, o, keep)
  keep = keep or function(_, made) return made end
  local folder = caches.usable(o.cache)
  if not folder then
    local heard = hear(found, tracks, o, keep)
    heard.cached = 0
    return heard
  end
  local cache <close>, state = core.cache.open(folder), {}
  local keys = keys_of(found, tracks, o)
  local out, left = from_cache(cache, keys, found, tracks, o, keep)
  local songs = {}
  for k, i in ipairs(left) do songs[k] = tracks[i] end
  if #songs == 0 then return out end
  local heard = hear(found, songs, o, function(k, made, notes)
    if keys[left[k]] then write(cache, keys[left[k]], packed(made, notes), state) end
    return keep(left[k], made)
  end)
  for k, i in ipairs(left) do
    out.results[i], out.failures[i], out.notes[i] = heard.results[k], heard.failures[k], heard.notes[k]
  end
  out.waited, out.rates, out.mixed = heard.waited, heard.rates, heard.mixed
  return out
end

--- The embedding of a waveform; see feature/embedder.lua. Errors: it is too short.
function feature.of(found, song, pool)
  local heard = hear(found, {song}, {pool = pool})
  if heard.failures[1] then error(heard.failures[1], 0) end
  return heard.results[1]
end

return feature
