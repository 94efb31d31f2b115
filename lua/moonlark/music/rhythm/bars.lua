--- Bars: which beats begin one, and how many beats it has.
local path = require "moonlark.music.hearing.path"
local sums = require "moonlark.music.hearing.sums"
local weights = require "moonlark.music.rhythm.bar_weights"
require "moonlark.music.hearing.beat_odds" -- defines a curve, as the next two
require "moonlark.music.hearing.chroma"
require "moonlark.music.hearing.flux"

local bars = {}

local meters = {3, 4}
local slip = 12           -- what it costs to lose or gain a beat, as a logarithm
local usual = {[4] = 0.4} -- what speaks for a meter beforehand

-- The largest of five frames around each beat, of each row of a curve.
local function around(curve, times)
  local torch = require "moonlark.torch"
  local widest = curve.data:unsqueeze(0):max_pool1d({5}, {1}, {2}):squeeze(0):float()
  local frames = {}
  for i, time in ipairs(times) do
    frames[i] = math.max(0, math.min(curve:frames() - 1, math.floor(time * curve.rate + 0.5)))
  end
  return widest:index_select(1, torch.tensor(frames, {dtype = "int64"}))
end

-- How far the music after each beat is from that `back` beats earlier.
local function changes(x, back)
  local torch = require "moonlark.torch"
  local n = x:size(1)
  if n <= back then return torch.zeros {1, n} end
  local moved = (x:narrow(1, back, n - back) - x:narrow(1, 0, n - back)):pow(2):sum({0}, true)
  return moved:constant_pad_nd({back, 0}, 0)
end

-- The music from each beat to the next, as chroma of length 1.
local function by_beat(curve, times)
  local torch = require "moonlark.torch"
  local first, last, lengths = {}, {}, {}
  for i, time in ipairs(times) do
    local next_one = times[i + 1] or time + (times[i] - (times[i - 1] or time - 0.5))
    first[i] = math.max(0, math.min(curve:frames() - 1, math.floor(time * curve.rate + 0.5)))
    last[i] = math.max(first[i] + 1, math.min(curve:frames(), math.floor(next_one * curve.rate + 0.5)))
    lengths[i] = last[i] - first[i]
  end
  local between = sums(curve.data, last) - sums(curve.data, first)
  local x = (between / torch.tensor(lengths, {dtype = "float64"})):float()
  return x / (x:norm(2, {0}, {keepdim = true}) + 1e-6)
end

--- What of each beat says whether a bar begins: onsets in five rows, changes of harmony and of the bass over one and two
--- beats, and where `network` is true its odds of a downbeat; of the song's own scale; and the same of the beats before
--- and after: 27 or 30 × beats.
---     local x = bars.cues(h, beats.times, true)
---@param h moonlark.music.Heard
---@param times number[]
---@param network boolean?
---@return moonlark.Tensor
function bars.cues(h, times, network)
  local torch = require "moonlark.torch"
  h:prepare(network and {"flux", "chroma", "bass chroma", "beat network"} or {"flux", "chroma", "bass chroma"})
  local chroma, bass = by_beat(h:curve "chroma", times), by_beat(h:curve "bass chroma", times)
  local rows = {around(h:curve "flux", times), changes(chroma, 1), changes(chroma, 2), changes(bass, 1),
    changes(bass, 2)}
  if network then rows[#rows + 1] = around(h:curve "beat network", times):narrow(0, 1, 1) end
  local x = torch.cat(rows, 0)
  x = (x - x:mean({1}, true)) / (x:std({1}, false, true) + 1e-6)
  local n = x:size(1)
  local before = x:narrow(1, 0, n - 1):constant_pad_nd({1, 0}, 0)
  local after = x:narrow(1, 1, n - 1):constant_pad_nd({0, 1}, 0)
  return torch.cat({x, before, after}, 0)
end

-- How each offset of bars of `meter` beats fits: the likeliest path, where a beat more or less is possible but dear.
local function positions_of(odds, meter)
  local rows = {}
  for i, odd in ipairs(odds) do
    rows[i] = {}
    for offset = 1, meter do
      rows[i][offset] = (i - offset) % meter == 0 and odd or -odd / (meter - 1)
    end
  end
  local walked, sum, positions = path(require("moonlark.torch").tensor(rows), slip), 0, {}
  for i, offset in ipairs(walked) do
    positions[i] = (i - offset) % meter + 1
    sum = sum + rows[i][offset]
  end
  return positions, sum / math.max(1, #odds)
end

--- The place in the bar of each beat, the beats in a bar, and how sure that is (0..1). Source: logistic regression of the
--- cues on music with known bars (scripts/train/rendered/bars.lua), and the meter and the offset that fit best.
---     local positions, meter = bars.of(h, beats.times, true)
---@param h moonlark.music.Heard
---@param times number[]
---@param network boolean?  whether the network of beats is asked, too
---@return integer[]
---@return integer? meter
---@return number confidence
function bars.of(h, times, network)
  local torch = require "moonlark.torch"
  if #times < 4 then return {}, nil, 0 end
  local fitted = network and weights.network or weights.alone
  local odds = torch.tensor(fitted.weights):float():unsqueeze(0):matmul(bars.cues(h, times, network)):flatten()
    + fitted.bias
  local list, found = (odds - odds:mean()):totable(), {}
  for _, meter in ipairs(meters) do
    local positions, score = positions_of(list, meter)
    found[#found + 1] = {meter = meter, positions = positions, score = score + (usual[meter] or 0)}
  end
  table.sort(found, function(a, b) return a.score > b.score end)
  return found[1].positions, found[1].meter, 1 - math.exp(-math.max(0, found[1].score))
end

return bars
