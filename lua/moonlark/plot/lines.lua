--- Lines: one or more series of numbers.
local data = require "moonlark.plot.data"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local palette = require "moonlark.plot.palette"
local panel = require "moonlark.plot.panel"
local picture = require("moonlark_core").picture
local scale = require "moonlark.plot.scale"
local show = require "moonlark.base.show"

local defaults = {
  title = options.none, xlabel = options.none, ylabel = options.none, width = options.none, height = 420,
  labels = options.none, low = options.none, high = options.none, xlow = options.none, xhigh = options.none,
  marks = options.none, markers = options.none, x = options.none,
}

-- The list of series: {y, x?, label?, rate?, start?}.
local function series_of(value, settings)
  local list = {}
  local function add(item)
    if type(item) == "table" and item.y ~= nil then
      local y = data.read("y", item.y)
      list[#list + 1] = {y = y, x = item.x and data.read("x", item.x), label = item.label}
      return
    end
    local array, from = data.read("series", item)
    local _, rows = data.shape("series", array)
    for row = 0, rows - 1 do
      local name = from and from.axis and from.axis.values and rows > 1 and from.axis.values[row + 1]
      list[#list + 1] = {y = data.row(array, row), rate = from and from.rate, start = from and from.start, label = name}
    end
  end
  if data.is(value) or type(value) == "table" and value.y ~= nil then
    add(value)
  else
    if type(value) ~= "table" or #value == 0 then
      show.fail("series must be a list of numbers, a tensor, a Signal or a list of those, got %s",
        type(value) == "table" and "an empty table" or type(value))
    end
    for _, item in ipairs(value) do add(item) end
  end
  for i, one in ipairs(list) do
    local _, _, count = data.shape("series", one.y)
    one.count = count
    one.label = settings.labels and settings.labels[i] or one.label
    one.x = one.x or (settings.x and data.read("x", settings.x))
  end
  return list
end

-- Two points for each bin, its least and its most: what a line through all the numbers would cover.
local function thinned(one, first, step, bins)
  local bytes = picture.envelope(one.y, 0, bins)
  local points = {}
  local width = one.count / bins * step
  for i = 0, bins - 1 do
    local least, most = ("<ff"):unpack(bytes, 12 * i + 1)
    local at = first + (i + 0.5) * width
    points[#points + 1] = ("<ffff"):pack(at - width / 4, least, at + width / 4, most)
  end
  return table.concat(points)
end

-- True for what counts: epochs, indices.
local function whole_numbers(array)
  if type(array) ~= "table" then return false end
  for _, value in ipairs(array) do
    if value ~= math.floor(value) then return false end
  end
  return true
end

local function places(one, first, step)
  local list = {}
  for i = 1, one.count do list[i] = first + (i - 1) * step end
  return list
end

-- Explained at plot.lines.
local function lines(series, given)
  local settings = options.read("lines", given, defaults)
  data.check_numbers(settings, {"low", "high", "xlow", "xhigh", "width"})
  local list = series_of(series, settings)
  local inside = (settings.width or 800) - 90
  local bins = math.floor(inside * figure.scale / 2)
  local left, right, low, high, marked
  local elements, legend = {}, {}
  local missing, named, timed, indexed = false, false, false, true

  for i, one in ipairs(list) do
    local step = one.rate and 1 / one.rate or 1
    local first = one.rate and (one.start or 0) or 0
    timed, indexed = timed or one.rate ~= nil, indexed and (not one.x or whole_numbers(one.x))
    local from, to = first, first + (one.count - 1) * step
    local bytes
    if one.x then
      local _
      _, from, to = data.range(one.x)
      bytes = picture.points {one.x, one.y}
    elseif one.count > 4 * bins then
      bytes = thinned(one, first, step, bins)
    else
      bytes = picture.points {places(one, first, step), one.y}
    end
    local finite, least, most = data.range(one.y)
    missing = missing or finite < one.count
    if finite > 0 and from then
      left, right = math.min(left or from, from), math.max(right or to, to)
      low, high = math.min(low or least, least), math.max(high or most, most)
    end
    local few = settings.markers
    if few == nil then few = one.count <= 40 end
    marked = marked or few
    local colour, dash = palette.colour(i), palette.dash(#list > 1 and i or 1)
    local name = one.label and tostring(one.label)
    named = named or name ~= nil
    elements[i] = {
      bytes = bytes, columns = 2, name = name,
      style = ("with %s lw 1.8 dt %s lc rgb '%s'"):format(
        few and ("linespoints pt %d ps 0.7"):format(palette.shape(i)) or "lines", dash, colour),
    }
    legend[i] = {name = name or "series " .. i, kind = "line", colour = colour, dash = dash}
  end

  left, right = scale.widen(left, right, marked and 0.02 or 0)
  left, right = settings.xlow or left, settings.xhigh or right
  if not (left < right) then show.fail("xlow must be less than xhigh (%g), got %g", right, left) end
  local nothing = not low
  low, high = scale.widen(low, high, 0.05)
  low, high = settings.low or low, settings.high or high
  if not (low < high) then show.fail("low must be less than high (%g), got %g", high, low) end
  local x, xlabel = {low = left, high = right}, settings.xlabel
  local count = inside / 75
  if timed then
    local label
    x.ticks, label = scale.time(left, right, count)
    xlabel = xlabel or label
  else
    x.ticks = (indexed and scale.whole or scale.linear)(left, right, count)
  end
  local marks = {}
  for i, at in ipairs(settings.marks and data.list(settings.marks) or {}) do
    if at >= left and at <= right then
      marks[#marks + 1] = {x1 = at, y1 = low, x2 = at, y2 = high, colour = "#999999", dash = "(6,8)", behind = true}
    end
  end
  return figure.new(panel.new {
    title = settings.title, xlabel = xlabel, ylabel = settings.ylabel, x = x,
    y = {low = low, high = high, ticks = scale.linear(low, high, (settings.height - 90) / 45)},
    grid = true, elements = elements, legend = named and legend or nil, marks = marks,
    note = nothing and "no finite number" or missing and "gaps: not finite numbers" or nil,
  }, settings.width or 800 + (named and panel.legend_width(legend, settings.height - 70) or 0), settings.height)
end

return lines
