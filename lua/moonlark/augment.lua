--- Augmentations: random changes of training examples, described by plain tables and carried out by the threads of
--- dataset:batches.
---
---     local augment = require "moonlark.augment"
---     parts.train:batches {feature = "mel", segment = 3, augment = {
---       augment.gain {db = 6, on = "features"}, augment.mixup {alpha = 0.3, on = "features"},
---       augment.spec_augment {time = 20, frequency = 16},
---     }}
---
--- Each happens with probability `p` (default 1), on its own, and draws its amount uniformly from a range. A range is
--- {low, high} or a number: of what goes both ways (gain, shift, equalizer, pitch_shift, frequency_shift) a number x
--- means {-x, x}, of masks {0, x}, of the others always x.
---
--- Those of sounds need the tracks decoded and the features computed anew for every example; with on = "features" they
--- change the features instead, nearly for free: gain and equalizer then add decibels to features in decibels. They run
--- in the order of the list, those of sounds first, and mixup last of these.
local options = require "moonlark.base.options"

local augment = {}

---@class moonlark.Augmentation
---@field kind string
---@field on "sound"|"features"
---@field p number
---@field low number
---@field high number
---@field count integer
---@field relative boolean
---@field wrap boolean

-- The range of an option: {low, high} as given, or what a number stands for.
local function range(name, value, least, most, from_number)
  local low, high = value, value
  if type(value) == "table" then
    low, high = value[1], value[2]
  elseif type(value) == "number" then
    low, high = from_number(value)
  end
  if type(low) ~= "number" or type(high) ~= "number" or not (low <= high and low >= least and high <= most) then
    local shown = tostring(value)
    if type(value) == "table" then shown = ("{%s, %s}"):format(tostring(value[1]), tostring(value[2])) end
    error(("%s must be a number or {low, high} within %g..%g, got %s"):format(name, least, most, shown), 0)
  end
  return low, high
end

local function exactly(x) return x, x end
local function both_ways(x) return -math.abs(x), math.abs(x) end
local function up_to(x) return 0, x end

local function count_of(name, value, most)
  local count = math.tointeger(value)
  if not count or count < 1 or count > most then
    error(("%s must be a whole number 1..%d, got %s"):format(name, most, tostring(value)), 0)
  end
  return count
end

-- Options with p and, where there is a choice, on.
local function read(name, given, defaults, on)
  defaults.p = 1
  if on then defaults.on = "sound" end
  local known = options.read("augment." .. name, given, defaults)
  if not (known.p >= 0 and known.p <= 1) then error(("p must be 0..1, got %g"):format(known.p), 0) end
  if on and known.on ~= "sound" and known.on ~= "features" then
    error(('on must be "sound" or "features", got %s'):format(tostring(known.on)), 0)
  end
  return known
end

local function describe(kind, on, p, low, high, more)
  local made = {kind = kind, on = on, p = p, low = low, high = high, count = 1, relative = false, wrap = false}
  for key, value in pairs(more or {}) do made[key] = value end
  return made
end

--- Gaussian noise at a signal-to-noise ratio.
---@param given {snr_db?: number|number[], p?: number}?  snr_db: default {10, 30}
---@return moonlark.Augmentation
function augment.noise(given)
  local known = read("noise", given, {snr_db = {10, 30}})
  local low, high = range("snr_db", known.snr_db, -100, 200, exactly)
  return describe("noise", "sound", known.p, low, high)
end

--- Louder or softer.
---@param given {db?: number|number[], p?: number, on?: "sound"|"features"}?  db: default 6, which is {-6, 6}
---@return moonlark.Augmentation
function augment.gain(given)
  local known = read("gain", given, {db = options.none}, true)
  local low, high = range("db", known.db or 6, -200, 200, both_ways)
  return describe("gain", known.on, known.p, low, high)
end

--- The waveform upside down; p: default 0.5.
---@param given {p?: number}?
---@return moonlark.Augmentation
function augment.polarity(given)
  local known = read("polarity", given, {})
  return describe("polarity", "sound", given and given.p and known.p or 0.5, 0, 0)
