--- What lies between two events as one column: features by beats, by bars, by chords.
local annotation = require "moonlark.annotation"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

---@class moonlark.feature
local sync = {}

local ways = {
  mean = function(part) return part:mean {-1} end,
  median = function(part)
    local sorted = part:sort(-1)
    local n = part:size(-1)
    return (sorted:select(-1, (n - 1) // 2) + sorted:select(-1, n // 2)) / 2
  end,
  max = function(part) return part:amax {-1} end,
  min = function(part) return part:amin {-1} end,
  std = function(part) return part:std({-1}, false) end,
}
local names = {"mean", "median", "max", "min", "std"}

-- Boundaries as frames 0..n, each once: what begins and ends between them becomes a column.
local function frames_of(times, s)
  local frames, n, last = {0}, s:frames(), 0
  for i, time in ipairs(times) do
    if type(time) ~= "number" then show.fail("times must be seconds, got %s as number %d", type(time), i) end
    local frame = math.max(0, math.min(n, math.floor((time - s.start) * s.rate + 0.5)))
    if frame < last then show.fail("times must ascend, got %g s as number %d", time, i) end
    if frame > last then frames[#frames + 1] = frame end
    last = frame
  end
  if last < n then frames[#frames + 1] = n end
  return frames
end

--- Puts the frames between each two times together: one column before the first time, one between each two, one after
--- the last; a column of no frames is left out. Of segments (chords, sections) the times are where they start.
---
--- Gives rows × columns, and the seconds at which the columns begin and the last one ends. Source: librosa.util.sync with
--- librosa.util.fix_frames. Errors: times that do not ascend; no frames.
---     local by_beat, times = feature.sync(feature.mfcc(song), music.beats(song), "median")
---@param feature moonlark.Signal
---@param times moonlark.Annotation|number[]  seconds
---@param aggregate ("mean"|"median"|"max"|"min"|"std")?  default: "mean"
---@return moonlark.Tensor  rows × columns
---@return number[] times  seconds, one more than columns
function sync.sync(feature, times, aggregate)
  local torch = require "moonlark.torch"
  signal.check("feature", feature)
  aggregate = aggregate or "mean"
  local way = ways[aggregate] or options.unknown("aggregate", aggregate, names)
  if annotation.is(times) then times = times.times end
  if type(times) ~= "table" then show.fail("times must be an Annotation or a list of seconds, got %s", type(times)) end
  if feature:frames() == 0 then show.fail "feature must have 1 frame or more, got 0" end
  local frames, columns, seconds = frames_of(times, feature), {}, {}
  for i = 1, #frames - 1 do
    columns[i] = way(feature.data:narrow(-1, frames[i], frames[i + 1] - frames[i]))
  end
  for i, frame in ipairs(frames) do seconds[i] = feature.start + frame / feature.rate end
  return torch.stack(columns, -1), seconds
end

return sync
