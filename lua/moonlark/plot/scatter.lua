--- Scatter plots: points in the plane, coloured and shaped by class.
local data = require "moonlark.plot.data"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local palette = require "moonlark.plot.palette"
local panel = require "moonlark.plot.panel"
local picture = require("moonlark_core").picture
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.scatter", {
  classes = shared.list("names of the classes by id", 'the labels, or "class 0", "class 1" …'),
  components = options.list(options.integer(nil, {least = 0}), {0, 1}, {length = 2}, "the two columns, from 0"),
  size = options.number(nil, {usual = "by how many there are"}, "of a point"),
}, shared.axes, shared.size(nil, 560, "600 and the legend's"))

-- Class ids from 0 for each point, and the classes' names. Labels that are strings become ids.
local function classes_of(labels, names)
  local array = data.read("labels", labels)
  if type(array) == "table" and type(array[1]) == "string" then
    local ids, known = {}, {}
    for _, label in ipairs(array) do known[label] = 0 end
    local list = text.keys(known)
    for i, label in ipairs(list) do known[label] = i - 1 end
    for i, label in ipairs(array) do ids[i] = known[label] end
    return ids, names or list
  end
  local _, least, most = picture.range(array)
  if not least or least < 0 or most ~= math.floor(most) then
    show.fail("labels must be class ids 0, 1, 2 … or names, got %g", least and least < 0 and least or most or 0 / 0)
  end
  local list = {}
  for id = 0, math.floor(most) do list[id + 1] = names and names[id + 1] or "class " .. id end
  for id = #list, names and #names - 1 or -1 do list[id + 1] = names[id + 1] end
  return array, list
end

-- Size and transparency of points: where there are many, they are small and a little transparent.
local function point_style(count)
  if count <= 500 then return 1.1, "" end
  if count <= 3000 then return 0.8, "30" end
  return count <= 10000 and 0.5 or 0.4, "70"
end

-- The points of each class that has any, and the legend of all classes. Without labels there is one cloud.
local function clouds(x, y, labels, settings, count)
  local elements, legend = {}, {}
  local size, alpha = point_style(count)
  local function add(bytes, i, name)
    elements[#elements + 1] = {
      bytes = bytes, columns = 2, name = name,
      style = ("with points pt %d ps %s lc rgb '#%s%s'"):format(palette.shape(i), settings.size or size, alpha,
        palette.colour(i):sub(2)),
    }
  end
  if not labels then
    add(picture.points {x, y}, 1)
    return elements
  end
  local ids, names = classes_of(labels, settings.classes)
  for i, name in ipairs(names) do
    local bytes, found = picture.points({x, y}, ids, i - 1)
    if found > 0 then add(bytes, i, name) end
    legend[i] = {name = name, kind = "point", colour = palette.colour(i), shape = palette.shape(i)}
  end
  return elements, legend
end

local function axis_of(column, pixels)
  local finite, low, high = picture.range(column)
  low, high = scale.widen(low, high, 0.04)
  return {low = low, high = high, ticks = scale.linear(low, high, pixels / 70)}, finite
end

--- Points in the plane. `points` is n × d (a tensor or a table of rows), of which two columns are drawn. `labels`,
--- class ids from 0 or names, give each class a colour and a shape.
---     plot.scatter(z, X.y, {classes = X.classes}):show()
---@param points moonlark.Tensor|table
---@param labels? moonlark.Tensor|table
---@param given moonlark.plot.scatter.Options?
---@return moonlark.Figure
function pictures.scatter(points, labels, given)
  if given == nil and type(labels) == "table" and next(labels) ~= nil and labels[1] == nil then
    labels, given = nil, labels -- scatter(points, {options})
  end
  local settings = parameters:read(given)
  local array, first, second = data.read("points", points), table.unpack(settings.components)
  local x, y = data.column("points", array, first), data.column("points", array, second)
  local _, count = data.shape("points", array)
  local elements, legend = clouds(x, y, labels, settings, count)
  local x_axis, x_finite = axis_of(x, settings.width and settings.width - 200 or 540)
  local y_axis, y_finite = axis_of(y, settings.height - 100)
  local missing = count - math.min(x_finite, y_finite)
  return figure.new(panel.new {
    title = settings.title,
    xlabel = settings.xlabel or "component " .. first + 1, ylabel = settings.ylabel or "component " .. second + 1,
    x = x_axis, y = y_axis, grid = true, elements = elements, legend = legend,
    note = missing > 0 and ("%d points are not finite and left out"):format(missing) or nil,
  }, settings.width or 600 + panel.legend_width(legend or {}, settings.height - 70), settings.height)
end

return pictures