end

--- Earlier or later: by a fraction of the segment, or by seconds.
---@param given {fraction?: number|number[], seconds?: number|number[], wrap?: boolean, p?: number, on?: "sound"|"features"}?
--- fraction: default 0.5, which is {-0.5, 0.5}; wrap: true brings in at one end what leaves at the other, false silence
--- (of features the mean)
---@return moonlark.Augmentation
function augment.shift(given)
  local known = read("shift", given, {fraction = options.none, seconds = options.none, wrap = true}, true)
  if known.fraction and known.seconds then error("shift takes one of fraction and seconds", 0) end
  local low, high
  if known.seconds then
    low, high = range("seconds", known.seconds, -1e6, 1e6, both_ways)
  else
    low, high = range("fraction", known.fraction or 0.5, -1, 1, both_ways)
  end
  return describe("shift", known.on, known.p, low, high, {relative = not known.seconds, wrap = known.wrap})
end

--- Faster or slower at the same pitch, by the phase vocoder; of the track as much more or less is taken. Of features:
--- frames further apart or nearer, on straight lines between the track's; not together with augmentations of sounds.
---@param given {rate?: number|number[], p?: number, on?: "sound"|"features"}?  rate: default {0.8, 1.25}; 2 is twice as fast
---@return moonlark.Augmentation
function augment.time_stretch(given)
  local known = read("time_stretch", given, {rate = {0.8, 1.25}}, true)
  local low, high = range("rate", known.rate, 0.1, 10, exactly)
  return describe("time_stretch", known.on, known.p, low, high)
end

--- Higher or lower at the same speed: the phase vocoder, then resampling.
---@param given {semitones?: number|number[], p?: number}?  semitones: default 2, which is {-2, 2}
---@return moonlark.Augmentation
function augment.pitch_shift(given)
  local known = read("pitch_shift", given, {semitones = options.none})
  local low, high = range("semitones", known.semitones or 2, -36, 36, both_ways)
  return describe("pitch_shift", "sound", known.p, low, high)
end

--- A random smooth equalizer. Of sounds: peaking filters, evenly spaced in pitch (R. Bristow-Johnson, Audio EQ Cookbook).
--- Of features: straight lines between points over the rows (the linear FilterAugment of Nam, Kim and Park, 2022).
---@param given {db?: number|number[], bands?: integer, p?: number, on?: "sound"|"features"}?
--- db: drawn for each band, default 6, which is {-6, 6}; bands: default 4
---@return moonlark.Augmentation
function augment.equalizer(given)
  local known = read("equalizer", given, {db = options.none, bands = 4}, true)
  local low, high = range("db", known.db or 6, -60, 60, both_ways)
  return describe("equalizer", known.on, known.p, low, high, {count = count_of("bands", known.bands, 32)})
end

--- A second example mixed in, x = share * x + (1 - share) * other with the share from Beta(alpha, alpha); batch.y then
--- holds the shares of classes (Zhang et al., mixup, 2018). Of features: after decibels.
---@param given {alpha?: number|number[], p?: number, on?: "sound"|"features"}?  alpha: default 0.2
---@return moonlark.Augmentation
function augment.mixup(given)
  local known = read("mixup", given, {alpha = options.none}, true)
  local low, high = range("alpha", known.alpha or 0.2, 1e-3, 1e3, exactly)
  return describe("mixup", known.on, known.p, low, high)
end

-- A mask: its width in places or as a fraction of all.
local function mask(kind, given, default)
  local known = read(kind, given, {width = options.none, fraction = options.none, count = 1})
  if known.width and known.fraction then error(kind .. " takes one of width and fraction", 0) end
  local low, high
  if known.fraction then
    low, high = range("fraction", known.fraction, 0, 1, up_to)
  else
    low, high = range("width", known.width or default, 0, 1e6, up_to)
    if not (math.tointeger(low) and math.tointeger(high)) then
      error(("width must be whole numbers, got %g..%g (fraction takes parts of the whole)"):format(low, high), 0)
    end
  end
  return describe(kind, "features", known.p, low, high,
    {count = count_of("count", known.count, 32), relative = known.fraction ~= nil})
