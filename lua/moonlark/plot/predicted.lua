--- Predicted values against the true ones.
local cloud = require "moonlark.plot.cloud"
local data = require "moonlark.plot.data"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local style = require "moonlark.plot.style"
local text = require "moonlark.plot.text"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.predicted", {
  target = options.integer(0, {least = 0}, "which column, where truth has several"),
}, style.colours, style.points, shared.axes, shared.size(480, 480))

-- The true and the predicted numbers of a target, each a list; from an evaluation, or two arrays.
local function columns_of(truth, predicted, target)
  if type(truth) == "table" and truth.y ~= nil and truth.predicted ~= nil then
    truth, predicted = truth.y, truth.predicted
  end
  local lists = {}
  for i, name in ipairs {"truth", "predicted"} do
    local list = {}
    for k, value in ipairs(data.list((data.read(name, i == 1 and truth or predicted)))) do
      if type(value) == "table" then value = value[target + 1] end
      list[k] = type(value) == "number" and value or show.fail("target must be one of the columns of %s, got %d", name,
        target)
    end
    lists[i] = list
  end
  if #lists[1] ~= #lists[2] then
    show.fail("truth and predicted must be of one length, got %d and %d", #lists[1], #lists[2])
  end
  return lists[1], lists[2]
end

--- Predicted values against the true ones, a point a row; on the dotted diagonal both are the same. Takes what
--- cross-validation of values gives, or truth and predictions.
---     plot.predicted(classify.cross_validate(regress.ridge(), X), {title = "tempo"}):save "tempo.png"
---@param truth moonlark.ValuesEvaluation|moonlark.Tensor|number[]
---@param predicted? moonlark.Tensor|number[]  not with an evaluation
---@param given moonlark.plot.predicted.Options?
---@return moonlark.Figure
function pictures.predicted(truth, predicted, given)
  if given == nil and type(truth) == "table" and truth.predicted ~= nil then predicted, given = nil, predicted end
  local settings = parameters:read(given)
  local x, y = columns_of(truth, predicted, settings.target)
  local points = {}
  for i = 1, #x do points[i] = {x[i], y[i]} end
  local drawn = cloud.parts(points, nil, settings, {0, 1})
  local low = math.min(drawn.x_axis.low, drawn.y_axis.low)
  local high = math.max(drawn.x_axis.high, drawn.y_axis.high)
  local width, height = shared.measure(settings, 480, 480)
  local axis = {low = low, high = high, ticks = scale.ticks("linear", low, high, 6 / shared.zoom(settings))}
  return figure.of(settings, {
    xlabel = "truth", ylabel = "predicted", x = axis, y = axis, grid = true, elements = drawn.elements,
    marks = {{x1 = low, y1 = low, x2 = high, y2 = high, colour = "#999999", dash = "(6,8)", behind = true}},
    note = drawn.missing > 0 and text.count(drawn.missing, "point") .. " left out: not finite" or nil,
  }, width, height)
end

return pictures
