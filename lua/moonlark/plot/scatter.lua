--- Scatter plots: points in the plane, coloured and shaped by class.
local cloud = require "moonlark.plot.cloud"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local style = require "moonlark.plot.style"
local text = require "moonlark.plot.text"

local parameters = options.describe("plot.scatter", {
  classes = shared.list("names of the classes by id", 'the labels, or "class 0", "class 1" …'),
  components = options.list(options.integer(nil, {least = 0}), {0, 1}, {length = 2}, "the two columns, from 0"),
}, style.colours, style.points, shared.legend(), shared.xscale, shared.yscale, shared.axes,
  shared.size(nil, 560, "600 and the legend's"))

---@class moonlark.plot
local pictures = {}

--- Points in the plane. `points` is n × d (a tensor or a table of rows), of which two columns are drawn. `labels`,
--- class ids from 0 (−1: none) or names, give each class a colour and a shape.
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
  local first, second = table.unpack(settings.components)
  local drawn = cloud.parts(points, labels, settings, settings.components)
  local _, tall = shared.measure(settings, 600, 560)
  local width, height = shared.measure(settings, cloud.width(settings, drawn.entries, tall), 560)
  local zoom, x, y = shared.zoom(settings), drawn.x_axis, drawn.y_axis
  local inside = math.max(150, width - (drawn.entries and 200 or 60))
  x.ticks = scale.ticks(settings.xscale, x.low, x.high, inside / 70 / zoom)
  y.ticks = scale.ticks(settings.yscale, y.low, y.high, (height - 100) / 70 / zoom)
  return figure.of(settings, {
    xlabel = "component " .. first + 1, ylabel = "component " .. second + 1,
    x = x, y = y, grid = true, elements = drawn.elements, legend = drawn.entries,
    note = drawn.missing > 0 and ("%s left out: not finite%s"):format(text.count(drawn.missing, "point"),
      (x.log or y.log) and ", or not positive" or "") or nil,
  }, width, height)
end

return pictures
