--- Lines: one or more series of numbers.
local data = require "moonlark.plot.data"
local figure = require "moonlark.plot.figure"
local legend = require "moonlark.plot.legend"
local options = require "moonlark.base.options"
local picture = require("moonlark_core").picture
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local style = require "moonlark.plot.style"

---@class moonlark.plot
local pictures = {}

local function numbers(value) return data.is(value) and value or nil end

local parameters = options.describe("plot.lines", {
  labels = shared.list("names of the series; they become the legend", "the series' own"),
  x = options.value("moonlark.Signal|moonlark.Tensor|number[]", "a Signal, a tensor or a list of numbers", numbers, nil,
    "positions that all series share", {usual = "the series' own, time for Signals, else 0, 1, 2 …"}),
  xlow = options.number(nil, {usual = "where the series begin"}, "left end of the x axis"),
  xhigh = options.number(nil, {usual = "where the series end"}, "right end of the x axis"),
  counted = options.boolean(false, "x counts from 1, as epochs do: there is a tick at 1 and none at 0"),
  marks = shared.list("positions of vertical lines: beats, onsets; seconds for Signals", "none"),
}, shared.ends("the y axis", "by the numbers"), style.lines, style.points, shared.legend(), shared.xscale,
  shared.yscale, shared.axes, shared.size(nil, 420, "800 and the legend's"))

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

-- The line of series `i` of `count` as an element, and its entry in the legend.
local function line_of(one, i, count, settings, bins)
  local bytes
  if one.x then
    bytes = picture.points {one.x, one.y}
  elseif one.count > 4 * bins then
    bytes = thinned(one, bins)
  else
    local places = {}
    for at = 1, one.count do places[at] = one.first + (at - 1) * one.step end
    bytes = picture.points {places, one.y}
  end
  local colour, dash = style.colour_of(settings, i), style.dash_of(settings, i, count)
  local width = style.width_of(settings, 1.8)
  return {
    kind = "line", bytes = bytes, colour = colour, dash = dash, width = width,
    shape = one.marked and style.shape_of(settings, i) or nil, size = style.size_of(settings, 0.7),
  }, {name = one.label or "series " .. i, kind = "line", colour = colour, dash = dash, width = width}
end

-- Least and most of an array on an axis of a kind, and how many numbers it can show.
local function range(array, kind)
  if kind == "log" then return data.positive(array) end
  return picture.range(array)
end

local function grow(box, low_name, high_name, least, most)
  box[low_name] = math.min(box[low_name] or least, least)
  box[high_name] = math.max(box[high_name] or most, most)
end

-- The rectangle that holds all series, empty without a number to show; and whether some cannot be shown.
local function bounds(list, settings)
  local box, missing = {}, false
  for _, one in ipairs(list) do
    local from, to = one.first, one.first + (one.count - 1) * one.step
    local _
    if one.x then
      _, from, to = range(one.x, settings.xscale)
    elseif settings.xscale == "log" and from <= 0 then
      from = one.step
    end
    local finite, least, most = range(one.y, settings.yscale)
    missing = missing or finite < one.count
    if finite > 0 and from then
      grow(box, "left", "right", from, to)
      grow(box, "low", "high", least, most)
    end
  end
  return box, missing
end

-- The ends of an axis: what the user gave, else around the numbers.
local function ends(settings, kind, low, high, names, margin)
  if kind == "log" then low, high = scale.widen_log(low, high) else low, high = scale.widen(low, high, margin) end
  low, high = settings[names[1]] or low, settings[names[2]] or high
  if not (low < high) then
    show.fail("plot.lines: %s must be less than %s (%g), got %g", names[1], names[2], high, low)
  end
  if kind == "log" and low <= 0 then
    show.fail("plot.lines: %s must be above 0 on a logarithmic axis, got %g", names[1], low)
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
  local axis = {low = left, high = right, log = settings.xscale == "log"}
  if axis.log then
    axis.ticks = scale.logarithmic(left, right, count)
  elseif timed then
    local label
    axis.ticks, label = scale.time(left, right, count)
    axis.time = true
    return axis, label
  else
    axis.ticks = (settings.counted and scale.counted or indexed and scale.whole or scale.linear)(left, right, count)
  end
  return axis
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

-- What the small print says of numbers that are not drawn.
local function note_of(box, missing, logarithmic)
  local what = logarithmic and "finite positive" or "finite"
  if not box.low then return ("no %s number"):format(what) end
  return missing and ("gaps: not %s numbers"):format(what) or nil
end

-- Elements and legend; whether there are marks on the lines, and whether any series has a name.
local function drawn(list, settings, bins)
  local elements, entries = {}, {}
  local marked, named = false, false
  for i, one in ipairs(list) do
    elements[i], entries[i] = line_of(one, i, #list, settings, bins)
    marked, named = marked or one.marked, named or one.label ~= nil
  end
  return elements, named and entries or nil, marked
end

-- The width of the picture: that of its plot and of the legend beside it.
local function width_of(settings, entries, height)
  local beside = entries and (settings.legend == nil or settings.legend == "right")
  return 800 + (beside and legend.room(entries, "right", 1000, height - 70, shared.zoom(settings)) or 0)
end

--- Lines through one or more series. A series is a list of numbers, a tensor, a Signal (then x is time),
--- {y = …, x = …, label = …}, or each row of a matrix. Numbers that are not finite leave a gap.
---     plot.lines({loss, valid_loss}, {labels = {"training", "validation"}}):save "loss.svg"
---     plot.lines(loss, {yscale = "log", colours = "red", line_width = 2, width_mm = 85}):save "loss.pdf"
---@param series any
---@param given moonlark.plot.lines.Options?
---@return moonlark.Figure
function pictures.lines(series, given)
  local settings = parameters:read(given)
  local list = series_of(series, settings)
  local _, tall = shared.measure(settings, 800, 420)
  local bins = math.floor((settings.width or 800) - 90) * figure.scale // 2
  local elements, entries, marked = drawn(list, settings, math.max(1, bins))
  local width, height = shared.measure(settings, width_of(settings, entries, tall), 420)
  local zoom = shared.zoom(settings)
  local box, missing = bounds(list, settings)
  local left, right = ends(settings, settings.xscale, box.left, box.right, {"xlow", "xhigh"}, marked and 0.02 or 0)
  local low, high = ends(settings, settings.yscale, box.low, box.high, {"low", "high"}, 0.05)
  local x, xlabel = x_axis(list, left, right, settings, math.min(width, 800) / 75 / zoom)
  return figure.of(settings, {
    xlabel = xlabel, x = x, y = {low = low, high = high, log = settings.yscale == "log",
      ticks = scale.ticks(settings.yscale, low, high, (height - 90) / 45 / zoom)},
    grid = true, elements = elements, legend = entries, marks = marks_at(settings.marks, left, right, low, high),
    note = note_of(box, missing, x.log or settings.yscale == "log"),
  }, width, height)
end

return pictures
