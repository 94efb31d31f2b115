--- Report: what predictions are worth, class by class, as a table that prints itself.
local classification = require "moonlark.metrics.classification"
local labels = require "moonlark.metrics.labels"
local layout = require "moonlark.metrics.layout"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

---@class moonlark.metrics
local metrics = {}

---@class moonlark.ClassificationReport
---@field accuracy number  share of predictions that are right
---@field interval {low: number, high: number}  95 % of the accuracy
---@field n integer  predictions
---@field classes string[]
---@field per_class moonlark.ClassFigures[]  entry i is class i - 1
---@field by_class table<string, moonlark.ClassFigures>  the same by name
---@field macro {precision: number, recall: number, f1: number}  plain means over the classes that occur
---@field weighted {precision: number, recall: number, f1: number}  means weighted by support
---@field confusion moonlark.Tensor  classes × classes, rows are the truth
local Report = {}
Report.__index = Report
Report.__name = "moonlark.ClassificationReport"

Report.__tostring = layout.text

function Report:__display() return {["text/html"] = layout.html(self)} end

-- The names of the classes, as many as ids or names need.
local function named(classes, count)
  if classes ~= nil and type(classes) ~= "table" then
    show.fail("classes must be a list of names, got %s", type(classes))
  end
  local names = {}
  for i = 1, math.max(count, classes and #classes or 0) do names[i] = classes and classes[i] or tostring(i - 1) end
  return names
end

-- Ids in place of names: by the classes that were given, else by all names that occur, sorted.
local function numbered(truth, predicted, classes)
  local ids, names = {}, classes
  if not names then
    local seen = {}
    for _, list in ipairs {truth, predicted} do
      for _, name in ipairs(list) do seen[name] = true end
    end
    names = text.keys(seen)
  end
  for i, name in ipairs(names) do ids[name] = i - 1 end
  local function of(list)
    local numbers = {}
    for i, name in ipairs(list) do
      numbers[i] = ids[name] or options.unknown("class", name, names)
    end
    return numbers
  end
  return of(truth), of(predicted), names
end

local function are_names(list) return type(list) == "table" and type(list[1]) == "string" end

--- The classification report of scikit-learn: precision, recall, F1 and support of each class, accuracy, and the means
--- over classes. Its print leaves out classes that occur in neither list; no mean counts them.
---     print(metrics.report(y, predicted, X.classes))
---     print(metrics.report(y, predicted, {"jazz", "pop"}).by_class.jazz.f1)
---     print(metrics.report({"jazz", "pop", "pop"}, {"jazz", "jazz", "pop"}))
---@param truth moonlark.Tensor|integer[]|string[]  n class ids, or names
---@param predicted moonlark.Tensor|integer[]|string[]  the same
---@param classes string[]?  names of the classes by id (default: the ids)
---@return moonlark.ClassificationReport
function metrics.report(truth, predicted, classes)
  if are_names(truth) and are_names(predicted) then truth, predicted, classes = numbered(truth, predicted, classes) end
  truth, predicted = labels("truth", truth), labels("predicted", predicted)
  local found = setmetatable({}, Report)
  found.confusion = classification.confusion(truth, predicted, classes and #named(classes, 0))
  found.classes = named(classes, found.confusion:size(0))
  found.per_class, found.macro, found.weighted = classification.figures(found.confusion)
  local right = found.confusion:diagonal():sum():item()
  found.n = found.confusion:sum():item()
  found.accuracy, found.interval = right / found.n, classification.interval(right, found.n)
  found.by_class = {}
  for i, name in ipairs(found.classes) do found.by_class[name] = found.per_class[i] end
  return found
end

return metrics
