--- Confusion matrices, from three classes to fifty.
local cells = require "moonlark.plot.cells"
local data = require "moonlark.plot.data"
local options = require "moonlark.base.options"
local palette = require "moonlark.plot.palette"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local text = require "moonlark.plot.text"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.confusion", {
  classes = shared.list("names of the classes by id", 'the report\'s, or "class 0", "class 1" …'),
  palette = shared.palette "blues",
  bar = options.boolean(true, "draw the bar that explains the colours"),
}, shared.axes, shared.size(nil, nil, "by the number of classes"))

local function rows_of(matrix)
  local array = data.read("confusion", matrix)
  local rank, rows, columns = data.shape("confusion", array)
  if rank ~= 2 or rows ~= columns then show.fail("confusion must be a square matrix, got %d × %d", rows, columns) end
  local list = data.list(array)
  for r = 1, rows do
    for c = 1, rows do
      if not (list[r][c] >= 0 and list[r][c] < math.huge) then
        show.fail("confusion must hold counts, row %d column %d is %s", r - 1, c - 1, list[r][c])
      end
    end
  end
  return list, rows
end

-- The share of each cell in its true class.
local function rates_of(rows)
  local rates = {}
  for r, row in ipairs(rows) do
    local total = 0
    for _, count in ipairs(row) do total = total + count end
    rates[r] = {}
    for c, count in ipairs(row) do rates[r][c] = total > 0 and count / total or 0 end
  end
  return rates
end

-- The texts of a cell: count and rate where there is room, else the count, else nothing.
local function words_of(count, rate, cell, map)
  if count == 0 then return cell >= 44 and {{text = "0", size = 11, colour = "#aaaaaa"}} or {} end
  local colour = palette.lightness(map, rate) < 0.55 and "#ffffff" or "#222222"
  local shown = ("%g"):format(count)
  if cell >= 44 then
    return {{text = shown, dy = -0.13, size = math.min(14, cell / 4), colour = colour},
      {text = ("%.0f %%"):format(100 * rate), dy = 0.21, size = math.min(11, cell / 5), colour = colour}}
  elseif cell >= 17 then
    local size = math.min(12, cell / 2.2)
    while size >= 6.5 and text.width(shown, size) > cell - 3 do size = size - 0.5 end
    if size >= 6.5 then return {{text = shown, size = size, colour = colour}} end
  end
  return {}
end

local rate_ticks = {}
for i = 0, 5 do rate_ticks[i + 1] = {at = 20 * i / 100, text = 20 * i .. " %"} end

--- A confusion matrix: a row for each true class, a column for each predicted one. Colours show the rate within the
--- true class; cells show counts and rates while there is room for them.
---     plot.confusion(classify.cross_validate(model, X)):save "confusion.png"
---@param confusion table|moonlark.Tensor  a report of classify.cross_validate, or a k × k matrix of counts
---@param given moonlark.plot.confusion.Options?
---@return moonlark.Figure
function pictures.confusion(confusion, given)
  local settings = parameters:read(given)
  local report = type(confusion) == "table" and confusion.confusion ~= nil and confusion or nil
  local rows, k = rows_of(report and report.confusion or confusion)
  local rates = rates_of(rows)
  local names = cells.names(settings.classes or report and report.classes, k, function(i) return "class " .. i end)
  return cells.figure(settings, {
    values = rates, rows = names, columns = names, xlabel = "predicted", ylabel = "true",
    title = report and report.accuracy and ("accuracy %.1f %%"):format(100 * report.accuracy) or nil,
    colours = {
      palette = settings.palette, low = 0, high = 1, ticks = rate_ticks, label = "rate of the true class",
      bar = settings.bar,
    },
    words = function(cell)
      return function(r, c) return words_of(rows[r][c], rates[r][c], cell, settings.palette) end
    end,
  })
end

return pictures
