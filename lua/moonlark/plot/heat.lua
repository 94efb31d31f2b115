--- Heat maps: a matrix of numbers between two lists of names.
local cells = require "moonlark.plot.cells"
local data = require "moonlark.plot.data"
local options = require "moonlark.base.options"
local palette = require "moonlark.plot.palette"
local picture = require("moonlark_core").picture
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local text = require "moonlark.plot.text"

---@class moonlark.plot
local pictures = {}

local most = 400

local parameters = options.describe("plot.heat", {
  rows = shared.list("names of the rows, from the top", "0, 1, 2 …"),
  columns = shared.list("names of the columns", "0, 1, 2 …"),
  annotate = options.boolean(nil, "write the numbers into the cells", {usual = "where there is room"}),
  format = options.text(nil, "of these numbers, as for string.format", {usual = "with the decimals that have room"}),
  unit = shared.words(nil, "of the numbers, beside the colour bar", "none"),
  bar = options.boolean(true, "draw the bar that explains the colours"),
  palette = shared.palette(options.none, "diverging where numbers stand on both sides of zero, else viridis"),
}, shared.ends("the range of colours", "the numbers' own"), shared.axes, shared.size(nil, nil, "by the matrix"))

local function colours_of(settings, low, high)
  local signed = low and scale.signed(low, high)
  local name = settings.palette or signed and "diverging" or "viridis"
  if signed and name == "diverging" then low, high = math.min(low, -high), math.max(high, -low) end
  low, high = settings.low or low, settings.high or high
  if settings.low and settings.high and not (low < high) then
    show.fail("low must be less than high (%g), got %g", high, low)
  end
  low, high = scale.widen(low, high)
  if not (low < high) then low, high = high - 1, high end
  return {palette = name, low = low, high = high, ticks = scale.linear(low, high, 6), bar = settings.bar,
    label = settings.unit}
end

local smallest = 6.5

-- All numbers as words of one format, and the width of the longest in a size of one pixel.
local function written(values, format)
  local words, widest = {}, 0
  for r, row in ipairs(values) do
    words[r] = {}
    for c, value in ipairs(row) do
      local ok, shown = pcall(string.format, format, value == 0 and 0.0 or value)
      if not ok then show.fail("format must be as for string.format, got '%s'", format) end
      words[r][c] = value - value == 0 and shown:gsub("^%-(0%.?0*)$", "%1"):gsub("%-", "−") or ""
      widest = math.max(widest, text.width(words[r][c], 1))
    end
  end
  return words, widest
end

-- How numbers of a range can be written, the finest first: all with the same decimals, whole ones with none.
local function formats_of(values, colours)
  local largest, whole = math.max(math.abs(colours.low), math.abs(colours.high)), true
  for _, row in ipairs(values) do
    for _, value in ipairs(row) do whole = whole and (value - value ~= 0 or value == math.floor(value)) end
  end
  if largest >= 1e6 or largest < 0.1 then return {"%.3g", "%.1g"} end
  if whole or largest >= 100 then return {"%.0f"} end
  return largest >= 10 and {"%.1f", "%.0f"} or {"%.2f", "%.1f"}
end

-- The numbers in the first format in which all have room, and their size; none when there is no such format.
local function fitting(values, settings, colours, cell, wide)
  local words, size
  local formats = formats_of(values, colours)
  for _, format in ipairs(settings.format and {settings.format} or formats) do
    local widest
    words, widest = written(values, format)
    size = math.min(12, cell / 2.2, (wide - 3) / math.max(widest, 1e-9))
    if size >= smallest then return words, size end
  end
  if settings.annotate then return words, math.max(size, 3) end
end

-- A function that gives the number of a cell, light on dark.
local function words_of(values, settings, colours, cell, wide)
  local words, size
  if settings.annotate ~= false then words, size = fitting(values, settings, colours, cell, wide) end
  return function(r, c)
    if not words or words[r][c] == "" then return {} end
    local place = math.max(0, math.min(1, (values[r][c] - colours.low) / (colours.high - colours.low)))
    local dark = palette.lightness(colours.palette, place) < 0.55
    return {{text = words[r][c], size = size, colour = dark and "#ffffff" or "#222222"}}
  end
end

--- A matrix in colours between two lists of names, row 0 on top, with the numbers in the cells where there is room:
--- scores by parameter and parameter, correlations, features by class. (plot.map is for what lies in time.) Numbers
--- that are not finite are grey.
---
--- Errors: more than 400 rows or columns; names that are not one for each of them.
---     plot.heat({{0.71, 0.74}, {0.78, 0.8}}, {rows = {"C = 1", "C = 10"}, columns = {"rbf", "linear"}}):show()
---@param matrix moonlark.Tensor|table  rows × columns
---@param given moonlark.plot.heat.Options?
---@return moonlark.Figure
function pictures.heat(matrix, given)
  local settings = parameters:read(given)
  local array = data.read("matrix", matrix)
  local _, rows, columns = data.shape("matrix", array)
  if rows > most or columns > most then
    show.fail("matrix must have at most %d rows and columns, got %d × %d; plot.map draws larger ones", most, rows,
      columns)
  end
  for name, count in pairs {rows = rows, columns = columns} do
    if settings[name] and #settings[name] ~= count then
      show.fail("%s must be one name for each of %d, got %d", name, count, #settings[name])
    end
  end
  local values = data.list(array)
  if type(values[1]) ~= "table" then values = {values} end
  local finite, low, high = picture.range(array)
  local colours = colours_of(settings, low, high)
  return cells.figure(settings, {
    values = values, rows = cells.names(settings.rows, rows, tostring),
    columns = cells.names(settings.columns, columns, tostring), colours = colours,
    background = finite < rows * columns and "#c8c8c8" or nil,
    note = finite < rows * columns and "grey: not a finite number" or nil,
    words = function(cell, wide) return words_of(values, settings, colours, cell, wide) end,
  })
end

return pictures
