--- Importances: how much each feature matters to a model, as bars that lie.
local data = require "moonlark.plot.data"
local element = require "moonlark.plot.element"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local palette = require "moonlark.plot.palette"
local panel = require "moonlark.plot.panel"
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local style = require "moonlark.plot.style"
local text = require "moonlark.plot.text"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.importance", {
  labels = shared.list("names of the features", "the keys of values, or 0, 1, 2 …"),
  errors = shared.list("for each a deviation: whiskers", "the values' own, or none"),
  most = options.integer(20, {least = 1}, "so many are shown, the largest first"),
}, style.colour, shared.axes, shared.size(620, nil, "by how many are shown"))

-- {name, value, error} of each feature.
local function rows_of(values, settings)
  local errors, names = settings.errors, settings.labels
  if type(values) == "table" and values.importances_mean ~= nil then
    errors = errors or values.importances_std and data.list(values.importances_std)
    names = names or values.names or values.columns
    values = values.importances_mean
  end
  local rows = {}
  if type(values) == "table" and #values == 0 and next(values) ~= nil then
    for name, value in pairs(values) do
      rows[#rows + 1] = {name = tostring(name), value = value, error = errors and errors[name]}
    end
    return rows
  end
  local list = data.list((data.read("values", values)))
  if names and #names ~= #list then
    show.fail("labels must be one for each of the %d features, got %d", #list, #names)
  end
  for i, value in ipairs(list) do
    rows[i] = {name = tostring(names and names[i] or i - 1), value = value, error = errors and errors[i]}
  end
  return rows
end

-- The largest of those that are finite, and how many are not.
local function largest(rows, most)
  local finite = {}
  for _, row in ipairs(rows) do
    if type(row.value) ~= "number" then show.fail("values must be numbers, %s is %s", row.name, type(row.value)) end
    if row.value - row.value == 0 then finite[#finite + 1] = row end
  end
  table.sort(finite, function(a, b)
    if a.value ~= b.value then return a.value > b.value end
    return a.name < b.name
  end)
  return table.move(finite, 1, math.min(most, #finite), 1, {}), #rows - #finite
end

-- Bars and whiskers, the first on top, and the ends of the axis.
local function drawn(rows, colour)
  local bars, whiskers, low, high = {}, {}, 0, 0
  for i, row in ipairs(rows) do
    local value, spread = row.value, row.error or 0
    bars[i] = {value, i - 1, math.min(0, value), math.max(0, value), i - 1.36, i - 0.64}
    low, high = math.min(low, value - spread), math.max(high, value + spread)
    if spread > 0 then
      whiskers[#whiskers + 1] = {value - spread, i - 1, 2 * spread, 0}
      for _, at in ipairs {value - spread, value + spread} do whiskers[#whiskers + 1] = {at, i - 1.14, 0, 0.28} end
    end
  end
  local elements = {{kind = "boxes", bytes = element.pack(bars), colour = colour}}
  if #whiskers > 0 then elements[2] = {kind = "vectors", bytes = element.pack(whiskers), colour = "#333333"} end
  if low == high then high = 1 end
  local room = 0.04 * (high - low)
  return elements, low < 0 and low - room or 0, high > 0 and high + room or 0
end

--- How much each feature matters, the largest on top: a tree's own importances or those of permutation. `values` is a
--- list, a table from name to number, or {importances_mean = …, importances_std = …} as permutation gives.
---     plot.importance({mfcc_0_mean = 0.21, rms_mean = 0.08}, {xlabel = "loss of accuracy"}):show()
---@param values table|moonlark.Tensor
---@param given moonlark.plot.importance.Options?
---@return moonlark.Figure
function pictures.importance(values, given)
  local settings = parameters:read(given)
  local all = rows_of(values, settings)
  local rows, missing = largest(all, settings.most)
  local zoom = shared.zoom(settings)
  local width, height = shared.measure(settings, 620, 90 + 22 * math.max(3, #rows))
  local elements, low, high = drawn(rows, settings.colour or palette.colour(1))
  local ticks = {}
  for i, row in ipairs(rows) do
    ticks[i] = {at = i - 1, text = text.shorten(text.clean(row.name), panel.tick_size * zoom, 0.4 * width)}
  end
  local notes = {}
  if #rows + missing < #all then notes[1] = ("the largest %d of %d"):format(#rows, #all) end
  if missing > 0 then notes[#notes + 1] = ("%d are not finite numbers"):format(missing) end
  return figure.of(settings, {
    xlabel = "importance", x = {low = low, high = high, ticks = scale.linear(low, high, (width - 200) / 75 / zoom)},
    y = {low = math.max(0, #rows - 1) + 0.6, high = -0.6, ticks = ticks, names = true}, elements = elements,
    grid = true,
    marks = low < 0 and {{x1 = 0, y1 = -0.6, x2 = 0, y2 = #rows - 0.4, colour = "#888888"}} or nil,
    note = #notes > 0 and table.concat(notes, "; ") or nil,
  }, width, height)
end

return pictures