end

--- Hides stretches of time: they become the mean of their row, 0 after normalisation (Park et al., SpecAugment, 2019).
---@param given {width?: number|number[], fraction?: number|number[], count?: integer, p?: number}?
--- width: frames, default 40, which is {0, 40}; fraction: of the segment instead; count: how many, default 1
---@return moonlark.Augmentation
function augment.time_mask(given) return mask("time_mask", given, 40) end

--- Hides stretches of rows in the same way; of joined features any of their rows.
---@param given {width?: number|number[], fraction?: number|number[], count?: integer, p?: number}?
--- width: rows, default 16, which is {0, 16}; fraction: of all rows instead; count: how many, default 1
---@return moonlark.Augmentation
function augment.frequency_mask(given) return mask("frequency_mask", given, 16) end

--- Both masks of SpecAugment: a list of two, which dataset:batches takes as if both stood there.
---@param given {time?: number|number[], frequency?: number|number[], time_masks?: integer, frequency_masks?: integer, p?: number}?
--- time, frequency: widths, default 40 frames and 16 rows; time_masks, frequency_masks: how many, default 2
---@return moonlark.Augmentation[]
function augment.spec_augment(given)
  local known = read("spec_augment", given, {
    time = options.none, frequency = options.none, time_masks = 2, frequency_masks = 2,
  })
  return {
    augment.frequency_mask {width = known.frequency, count = known.frequency_masks, p = known.p},
    augment.time_mask {width = known.time, count = known.time_masks, p = known.p},
  }
end

--- Moves the rows of each feature up or down, the outermost repeated: like another pitch, where rows are pitches.
---@param given {rows?: number|number[], p?: number}?  rows: default 4, which is {-4, 4}
---@return moonlark.Augmentation
function augment.frequency_shift(given)
  local known = read("frequency_shift", given, {rows = options.none})
  local low, high = range("rows", known.rows or 4, -1e4, 1e4, both_ways)
  return describe("frequency_shift", "features", known.p, low, high)
end

-- Sounds first, mixup last of these.
local function rank(made)
  if made.on == "features" then return 2 end
  return made.kind == "mixup" and 1 or 0
end

--- The augmentations in the order in which they run, as the engine reads them.
---@param list moonlark.Augmentation[]
---@return table[]
function augment.ordered(list)
  if type(list) ~= "table" then error(("augment must be a list, got %s"):format(type(list)), 0) end
  if list.kind then list = {list} end
  local flat, mixups = {}, 0
  for i, entry in ipairs(list) do
    local made = type(entry) == "table" and (entry.kind and {entry} or entry) or {}
    for _, each in ipairs(made) do
      if type(each) == "table" and augment[each.kind] and each.low then
        flat[#flat + 1] = {place = #flat, made = each}
        mixups = mixups + (each.kind == "mixup" and 1 or 0)
      else
        made = {}
      end
    end
    if #made == 0 then
      error(("augment[%d] must be what a function of moonlark.augment made, got %s"):format(i, type(entry)), 0)
    end
  end
  if mixups > 1 then error(("augment may hold one mixup, got %d"):format(mixups), 0) end
  table.sort(flat, function(a, b)
    if rank(a.made) ~= rank(b.made) then return rank(a.made) < rank(b.made) end
    return a.place < b.place
  end)
  local ordered = {}
  for i, entry in ipairs(flat) do
    if entry.made.kind == "time_stretch" and entry.made.on == "features" and flat[1].made.on == "sound" then
      error(('time_stretch on features goes with no augmentation of sounds (%s): give it on = "sound"')
        :format(flat[1].made.kind), 0)
    end
    local copy = {on_features = entry.made.on == "features"}
    for key, value in pairs(entry.made) do copy[key] = value end
    ordered[i] = copy
  end
  return ordered
end

return augment
