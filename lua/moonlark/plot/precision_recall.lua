--- Curves of precision and recall.
local options = require "moonlark.base.options"
local square = require "moonlark.plot.square"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.precision_recall", square.options "bottom left")

local function label(one)
  local mean = one.from.average_precision
  if type(mean) ~= "number" then return one.name or "precision" end
  return (one.name and one.name .. "  " or "") .. ("AP %.3f"):format(mean)
end

--- Precision against recall as the threshold falls. The legend tells each curve's `average_precision`, where it has
--- one. `curves` is {precision = …, recall = …} as metrics.precision_recall_curve gives, a list of those, or a table of
--- them by class; or an evaluation
--- (classify.cross_validate, train.evaluate), which gives its own.
---     plot.precision_recall(metrics.precision_recall_curve(y, scores, {positive = 0})):save "pr.png"
---@param curves table
---@param given moonlark.plot.precision_recall.Options?
---@return moonlark.Figure
function pictures.precision_recall(curves, given)
  local settings = parameters:read(given)
  if type(curves) == "table" and curves.precision_recall_curves then curves = curves:precision_recall_curves() end
  return square.figure(settings, square.curves("curves", curves, "recall", "precision", settings.classes), {
    xlabel = "recall", ylabel = "precision", corner = "bottom left", label = label,
  })
end

return pictures
