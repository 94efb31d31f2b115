--- Key: the tonic and mode of a song, or of each stretch of it.
local heard = require "moonlark.music.hearing.heard"
local options = require "moonlark.base.options"
local path = require "moonlark.music.hearing.path"
require "moonlark.music.hearing.chroma" -- defines a curve, as the next
require "moonlark.music.hearing.harmony"

---@class moonlark.music
local key = {}

local parameters = options.describe("music.key", {
  window = options.number(options.none, {least = 2, unit = "s", usual = "one key for the whole song"},
    "how much sound a key is heard in, for keys that change"),
  network = options.boolean(true, "ask the network of models/weights/harmony, too; false: the profiles alone"),
  steadiness = options.number(6, {least = 0}, "how much better a new key must fit, as a logarithm, before the key changes"),
})

-- How often each degree is heard: bgate, as Essentia names it.
local profiles = {
  {mode = "major", weights = {1, 0, 0.42, 0, 0.53, 0.37, 0, 0.77, 0, 0.38, 0.21, 0.30}},
  {mode = "minor", weights = {1, 0, 0.36, 0.39, 0, 0.38, 0, 0.74, 0.27, 0, 0.42, 0.23}},
}

-- Tonics are named as key signatures have them: no key of more sharps or flats than need be.
local tonics = {
  major = {"C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"},
  minor = {"C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"},
}

-- The 24 keys, and their profiles as rows without mean and of length 1.
local function all_keys()
  local torch = require "moonlark.torch"
  local keys, rows = {}, {}
  for _, profile in ipairs(profiles) do
    for tonic = 0, 11 do
      keys[#keys + 1] = {tonic = tonics[profile.mode][tonic + 1], mode = profile.mode}
      local row = {}
      for degree = 0, 11 do row[(tonic + degree) % 12 + 1] = profile.weights[degree + 1] end
      rows[#rows + 1] = row
    end
  end
  local weights = torch.tensor(rows)
  weights = weights - weights:mean({1}, {keepdim = true})
  return keys, weights / weights:norm(2, {1}, {keepdim = true})
end

-- How each frame's strength is shared among the pitch classes: 12 × frames of length 1, less where it is nearly silent.
local function shares(classes)
  local lengths = classes:norm(2, {0}, {keepdim = true})
  return classes / (lengths + 1e-3 * lengths:max():item() + 1e-9)
end

-- Correlation of columns (12 × n) with all keys: 24 × n; 0 where nothing sounds.
local function correlate(columns, weights)
  local centred = columns - columns:mean({0}, {keepdim = true})
  return weights:matmul(centred / (centred:norm(2, {0}, {keepdim = true}) + 1e-9))
end

-- Correlations as logarithms of probabilities: a key that fits by 0.1 better is 4.5 times as likely, beside the network,
-- which says more, 2.7 times.
local alone, beside = 15, 10

-- How likely each key is, as a logarithm, of means of the chroma's shares (12 × n) and of the network's logits (24 × n).
local function odds(classes, logits, weights)
  local fits = correlate(classes, weights)
  return (logits and logits:log_softmax(0) + beside * fits or alone * fits):log_softmax(0)
end

local function said(found, i, p) return {tonic = found[i].tonic, mode = found[i].mode, confidence = p} end

-- The whole song's key and the second best, of its mean.
local function decide(classes, logits, keys, weights)
  local mean = logits and logits:mean({1}, true)
  local p = odds(shares(classes):mean({1}, true), mean, weights):flatten():exp()
  local values, order = p:sort(-1, true)
  local list, first = {}, order:totable()
  for i = 1, 2 do list[i] = said(keys, first[i] + 1, values[i - 1]:item()) end
  return list[1], list[2]
end

-- Means of windows of so many frames, each `step` further: rows × n.
local function windows_of(x, width, step)
  if x:size(1) < width then x = x:constant_pad_nd({0, width - x:size(1)}, 0) end
  return x:unfold(1, width, step):mean {2}
end

-- Stretches with one key; a change lies in the middle of what two windows share.
local function segments_of(h, classes, logits, rate, o, keys, weights)
  local width = math.max(1, math.floor(o.window * rate + 0.5))
  local step = math.max(1, width // 2)
  local fits = odds(windows_of(shares(classes), width, step), logits and windows_of(logits, width, step), weights)
  local walked, items = path(fits:t():contiguous(), o.steadiness), {}
  for t, k in ipairs(walked) do
    local last = items[#items]
    local label = keys[k].tonic .. " " .. keys[k].mode
    if not last or last.label ~= label then
      local at = last and ((t - 1) * step + (width - step) / 2) / rate or 0
      if last then last.stop = at end
      items[#items + 1] = {start = at, label = label}
    end
  end
  items[#items].stop = h:seconds()
  return items
end

--- The key: an Annotation of segments ("A minor"), one for the whole song, or with `window` one for each stretch.
--- `key.tonic` ("A"), `key.mode` ("minor", "major"), `key.confidence` (0..1) and `key.second`, the second best, are of
--- the whole song. Silence has no tonic and no segment.
---
--- Source: a chroma of what stands out of the spectrum, tuned, correlated with the profiles "bgate" of Essentia's
--- KeyExtractor (Faraldo et al.); and what a small network says (models/weights/harmony.json says what it learnt from),
--- added as logarithms. Errors: as of audio.load.
---     local key = music.key "song.mp3" print(key.tonic, key.mode)
---@param song string|moonlark.Signal  a path, or a waveform
---@param given moonlark.music.key.Options?
---@return moonlark.Annotation
function key.key(song, given)
  local o, h = parameters:read(given), heard.of(song)
  return h:get(("key %s %g %s"):format(o.window, o.steadiness, o.network), function()
    h:prepare {"chroma", o.network and "key network" or nil}
    local curve = h:curve "chroma"
    if curve.data:max():item() <= 0 then return h:annotation("key", {confidence = 0}) end
    local keys, weights = all_keys()
    local logits = o.network and h:curve "key network".data or nil
    local first, second = decide(curve.data, logits, keys, weights)
    local items = o.window and segments_of(h, curve.data, logits, curve.rate, o, keys, weights)
      or {{start = 0, stop = h:seconds(), label = first.tonic .. " " .. first.mode, confidence = first.confidence}}
    items.tonic, items.mode, items.confidence, items.second = first.tonic, first.mode, first.confidence, second
    return h:annotation("key", items)
  end)
end

return key
