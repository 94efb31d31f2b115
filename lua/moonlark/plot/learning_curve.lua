--- Learning curves: how scores grow with the number of examples.
local data = require "moonlark.plot.data"
local element = require "moonlark.plot.element"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local style = require "moonlark.plot.style"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.learning_curve", shared.ends("the y axis", "by the scores"), style.lines,
  style.points, shared.legend "bottom right", shared.xscale, shared.axes, shared.size(620, 420))

-- Mean and standard deviation of each row: of several folds, or of one number.
local function spread(list)
  local means, deviations = {}, {}
  for i, row in ipairs(list) do
    if type(row) ~= "table" then row = {row} end
    local sum, square, count = 0, 0, 0
    for _, value in ipairs(row) do
      if value - value == 0 then sum, square, count = sum + value, square + value * value, count + 1 end
    end
    means[i] = count > 0 and sum / count or 0 / 0
    deviations[i] = count > 0 and math.sqrt(math.max(0, square / count - means[i] ^ 2)) or 0
  end
  return means, deviations
end

-- The parts of the curve that are there: {name, means, deviations}.
local function parts_of(curve, count)
  local parts = {}
  for _, part in ipairs {{"train_scores", "training"}, {"test_scores", "cross-validation"}} do
    local scores = curve[part[1]]
    if scores ~= nil then
      local list = data.list((data.read(part[1], scores)))
      if #list ~= count then show.fail("%s must have a row for each of the %d sizes, got %d", part[1], count, #list) end
      local means, deviations = spread(list)
      parts[#parts + 1] = {name = part[2], means = means, deviations = deviations}
    end
  end
  if #parts == 0 then show.fail "curve must have train_scores or test_scores" end
  return parts
end

local function drawn(sizes, parts, settings)
  local elements, entries, low, high = {}, {}, math.huge, -math.huge
  for i, part in ipairs(parts) do
    local band, line, colour = {}, {}, style.colour_of(settings, i)
    for k, size in ipairs(sizes) do
      local mean, deviation = part.means[k], part.deviations[k]
      line[k], band[k] = {size, mean}, {size, mean - deviation, mean + deviation}
      if mean == mean then low, high = math.min(low, mean - deviation), math.max(high, mean + deviation) end
    end
    local dash, width = style.dash_of(settings, i, #parts), style.width_of(settings, 1.8)
    table.insert(elements, 1, {kind = "bands", bytes = element.pack(band), colour = colour, fill = 0.18})
    elements[#elements + 1] = {kind = "line", bytes = element.pack(line), colour = colour, dash = dash, width = width,
      shape = settings.markers ~= false and style.shape_of(settings, i) or nil, size = style.size_of(settings, 0.9)}
    entries[i] = {name = part.name, kind = "line", colour = colour, dash = dash, width = width}
  end
  if low > high then low, high = nil, nil end
  return elements, entries, low, high
end

-- A tick at each size, where there are few.
local function size_ticks(sizes, usual)
  if #sizes > 8 then return usual end
  local ticks = {}
  for i, size in ipairs(sizes) do ticks[i] = {at = size, text = scale.number(size)} end
  return ticks
end

--- Scores by the number of training examples, with bands of one standard deviation over the folds. `curve` is
--- {train_sizes = …, train_scores = …, test_scores = …} as classify.learning_curve gives: a row of scores for each
--- size, one a fold, or a single number.
---     plot.learning_curve({train_sizes = {50, 100}, test_scores = {{0.6, 0.62}, {0.7, 0.69}}}):show()
---@param curve table
---@param given moonlark.plot.learning_curve.Options?
---@return moonlark.Figure
function pictures.learning_curve(curve, given)
  local settings = parameters:read(given)
  if type(curve) ~= "table" or curve.train_sizes == nil then
    show.fail("curve must be a table with train_sizes and test_scores, got %s", options.got(curve))
  end
  local sizes = data.list((data.read("train_sizes", curve.train_sizes)))
  local elements, entries, low, high = drawn(sizes, parts_of(curve, #sizes), settings)
  local width, height = shared.measure(settings, 620, 420)
  local zoom = shared.zoom(settings)
  low, high = scale.widen(low, high, 0.06)
  low, high = settings.low or low, settings.high or high
  if not (low < high) then show.fail("low must be less than high (%g), got %g", high, low) end
  local log = settings.xscale == "log"
  local left, right = (log and scale.widen_log or scale.widen)(math.min(table.unpack(sizes)),
    math.max(table.unpack(sizes)), 0.03)
  local usual = scale.ticks(settings.xscale, left, right, (width - 90) / 75 / zoom)
  return figure.of(settings, {
    xlabel = "training examples", ylabel = "score", grid = true, elements = elements, legend = entries,
    x = {low = left, high = right, log = log, ticks = size_ticks(sizes, usual)},
    y = {low = low, high = high, ticks = scale.linear(low, high, (height - 90) / 45 / zoom)},
  }, width, height)
end

return pictures
