--- Histograms: how often numbers fall into each of equal intervals.
local data = require "moonlark.plot.data"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local palette = require "moonlark.plot.palette"
local panel = require "moonlark.plot.panel"
local picture = require("moonlark_core").picture
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.histogram", {
  bins = options.integer(nil, {least = 1, most = 10000, usual = "2·n^(1/3), by Rice's rule, 5..100"},
    "how many intervals"),
}, shared.ends("what is counted", "all numbers"), shared.axes, {ylabel = shared.words("count", "beside the y axis")},
  shared.size(700, 420))

--- How often the numbers of a Signal, a tensor or a list fall into each of equal intervals.
---     plot.histogram(feature.rms(song), {bins = 40}):show()
---@param values moonlark.Signal|moonlark.Tensor|table
---@param given moonlark.plot.histogram.Options?
---@return moonlark.Figure
function pictures.histogram(values, given)
  local settings = parameters:read(given)
  local array = data.read("values", values)
  local _, rows, columns = data.shape("values", array)
  local finite, low, high = picture.range(array)
  local bins = settings.bins or math.max(5, math.min(100, math.ceil(2 * math.max(finite, 1) ^ (1 / 3))))
  low, high = scale.widen(settings.low or low, settings.high or high)
  if not (low < high) then show.fail("low must be less than high (%g), got %g", high, low) end

  local missing, counts = rows * columns - finite, picture.histogram(array, low, high, bins)
  local step = (high - low) / bins
  local boxes, most = {}, 0
  for i, count in ipairs(counts) do
    local at = low + (i - 1) * step
    boxes[i] = ("<ffffff"):pack(at + step / 2, count, at, at + step, 0, count)
    most = math.max(most, count)
  end
  local top = math.max(1, most) * 1.06
  return figure.new(panel.new {
    title = settings.title, xlabel = settings.xlabel, ylabel = settings.ylabel,
    x = {low = low - 0.02 * (high - low), high = high + 0.02 * (high - low),
      ticks = scale.linear(low, high, (settings.width - 90) / 75)},
    y = {low = 0, high = top, ticks = scale.whole(0, top, (settings.height - 90) / 45)},
    grid = true,
    elements = {{
      bytes = table.concat(boxes), columns = 6,
      style = ("with boxxyerror lw 0.6 lc rgb '%s' fillstyle solid 0.85 border rgb 'white'"):format(palette.colour(1)),
    }},
    note = missing > 0 and ("%d numbers are not finite and left out"):format(missing) or nil,
  }, settings.width, settings.height)
end

return pictures
