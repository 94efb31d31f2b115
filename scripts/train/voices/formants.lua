--- Formants: a voice that is computed: a glottis whose harmonics pass a vocal tract of five resonances, and noise.
---
--- Source and filter after Fant (1960), "Acoustic theory of speech production"; the resonances of vowels are those of
--- Peterson and Barney (1952). Each harmonic is a sine wave of its own, so pitch can move in any way.
local torch = require "moonlark.torch"

local rate, hop = 22050, 220 -- of what moves: a hundred times a second

-- Hz of the first three resonances; how strong the voice is and how strong noise; between which Hz noise lies.
local phones = {
  a = {730, 1090, 2440, 1, 0.02}, e = {530, 1840, 2480, 0.9, 0.02}, i = {270, 2290, 3010, 0.75, 0.02},
  o = {570, 840, 2410, 0.9, 0.02}, u = {300, 870, 2240, 0.75, 0.02},
  m = {250, 1000, 2200, 0.35, 0}, n = {250, 1500, 2500, 0.35, 0}, l = {350, 1100, 2700, 0.5, 0},
  r = {400, 1200, 1600, 0.45, 0}, j = {280, 2200, 2900, 0.5, 0.01}, v = {300, 1200, 2300, 0.35, 0.06, 1000, 8000},
  s = {350, 1700, 2600, 0, 0.5, 4500, 10500}, f = {350, 1100, 2300, 0, 0.15, 1200, 10000},
  t = {350, 1700, 2600, 0, 0.45, 2500, 8000}, k = {350, 1700, 2200, 0, 0.4, 1200, 4000},
  p = {350, 900, 2200, 0, 0.25, 400, 2500}, d = {300, 1700, 2600, 0.2, 0.2, 2500, 8000},
  b = {300, 900, 2200, 0.2, 0.1, 400, 2500}, g = {300, 1700, 2200, 0.2, 0.15, 1200, 4000}, ["#"] = {500, 1500, 2500, 0, 0},
}
local stops = {t = true, k = true, p = true, d = true, b = true, g = true}

-- Somebody: the length of the vocal tract, the sharpness of the glottis, breath, how much a voice wavers.
local function somebody(dice)
  return {tract = dice:uniform(0.92, 1.28), tilt = dice:uniform(0.3, 1.3), breath = dice:uniform(0.2, 3),
    width = dice:uniform(0.7, 1.6), ring = dice:chance(0.4) and dice:uniform(1, 4) or 0,
    shimmer = dice:uniform(0.01, 0.08), glide = dice:pick {3, 5, 7},
    fourth = dice:uniform(3200, 3700), fifth = dice:uniform(3900, 4700)}
end

-- A line as rows over frames: three resonances, voice, noise, its two bounds, and pitch.
local function controls(line)
  local rows, frames, pitch = {}, 0, 150
  for r = 1, 8 do rows[r] = {} end
  local at = 0
  for _, sound in ipairs(line) do
    local p = phones[sound.phone]
    local last, k = math.floor((at + sound.seconds) * rate / hop), 1
    for t = frames + 1, last do
      local inside = (t - 1) * hop / rate - at
      while sound.pitch and sound.pitch[k + 1] and sound.pitch[k + 1][1] <= inside do k = k + 1 end
      if sound.pitch then pitch = sound.pitch[k][2] end
      local closed = stops[sound.phone] and inside < 0.6 * sound.seconds
      for r = 1, 4 do rows[r][t] = p[r] end
      rows[5][t] = closed and 0 or p[5]
      rows[6][t], rows[7][t], rows[8][t] = p[6] or 500, p[7] or 6000, pitch
    end
    frames, at = math.max(frames, last), at + sound.seconds
  end
  return torch.tensor(rows), frames
end

-- Moves from one value to the next over so many frames.
local function eased(rows, width)
  return rows:unsqueeze(0):avg_pool1d({width}, {1}, {width // 2}, false, false):squeeze(0)
end

-- From frames to samples.
local function stretched(rows, samples)
  return rows:unsqueeze(0):upsample_linear1d({samples}, false):squeeze(0)
end

-- How strongly the tract passes frequencies f (rows × frames) at each frame.
local function passed(f, c, who)
  local gain = torch.ones(f:shape())
  local places = {c[0] * who.tract, c[1] * who.tract, c[2] * who.tract, who.fourth * who.tract, who.fifth * who.tract}
  for i, centre in ipairs(places) do
    local width = ({70, 90, 130, 200, 250})[i] * who.width
    local square = centre * centre
    local real, imaginary = square - f * f, f * width
    gain = gain * (square / (real * real + imaginary * imaginary):sqrt())
  end
  gain = gain * (1 + (f / 4000):pow(2)) -- what the resonances above the fifth would add
  if who.ring > 0 then gain = gain * (1 + who.ring * (-((f - 2900 * who.tract) / 350):pow(2)):exp()) end
  return gain
end

-- The sum of the harmonics up to 10 kHz, each as loud as glottis and tract let it be.
local function voiced(c, who, dice, samples)
  local f0 = c[7]
  local phase = stretched(f0:unsqueeze(0), samples)[0]:to "float64":cumsum(0):mul(2 * math.pi / rate)
  local sound, strength = torch.zeros {samples}, c[3] * (1 + torch.randn {c:size(1)} * who.shimmer)
  for k = 1, math.floor(10000 / f0:min():item()) do
    torch.scope(function()
      local f = (f0 * k):unsqueeze(0)
      local heard = passed(f, c, who)[0] * strength * k ^ -who.tilt * f[0]:lt(10000):to "float32"
      sound:add_(stretched(heard:unsqueeze(0), samples)[0] * (phase * k + dice:uniform(0, 1)):sin():to "float32")
      return sound
    end)
  end
  return sound
end

-- Breath through the tract, and the noise of consonants between their bounds.
local function unvoiced(c, who, samples)
  local window, bins = torch.hann_window(2 * hop), hop + 1
  local noise = torch.randn {samples}:stft(2 * hop, {hop_length = hop, window = window})
  local frames = math.min(noise:size(-1), c:size(1))
  c = c:narrow(1, 0, frames)
  local f = (torch.arange(bins, {dtype = "float32"}) * (rate / (2 * hop))):unsqueeze(1):expand({bins, frames})
  local band = ((f - c[5]) / 300):sigmoid() * ((c[6] - f) / 600):sigmoid()
  local breath = passed(f:contiguous(), c, who) * (c[3] * 0.01 * who.breath)
  local strength = band * c[4] + breath
  return (noise:narrow(1, 0, frames) * strength):istft(2 * hop, hop, 2 * hop, window, true, false, true, samples)
end

--- What somebody, drawn by the dice, sounds like with a line (scripts.train.voices.lines): samples at 22 050 Hz.
---     local samples = formants(lines.sung(dice, 10, 60), dice)
---@param line moonlark.train.Sound[]
---@param dice table  of corpus.random; libtorch's own seed has its part too
---@return moonlark.Tensor
return function(line, dice)
  local who, c, frames = somebody(dice), controls(line)
  c = torch.cat({eased(c:narrow(0, 0, 4), who.glide), eased(c:narrow(0, 4, 3), 3), eased(c:narrow(0, 7, 1), 3)}, 0)
  local samples = frames * hop
  local voice, noise = voiced(c, who, dice, samples), unvoiced(c, who, samples)
  return voice + noise * (voice:std() / 0.5)
end
