--- Spectra: what the spectrum of a recording, over all of its time, says of its making: bandwidth, noise, hum.
local core = require "moonlark_core".sound

local spectra = {}

local Spectra = {}
Spectra.__index = Spectra

local n_fft = 4096
local floor_db, step_db = -180, 0.5 -- of the levels that the engine counts (core/dsp/spectra.h)
local quiet_share = 0.05            -- of the frames are the quietest moments

--- Counts the power of each frequency over time, block after block.
---     local counted = spectra.new(44100)
---@param rate number  Hz
function spectra.new(rate)
  return setmetatable({rate = rate, bins = n_fft // 2 + 1, frames = 0, counter = core.spectra()}, Spectra)
end

--- Hears a block, a tensor of samples.
---     counted:add(block)
---@param samples moonlark.Tensor  one channel
function Spectra:add(samples) self.counter:add(samples:contiguous()) end

--- To be called when all is heard.
---     counted:finish()
function Spectra:finish()
  self.frames, self.sum = self.counter:sum()
  self.quiet = self.counter:quantile(quiet_share) * step_db + floor_db
end

local function smoothed(x)
  return x:reshape({1, 1, -1}):avg_pool1d({5}, {1}, {2}, false, false):flatten()
end

--- Where the spectrum ends in a wall: its frequency in Hz, and how far it drops there within 300 Hz, in dB. Above 5 kHz the
--- largest drop counts; nil where there is no sound, or the rate is too low.
---     local hz, drop = counted:cutoff()
---@return number?
---@return number?
function Spectra:cutoff()
  local bin_hz = self.rate / n_fft
  local low, reach = math.ceil(5000 / bin_hz), math.max(1, math.floor(300 / bin_hz + 0.5))
  if self.frames == 0 or self.bins - low <= reach + 1 or self.sum:max():item() <= 0 then return nil end
  local db = smoothed((self.sum / self.frames + 1e-20):log10():float() * 10)
  local drops = db:narrow(0, low, self.bins - low - reach) - db:narrow(0, low + reach, self.bins - low - reach)
  local drop, at = drops:max(0)
  return (low + at:item()) * bin_hz, drop:item()
end

-- Of squared magnitudes of noise 5 of 100 lie under this share of their mean: -ln(1 - 0.05).
local exponential = 0.0513

--- The power of noise that never stops, such as hiss: what remains in the quietest moments in the quietest fifth of the
--- frequencies below `limit`, as if it were white. 0..1; nil where there are too few frames.
---     local power = counted:noise(16000)
---@param limit number?  Hz; default: half the rate
---@return number?
function Spectra:noise(limit)
  if self.frames < 20 then return nil end
  local bins = math.max(10, math.min(self.bins, math.floor((limit or self.rate) / self.rate * n_fft)))
  local sorted = self.quiet:narrow(0, 1, bins - 1):sort(0)
  local quiet = sorted[math.floor(0.1 * (bins - 1))]:item() -- the median of the lowest fifth
  if quiet <= floor_db then return 0 end
  return 10 ^ ((quiet + step_db / 2) / 10) / exponential
end

--- How far the multiples of a mains frequency stand out of their surroundings in the quietest moments, in dB: the third
--- most of the first six.
---     print(counted:hum(50))
---@param mains number  Hz: 50 or 60
---@return number?
function Spectra:hum(mains)
  if self.frames < 20 then return nil end
  local levels, bin_hz, found = self.quiet, self.rate / n_fft, {}
  for multiple = 1, 6 do
    local at = math.floor(multiple * mains / bin_hz + 0.5)
    local peak = levels:narrow(0, math.max(at - 1, 0), 3):max():item()
    local beside = {levels[math.max(at - 3, 0)]:item(), levels[at + 3]:item()}
    found[multiple] = peak - math.max(beside[1], beside[2])
  end
  table.sort(found, function(a, b) return a > b end)
  return found[3]
end

return spectra
