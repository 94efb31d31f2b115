--- Waveforms: a lane for each channel, from the extremes that each pixel covers.
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

local function colour_code(value)
  return type(value) == "string" and value:find "^#%x%x%x%x%x%x$" and value or nil
end

local parameters = options.describe("plot.waveform", {
  colour = options.value("string", 'written as "#rrggbb"', colour_code, nil, "of the wave", {usual = "blue"}),
}, shared.time, shared.axes, shared.size(900), {
  height = options.number(nil, {least = 60, unit = "pixels", usual = "120 and 110 for each channel"}, "of the picture"),
})

-- The two bands of an envelope, with times: its extremes, and its root mean square within them.
local function bands(bytes, low, step)
  local extremes, power, at = {}, {}, low + step / 2
  for i = 0, #bytes // 12 - 1 do
    local least, most, rms = ("<fff"):unpack(bytes, 12 * i + 1)
    extremes[#extremes + 1] = ("<fff"):pack(at, least, most)
    power[#power + 1] = ("<fff"):pack(at, math.max(-rms, least), math.min(rms, most))
    at = at + step
  end
  return table.concat(extremes), table.concat(power)
end

-- What is drawn of one channel: a line where there are few samples, else the bands.
local function lane(array, channel, count, duration, start, settings, bins)
  local colour = settings.colour or palette.colour(1)
  if count <= bins then
    local times, kind = {}, count <= bins / 8 and "linespoints pt 7 ps 0.5" or "lines"
    for i = 1, count do times[i] = start + (i - 1) * duration / count end
    return {{bytes = picture.points {times, data.row(array, channel)}, columns = 2,
      style = ("with %s lw 1.2 lc rgb '%s'"):format(kind, colour)}}
  end
  local extremes, power = bands(picture.envelope(array, channel, bins), start, duration / bins)
  local style = ("with filledcurves lc rgb '%s' fillstyle "):format(colour)
  return {{bytes = extremes, columns = 3, style = style .. "transparent solid 0.55"},
    {bytes = power, columns = 3, style = style .. "solid 1"}}
end

--- A waveform over time, a lane for each channel. The light band spans the extremes, the dark one the root mean square.
--- A plain list, or channels × samples, needs a `rate`.
---     plot.waveform(song):show()
---@param signal moonlark.Signal|moonlark.Tensor|table
---@param given moonlark.plot.waveform.Options?
---@return moonlark.Figure
function pictures.waveform(signal, given)
  local settings = parameters:read(given)
  local array, from = data.read("signal", signal)
  local _, channels, count = data.shape("signal", array)
  local rate = from and from.rate or settings.rate
  if not rate then error("plot.waveform needs the option 'rate' for what is no Signal", 0) end
  if channels > 32 then show.fail("signal must have 1..32 channels, got %d: is it samples × channels?", channels) end
  local start, duration = from and from.start or settings.start, count / rate
  local height = settings.height or 120 + 110 * channels
  local bins = math.floor((settings.width - 80) * figure.scale)

  local finite, low, high = picture.range(array)
  local most = finite > 0 and math.max(math.abs(low), math.abs(high)) or 1
  most = most > 0 and 1.05 * most or 1
  local lanes = {}
  for channel = 0, channels - 1 do
    local first, last = channel == 0, channel == channels - 1
    local room = (height - 90) / channels
    local ticks, label = scale.time(start, start + duration, (settings.width - 80) / 75)
    lanes[channel + 1] = figure.new(panel.new {
      title = first and settings.title or nil,
      xlabel = last and (settings.xlabel or label) or nil,
      ylabel = settings.ylabel or channels > 1 and "channel " .. channel or "amplitude",
      x = {low = start, high = start + duration, ticks = ticks, blank = not last},
      y = {low = -most, high = most, ticks = scale.linear(-most, most, math.min(8, room / 28))},
      grid = true,
      note = last and finite < channels * count and "gaps: not finite numbers" or nil,
      elements = lane(array, channel, count, duration, start, settings, bins),
    }, settings.width, room + 14 + (first and settings.title and 21 or 0) + (last and 40 or 0))
  end
  return channels == 1 and lanes[1] or figure.grid(lanes, {columns = 1})
end

return pictures
