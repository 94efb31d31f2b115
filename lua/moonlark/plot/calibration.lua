--- Calibration: whether probabilities are what they say.
local options = require "moonlark.base.options"
local square = require "moonlark.plot.square"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.calibration", square.options "top left")

local function label(one) return one.name or "probabilities" end

--- A reliability diagram: of the sounds that were given a probability, the share that was of the class. On the dotted
--- diagonal both are the same; below it the model is too sure. `curves` is {mean_predicted = …, fraction_positive = …}
--- as metrics.calibration_curve gives, a list of those (one for each model, say), or a table of them by name;
--- or an evaluation (classify.cross_validate, train.evaluate), which gives its own.
---     plot.calibration({svm = metrics.calibration_curve(y, scores, {positive = 0})}):show()
---@param curves table
---@param given moonlark.plot.calibration.Options?
---@return moonlark.Figure
function pictures.calibration(curves, given)
  local settings = parameters:read(given)
  if type(curves) == "table" and curves.calibration_curve then curves = curves:calibration_curve() end
  local found = square.curves("curves", curves, "mean_predicted", "fraction_positive", settings.classes)
  return square.figure(settings, found, {
    xlabel = "mean predicted probability", ylabel = "share that is positive", corner = "top left", label = label,
    marks = {square.diagonal}, marked = true,
  })
end

return pictures
