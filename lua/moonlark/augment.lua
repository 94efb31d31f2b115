--- Augmentations: random changes of training examples, described by plain tables and carried out by the threads of
--- Dataset:batches.
---
---     local augment = require "moonlark.augment"
---     parts.train:batches {feature = "mel", segment = 3, augment = {
---       augment.gain {db = 6, on = "features"}, augment.mixup {alpha = 0.3, on = "features"},
---       augment.spec_augment {time = 20, frequency = 16},
---     }}
---
--- Each happens with probability `p`, independently of the others, and draws its amount uniformly from a range: {low,
--- high}, or a number x. That stands for {-x, x} where an amount goes both ways (gain, shift, equalizer, pitch_shift,
--- frequency_shift), for {0, x} in masks, else for x itself.
---
--- Changes of sounds need the tracks decoded and their features computed anew for every example. With on = "features"
--- the features are changed instead, nearly for free: gain and equalizer add decibels to features in decibels. Changes
--- run in the order of the list, but sounds come first, and mixup is the last of these.
local core = require "moonlark_core"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local augment = {}

--- What the functions make, for the engine: kind, on, on_features, p, low, high, count, relative, wrap.
---@class moonlark.Augmentation

-- What a number stands for where a range may be given.
local function exactly(x) return x, x end
local function both_ways(x) return -math.abs(x), math.abs(x) end
local function up_to(x) return 0, x end

-- A number, or {low, high}. `facts`: least, most, whole (numbers), unit, usual.
local function range(default, from_number, facts, help)
  local kind = facts.whole and options.integer or options.number
  local item = kind(nil, {least = facts.least, most = facts.most})
  local function accept(value)
    local low, high = value, value
    if type(value) == "table" then low, high = value[1], value[2] end
    if type(value) == "number" then low, high = from_number(value) end
    low, high = item.accept(low), item.accept(high)
    return low and high and low <= high and {low, high} or nil
  end
  local words = facts.whole and "a whole number or {low, high} of them" or "a number or {low, high}"
  return options.value("number|number[]", ("%s within %g..%g"):format(words, facts.least, facts.most), accept,
    default == options.none and default or accept(default), help, {unit = facts.unit, usual = facts.usual})
end

local function count(default, help) return options.integer(default, {least = 1, most = 32}, help) end

local on = options.choice({"sound", "features"}, "sound", "what is changed")

local function likelihood(default) return options.number(default, {least = 0, most = 1}, "how likely it happens") end

local function mask(width, unit)
  return {on = "features", amounts = {"fraction", "width"}, options = {
    width = range(width, up_to, {least = 0, most = 1e6, whole = true, unit = unit}, "of each, drawn anew"),
    fraction = range(options.none, up_to, {least = 0, most = 1, usual = "width"}, "of all, instead of width"),
    count = count(1, "how many"),
  }}
end

