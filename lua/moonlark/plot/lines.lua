--- Lines: one or more series of numbers.
local data = require "moonlark.plot.data"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local palette = require "moonlark.plot.palette"
local panel = require "moonlark.plot.panel"
local picture = require("moonlark_core").picture
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"

---@class moonlark.plot
local pictures = {}

local function numbers(value) return data.is(value) and value or nil end

local parameters = options.describe("plot.lines", {
  labels = shared.list("names of the series; they become the legend", "the series' own"),
  x = options.value("moonlark.Signal|moonlark.Tensor|number[]", "a Signal, a tensor or a list of numbers", numbers, nil,
    "positions that all series share", {usual = "the series' own, time for Signals, else 0, 1, 2 …"}),
  xlow = options.number(nil, {usual = "where the series begin"}, "left end of the x axis"),
  xhigh = options.number(nil, {usual = "where the series end"}, "right end of the x axis"),
  marks = shared.list("positions of vertical lines: beats, onsets; seconds for Signals", "none"),
  markers = options.boolean(nil, "a mark at each point", {usual = "when there are few"}),
}, shared.ends("the y axis", "by the numbers"), shared.axes, shared.size(nil, 420, "800 and the legend's"))

-- Adds a series for each row of a Signal, a tensor or a table; {y, x?, label?} is a series already.
local function append(list, item)
  if type(item) == "table" and item.y ~= nil then
    list[#list + 1] = {y = data.read("y", item.y), x = item.x and data.read("x", item.x), label = item.label}
    return
  end
  local array, from = data.read("series", item)
  local _, rows = data.shape("series", array)
  for row = 0, rows - 1 do
    local name = from and from.axis and from.axis.values and rows > 1 and from.axis.values[row + 1]
    list[#list + 1] = {y = data.row(array, row), rate = from and from.rate, start = from and from.start, label = name}
  end
end

local function separate(value)
  local list = {}
  if data.is(value) or type(value) == "table" and value.y ~= nil then value = {value} end
  if type(value) ~= "table" or #value == 0 then
    show.fail("series must be a list of numbers, a tensor, a Signal or a list of those, got %s",
      type(value) == "table" and "an empty table" or type(value))
  end
  for _, item in ipairs(value) do append(list, item) end
  return list
end

-- The list of series: {y, count, x?, label?, rate?, first, step, marked}.
local function series_of(value, settings)
  local list = separate(value)
  for i, one in ipairs(list) do
    local _, _, count = data.shape("series", one.y)
    one.count = count
    local label = settings.labels and settings.labels[i] or one.label
    one.label = label and tostring(label) or nil
    one.x = one.x or (settings.x and data.read("x", settings.x))
    one.first, one.step = one.rate and one.start or 0, one.rate and 1 / one.rate or 1
    one.marked = settings.markers
    if one.marked == nil then one.marked = count <= 40 end
  end
  return list
end

-- Two points for each bin, its least and its most: what a line through all the numbers would cover.
local function thinned(one, bins)
  local bytes = picture.envelope(one.y, 0, bins)
  local points = {}
  local width = one.count / bins * one.step
  for i = 0, bins - 1 do
    local least, most = ("<ff"):unpack(bytes, 12 * i + 1)
    local at = one.first + (i + 0.5) * width
    points[#points + 1] = ("<ffff"):pack(at - width / 4, least, at + width / 4, most)
  end
  return table.concat(points)
end

-- The line of series `i` as gnuplot draws it, and its entry in the legend.
local function line_of(one, i, dash, bins)
  local colour, bytes = palette.colour(i), nil
  if one.x then
    bytes = picture.points {one.x, one.y}
  elseif one.count > 4 * bins then
    bytes = thinned(one, bins)
  else
    local places = {}
    for at = 1, one.count do places[at] = one.first + (at - 1) * one.step end
    bytes = picture.points {places, one.y}
  end
  local kind = one.marked and ("linespoints pt %d ps 0.7"):format(palette.shape(i)) or "lines"
  return {
    bytes = bytes, columns = 2, name = one.label,
    style = ("with %s lw 1.8 dt %s lc rgb '%s'"):format(kind, dash, colour),
  }, {name = one.label or "series " .. i, kind = "line", colour = colour, dash = dash}
end

-- The rectangle that holds all series, empty without a finite number; and whether some numbers are not finite.
local function bounds(list)
  local box, missing = {}, false
  for _, one in ipairs(list) do
    local from, to = one.first, one.first + (one.count - 1) * one.step
    if one.x then
      local _
      _, from, to = picture.range(one.x)
    end
    local finite, least, most = picture.range(one.y)
    missing = missing or finite < one.count
    if finite > 0 and from then
      box.left, box.right = math.min(box.left or from, from), math.max(box.right or to, to)
      box.low, box.high = math.min(box.low or least, least), math.max(box.high or most, most)
    end
  end
  return box, missing
end

-- The ends of an axis: what the user gave, else around the numbers.
local function ends(settings, low, high, names, margin)
  low, high = scale.widen(low, high, margin)
  low, high = settings[names[1]] or low, settings[names[2]] or high
  if not (low < high) then
    show.fail("plot.lines: %s must be less than %s (%g), got %g", names[1], names[2], high, low)
  end
  return low, high
end

-- True for lists of whole numbers: epochs, indices.
local function whole_numbers(array)
  if type(array) ~= "table" then return false end
  for _, value in ipairs(array) do
    if value ~= math.floor(value) then return false end
  end
  return true
end

-- The x axis, in time where a series is a Signal, and its label.
local function x_axis(list, left, right, settings, count)
  local timed, indexed = false, true
  for _, one in ipairs(list) do
    timed, indexed = timed or one.rate ~= nil, indexed and (not one.x or whole_numbers(one.x))
  end
  local axis, label = {low = left, high = right}, nil
  if timed then
    axis.ticks, label = scale.time(left, right, count)
  else
    axis.ticks = (indexed and scale.whole or scale.linear)(left, right, count)
  end
  return axis, settings.xlabel or label
end

-- Vertical lines at those positions that lie within the picture.
local function marks_at(positions, left, right, low, high)
  local marks = {}
  for _, at in ipairs(positions or {}) do
    if at >= left and at <= right then
      marks[#marks + 1] = {x1 = at, y1 = low, x2 = at, y2 = high, colour = "#999999", dash = "(6,8)", behind = true}
    end
  end
  return marks
end

--- Lines through one or more series. A series is a list of numbers, a tensor, a Signal (then x is time),
--- {y = …, x = …, label = …}, or each row of a matrix. Numbers that are not finite leave a gap.
---     plot.lines({loss, valid_loss}, {labels = {"training", "validation"}}):save "loss.svg"
---@param series any
---@param given moonlark.plot.lines.Options?
---@return moonlark.Figure
function pictures.lines(series, given)
  local settings = parameters:read(given)
  local list = series_of(series, settings)
  local inside = (settings.width or 800) - 90
  local bins = math.floor(inside * figure.scale / 2)
  local elements, legend = {}, {}
  local marked, named = false, false
  for i, one in ipairs(list) do
    elements[i], legend[i] = line_of(one, i, palette.dash(#list > 1 and i or 1), bins)
    marked, named = marked or one.marked, named or one.label ~= nil
  end
  local box, missing = bounds(list)
  local left, right = ends(settings, box.left, box.right, {"xlow", "xhigh"}, marked and 0.02 or 0)
  local low, high = ends(settings, box.low, box.high, {"low", "high"}, 0.05)
  local x, xlabel = x_axis(list, left, right, settings, inside / 75)
  return figure.new(panel.new {
    title = settings.title, xlabel = xlabel, ylabel = settings.ylabel, x = x,
    y = {low = low, high = high, ticks = scale.linear(low, high, (settings.height - 90) / 45)},
    grid = true, elements = elements, legend = named and legend or nil,
    marks = marks_at(settings.marks, left, right, low, high),
    note = not box.low and "no finite number" or missing and "gaps: not finite numbers" or nil,
  }, settings.width or 800 + (named and panel.legend_width(legend, settings.height - 70) or 0), settings.height)
end

return pictures
