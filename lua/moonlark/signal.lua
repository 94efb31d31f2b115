--- Signal: a tensor whose last axis is time, and what one must know to read it.
---
--- A waveform, a mel spectrogram and an onset curve are all Signals: a function that gets one needs to be told no
--- sample rate and no hop length.
---
--- A Signal computes as its tensor does: `mel + 1`, `-curve`, `mel:log()`, `mel:mean()`, `mel:gt(0)`. What has the same
--- shape afterwards is a Signal again, of the same times; anything else is a tensor. The unit stays where the operation
--- leaves it. `#mel` is the number of frames, `mel.shape` the sizes of all axes.
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

---@class moonlark.Signal
local Signal = {}
Signal.__name = "moonlark.Signal"
Signal.__class = Signal -- for Tab: __index is a function

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
---     if signal.is(x) then print(x.rate) end
---@param value any
---@return boolean
function signal.is(value) return getmetatable(value) == Signal end

--- Raises unless `value` is a Signal (of the kind, when given).
---     signal.check("song", song, "waveform")
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
---     local left = signal.channels(song)[0]
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
---     local louder = signal.each_channel(signal.channels(song), 1, function(samples) return samples * 2 end)
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
---     local chorus = song:slice(10, 20)
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

-- computing ------------------------------------------------------------------------------

-- Operators after which values still have their unit; and those that move the axes about.
local keeps_unit = {add = true, sub = true, neg = true, abs = true, clamp = true, clamp_min = true, clamp_max = true,
  maximum = true, minimum = true, flip = true, roll = true, masked_fill = true, contiguous = true, clone = true,
  detach = true, to = true, float = true, double = true, half = true, cpu = true, cuda = true}
local moves_axes = {t = true, transpose = true, permute = true, swapaxes = true, swapdims = true, moveaxis = true,
  movedim = true, rot90 = true}

local function same_times(a, b)
  local close = math.abs(a.rate - b.rate) <= 1e-9 * a.rate and math.abs(a.start - b.start) <= 0.5 / a.rate
  if close then return end
  show.fail("two Signals must have the same times: %g frames/s from %g s, and %g frames/s from %g s", a.rate, a.start,
    b.rate, b.start)
end

local function same_shape(a, b)
  if a:dim() ~= b:dim() then return false end
  for axis = 0, a:dim() - 1 do
    if a:size(axis) ~= b:size(axis) then return false end
  end
  return true
end

-- The tensor of a Signal, whose times must be those of `like`; anything else as it is.
local function raw(value, like)
  if not signal.is(value) then return value end
  same_times(like, value)
  return value.data
end

-- What came of an operation on a Signal's tensor: a Signal where its frames are still those of `like`.
local function result(like, name, value)
  local torch = require "moonlark.torch"
  if not torch.is_tensor(value) or moves_axes[name] or not same_shape(value, like.data) then return value end
  local made = {}
  for key, setting in pairs(like.made) do made[key] = setting end
  made.operations = table.move(made.operations or {}, 1, #(made.operations or {}), 1, {})
  table.insert(made.operations, name)
  local changed = like:with {data = value, made = made}
  if not keeps_unit[name] then changed.unit = nil end
  return changed
end

local methods = {} -- by name: a tensor's method, for Signals

local function method(name)
  methods[name] = methods[name] or function(self, ...)
    local given = table.pack(...)
    for i = 1, given.n do given[i] = raw(given[i], self) end
    local found = table.pack(self.data[name](self.data, table.unpack(given, 1, given.n)))
    for i = 1, found.n do found[i] = result(self, name, found[i]) end
    return table.unpack(found, 1, found.n)
  end
  return methods[name]
end

local shape_meta = {
  __call = function(shape) return shape end,
  __tostring = function(shape) return table.concat(shape, " × ") end,
}

function Signal:__index(key)
  local found = Signal[key]
  if found ~= nil or type(key) ~= "string" then return found end
  local data = rawget(self, "data")
  if key == "shape" then return setmetatable(data:shape(), shape_meta) end
  if key:find "^%a[%w_]*$" and type(data[key]) == "function" then return method(key) end
end

--- Number of frames.
function Signal:__len() return self:frames() end

local function operator(name, compute)
  return function(a, b)
    local like = signal.is(a) and a or b
    local value = compute(raw(a, like), raw(b, like))
    -- A curve over a map: the map's frames.
    if signal.is(b) and not same_shape(value, like.data) then like = b end
    return result(like, name, value)
  end
end

Signal.__add = operator("add", function(a, b) return a + b end)
Signal.__sub = operator("sub", function(a, b) return a - b end)
Signal.__mul = operator("mul", function(a, b) return a * b end)
Signal.__div = operator("div", function(a, b) return a / b end)
Signal.__pow = operator("pow", function(a, b) return a ^ b end)
Signal.__mod = operator("remainder", function(a, b) return a % b end)
Signal.__unm = operator("neg", function(a) return -a end)

function Signal:__tostring()
  local shape = table.concat(self.data:shape(), " × ")
  local rate = self.rate == math.floor(self.rate) and "%d Hz" or "%.2f Hz"
  return ("%s  %s  " .. rate .. "  %.3f s"):format(self.kind, shape, self.rate, self:duration())
end

return signal
