--- Features of sound that is still being heard: frames come as soon as the samples under them are there.
local core = require "moonlark_core".live
local engine = require "moonlark.feature.engine"
local guest = require "moonlark.feature.guest"
local options = require "moonlark.base.options"
local recipe = require "moonlark.feature.recipe"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

local parameters = options.describe("feature.stream", {
  features = recipe.options.features,
  rate = options.number(22050, {least = 1, most = 1e9, unit = "Hz"}, "samples per second that the features are computed of"),
  from = options.number(options.none, {least = 1, most = 1e9, unit = "Hz", usual = "rate"},
    "samples per second that are pushed"),
})

---@class moonlark.FeatureStream
---@field rate number  Hz, of the features
---@field from number  Hz, of what is pushed
---@field look_ahead number  seconds of sound that a frame waits for after its own time, another rate's filter apart
---@field heard number  seconds pushed so far
local Stream = {__name = "moonlark.FeatureStream"}
Stream.__index = Stream

function Stream:__tostring()
  local names = {}
  for i, entry in ipairs(self.list) do names[i] = entry[1] end
  return ("stream of %s at %g Hz, %.1f ms behind"):format(table.concat(names, ", "), self.rate, 1000 * self.look_ahead)
end

-- Samples of one channel: a tensor of one axis.
local function samples_of(self, samples)
  if signal.is(samples) then
    signal.check("samples", samples, "waveform")
    if samples.rate ~= self.from then
      show.fail("samples must have the stream's rate of %g Hz, got %g Hz", self.from, samples.rate)
    end
    samples = samples.data
  end
  local torch = require "moonlark.torch"
  if type(samples) == "table" then samples = torch.tensor(samples, {dtype = "float32"}) end
  if not torch.is_tensor(samples) then
    show.fail("samples must be a tensor, a waveform or a list of numbers, got %s", type(samples))
  end
  if samples:dim() == 2 and samples:size(0) == 1 then samples = samples:select(0, 0) end
  if samples:dim() ~= 1 then
    show.fail("samples must be of one channel, got a tensor of %d axes: mix it down, as with mean(0)", samples:dim())
  end
  return samples
end

-- What the engine gave, as Signals by feature.
local function signals_of(self, given)
  local signals = {}
  for i, made in ipairs(given) do
    local name, settings = table.unpack(self.list[i])
    if made then signals[name] = engine.signal(name, settings, made, self.rate) end
  end
  return signals
end

--- Takes further samples, as many or few as there are, and gives the frames that are now complete: Signals by feature,
--- whose `start` says where they lie in the stream; a feature without a new frame is absent.
---
--- Errors: a waveform of another rate; several channels; samples that are not finite; the stream is finished.
---     for name, part in pairs(stream:push(samples)) do print(name, part:frames()) end
---@param samples moonlark.Tensor|moonlark.Signal|number[]
---@return table<string, moonlark.Signal>
function Stream:push(samples)
  samples = samples_of(self, samples)
  self.heard = self.heard + samples:size(0) / self.from
  if self.resampler then samples = self.resampler:push(samples:unsqueeze(0)):select(0, 0) end
  return signals_of(self, self.engine:push(samples))
end

--- The sound has ended: gives the last frames, which reach beyond it. Nothing can be pushed afterwards. Errors: it was
--- shorter than one frame, where frames are not centred; it is finished already.
---     local rest = stream:finish()
---@return table<string, moonlark.Signal>
function Stream:finish()
  local rest = self.resampler and self.resampler:finish():select(0, 0)
  if not rest or rest:size(0) == 0 then return signals_of(self, self.engine:finish()) end
  local first, last = signals_of(self, self.engine:push(rest)), signals_of(self, self.engine:finish())
  for name, part in pairs(first) do
    if last[name] then part.data = require "moonlark.torch".cat({part.data, last[name].data}, -1) end
    last[name] = part
  end
  return last
end

---@class moonlark.feature
local stream = {}

--- Features of sound that is still being heard, such as a microphone's: give it samples as they come, and take the frames
--- that are complete.
---
--- All frames together are, to the bit, those of the whole sound, however it was cut. A frame of a centred feature waits
--- for half a window of sound after its own time, one of center = false for a whole window: stream.look_ahead, of the
--- longest window. Numbers of the whole sound cannot be known: mfcc, log_mel, onset_strength take top_db = false,
--- spectral_contrast linear = true, chroma_stft a tuning (0). What needs the whole sound itself is refused: constant-Q
--- features (cqt, chroma_cqt, tonnetz), derivatives, pitch tracks, tempograms, inputs of one model.
---
--- With `from`, pushed samples are brought to `rate` by soxr's HQ filter on the way, as audio.resample does: it holds
--- back at most 0.1 s between the usual rates. Errors: unknown or refused features, as above.
---     local stream = feature.stream {features = {mel = {n_mels = 64}, rms = {}}, rate = 22050, from = 44100}
---     print(stream.look_ahead)                    --> 0.046439909297052
---@param given moonlark.feature.stream.Options
---@return moonlark.FeatureStream
function stream.stream(given)
  local o = parameters:read(given)
  local list, settings_of = recipe.listed(o.features)
  for _, name in ipairs(guest.names) do
    if settings_of[name] then show.fail("%s cannot be had of a stream: a frame needs the whole clip", name) end
  end
  if #list == 0 then show.fail "features must name at least one feature, got none" end
  local self = {rate = o.rate, from = o.from or o.rate, list = list, heard = 0, engine = core.stream(list, o.rate)}
  if self.from ~= self.rate then self.resampler = core.resampler(self.from, self.rate, 1) end
  self.look_ahead = self.engine:ahead() / o.rate
  for _, entry in ipairs(list) do engine.warn_of_empty(entry[1], entry[2], o.rate) end
  return setmetatable(self, Stream)
end

return stream
