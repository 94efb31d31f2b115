--- Click: an annotation as sound: a click at each event, a higher one at downbeats.
local options = require "moonlark.base.options"
local signal = require "moonlark.signal"

local parameters = options.describe("Annotation:click", {
  rate = options.integer(22050, {least = 1000, most = 384000, unit = "Hz"}, "samples a second"),
  hz = options.number(1000, {above = 0, unit = "Hz"}, "of a click; those of downbeats are half as high again"),
  length = options.number(0.1, {above = 0, most = 10, unit = "s"}, "of a click"),
  level = options.number(0.5, {above = 0, most = 1}, "the amplitude at its beginning"),
})

-- A sine that falls by 60 dB, as librosa.clicks has it.
local function sound(o, hz)
  local torch = require "moonlark.torch"
  local n = math.max(1, math.floor(o.length * o.rate + 0.5))
  local fall = (torch.arange(n, {dtype = "float64"}) * (-10 / math.max(1, n - 1)) * math.log(2)):exp()
  return ((torch.arange(n, {dtype = "float64"}) * (2 * math.pi * hz / o.rate)):sin() * fall * o.level):float()
end

--- A waveform with a click at each start, as long as the annotation's `duration`, or as its last click.
---@param a moonlark.Annotation
---@param given moonlark.Annotation.click.Options?
---@return moonlark.Signal
return function(a, given)
  local torch, o = require "moonlark.torch", parameters:read(given)
  local plain, high = sound(o, o.hz), sound(o, 1.5 * o.hz)
  local last = a[#a] and a[#a].start + o.length or 0
  local n = math.max(1, math.floor((rawget(a, "duration") or last) * o.rate + 0.5))
  local data = torch.zeros {n}
  for _, item in ipairs(a) do
    local at = math.floor(item.start * o.rate + 0.5)
    local click = item.position == 1 and high or plain
    local room = math.min(click:size(0), n - at)
    if at >= 0 and room > 0 then data:narrow(0, at, room):add_(click:narrow(0, 0, room)) end
  end
  return signal.new {data = data:unsqueeze(0), rate = o.rate, kind = "waveform"}
end
