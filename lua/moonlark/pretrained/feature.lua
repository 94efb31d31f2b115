--- Models from elsewhere as a guest of recipes (feature/guest.lua): found, and opened once.
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

-- The embedding of a waveform. Errors: it is too short.
local function of(found, song, pool)
  local heard = hear(found, {song}, {pool = pool})
  if heard.failures[1] then error(heard.failures[1], 0) end
  return heard.results[1]
end

--- The model that settings name, and what they come to. Errors: there is none, or other weights than they say.
---@param o table  checked options of feature.embedding
---@return moonlark.Guest  without its name and Signal (feature/embedder.lua)
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
  local found = {settings = options.join(o, {model = path, content = content}), text = text .. "\n", model = model,
    width = width_of(model, o.layer)}
  found.hear = function(songs, how, keep) return hear(found, songs, how, keep) end
  found.of = function(song, pool) return of(found, song, pool) end
  return found
end

return feature
