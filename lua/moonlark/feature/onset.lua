--- Onsets and tempi: where notes and drums begin, and how that repeats.
local core = require "moonlark_core".feature
local engine = require "moonlark.feature.engine"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

---@class moonlark.feature
local onset = {}

-- Options of the onset strength itself; the others go to its spectrogram.
local onset_names = {"lag", "max_size", "detrend", "center", "aggregate"}
local is_onset_option = {channels = true}
for _, name in ipairs(onset_names) do is_onset_option[name] = true end

local function in_decibels(value)
  return signal.is(value) and value.unit == "dB" and value.axis ~= nil
end

-- The rise of a spectrogram in dB within ranges of its rows.
local function onsets_of(name, spectrogram, given, channels)
  local read = options.read("feature." .. name .. " of a spectrogram", given,
    options.described("feature.onset_strength"):pick(onset_names))
  local made, rows = spectrogram.made, spectrogram.data:size(-2)
  channels = channels or {0, rows}
  if type(channels) ~= "table" then show.fail("channels must be a table of bands, got %s", type(channels)) end
  local delay = read.center and (made.n_fft or 2048) // (2 * (made.hop_length or 512)) or 0
  local data = signal.each_channel(spectrogram.data, 2, function(part)
    return core.onset_strength(part, channels, delay, read)
  end)
  local axis
  if name == "onset_strength_multi" then
    local values = {}
    for c = 1, #channels - 1 do values[c] = spectrogram.axis.values[channels[c] + 1] end
    axis = {name = "bands from", unit = spectrogram.axis.unit, scale = spectrogram.axis.scale, values = values}
    read.channels = channels
  end
  return signal.new {
    data = data, rate = spectrogram.rate, start = spectrogram.start, kind = name, unit = "dB", axis = axis,
    made = options.join(made, read, {feature = name}),
  }
end

-- A tempogram of a waveform, of an onset strength's one curve, or of each of its curves.
local function tempi_of(name, onsets, given)
  if not signal.is(onsets) or onsets.kind ~= "onset_strength" and onsets.kind ~= "onset_strength_multi" then
    return engine.compute(name, onsets, given)
  end
  local read = engine.settings(name, given)
  if given and given.hop_length then show.fail "hop_length is the onset strength's, which is given: leave it out" end
  local data = onsets.data
  if data:size(-2) == 1 then data = data:squeeze(-2) end
  data = signal.each_channel(data, 1, function(curve) return core[name](curve, read) end)
  local made = options.join(onsets.made, read, {feature = name})
  made.hop_length = onsets.made.hop_length
  local steps = options.join(given or {}, {hop_length = 1}) -- so that the axis counts the curve's frames
  return signal.new {
    data = data, rate = onsets.rate, start = onsets.start, kind = engine.row(name).kind, made = made,
    axis = core.axis(name, steps, onsets.rate, data:size(-2)),
  }
end

--- Onset strength: how much the mel spectrogram in dB rises from frame to frame, over all bands: high where notes and
--- drums begin.
---
--- Shape 1 × frames, in dB. Frame t holds the aggregate ("mean" or "median") over bands of
--- max(0, D[t] − reference[t − lag]), where the reference is D or, with max_size > 1, its maximum over max_size
--- bands around (vibrato is then no onset). center shifts the curve by n_fft / (2·hop_length) frames, to where the
--- attacks sound. D is lifted to top_db under the clip's maximum, so a value depends on the whole clip; not so with
--- top_db = false. In place of a waveform, a spectrogram in dB (a log_mel Signal, say) may be given, with the options lag to aggregate and center.
--- Source: librosa.onset.onset_strength; Böck and Widmer, 2013.
---     local onsets = feature.onset_strength(song, {aggregate = "median"})
---@param song moonlark.Signal
---@param given moonlark.feature.onset_strength.Options?
---@return moonlark.Signal
function onset.onset_strength(song, given)
  if not in_decibels(song) then return engine.compute("onset_strength", song, given) end
  return onsets_of("onset_strength", song, given)
end

--- Onset strength in n_channels ranges of mel bands, lowest first: kick, snare and cymbals apart.
---
--- Shape n_channels × frames, in dB; the axis holds the centre of each range's lowest band. Range c (from 0) covers
--- the bands from c·n_mels // n_channels to the next range; in place of n_channels, channels = {0, 10, 40, 128} says
--- at which bands the ranges begin and end (not in recipes). A spectrogram in dB may be given as for
--- feature.onset_strength. Source: librosa.onset.onset_strength_multi.
---     local rises = feature.onset_strength_multi(song, {channels = {0, 8, 128}})
---@param song moonlark.Signal
---@param given moonlark.feature.onset_strength_multi.Options?
---@return moonlark.Signal
function onset.onset_strength_multi(song, given)
  local of_spectrogram = in_decibels(song)
  if not of_spectrogram and not (type(given) == "table" and given.channels) then
    return engine.compute("onset_strength_multi", song, given)
  end
  local own, mel = {}, {}
  for key, value in pairs(given or {}) do (is_onset_option[key] and own or mel)[key] = value end
  if of_spectrogram then
    if next(mel) then options.unknown("option of onset_strength_multi of a spectrogram", next(mel), onset_names) end
  else
    song = engine.compute("log_mel", song, mel)
  end
  local channels = own.channels
  own.channels = nil
  return onsets_of("onset_strength_multi", song, own, channels)
end

--- Tempogram: how the onsets around each frame repeat, as the autocorrelation of the onset strength.
---
--- Shape win_length × frames; row k is a lag of k·hop_length / sample rate seconds, so a beat of B per minute stands
--- out at 60/B seconds and its multiples. win_length 384 is 8.9 s at 22 050 Hz; with center, the curve falls to 0 in
--- straight ramps beyond the clip's ends. The onset strength has the defaults of feature.onset_strength, but for
--- hop_length; or it is given, as a Signal, in place of the waveform. Source: librosa.feature.tempogram; Grosche,
--- Müller and Kurth, 2010.
---     local T = feature.tempogram(song, {win_length = 192})
---@param song moonlark.Signal
---@param given moonlark.feature.tempogram.Options?
---@return moonlark.Signal
function onset.tempogram(song, given) return tempi_of("tempogram", song, given) end

--- Fourier tempogram, complex64: how strongly, and with which phase, the onsets pulse at each tempo.
---
--- Shape 1 + win_length/2 × frames, rows in beats per minute: k·60·sample rate / (hop_length·win_length). It is the
--- short-time Fourier transform of the onset strength, one frame at a time; with center and an even win_length, it
--- has one frame more than that curve. An onset strength may be given as for feature.tempogram. Source:
--- librosa.feature.fourier_tempogram; Grosche, Müller and Kurth, 2010.
---     local T = feature.fourier_tempogram(feature.onset_strength(song))
---@param song moonlark.Signal
---@param given moonlark.feature.fourier_tempogram.Options?
---@return moonlark.Signal
function onset.fourier_tempogram(song, given) return tempi_of("fourier_tempogram", song, given) end

return onset
