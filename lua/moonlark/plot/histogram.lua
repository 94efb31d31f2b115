--- Histograms: how often numbers fall into each of equal intervals.
local data = require "moonlark.plot.data"
local element = require "moonlark.plot.element"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local palette = require "moonlark.plot.palette"
local picture = require("moonlark_core").picture
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local style = require "moonlark.plot.style"
local text = require "moonlark.plot.text"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.histogram", {
  bins = options.integer(nil, {least = 1, most = 10000, usual = "2·n^(1/3), by Rice's rule, 5..100"},
    "how many intervals"),
}, shared.ends("what is counted", "all numbers"), shared.yscale, style.colour, shared.axes, shared.size(700, 420))

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
  local step, logarithmic = (high - low) / bins, settings.yscale == "log"
  local floor = logarithmic and 0.5 or 0
  local boxes, most = {}, 1
  for i, count in ipairs(counts) do
    local at = low + (i - 1) * step
    boxes[i] = {at + step / 2, math.max(count, floor), at, at + step, floor, math.max(count, floor)}
    most = math.max(most, count)
  end
  local top = logarithmic and 1.5 * most or 1.06 * most
  local width, height = shared.measure(settings, 700, 420)
  local zoom = shared.zoom(settings)
  local count = (height - 90) / 45 / zoom
  return figure.of(settings, {
    ylabel = "count", grid = true,
    x = {low = low - 0.02 * (high - low), high = high + 0.02 * (high - low),
      ticks = scale.linear(low, high, (width - 90) / 75 / zoom)},
    y = {low = floor, high = top, log = logarithmic,
      ticks = logarithmic and scale.logarithmic(1, top, count) or scale.whole(0, top, count)},
    elements = {{
      kind = "boxes", bytes = element.pack(boxes), colour = settings.colour or palette.colour(1), fill = 0.85,
      edge = "#ffffff",
    }},
    note = missing > 0 and text.count(missing, "number") .. " left out: not finite" or nil,
  }, width, height)
end

return pictures
