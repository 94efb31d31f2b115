--- Receiver operating characteristics.
local options = require "moonlark.base.options"
local square = require "moonlark.plot.square"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.roc", square.options "bottom right")

local function label(one)
  local area = type(one.from.auc) == "number" and one.from.auc or square.area(one)
  return (one.name and one.name .. "  " or "") .. (area == area and ("AUC %.3f"):format(area) or "AUC –")
end

--- ROC curves: of each class the share of its sounds that is found, against the share of the others that is taken for
--- it, as the threshold falls. The legend tells the area under each (its own `auc`, else by trapezoids); the dotted
--- diagonal is what guessing gives. `curves` is {fpr = …, tpr = …} as metrics.roc_curve gives, a list of those, or a
--- table of them by class; or an evaluation
--- (classify.cross_validate, train.evaluate), which gives its own.
---     plot.roc({jazz = metrics.roc_curve(y, scores, {positive = 0})}):save "roc.png"
---@param curves table
---@param given moonlark.plot.roc.Options?
---@return moonlark.Figure
function pictures.roc(curves, given)
  local settings = parameters:read(given)
  if type(curves) == "table" and curves.roc_curves then curves = curves:roc_curves() end
  return square.figure(settings, square.curves("curves", curves, "fpr", "tpr", settings.classes), {
    xlabel = "false positive rate", ylabel = "true positive rate", corner = "bottom right", label = label,
    marks = {square.diagonal},
  })
end

return pictures