-- For each kind: `on`, if it can change one thing only; `options` beside p and on; `amounts`, the options that hold its
-- range: the first one that is given counts.
local kinds = {
  noise = {on = "sound", amounts = {"snr_db"}, options = {
    snr_db = range({10, 30}, exactly, {least = -100, most = 200, unit = "dB"}, "signal-to-noise ratio"),
  }},
  gain = {amounts = {"db"}, options = {
    db = range(6, both_ways, {least = -200, most = 200, unit = "dB"}, "louder or softer"),
  }},
  polarity = {on = "sound", p = 0.5, amounts = {}, options = {}},
  shift = {amounts = {"seconds", "fraction"}, options = {
    fraction = range(0.5, both_ways, {least = -1, most = 1}, "of the segment"),
    seconds = range(options.none, both_ways, {least = -1e6, most = 1e6, unit = "s", usual = "fraction"},
      "instead of fraction"),
    wrap = options.boolean(true, "what leaves at one end comes in at the other; false: silence, or a feature's mean"),
  }},
  time_stretch = {amounts = {"rate"}, options = {
    rate = range({0.8, 1.25}, exactly, {least = 0.1, most = 10}, "2 is twice as fast"),
  }},
  pitch_shift = {on = "sound", amounts = {"semitones"}, options = {
    semitones = range(2, both_ways, {least = -36, most = 36}, "higher or lower"),
  }},
  equalizer = {amounts = {"db"}, options = {
    db = range(6, both_ways, {least = -60, most = 60, unit = "dB"}, "drawn for each band"),
    bands = count(4, "how many"),
  }},
  mixup = {amounts = {"alpha"}, options = {
    alpha = range(0.2, exactly, {least = 1e-3, most = 1e3}, "of the Beta distribution"),
  }},
  time_mask = mask(40, "frames"),
  frequency_mask = mask(16, "rows"),
  frequency_shift = {on = "features", amounts = {"rows"}, options = {
    rows = range(4, both_ways, {least = -1e4, most = 1e4}, "up or down"),
  }},
}
for name, kind in pairs(kinds) do
  kind.description = options.describe("augment." .. name, kind.options,
    {p = likelihood(kind.p or 1), on = not kind.on and on or nil})
end

local of_spec_augment = options.describe("augment.spec_augment", {
  time = range(40, up_to, {least = 0, most = 1e6, whole = true, unit = "frames"}, "widths of masks of time"),
  frequency = range(16, up_to, {least = 0, most = 1e6, whole = true, unit = "rows"}, "widths of masks of rows"),
  time_masks = count(2, "how many"), frequency_masks = count(2, "how many"), p = likelihood(1),
})

-- The option that holds the range of a kind, and the range; none has {0, 0}.
local function amount_of(name, kind, given, o)
  local first, second = table.unpack(kind.amounts)
  if second and given and given[first] and given[second] then
    error(("%s takes one of %s and %s"):format(name, second, first), 0)
  end
  for _, option in ipairs(kind.amounts) do
    if o[option] then return option, o[option] end
  end
  return nil, {0, 0}
end

local function make(name, given)
  local kind = kinds[name]
  local o = kind.description:read(given)
  local option, amount = amount_of(name, kind, given, o)
  local where = kind.on or o.on
  return {kind = name, on = where, on_features = where == "features", p = o.p, low = amount[1], high = amount[2],
    count = o.count or o.bands or 1, relative = option == "fraction", wrap = o.wrap or false}
end

--- Gaussian noise at a signal-to-noise ratio.
---     local changes = {augment.noise {snr_db = {10, 30}}}
---@param given moonlark.augment.noise.Options?
---@return moonlark.Augmentation
function augment.noise(given) return make("noise", given) end

--- Louder or softer.
---     local changes = {augment.gain {db = 6, on = "features"}}
---@param given moonlark.augment.gain.Options?
---@return moonlark.Augmentation
function augment.gain(given) return make("gain", given) end

--- The waveform upside down.
---     local changes = {augment.polarity {p = 0.5}}
---@param given moonlark.augment.polarity.Options?
---@return moonlark.Augmentation
function augment.polarity(given) return make("polarity", given) end

--- Earlier or later: by a fraction of the segment, or by seconds.
---     local changes = {augment.shift {seconds = 0.5, wrap = false}}
---@param given moonlark.augment.shift.Options?
---@return moonlark.Augmentation
function augment.shift(given) return make("shift", given) end

--- Faster or slower at the same pitch, by the phase vocoder; a longer or shorter part of the track is taken for it. The
--- frames of features are interpolated linearly. Errors: features are stretched beside changes of sounds.
---     local changes = {augment.time_stretch {rate = {0.9, 1.1}}}
---@param given moonlark.augment.time_stretch.Options?
---@return moonlark.Augmentation
function augment.time_stretch(given) return make("time_stretch", given) end

