--- The class of models from elsewhere: what can be asked of each, whatever its family.
local attention = require "moonlark.pretrained.attention"
local audio = require "moonlark.audio"
local dataset = require "moonlark.dataset"
local engine = require "moonlark.feature.engine"
local files = require "moonlark.base.files"
local options = require "moonlark.base.options"
local prediction = require "moonlark.prediction"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"
local windows = require "moonlark.pretrained.windows"

---@class moonlark.Pretrained
---@field card table  architecture, options, classes, task, front end, licence, where it came from
---@field net moonlark.nn.Module
---@field family moonlark.pretrained.Family
---@field front moonlark.pretrained.Front
---@field found moonlark.pretrained.Found
---@field names string[]?  of the scores
---@field device string
local Pretrained = {}
Pretrained.__index = Pretrained
Pretrained.__name = "moonlark.Pretrained"
Pretrained.__class = Pretrained

local integer, number, choice = options.integer, options.number, options.choice

local cutting = {
  window = number(nil, {above = 0, unit = "s", usual = "the model's own"}, "of sound that is heard at once"),
  hop = number(nil, {above = 0, unit = "s", usual = "the model's own"}, "from window to window"),
  batch_size = integer(16, {least = 1}, "windows that are computed at once"),
}

--- An error that names the model's path.
---     model:fail("layer must be 0..%d", n)
---@param format string  as for show.format
---@param ... any
function Pretrained:fail(format, ...) show.fail("%s: " .. format, self.found.path, ...) end

-- The input of a group of windows: features of the engine row by row, then what the family computes of them.
local function input_of(self, waves)
  local front, x = self.front, waves
  if front.feature then
    local rows = {}
    for i = 0, waves:size(0) - 1 do
      local song = signal.new {data = waves:select(0, i):contiguous(), rate = front.rate, kind = "waveform"}
      rows[i + 1] = engine.compute(front.feature[1], song, front.feature[2]).data
    end
    x = torch.stack(rows)
  end
  x = x:to(self.device)
  return front.compute and front.compute(x, self.net) or x
end

-- A song of whatever kind a person names, as a Signal at the model's rate.
local function heard(self, song)
  if type(song) == "string" then song = audio.load(song, {rate = self.front.rate}) end
  local samples = windows.samples(song, self.front)
  if samples:size(0) < (self.front.least or 1) then
    self:fail("the model needs %d samples at least, got %d", self.front.least, samples:size(0))
  end
  return samples
end

local of_features = options.describe("Pretrained:features", cutting)

--- What the front end makes of a song: the input of `forward`.
---     local x = model:features(song)                   -- [windows, …]
---@param song string|moonlark.Signal  a file, or a waveform at the model's rate
---@param given moonlark.Pretrained.features.Options?
---@return moonlark.Tensor  of several lengths, the first: windows of the whole length
function Pretrained:features(song, given)
  local groups = windows.cut(heard(self, song), self.front, of_features:read(given))
  return torch.no_grad(input_of, self, groups[1].waves)
end

--- The network's output for an input, without gradients: logits, as the reference's forward gives.
---     local logits = model:forward(model:features(song))
---@param x moonlark.Tensor
---@param ... any  what else the network takes, such as a mask
---@return moonlark.Tensor
function Pretrained:forward(x, ...)
  return torch.no_grad(function(...) return self.net(...) end, x:to(self.device), ...)
end

