--- Windows: a song cut into what a network hears at once.
local audio = require "moonlark.audio"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local warning = require "moonlark.base.warning"

local windows = {}

local longest_s = 30 -- at once, of models that hear songs of any length

-- Pads with silence at the end.
local function padded(samples, n)
  local missing = n - samples:size(0)
  return missing > 0 and samples:constant_pad_nd({0, missing}, 0) or samples
end

--- How long a window is, and how far it is from one to the next, in samples. Errors: a window that is too short.
---@param front moonlark.pretrained.Front
---@param o {window: number?, hop: number?}?  seconds, in place of the model's own
---@return integer length
---@return integer hop
function windows.sizes(front, o)
  local window = o and o.window or front.window or front.most or longest_s
  local length = math.max(1, math.floor(window * front.rate + 0.5))
  local least = math.max(front.least or 1, front.rate // 40)
  if o and o.window and length < least then
    show.fail("window must be %.3g s or more, got %g s", least / front.rate, o.window)
  end
  local hop = o and o.hop or front.hop or length / front.rate
  return length, math.max(1, math.floor(hop * front.rate + 0.5))
end

--- The windows of a song: groups of equally long ones, each with the samples at which its windows begin.
---
--- A song that is shorter than a window is padded where the network needs whole windows. A longer one is covered from
--- its beginning; what is left at its end is a window of its own, padded likewise, or dropped where the reference does.
---@param samples moonlark.Tensor  [n]
---@param front moonlark.pretrained.Front
---@param o {window: number?, hop: number?}?  seconds, in place of the model's own
---@return {waves: moonlark.Tensor, starts: integer[]}[]  waves [windows, samples]
function windows.cut(samples, front, o)
  local n, length, hop = samples:size(0), windows.sizes(front, o)
  local least = front.fixed and length or front.least or 1
  local groups, whole = {}, n >= length and (n - length) // hop + 1 or 0
  if whole > 0 then
    local starts = {}
    for i = 1, whole do starts[i] = (i - 1) * hop end
    groups[1] = {waves = samples:unfold(0, length, hop), starts = starts}
  end
  local covered, from = whole > 0 and (whole - 1) * hop + length or 0, whole * hop
  if front.drop and whole > 0 then covered = n end
  if covered < n and (whole == 0 or n - from >= least or front.fixed) then
    groups[#groups + 1] = {waves = padded(samples:narrow(0, from, n - from), least):unsqueeze(0), starts = {from}}
  end
  return groups
end

--- A song as samples at the front end's rate, the mean of all channels. Sound at another rate is resampled, which is
--- said once.
---@param song moonlark.Signal
---@param front moonlark.pretrained.Front
---@return moonlark.Tensor  [n]
function windows.samples(song, front)
  if signal.check("song", song, "waveform").rate ~= front.rate then
    warning.say("resampled-for-model", ("sound at %g Hz is resampled to the model's %d Hz"):format(song.rate,
      front.rate))
    song = audio.resample(song, front.rate)
  end
  local data = signal.channels(song)
  local samples = data:size(0) == 1 and data:select(0, 0) or data:mean {0}
  return front.whole and front.whole(samples) or samples
end

return windows
