--- Square: curves of shares against shares, 0 to 1 on both axes: what roc, precision_recall and calibration draw.
local data = require "moonlark.plot.data"
local figure = require "moonlark.plot.figure"
local legend = require "moonlark.plot.legend"
local picture = require("moonlark_core").picture
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local style = require "moonlark.plot.style"
local options = require "moonlark.base.options"
local text = require "moonlark.base.text"

local square = {}

--- The options of such pictures. `place` is where a legend of few entries stands.
function square.options(place)
  return options.join({
    classes = shared.list("names of the curves, in their order", 'the curves\' own, or "class 0", "class 1" …'),
  }, style.lines, style.points, shared.legend(nil, ('"%s"; "right" for more than eight'):format(place)), shared.axes,
    shared.size(nil, nil, "480 and the legend's"))
end

-- The curves in `value`: a single one, a list of them, or a table by class.
local function separate(value, x_key, y_key)
  if type(value) ~= "table" then return {} end
  if value[x_key] ~= nil and value[y_key] ~= nil then return {value} end
  if #value > 0 then return value end
  local list = {}
  for i, name in ipairs(text.keys(value)) do
    if type(value[name]) ~= "table" then return {} end
    list[i] = setmetatable({name = name}, {__index = value[name]})
  end
  return list
end

--- The curves as a list of {name, x, y, from}: arrays, and the table that they came from.
---@param name string  of the argument, for errors
---@param value any
---@param x_key string  "fpr"
---@param y_key string  "tpr"
---@param classes string[]?
---@return table[]
function square.curves(name, value, x_key, y_key, classes)
  local found = separate(value, x_key, y_key)
  if #found == 0 then
    show.fail("%s must be {%s = …, %s = …}, a list of those, or a table of them by class, got %s", name, x_key, y_key,
      options.got(value))
  end
  local list = {}
  for i, one in ipairs(found) do
    if type(one) ~= "table" or one[x_key] == nil or one[y_key] == nil then
      show.fail("%s[%d] must have the fields %s and %s, got %s", name, i, x_key, y_key, options.got(one))
    end
    local x, y = data.read(x_key, one[x_key]), data.read(y_key, one[y_key])
    local _, _, n = data.shape(x_key, x)
    local _, _, m = data.shape(y_key, y)
    if n ~= m then show.fail("%s and %s must be of one length, got %d and %d", x_key, y_key, n, m) end
    local called = classes and classes[i] or one.name
    list[i] = {x = x, y = y, from = one, name = called and tostring(called) or #found > 1 and "class " .. i - 1 or nil}
  end
  return list
end

--- The area under a curve by trapezoids; NaN when it has numbers that are not finite.
function square.area(one)
  local x, y, sum = data.list(one.x), data.list(one.y), 0
  for i = 2, #x do sum = sum + (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2 end
  return math.abs(sum)
end

local ticks = {}
for i = 0, 5 do ticks[i + 1] = {at = i / 5, text = scale.number(i / 5, 0.2)} end

--- The figure of curves. `it` holds xlabel, ylabel, corner (where the legend stands), marks (lines of reference),
--- marked (marks on the curves) and label(curve), the words of its entry in the legend.
function square.figure(settings, curves, it)
  local elements, entries, missing = {}, {}, false
  for i, one in ipairs(curves) do
    local colour, dash = style.colour_of(settings, i), style.dash_of(settings, i, #curves)
    local width = style.width_of(settings, 1.8)
    local marked = settings.markers
    if marked == nil then marked = it.marked end
    elements[i] = {kind = "line", bytes = picture.points {one.x, one.y}, colour = colour, dash = dash, width = width,
      shape = marked and style.shape_of(settings, i) or nil, size = style.size_of(settings, 0.9)}
    entries[i] = {name = it.label(one), kind = "line", colour = colour, dash = dash, width = width}
    local _, _, count = data.shape("curve", one.y)
    missing = missing or picture.range(one.y) < count or picture.range(one.x) < count
  end
  local at = settings.legend or #curves <= 8 and it.corner or "right"
  local _, tall = shared.measure(settings, 480, 480)
  local room = settings.legend ~= false and at == "right"
    and legend.room(entries, at, 1000, tall - 70, shared.zoom(settings)) or 0
  local width, height = shared.measure(settings, 480 + room, 480)
  if settings.width_mm and not (settings.height or settings.height_mm) then height = width - room end
  return figure.of(settings, {
    xlabel = it.xlabel, ylabel = it.ylabel, grid = true, elements = elements, legend = entries, legend_at = at,
    x = {low = -0.01, high = 1.01, ticks = ticks}, y = {low = -0.01, high = 1.01, ticks = ticks}, marks = it.marks,
    note = missing and "gaps: not finite numbers" or nil,
  }, width, height)
end

--- The line of reference from corner to corner.
square.diagonal = {x1 = 0, y1 = 0, x2 = 1, y2 = 1, colour = "#999999", dash = "(6,8)", behind = true}

return square
