--- Tones: an annotation as sound: chords as the tones of all octaves at once, notes as their pitches, a contour of Hz as a
--- voice that glides.
local harte = require "moonlark.annotation.harte"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

local tones = {}

local parameters = options.describe("Annotation:tones", {
  rate = options.integer(22050, {least = 1000, most = 384000, unit = "Hz"}, "samples a second"),
  level = options.number(0.5, {above = 0, most = 1}, "the greatest amplitude"),
  harmonics = options.integer(4, {least = 1, most = 32}, "sines of a note, the k-th of them 1/k as strong"),
})

local function hz_of(pitch) return 440 * 2 ^ ((pitch - 69) / 12) end

-- Shepard's tone: a pitch class in all octaves, loudest around C5, so that no octave is said. Octaves whose weight is below
-- 1 % are left out.
local function shepard(class)
  local list = {}
  for pitch = 24 + class, 107, 12 do
    local weight = math.exp(-(pitch - 72) ^ 2 / (2 * 6 ^ 2))
    if weight >= 0.01 then list[#list + 1] = {hz = hz_of(pitch), weight = weight} end
  end
  return list
end

-- The sines of a chord's label; none of "N" and "X".
local function of_chord(label)
  local chord, list = harte.encode(label), {}
  for semitone = 0, 11 do
    if chord.notes:sub(semitone + 1, semitone + 1) == "1" then
      for _, sine in ipairs(shepard((chord.root + semitone) % 12)) do list[#list + 1] = sine end
    end
  end
  return list
end

-- A key sounds as the chord of its tonic: "A minor" as A:min.
local function of_key(label)
  local tonic, mode = label:match "^(%u[b#]*)[ :](%l+)$"
  local triad = mode == "minor" and ":min" or mode == "major" and ":maj"
  if not triad then show.fail("'%s' is no key such as A minor", label) end
  return of_chord(tonic .. triad)
end

local function of_note(item, harmonics)
  local list = {}
  for k = 1, harmonics do
    list[k] = {hz = k * hz_of(item.pitch), weight = (item.velocity or 1) / k}
  end
  return list
end

local function sines_of(a, item, o)
  if item.pitch then return of_note(item, o.harmonics) end
  if item.label and a.kind == "key" then return of_key(item.label) end
  if item.label and (a.kind == "chords" or a.kind == "segments") then return of_chord(item.label) end
  show.fail("tones are of chords, keys and notes; an annotation of %s can click", a.kind)
end

-- Adds a sine that sounds from sample `from` up to `to`, rising and falling within two of its periods around them. Its
-- phase is that of the whole sound's time, so that a tone that two chords share goes on.
local function add(data, sine, from, to, rate)
  local torch, ramp = require "moonlark.torch", 2 * (rate // sine.hz)
  local first, last = math.max(0, math.floor(from - ramp / 2)), math.min(data:size(0), math.ceil(to + ramp / 2))
  if ramp < 4 or last <= first then return end -- above half the rate nothing can sound
  local at = torch.arange(first, last, {dtype = "float64"})
  local envelope = ((at - (from - ramp / 2)) / ramp):clamp(0, 1) - ((at - (to - ramp / 2)) / ramp):clamp(0, 1)
  data:narrow(0, first, last - first):add_((at * (2 * math.pi * sine.hz / rate)):sin() * envelope * sine.weight)
end

local function waveform(data, o)
  local peak = data:abs():max():item()
  if peak > 0 then data = data * (o.level / peak) end
  return signal.new {data = data:float():unsqueeze(0), rate = o.rate, kind = "waveform"}
end

--- A waveform of the items' tones, as long as the annotation's `duration`, or as its last item.
---@param a moonlark.Annotation
---@param given moonlark.Annotation.tones.Options?
---@return moonlark.Signal
function tones.of_annotation(a, given)
  local o, stops, last = parameters:read(given), a.stops, 0
  for _, stop in ipairs(stops) do last = math.max(last, stop) end
  local n = math.max(1, math.floor((rawget(a, "duration") or last) * o.rate + 0.5))
  local data = require "moonlark.torch".zeros({n}, {dtype = "float64"})
  for i, item in ipairs(a) do
    local from, to = math.ceil(item.start * o.rate), math.ceil(stops[i] * o.rate)
    for _, sine in ipairs(sines_of(a, item, o)) do add(data, sine, from, to, o.rate) end
  end
  return waveform(data, o)
end

-- Values at the samples between frames; before the first and after the last frame there is none.
local function between(values, frame)
  local n = values:size(0)
  local left = frame:floor():clamp(0, math.max(0, n - 2)):long()
  local share = (frame - left:double()):clamp(0, 1)
  local a, b = values:index_select(0, left), values:index_select(0, (left + 1):clamp(0, n - 1))
  return a + (b - a) * share
end

-- Frames without a pitch take that of the frame before, those at the beginning that of the first one.
local function held(hz)
  local list, last = hz:totable(), nil
  for i, x in ipairs(list) do
    if x == x and x > 0 then last = x elseif last then list[i] = last else list[i] = 0 end
  end
  last = nil
  for i = #list, 1, -1 do
    if list[i] > 0 then last = list[i] else list[i] = last or 0 end
  end
  return require "moonlark.torch".tensor(list, {dtype = "float64"})
end

--- A waveform whose pitch follows a Signal of Hz; silent where that is 0 or NaN.
---@param f0 moonlark.Signal
---@param given moonlark.Annotation.tones.Options?
---@return moonlark.Signal
function tones.of_contour(f0, given)
  local o, torch = parameters:read(given), require "moonlark.torch"
  local hz = f0.data:double():flatten()
  if f0:frames() == 0 or hz:size(0) ~= f0:frames() then
    show.fail("f0 must have one row of 1 frame or more, got %d rows × %d frames", hz:size(0) // math.max(1, f0:frames()),
      f0:frames())
  end
  local n = math.max(1, math.floor((f0.start + (f0:frames() - 1) / f0.rate) * o.rate + 0.5))
  local frame = (torch.arange(n, {dtype = "float64"}) / o.rate - f0.start) * f0.rate
  local loudness = between(hz:gt(0):double(), frame) * frame:ge(0):double()
  return waveform((between(held(hz), frame) * (2 * math.pi / o.rate)):cumsum(0):sin() * loudness, o)
end

return tones
