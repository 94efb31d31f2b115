--- Align: an annotation brought to the times of another one, or to a stretch of time without gaps.
local show = require "moonlark.base.show"

local align = {}

-- The annotation's fields without its items.
local function fields_of(a)
  local made = {}
  for key, value in pairs(a) do
    if type(key) ~= "number" then made[key] = value end
  end
  return made
end

local function copy_of(item, start, stop)
  local copy = {}
  for key, value in pairs(item) do copy[key] = value end
  copy.start, copy.stop = start, stop
  return copy
end

-- The item whose label (or what else it says) fills most of start..stop; nil where nothing is said. `from` is the first
-- item that may reach into it, which is given back for the next interval.
local function most_of(a, stops, start, stop, from)
  while a[from] and stops[from] <= start do from = from + 1 end
  local seconds, best, longest = {}, nil, 0
  local i = from
  while a[i] and a[i].start < stop do
    local item = a[i]
    local what = item.label or item.value or item
    seconds[what] = (seconds[what] or 0) + math.max(0, math.min(stops[i], stop) - math.max(item.start, start))
    if seconds[what] > longest then best, longest = item, seconds[what] end
    i = i + 1
  end
  return best, from
end

-- Segments onto intervals: each takes what fills most of it; neighbours that were one segment stay one.
local function segments(a, intervals)
  local made, stops, from, last = fields_of(a), a.stops, 1, nil
  for _, interval in ipairs(intervals) do
    local item
    item, from = most_of(a, stops, interval[1], interval[2], from)
    local before = made[#made]
    if item and item == last and before.stop == interval[1] then
      before.stop = interval[2]
    elseif item and interval[2] > interval[1] then
      made[#made + 1] = copy_of(item, interval[1], interval[2])
    end
    last = item
  end
  return made
end

-- Events onto times: each moves to the nearest; of several that move to one time the nearest stays.
local function events(a, times)
  local made, j, off = fields_of(a), 1, nil
  for _, item in ipairs(a) do
    while times[j + 1] and math.abs(times[j + 1] - item.start) < math.abs(times[j] - item.start) do j = j + 1 end
    local distance, last = times[j] and math.abs(times[j] - item.start), made[#made]
    if last and last.start == times[j] then
      if distance < off then made[#made], off = copy_of(item, times[j]), distance end
    elseif times[j] then
      made[#made + 1], off = copy_of(item, times[j]), distance
    end
  end
  return made
end

-- Ascending times as intervals.
local function intervals_of(times)
  local list = {}
  for i = 1, #times - 1 do list[i] = {times[i], times[i + 1]} end
  return list
end

local function check_times(times)
  if type(times) ~= "table" then
    show.fail("onto must be an Annotation or a list of seconds, got %s", type(times))
  end
  for i, time in ipairs(times) do
    if type(time) ~= "number" then show.fail("onto must be seconds, got %s as number %d", type(time), i) end
    if i > 1 and time < times[i - 1] then show.fail("onto must ascend, got %g as number %d", time, i) end
  end
end

--- Fields and items of `a` at the times of `onto`, an annotation or a list of times.
---     local fields = align.onto(chords, beats)
---@param a moonlark.Annotation
---@param onto moonlark.Annotation|number[]
---@return table
function align.onto(a, onto)
  local is_annotation = type(onto) == "table" and onto.intervals ~= nil
  if not is_annotation then check_times(onto) end
  if a[1] and a[1].stop then return segments(a, is_annotation and onto.intervals or intervals_of(onto)) end
  return events(a, is_annotation and onto.times or onto)
end

--- Fields and items of `a` from one time to another: what lies outside is cut, what says nothing has `label`.
---     local fields = align.fit(chords, 0, 30, "N")
---@param a moonlark.Annotation
---@param from number
---@param to number
---@param label string
---@return table
function align.fit(a, from, to, label)
  if not (from <= to) then show.fail("to must not lie before from (%g s), got %g s", from, to) end
  local made, stops, at = fields_of(a), a.stops, from
  for i, item in ipairs(a) do
    local start, stop = math.max(item.start, from), math.min(stops[i], to)
    if stop > start then
      if start > at then made[#made + 1] = {start = at, stop = start, label = label} end
      made[#made + 1] = copy_of(item, start, stop)
      at = math.max(at, stop)
    end
  end
  if at < to then made[#made + 1] = {start = at, stop = to, label = label} end
  return made
end

return align
