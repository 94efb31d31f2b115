--- Strokes: what is drawn on a panel's axes (moonlark.plot.element), in the dots of a canvas of characters.
local element = require "moonlark.plot.element"

local strokes = {}

--- The place of a number on an axis: 0 at its beginning, 1 at its end.
function strokes.place(axis, at)
  local low, high = axis.low, axis.high
  if axis.log then
    if at <= 0 then return -1 end
    at, low, high = math.log(at), math.log(low), math.log(high)
  end
  return (at - low) / (high - low)
end

-- From numbers of both axes to dots.
local function placer(panel, page)
  local wide, high = 2 * page.columns - 1, 4 * page.rows - 1
  local function x(at) return strokes.place(panel.x, at) * wide end
  local function y(at) return (1 - strokes.place(panel.y, at)) * high end
  return x, y
end

-- The points of an element, one after the other.
local function each_point(e)
  local count = element.columns[e.kind]
  local format, at = "<" .. ("f"):rep(count), 1
  return function()
    if at > #e.bytes then return nil end
    local from = at
    at = at + 4 * count
    return format:unpack(e.bytes, from)
  end
end

local function finite(a, b) return a - a == 0 and b - b == 0 end

-- Which dots of a dashed line are drawn, by gnuplot's pattern.
local dashes = {
  ["(24,10)"] = function(n) return n % 6 < 4 end, ["(6,8)"] = function(n) return n % 3 < 1 end,
  ["(24,8,6,8)"] = function(n) return n % 8 < 4 or n % 8 == 6 end, ["(48,12)"] = function(n) return n % 10 < 8 end,
}

-- Without colours, boxes and areas have patterns: which dots are set.
local patterns = {
  function() return true end, function(x, y) return (x + y) % 2 == 0 end,
  function(x, y) return x % 2 == 0 and y % 2 == 0 end, function(_, y) return y % 2 == 0 end,
  function(x) return x % 2 == 0 end,
}

--- The number of the pattern of series `i`; 1 is filled.
function strokes.pattern_of(i) return ((i or 1) - 1) % #patterns + 1 end

local draw = {}

function draw.line(e, page, x, y)
  local from_x, from_y
  for at, value in each_point(e) do
    if finite(at, value) then
      local to_x, to_y = x(at), y(value)
      if from_x then page:line(from_x, from_y, to_x, to_y, e.colour, dashes[e.dash]) end
      if not from_x or e.shape then page:dot(to_x, to_y, e.colour) end
      from_x, from_y = to_x, to_y
    else
      from_x = nil
    end
  end
end

function draw.points(e, page, x, y)
  for at, value in each_point(e) do
    if finite(at, value) then
      if e.crowded then page:dot(x(at), y(value), e.colour) else page:sign(x(at), y(value), e.shape.sign, e.colour) end
    end
  end
end

function draw.boxes(e, page, x, y)
  for _, _, x1, x2, y1, y2 in each_point(e) do page:fill(x(x1), y(y1), x(x2), y(y2), e.colour, e.mask) end
end

function draw.bands(e, page, x, y)
  for at, low, high in each_point(e) do
    if finite(low, high) then page:line(x(at), y(low), x(at), y(high), e.colour) end
  end
end

function draw.vectors(e, page, x, y)
  for at, value, dx, dy in each_point(e) do
    page:line(x(at), y(value), x(at + dx), y(value + dy), e.colour)
  end
end

-- A filled area, dot row by dot row (even and odd crossings).
function draw.polygon(e, page, x, y)
  local points = {}
  for at, value in each_point(e) do points[#points + 1] = {x(at), y(value)} end
  for row = 0, 4 * page.rows - 1 do
    local crossings = {}
    for i, from in ipairs(points) do
      local to = points[i % #points + 1]
      if (from[2] <= row) ~= (to[2] <= row) then
        crossings[#crossings + 1] = from[1] + (row - from[2]) / (to[2] - from[2]) * (to[1] - from[1])
      end
    end
    table.sort(crossings)
    for i = 1, #crossings - 1, 2 do page:fill(crossings[i], row, crossings[i + 1], row, e.colour, e.mask) end
  end
end

function draw.image() end -- moonlark.plot.terminal shades maps

local function draw_marks(panel, page, x, y)
  for _, mark in ipairs(panel.marks or {}) do
    page:line(x(mark.x1), y(mark.y1), x(mark.x2), y(mark.y2), mark.colour, dashes[mark.dash])
  end
end

--- Draws a panel's elements and marks; gives the canvas. Without colours patterns tell series apart.
function strokes.draw(panel, page, colour)
  local x, y = placer(panel, page)
  draw_marks(panel, page, x, y)
  for _, e in ipairs(panel.elements) do
    local mask = not colour and e.pattern and patterns[strokes.pattern_of(e.pattern)] or nil
    draw[e.kind](setmetatable({mask = mask}, {__index = e}), page, x, y)
  end
  return page
end

return strokes