--- Higher or lower at the same speed: the phase vocoder, then resampling.
---     local changes = {augment.pitch_shift {semitones = 2}}
---@param given moonlark.augment.pitch_shift.Options?
---@return moonlark.Augmentation
function augment.pitch_shift(given) return make("pitch_shift", given) end

--- A random smooth equalizer. Sounds pass peaking filters, evenly spaced in pitch (R. Bristow-Johnson, Audio EQ
--- Cookbook); features get straight lines between points over the rows (linear FilterAugment: Nam, Kim and Park, 2022).
---     local changes = {augment.equalizer {db = 6, bands = 4}}
---@param given moonlark.augment.equalizer.Options?
---@return moonlark.Augmentation
function augment.equalizer(given) return make("equalizer", given) end

--- A second example mixed in, x = share * x + (1 - share) * other with the share from Beta(alpha, alpha); batch.y then
--- holds the shares of classes (Zhang et al., mixup, 2018). Features are mixed after they became decibels.
---     local changes = {augment.mixup {alpha = 0.3, on = "features"}}
---@param given moonlark.augment.mixup.Options?
---@return moonlark.Augmentation
function augment.mixup(given) return make("mixup", given) end

--- Hides stretches of time: they become the mean of their row, 0 after normalisation (Park et al., SpecAugment, 2019).
---     local changes = {augment.time_mask {width = 20, count = 2}}
---@param given moonlark.augment.time_mask.Options?
---@return moonlark.Augmentation
function augment.time_mask(given) return make("time_mask", given) end

--- Hides ranges of rows in the same way; the rows of joined features count as one list.
---     local changes = {augment.frequency_mask {fraction = 0.1}}
---@param given moonlark.augment.frequency_mask.Options?
---@return moonlark.Augmentation
function augment.frequency_mask(given) return make("frequency_mask", given) end

--- Both masks of SpecAugment: a list of two, which Dataset:batches takes as if both stood there.
---     local changes = {augment.spec_augment {time = 20, frequency = 16}}
---@param given moonlark.augment.spec_augment.Options?
---@return moonlark.Augmentation[]
function augment.spec_augment(given)
  local o = of_spec_augment:read(given)
  return {
    augment.frequency_mask {width = o.frequency, count = o.frequency_masks, p = o.p},
    augment.time_mask {width = o.time, count = o.time_masks, p = o.p},
  }
end

--- Moves the rows of each feature up or down, the outermost repeated: like another pitch, where rows are pitches.
---     local changes = {augment.frequency_shift {rows = {-2, 2}}}
---@param given moonlark.augment.frequency_shift.Options?
---@return moonlark.Augmentation
function augment.frequency_shift(given) return make("frequency_shift", given) end

-- Lists within the list (spec_augment) opened.
local function flattened(list)
  local flat = {}
  for i, entry in ipairs(list) do
    local made = type(entry) == "table" and (entry.kind and {entry} or entry) or {}
    for _, each in ipairs(made) do
      if type(each) ~= "table" or not kinds[each.kind] or not each.low then made = {} end
      flat[#flat + 1] = each
    end
    if #made == 0 then
      show.fail("augment[%d] must be what a function of moonlark.augment made, got %s", i, options.got(entry))
    end
  end
  return flat
end

--- The augmentations in the order in which they run, as the engine reads them: sounds first, mixup last of these.
--- Errors: what no function of this module made; two mixups; a stretch of features beside changes of sounds.
---     print(augment.ordered({augment.mixup(), augment.noise()})[1].kind)      --> noise
---@param list moonlark.Augmentation[]
---@return table[]
function augment.ordered(list)
  if type(list) ~= "table" then show.fail("augment must be a list, got %s", type(list)) end
  local flat, ordered = flattened(list.kind and {list} or list), {}
  for rank = 0, 2 do
    for _, each in ipairs(flat) do
      if rank == (each.on_features and 2 or each.kind == "mixup" and 1 or 0) then ordered[#ordered + 1] = each end
    end
  end
  core.loader.check_augments(ordered)
  return ordered
end

return augment
