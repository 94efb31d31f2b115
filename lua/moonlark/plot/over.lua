--- Over: an annotation on top of a panel whose axis is time: lines at events, boundaries and labels of segments.
local element = require "moonlark.plot.element"
local text = require "moonlark.plot.text"

local label_size = 12

-- A line from the bottom to the top at each time within the axis; nil where there is none.
local function lines(panel, times, width, colour, dash)
  local points, x, y = {}, panel.x, panel.y
  for _, time in ipairs(times) do
    if time >= x.low and time <= x.high then points[#points + 1] = {time, y.low, 0, y.high - y.low} end
  end
  if #points == 0 then return nil end
  return {kind = "vectors", bytes = element.pack(points), width = width, colour = colour, dash = dash}
end

-- The starts of events, downbeats apart.
local function events(panel, a, ink)
  local strong, weak = {}, {}
  for _, item in ipairs(a) do
    if item.position == 1 then strong[#strong + 1] = item.start else weak[#weak + 1] = item.start end
  end
  return {lines(panel, weak, 0.8, ink), lines(panel, strong, 2, ink)}
end

-- A label in the middle of each segment that has room for it, `row` lines below the top.
local function labels(panel, a, width, row)
  local words, x, y = {}, panel.x, panel.y
  local pixels = width / (x.high - x.low)
  for _, item in ipairs(a) do
    local from, to = math.max(item.start, x.low), math.min(item.stop or item.start, x.high)
    if item.label and text.width(item.label, label_size) + 6 < (to - from) * pixels then
      words[#words + 1] = {text = text.clean(item.label), x = (from + to) / 2, boxed = true, size = label_size,
        y = y.high - (y.high - y.low) * (0.06 + 0.1 * row)}
    end
  end
  return words
end

local function extended(list, more)
  local made = table.move(list or {}, 1, #(list or {}), 1, {})
  for _, one in pairs(more) do made[#made + 1] = one end
  return made
end

--- A panel with an annotation on it; the same panel where its axis is no time.
---     local over = require "moonlark.plot.over"(panel, beats, 900)
---@param panel moonlark.plot.Panel
---@param a moonlark.Annotation
---@param width number  pixels of the panel
---@return moonlark.plot.Panel
return function(panel, a, width)
  if not panel.x.time then return panel end
  local made = {}
  for key, value in pairs(panel) do made[key] = value end
  local ink = panel.colours and "#ffffff" or "#333333"
  local segments = a[1] and a[1].stop
  if segments then
    local row = panel.annotated or 0
    made.elements = extended(panel.elements, {lines(panel, a.times, 1.2, ink)})
    made.words = extended(panel.words, labels(panel, a, width - 150, row))
    made.annotated = row + 1
  else
    made.elements = extended(panel.elements, events(panel, a, ink))
  end
  return setmetatable(made, getmetatable(panel))
end
