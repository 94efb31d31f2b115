--- Speed and pitch, each without the other.
local core = require "moonlark_core".effects
local each_channel = require "moonlark.effects.waveform"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

---@class moonlark.effects
local stretch = {}

local how = options.join(core.parameters.frames)
for name, p in pairs(how) do how[name] = options.optional(p, p.default .. ", by the phase vocoder") end
how.method = options.choice({"phase_vocoder", "rubberband"}, "phase_vocoder",
  "the quick one, or the one that sounds better")

local time_stretch = options.describe("effects.time_stretch", how)
local pitch_shift = options.describe("effects.pitch_shift", how, {
  bins_per_octave = options.number(12, {least = 1}, "steps of an octave"),
})

local function is_rubberband(o)
  if o.method ~= "rubberband" then return false end
  if o.n_fft or o.hop_length then show.fail 'n_fft and hop_length belong to method = "phase_vocoder"' end
  return true
end

-- All channels together.
local function by_rubberband(song, rate, pitch_scale)
  local data = core.rubberband(signal.channels(song), song.rate, rate, pitch_scale)
  return song:with {data = data}
end

--- A song faster (rate > 1) or slower (rate < 1) at the same pitch: a waveform of round(n / rate) samples.
---
--- The phase vocoder takes rates of 0.001 to 1000 and works on each channel by itself: librosa.effects.time_stretch
--- (whose phases, summed in single precision, drift on long songs; these do not); Dolson, 1986. method = "rubberband"
--- sounds better, above all where something strikes: the finer engine of the Rubber Band library, offline, with the
--- channels together; rates of 0.05 to 20. It needs Debian's librubberband2.
--- Errors: rate out of range; Rubber Band asked for and not there.
---     audio.save("slow.wav", effects.time_stretch(song, 0.8))
---@param song moonlark.Signal  waveform
---@param rate number
---@param given moonlark.effects.time_stretch.Options?
---@return moonlark.Signal
function stretch.time_stretch(song, rate, given)
  local o = time_stretch:read(given)
  if is_rubberband(o) then return by_rubberband(song, rate, 1) end
  return (each_channel(song, function(samples) return core.time_stretch(samples, rate, o) end))
end

--- A song higher (n_steps > 0) or lower (n_steps < 0) at the same speed: a waveform of the song's length.
---
--- n_steps counts steps of which an octave has bins_per_octave; fractions are allowed. The phase vocoder stretches the
--- song in time, then it is resampled (soxr HQ): librosa.effects.pitch_shift. method = "rubberband" sounds better, over
--- four octaves up or down: see effects.time_stretch.
---     audio.save("high.wav", effects.pitch_shift(song, 3, {method = "rubberband"}))
---@param song moonlark.Signal  waveform
---@param n_steps number
---@param given moonlark.effects.pitch_shift.Options?
---@return moonlark.Signal
function stretch.pitch_shift(song, n_steps, given)
  local o = pitch_shift:read(given)
  if type(n_steps) ~= "number" then show.fail("n_steps must be a number, got %s", type(n_steps)) end
  local octaves = n_steps / o.bins_per_octave
  if is_rubberband(o) then
    if not (math.abs(octaves) <= 4) then
      show.fail("n_steps must stay within four octaves by Rubber Band, got %s", tostring(n_steps))
    end
    return by_rubberband(song, 1, 2 ^ octaves)
  end
  local rate = 2 ^ -octaves
  local audio, torch = require "moonlark.audio", require "moonlark.torch"
  local stretched = stretch.time_stretch(song, rate, {n_fft = o.n_fft, hop_length = o.hop_length})
  local data, n = audio.resample(stretched:with {rate = song.rate / rate}, song.rate).data, song:frames()
  local missing = n - data:size(1)
  if missing > 0 then data = torch.cat({data, torch.zeros {data:size(0), missing}}, 1) end
  return song:with {data = data:narrow(1, 0, n):contiguous()}
end

return stretch
