--- Waveforms: a lane for each channel, from the extremes that each pixel covers.
local data = require "moonlark.plot.data"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local palette = require "moonlark.plot.palette"
local picture = require("moonlark_core").picture
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local style = require "moonlark.plot.style"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.waveform", {
  limit = options.number(nil, {above = 0, usual = "the largest"}, "the amplitude at both ends of the axis"),
  xhigh = options.number(nil, {unit = "s", usual = "where the sound ends"}, "right end of the axis"),
}, style.colour, shared.time, shared.axes, shared.size(900, nil, "90 and 110 for each channel"))

-- The two bands of an envelope, with times: its extremes, and its root mean square within them; and the middle of the
-- extremes, a line that is seen where the bands have no height, as in silence.
local function bands(bytes, low, step)
  local extremes, power, middle, at = {}, {}, {}, low + step / 2
  for i = 0, #bytes // 12 - 1 do
    local least, most, rms = ("<fff"):unpack(bytes, 12 * i + 1)
    extremes[#extremes + 1] = ("<fff"):pack(at, least, most)
    power[#power + 1] = ("<fff"):pack(at, math.max(-rms, least), math.min(rms, most))
    middle[#middle + 1] = ("<ff"):pack(at, (least + most) / 2)
    at = at + step
  end
  return table.concat(extremes), table.concat(power), table.concat(middle)
end

-- What is drawn of one channel: a line where there are few samples, else the bands.
local function lane(array, channel, count, duration, start, colour, bins)
  if count <= bins then
    local times = {}
    for i = 1, count do times[i] = start + (i - 1) * duration / count end
    local shape = count <= bins / 8 and palette.shape "disc" or nil
    return {{kind = "line", bytes = picture.points {times, data.row(array, channel)}, width = 1.2, colour = colour,
      shape = shape, size = 0.5}}
  end
  local extremes, power, middle = bands(picture.envelope(array, channel, bins), start, duration / bins)
  return {{kind = "bands", bytes = extremes, colour = colour, fill = 0.55},
    {kind = "bands", bytes = power, colour = colour}, {kind = "line", bytes = middle, colour = colour, width = 0.5}}
end

-- The largest amplitude with some room.
local function amplitude(finite, low, high)
  local most = finite > 0 and math.max(math.abs(low), math.abs(high)) or 1
  return most > 0 and 1.05 * most or 1
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
  local last_time = settings.xhigh or start + duration
  if not (start < last_time) then
    show.fail("xhigh must be above %g s, where the sound begins, got %g", start, last_time)
  end
  local width, height = shared.measure(settings, 900, 90 + 110 * channels)
  local zoom = shared.zoom(settings)
  local bins = math.max(1, math.floor((width - 80) * figure.scale))
  local colour = settings.colour or palette.colour(1)

  local finite, low, high = picture.range(array)
  local most = settings.limit or amplitude(finite, low, high)
  local title_room, label_room = settings.title and 21 * zoom or 0, 40 * zoom
  local room = (height - title_room - label_room) / channels
  local lanes = {}
  for channel = 0, channels - 1 do
    local first, last = channel == 0, channel == channels - 1
    local ticks, label = scale.time(start, last_time, (width - 80) / 75 / zoom)
    local own = setmetatable({title = first and settings.title or false}, {__index = settings})
    if not first then own.annotations = {} end
    if not last then own.xlabel = false end
    lanes[channel + 1] = figure.of(own, {
      xlabel = label, ylabel = channels > 1 and "channel " .. channel or "amplitude",
      x = {low = start, high = last_time, ticks = ticks, blank = not last, time = true},
      y = {low = -most, high = most, ticks = scale.linear(-most, most, math.min(8, room / 28 / zoom))}, grid = true,
      note = last and finite < channels * count and "gaps: not finite numbers" or nil,
      elements = lane(array, channel, count, duration, start, colour, bins),
    }, width, room + (first and title_room or 0) + (last and label_room or 0))
  end
  return channels == 1 and lanes[1] or figure.grid(lanes, {columns = 1})
end

return pictures
