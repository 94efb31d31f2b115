--- Segments: what metrics of sections share: reading them, and bringing them to one stretch of time.
local annotation = require "moonlark.annotation"
local show = require "moonlark.base.show"

local segments = {}

--- {start, stop, label in lower case} of each. Errors: no annotation.
---     local list = segments.of("reference", sections)
---@param name string  the argument's name
---@param value moonlark.Annotation
---@return table[]
function segments.of(name, value)
  if not annotation.is(value) then show.fail("%s must be an Annotation of segments, got %s", name, type(value)) end
  local list, labels, intervals = {}, value.labels, value.intervals
  for i, interval in ipairs(intervals) do
    list[i] = {interval[1] or interval.start, interval[2] or interval.stop, (labels[i] or ""):lower()}
  end
  return list
end

--- From 0 to `stop`: what lies outside is cut off, what is missing has a label of its own.
---     local whole = segments.fit(list, 30)
---@param list table[]
---@param stop number  seconds
---@return table[]
function segments.fit(list, stop)
  local kept = {}
  for _, item in ipairs(list) do
    if item[2] >= 0 and item[1] <= stop then
      kept[#kept + 1] = {math.max(item[1], 0), math.min(item[2], stop), item[3]}
    end
  end
  if #kept == 0 then return {{0, stop, "__t_min"}} end
  if kept[1][1] > 0 then table.insert(kept, 1, {0, kept[1][1], "__t_min"}) end
  local last = 0
  for _, item in ipairs(kept) do last = math.max(last, item[2]) end
  if last < stop then kept[#kept + 1] = {last, stop, "__t_max"} end
  return kept
end

return segments
