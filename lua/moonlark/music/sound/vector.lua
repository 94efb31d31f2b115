--- Vector: 128 numbers of a song's sound, harmony and rhythm, by which songs are compared.
local heard = require "moonlark.music.hearing.heard"
local frontend = require "moonlark.music.hearing.frontend"
require "moonlark.music.hearing.chroma" -- defines a curve, as the next
require "moonlark.music.hearing.flux"
require "moonlark.music.character.figures"

---@class moonlark.music
local vector = {}

local coefficients = 20

-- The first cosines over so many bands, orthonormal: coefficients × bands.
local function cosines(bands)
  local torch = require "moonlark.torch"
  local k = torch.arange(coefficients, {dtype = "float32"}):reshape {coefficients, 1}
  local n = torch.arange(bands, {dtype = "float32"}) + 0.5
  local rows = (k * n * (math.pi / bands)):cos() * math.sqrt(2 / bands)
  rows:narrow(0, 0, 1):mul_(math.sqrt(0.5))
  return rows
end

heard.curve("cepstrum", function(piece)
  local mel = frontend.rhythm(piece)
  return mel:with {data = cosines(mel.data:size(0)):matmul(mel.data), kind = "cepstrum", unit = false}
end)

-- Mean over time, zeros where there is none.
local function mean_of(data)
  return data:size(1) > 0 and data:mean {1} or require "moonlark.torch".zeros {data:size(0)}
end

-- Mean, deviation and mean step of each coefficient of the cepstrum: 60.
local function timbre_of(h)
  local torch = require "moonlark.torch"
  local data = h:curve "cepstrum".data
  local frames = data:size(1)
  local mean = mean_of(data)
  local deviation = mean_of((data - mean:reshape {-1, 1}):square()):sqrt()
  local steps = mean_of((data:narrow(1, math.min(1, frames), math.max(0, frames - 1))
    - data:narrow(1, 0, math.max(0, frames - 1))):abs())
  return torch.cat {mean, deviation, steps}
end

-- Each frame's share of the pitch classes, of length 1 where something sounds.
local function shares_of(h)
  local data = h:curve "chroma".data
  local lengths = data:norm(2, {0}, {keepdim = true})
  local loudest = data:size(1) > 0 and lengths:max():item() or 0
  return data / (lengths + 1e-3 * loudest + 1e-9), h:curve "chroma".rate
end

-- Mean of the products of what lies so many frames apart.
local function at_distance(rows, frames)
  local n = rows:size(1) - frames
  if n < 1 then return 0 end
  return (rows:narrow(1, 0, n) * rows:narrow(1, frames, n)):sum({0}):mean():item()
end

local distances_s = {0.1, 0.5, 1, 2, 4, 8}

-- Pitch classes above the strongest, which intervals sound together, how long harmony stays: 24.
local function harmony_of(h)
  local torch = require "moonlark.torch"
  local shares, rate = shares_of(h)
  local mean, rest = mean_of(shares), {}
  local strongest = mean:argmax():item()
  for interval = 1, 6 do
    rest[interval] = mean_of((shares * shares:roll({-interval}, {0})):sum({0}, true)):item()
  end
  for _, seconds in ipairs(distances_s) do
    rest[#rest + 1] = at_distance(shares, math.floor(seconds * rate + 0.5))
  end
  return torch.cat {mean:roll({-strongest}, {0}), torch.tensor(rest, {dtype = "float32"})}
end

-- How a curve is like itself so many seconds later, -1..1: the largest within each of `count` steps from 0.1 s on, of equal
-- size in the logarithm, to 4 s.
local function periods_of(curve, rate, count)
  local made = {}
  local centred = curve - (curve:size(1) > 0 and curve:mean({1}, true) or 0)
  local power = at_distance(centred, 0)
  local step = 40 ^ (1 / count)
  for i = 1, count do
    local from = math.floor(0.1 * step ^ (i - 1) * rate + 0.5)
    made[i] = power > 1e-12 and -1 or 0
    for lag = from, math.max(from, math.floor(0.1 * step ^ i * rate + 0.5) - 1) do
      if power > 1e-12 then made[i] = math.max(made[i], at_distance(centred, lag) / power) end
    end
  end
  return made
end

-- Periods of what is new in the spectrum and in its bass; shares of four groups of bands and how they move: 44.
local function rhythm_of(h)
  local torch = require "moonlark.torch"
  local flux, balance = h:curve "flux", h:curve "balance".data
  local all = torch.tensor(periods_of(flux.data:narrow(0, 0, 4):sum({0}, true), flux.rate, 24), {dtype = "float32"})
  local bass = torch.tensor(periods_of(flux.data:narrow(0, 4, 1), flux.rate, 12), {dtype = "float32"})
  local mean = mean_of(balance)
  local level = (balance + 1e-3):log()
  local moves = mean_of((level - mean_of(level):reshape {-1, 1}):square()):sqrt()
  return torch.cat {all, bass, mean / (mean:sum():item() + 1e-9), moves}
end

--- The curves that it is made of.
vector.vector_curves = {"cepstrum", "chroma", "flux", "balance"}

--- 128 numbers of how a song sounds and moves, by which songs of a collection can be compared.
---
--- 60 of timbre: mean, deviation and mean step of 20 cepstral coefficients (of 80 mel bands, 50 frames a second).
--- 24 of harmony, the same in all keys: the pitch classes above the strongest, how strongly each interval of 1..6 semitones
--- sounds, how alike the harmony is 0.1, 0.5, 1, 2, 4 and 8 s later. 44 of rhythm: how alike the novelty of the spectrum is
--- 0.1 … 4 s later (24), the same of the bass (12), shares of the magnitude below 0.28, 0.96, 3.1 kHz and above, and how
--- much each moves (8).
---
--- The numbers are of different sizes: compare them after each column was standardised over the collection, as
--- Library:similar does. Silence has finite numbers, too. Errors: as of audio.load.
---     local x = music.vector "song.mp3"
---@param song string|moonlark.Signal  a path, or a waveform
---@return moonlark.Tensor  [128], float32
function vector.vector(song)
  local h = heard.of(song)
  return h:get("vector", function()
    h:prepare(vector.vector_curves)
    return require "moonlark.torch".cat {timbre_of(h), harmony_of(h), rhythm_of(h)}
  end)
end

return vector
