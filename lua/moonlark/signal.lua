--- Signal: a tensor whose last axis is time, and what one must know to read it.
---
--- A waveform, a mel spectrogram and an onset curve are all Signals: a function that gets one needs to be told no
--- sample rate and no hop length.
---@class moonlark.Signal
---@field data moonlark.Tensor  channels × samples for a waveform, rows × frames for a feature
---@field rate number  frames (samples of a waveform) per second
---@field start number  seconds at which the first frame lies
---@field kind string  "waveform", "mel", "chroma", ...
---@field unit string?  of the values: "Hz", "dB"; nil for plain numbers
---@field axis moonlark.Axis?  what the rows are; nil for a waveform or a curve
---@field made table  how it was made: every parameter, normalisations included
---
---@class moonlark.Axis
---@field name string  "frequency", "pitch class", "coefficient", ...
---@field unit string?  "Hz", "s", nil for plain numbers or names
---@field values (number|string)[]  one for each row
---@field scale string?  "linear", "log" or "mel": how a picture spaces them
local show = require "moonlark.base.show"

local signal = {}

local Signal = {}
Signal.__index = Signal
Signal.__name = "moonlark.Signal"

--- Makes a Signal from its fields; `data`, `rate` and `kind` are required.
---     local noise = signal.new {data = torch.randn {1, 22050}, rate = 22050, kind = "waveform"}
---@param fields table
---@return moonlark.Signal
function signal.new(fields)
  assert(fields.data and fields.rate and fields.kind, "a Signal needs data, rate and kind")
  fields.start = fields.start or 0
  fields.made = fields.made or {}
  return setmetatable(fields, Signal)
end

--- True for Signals.
---@param value any
---@return boolean
function signal.is(value) return getmetatable(value) == Signal end

--- Raises unless `value` is a Signal (of the kind, when given).
---@param name string  the argument's name
---@param value any
---@param kind string?
---@return moonlark.Signal
function signal.check(name, value, kind)
  if not signal.is(value) then
    show.fail("%s must be a Signal, such as audio.load returns, got %s", name, type(value))
  end
  if kind and value.kind ~= kind then
    show.fail("%s must be a %s Signal, got a %s Signal", name, kind, value.kind)
  end
  return value
end

--- The samples of a waveform with their axis of channels, even where there is one channel only.
---
--- Errors: no waveform Signal; no channel.
---@param song moonlark.Signal  waveform
---@return moonlark.Tensor  channels × samples
function signal.channels(song)
  local data = signal.check("song", song, "waveform").data
  if data:dim() == 1 then data = data:unsqueeze(0) end
  if data:size(0) == 0 then show.fail "song must have at least one channel, got none" end
  return data
end

--- Calls f for each channel, and puts its results together.
---
---     local tune, drums = signal.each_channel(signal.channels(song), 1, function(samples)
---       return core.hpss(samples, o)
---     end)
---
--- Tensors that f returns become one tensor of channels × their own axes; of other values the last channel's is kept.
--- Data without an axis of channels is one channel, and the results have no such axis either.
--- Errors: no channel.
---@param data moonlark.Tensor  channels × the axes of one channel
---@param rank integer  how many axes one channel has: 1 for samples, 2 for rows × frames
---@param f fun(channel: moonlark.Tensor): ...
---@return any ...  what f returns
function signal.each_channel(data, rank, f)
  if data:dim() <= rank then return f(data) end
  if data:size(0) == 0 then show.fail "there must be at least one channel, got none" end
  local torch, lists, made = require "moonlark.torch", {}, nil
  for c = 0, data:size(0) - 1 do
    made = table.pack(signal.each_channel(data:select(0, c), rank, f))
    for i = 1, made.n do
      lists[i] = lists[i] or {}
      lists[i][c + 1] = made[i]
    end
  end
  for i, list in ipairs(lists) do
    if torch.is_tensor(list[1]) then made[i] = #list == 1 and list[1]:unsqueeze(0) or torch.stack(list) end
  end
  return table.unpack(made, 1, made.n)
end

--- Number of frames (samples of a waveform).
---     print(song:frames())
---@return integer
function Signal:frames()
  local shape = self.data:shape()
  return shape[#shape]
end

--- Length in seconds.
---     print(song:duration())
---@return number
function Signal:duration() return self:frames() / self.rate end

-- By kind, and by name of the feature, its row in the engine's table.
local rows

--- What the engine's table says of Signals of this kind, for pictures: labels of the rows, where there are that many;
--- the palette of spectra; apart: how many first rows are of another size. Empty for kinds that it does not know.
---     local labels = chroma:facts().labels
---@return {labels: string[]?, palette: string?, apart: integer?}
function Signal:facts()
  if not rows then
    rows = {}
    for _, row in ipairs(require("moonlark_core").feature.list()) do
      rows[row.kind] = rows[row.kind] or row
      rows[row.name] = rows[row.name] or row
    end
  end
  return rows[self.kind] or rows[self.made.feature] or {} -- derivatives have a kind of their own
end

--- The time of each frame in seconds, as a float64 tensor.
---     local seconds = mel:times():totable()
---@return moonlark.Tensor
function Signal:times()
  return require "moonlark.torch".arange(self:frames(), {dtype = "float64"}) / self.rate + self.start
end

--- The part between two times in seconds; a view, not a copy.
---     local chorus = song:slice(30, 45)
---@param from number
---@param to number?  default: the end
---@return moonlark.Signal
function Signal:slice(from, to)
  local frames = self:frames()
  local function frame(time) return math.max(0, math.min(frames, math.floor((time - self.start) * self.rate + 0.5))) end
  local first, last = frame(from), to and frame(to) or frames
  if last < first then show.fail("to must not lie before from (%g s), got %g s", from, to) end
  return self:with {data = self.data:narrow(-1, first, last - first), start = self.start + first / self.rate}
end

--- A copy with some fields replaced; the tensor is shared.
---     local louder = song:with {data = song.data * 2}
---@param changes table
---@return moonlark.Signal
function Signal:with(changes)
  local fields = {}
  for key, value in pairs(self) do fields[key] = value end
  for key, value in pairs(changes) do fields[key] = value end
  return signal.new(fields)
end

function Signal:__tostring()
  local shape = table.concat(self.data:shape(), " × ")
  local rate = self.rate == math.floor(self.rate) and "%d Hz" or "%.2f Hz"
  return ("%s  %s  " .. rate .. "  %.3f s"):format(self.kind, shape, self.rate, self:duration())
end

return signal