-- Calls f for each batch of windows; gives a list of what f gives, and the seconds of each window.
local function each_batch(self, song, o, f)
  local parts, starts = {}, {}
  local size = math.min(o.batch_size, self.front.at_once or math.huge)
  for _, group in ipairs(windows.cut(heard(self, song), self.front, o)) do
    for first = 0, group.waves:size(0) - 1, size do
      local count = math.min(size, group.waves:size(0) - first)
      parts[#parts + 1] = torch.no_grad(function() return f(input_of(self, group.waves:narrow(0, first, count))) end)
    end
    for _, start in ipairs(group.starts) do starts[#starts + 1] = start / self.front.rate end
  end
  return parts, starts
end

-- The same, joined along the first axis.
local function each_window(self, song, o, f)
  local parts, starts = each_batch(self, song, o, f)
  return torch.cat(parts), starts
end

local function probabilities(self, logits)
  return self.card.task == "tags" and logits:sigmoid() or logits:softmax(-1)
end

-- Logits of a batch, [n, classes]; of a network that answers frame by frame those of its summary.
local function logits_of(self, x)
  local logits = self.net(x):float():cpu()
  if logits:dim() == 2 then return logits end
  local p = self.family.summary(probabilities(self, logits))
  return self.card.task == "tags" and p:logit() or p:log()
end

local classifying = options.describe("Pretrained:classify", cutting, {
  top = integer(1, {least = 1}, "classes that print names"),
  average = choice({"probabilities", "logits", "max"}, "probabilities", "how windows of a song become one answer"),
  segments = options.boolean(false, "also what is heard in each window"),
})

local joined = {
  probabilities = function(self, logits) return probabilities(self, logits):mean {0} end,
  logits = function(self, logits) return probabilities(self, logits:mean {0}) end,
  max = function(self, logits) return probabilities(self, logits):amax {0} end,
}

-- What each window sounds like.
local function segments_of(self, logits, starts)
  local values, ids = probabilities(self, logits):max(-1)
  local list = {}
  for i, start in ipairs(starts) do
    list[i] = {start = start, label = self.names[ids[i - 1]:item() + 1], probability = values[i - 1]:item()}
  end
  return list
end

local function classify_one(self, song, o)
  local logits, starts = each_window(self, song, o, function(x) return logits_of(self, x) end)
  local row, by_name, best = joined[o.average](self, logits):totable(), {}, 1
  for k, name in ipairs(self.names) do
    by_name[name] = row[k]
    if row[k] > row[best] then best = k end
  end
  return prediction.new {
    path = type(song) == "string" and song or nil, label = self.names[best], probability = row[best],
    probabilities = by_name, top = o.top, segments = o.segments and segments_of(self, logits, starts) or nil,
  }
end

-- A list of songs, and whether the person named one only.
local function songs_of(given)
  if dataset.is(given) then
    local list = {}
    for i, track in ipairs(given.tracks) do list[i] = track.path end
    return list, false
  end
  if signal.is(given) then return {given}, true end
  if type(given) == "string" then
    if files.kind(given) == "directory" then return songs_of(dataset.folder(given)) end
    return {given}, true
  end
  return given, false
end

--- What the model hears in songs: classes with their probabilities, those of all windows of a song averaged.
---     print(model:classify("song.mp3", {top = 5}))
---@param songs string|moonlark.Signal|moonlark.Dataset|(string|moonlark.Signal)[]
---@param given moonlark.Pretrained.classify.Options?
---@return moonlark.Prediction|moonlark.Prediction[]  a list where several were asked for
function Pretrained:classify(songs, given)
  local o = classifying:read(given)
  if not self.names then
    self:fail("this %s tells no classes: it gives %s", self.family.name,
      self.family.track and "what is heard over time (model:track)" or "embeddings (model:embed)")
  end
  local list, one = songs_of(songs)
  local found = {}
  for i, song in ipairs(list) do found[i] = classify_one(self, song, o) end
  return one and found[1] or found
end

local embedding = options.describe("Pretrained:embed", cutting, {
  layer = integer(nil, {usual = "the model's customary embedding"},
    "of a transformer: 0 is what its first layer is given, -1 what the last one gives"),
  pool = options.either("mean", {choice {"mean", "std", "max"}, choice {false}},
    "over the time of a song; false: a Signal over time"),
})

-- [n, width] or [n, time, width] of a batch.
local function embedded(self, x, layer)
  if layer == nil and self.net.embedding then return self.net:embedding(x):float():cpu() end
  if not self.net.hidden then self:fail("a %s has no layers to choose from", self.family.name) end
  local states = self.net:hidden(x)
  local count, index = #states, layer or -1
  if index < 0 then index = count + index end
  if index < 0 or index >= count then self:fail("layer must be %d..%d, got %d", -count, count - 1, layer) end
  return states[index + 1]:float():cpu()
end

local pools = {
  mean = function(x) return x:mean {0} end,
  std = function(x) return x:std({0}, false) end,
  max = function(x) return x:amax {0} end,
}

--- Numbers that describe a song: the model's customary embedding, or a layer's output; pooled over time, or a Signal.
---     local x = model:embed("song.mp3", {pool = "mean"})
---@param song string|moonlark.Signal
---@param given moonlark.Pretrained.embed.Options?
---@return moonlark.Tensor|moonlark.Signal  [width], or width × times
function Pretrained:embed(song, given)
  local o = embedding:read(given)
  local made, starts = each_window(self, song, o, function(x) return embedded(self, x, o.layer) end)
  local per_window = made:dim() == 3 and made:size(1) or 1
  local frames = made:dim() == 3 and made:flatten(0, 1) or made
  if o.pool then return pools[o.pool](frames) end
  local step = #starts > 1 and starts[2] - starts[1] or o.window or self.front.window or self.front.most or 30
  return signal.new {data = frames:transpose(0, 1):contiguous(), rate = per_window / step, start = starts[1],
    kind = "embedding", axis = {name = "dimension"}, made = {model = self.found.path, layer = o.layer}}
end

local tracking = options.describe("Pretrained:track", {
  batch_size = integer(16, {least = 1}, "windows that are computed at once"),
})

-- Scores [frames, outputs] of a whole song: of each window the frames until the next one begins.
local function scores_over_time(self, song, o)
  local parts, starts = each_batch(self, song, o, function(x) return self.net(x):float():cpu() end)
  local rows, at = {}, 0
  for _, part in ipairs(parts) do
    for i = 0, part:size(0) - 1 do
      at = at + 1
      local frames, next_one = part:size(1), starts[at + 1]
      if next_one then frames = math.min(frames, math.floor((next_one - starts[at]) * self.family.frames + 0.5)) end
      rows[at] = part:select(0, i):narrow(0, 0, frames)
    end
  end
  return torch.cat(rows), starts[1]
end

--- What a network that answers frame by frame hears over time: a table of Signals by name, such as `pitch` (Hz) and
--- `confidence`, `speech`, `beat`, `notes`; and where it makes sense `segments`, a list of {start, stop, label} in
--- seconds. What there is depends on the family: pretrained/family/NAME.lua says it.
---     local heard = model:track "song.mp3"
---     for _, one in ipairs(heard.segments) do print(one.start, one.stop, one.label) end
---@param song string|moonlark.Signal
---@param given moonlark.Pretrained.track.Options?
---@return table<string, moonlark.Signal|table>
function Pretrained:track(song, given)
  local o = tracking:read(given)
  if not self.family.track then self:fail("a %s does not answer frame by frame", self.family.name) end
  local scores, start = scores_over_time(self, song, o)
  return self.family.track(scores, function(name, data, axis)
    return signal.new {data = data:contiguous(), rate = self.family.frames, start = start, kind = name, axis = axis,
      made = {model = self.found.path}}
  end, self.names)
end

local looking = options.describe("Pretrained:attention", cutting, attention.options)

--- Where a transformer looks while it hears a song: a Signal over the song's time, to be drawn over its mel spectrogram
--- (plot.attention).
---
--- Without `query`: how much each moment is looked at, 1 × frames (patches: rows of frequencies × frames). query =
--- "all": the map of the first window, a row for each moment that looks.
---     plot.attention(feature.mel(song), model:attention(song, {layer = -1})):save "attention.png"
---@param song string|moonlark.Signal
---@param given moonlark.Pretrained.attention.Options?
---@return moonlark.Signal
function Pretrained:attention(song, given)
  local o, list = looking:read(given), {}
  local samples = heard(self, song)
  local rate = self.front.rate
  for _, group in ipairs(windows.cut(samples, self.front, o)) do
    for i, start in ipairs(group.starts) do
      local wave = group.waves:narrow(0, i - 1, 1)
      list[#list + 1] = {start = start / rate, seconds = wave:size(1) / rate,
        input = function() return input_of(self, wave) end}
    end
  end
  return attention.map(self, list, samples:size(0) / rate, o)
end

function Pretrained:__tostring()
  local parameters = self.net:count()
  local says = self.names and ("%d %s"):format(#self.names, self.card.task) or "embeddings"
  return show.format("%s: %s, %.1f M parameters, %d Hz", self.family.name, says, parameters / 1e6, self.front.rate)
end

return Pretrained
