--- The pulse: a curve that swings with what beats strongest around each moment.
local core = require "moonlark_core".feature
local onset = require "moonlark.feature.onset"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

---@class moonlark.feature
local pulse = {}

local parameters = options.describe("feature.plp", {
  hop_length = options.integer(512, {least = 1}, "samples from frame to frame, of a waveform"),
  win_length = options.integer(384, {least = 2}, "frames that a tempo is found in; even"),
  tempo_min = options.number(30, {least = 0}, "the slowest tempo, BPM"),
  tempo_max = options.number(300, {above = 0}, "the fastest tempo, BPM"),
})

local tiny = 2 ^ -63 -- the root of float32's smallest normal number

-- Of each column of a Fourier tempogram the strongest bin alone, over its magnitude.
local function strongest(bins)
  local torch = require "moonlark.torch"
  local heights = (bins:abs() * 1e6):log1p()
  local kept = bins * heights:ge(heights:amax({-2}, true)):to "float32"
  -- The reference takes the largest of complex numbers, which goes by their real part. Where that of the strongest is
  -- negative, a zero beside it is larger, and the bin is divided by next to nothing.
  local ahead = torch.view_as_real(kept):select(-1, 0):amax({-2}, true):gt(0):to "float32"
  return kept / (kept:abs():amax({-2}, true) * ahead + tiny)
end

-- One curve's pulse, of its bins.
local function swing(bins, frames, win_length)
  local curve = core.istft(strongest(bins):contiguous(),
    {n_fft = win_length, win_length = win_length, hop_length = 1, window = "hann", center = true, length = frames})
  curve = curve:clamp_min(0)
  local most = curve:max():item()
  return most > 0 and curve / most or curve
end

--- Predominant local pulse: a curve of 0..1 whose heights are where the beats of the strongest tempo around lie. It
--- follows a tempo that changes.
---
--- Shape 1 × frames. Takes a waveform (its onset strength by the median over bands) or an onset strength. The numbers
--- are those of librosa.beat.plp (0.11). They are not what Grosche and Müller (2011) wrote down, where each frame's
--- strongest tempo counts alike: librosa's normalisation leaves those whose bin of the Fourier tempogram has a negative
--- real part as strong as they are, and makes the others, about half of them, vanish beside. Errors: an odd win_length;
--- tempo_max that does not lie above tempo_min.
---     plot.signal(feature.plp(song)):show()
---@param song moonlark.Signal
---@param given moonlark.feature.plp.Options?
---@return moonlark.Signal
function pulse.plp(song, given)
  local o = parameters:read(given)
  if o.win_length % 2 > 0 then show.fail("feature.plp: win_length must be even, got %d", o.win_length) end
  if o.tempo_max <= o.tempo_min then
    show.fail("feature.plp: tempo_max must lie above tempo_min (%g BPM), got %g", o.tempo_min, o.tempo_max)
  end
  signal.check("song", song)
  if song.kind ~= "onset_strength" then
    song = onset.onset_strength(song, {hop_length = o.hop_length, aggregate = "median"})
  end
  local tempogram = onset.fourier_tempogram(song, {win_length = o.win_length})
  local tempi, frames = tempogram.axis.values, song:frames()
  local bins = tempogram.data:clone()
  for k, bpm in ipairs(tempi) do
    if bpm < o.tempo_min or bpm > o.tempo_max then bins:select(-2, k - 1):zero_() end
  end
  local data = signal.each_channel(bins, 2, function(part) return swing(part, frames, o.win_length) end)
  return signal.new {
    data = data:unsqueeze(-2), rate = song.rate, start = song.start, kind = "plp",
    made = options.join(song.made, o, {feature = "plp", hop_length = song.made.hop_length}),
  }
end

return pulse
