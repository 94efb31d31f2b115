--- The class of models from elsewhere: what can be asked of each, whatever its family.
local attention = require "moonlark.pretrained.attention"
local audio = require "moonlark.audio"
local background = require "moonlark.dataset.background"
local dataset = require "moonlark.dataset"
local embedding = require "moonlark.pretrained.embedding"
local files = require "moonlark.base.files"
local hearing = require "moonlark.pretrained.hearing"
local notes = require "moonlark.dataset.notes"
local options = require "moonlark.base.options"
local prediction = require "moonlark.prediction"
local reading = require "moonlark.audio.reading"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"
local transcribe = require "moonlark.pretrained.transcribe"
local votes = require "moonlark.pretrained.votes"
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
    for i = 0, waves:size(0) - 1 do rows[i + 1] = hearing.prepared(front, waves:select(0, i)) end
    x = torch.stack(rows)
  end
  return hearing.input(self, x)
end

-- A song of whatever kind a person names, as samples at the model's rate; and the second at which it begins.
local function heard(self, song)
  if type(song) == "string" then song = audio.load(song, {rate = self.front.rate}) end
  local samples = windows.samples(song, self.front)
  if samples:size(0) < (self.front.least or 1) then
    self:fail("the model needs %d samples at least, got %d", self.front.least, samples:size(0))
  end
  return samples, song.start
end

local of_features = options.describe("Pretrained:features", cutting)

--- What the front end makes of a song: the input of `forward`.
---     local x = model:features(song)                   -- [windows, …]
---@param song string|moonlark.Signal  a file, or a waveform at the model's rate
---@param given moonlark.Pretrained.features.Options?
---@return moonlark.Tensor  of several lengths, the first: windows of the whole length
function Pretrained:features(song, given)
  local samples = heard(self, song)
  local groups = windows.cut(samples, self.front, of_features:read(given))
  return torch.no_grad(input_of, self, groups[1].waves)
end

--- The network's output for an input, without gradients: logits, as the reference's forward gives.
---     local logits = model:forward(model:features(song))
---@param x moonlark.Tensor
---@param ... any  what else the network takes, such as a mask
---@return moonlark.Tensor
function Pretrained:forward(x, ...)
  if not torch.is_tensor(x) then show.fail("x must be a tensor, got %s", options.got(x)) end
  return torch.no_grad(function(...) return self.net(...) end, x:to(self.device), ...)
end

-- Many songs -----------------------------------------------------------------------------------

local how = options.join(cutting, reading.options, {
  batch_size = integer(nil, {least = 1, usual = "a minute of sound on the CPU, 16 elsewhere"},
    "windows that are computed at once"),
  workers = integer(0, {least = 0, most = 256}, "threads that decode; 0: one for each core"),
  progress = options.boolean(false, "draws a bar"),
})

-- A list of songs, each a track {path, start, duration} or a Signal, and whether the person named one only.
local function songs_of(given)
  if dataset.is(given) then return given.tracks, false end
  if signal.is(given) then return {given}, true end
  if type(given) == "string" then
    if files.kind(given) == "directory" then return songs_of(dataset.folder(given)) end
    return {{path = given}}, true
  end
  if type(given) ~= "table" then show.fail("songs must be a file, a Signal, a list or a dataset, got %s", type(given)) end
  local list = {}
  for i, song in ipairs(given) do list[i] = type(song) == "string" and {path = song} or song end
  return list, false
end

-- Hears songs: what each listener gave by number of the song, and files that were set aside, or kept in part. One song
-- alone that cannot be heard is an error.
local function hear(self, songs, one, o, compute, listen)
  o.batch_size = hearing.batch_size(self, o)
  local heard = hearing.run(self, songs, o, compute, listen)
  heard.rejected = {}
  local found = {}
  for i, song in ipairs(songs) do
    found[i] = heard.notes[i] or false
    local reason = heard.failures[i]
    if reason then
      local path = not signal.is(song) and song.path or nil
      if path then reason = background.reason(path, reason) end
      if one then self:fail("%s", path and show.name(path) .. ": " .. reason or reason) end
      table.insert(heard.rejected, {path = path or "a Signal", reason = reason, place = song.place or i})
    end
  end
  heard.partial, heard.warnings = notes.take(found, songs)
  return heard
end

local classifying = options.describe("Pretrained:classify", how, {
  top = integer(1, {least = 1}, "classes that print names"),
  average = choice({"probabilities", "logits", "max"}, "probabilities", "how windows of a song become one answer"),
  segments = options.boolean(false, "also what is heard in each window"),
})

--- What the model says of songs as numbers: probabilities [classes] and segments by number of the song, as
--- moonlark.model asks for it. Errors: it tells no classes.
---     local heard = model:scores(songs.tracks, {average = "probabilities"})
---@param songs table[]  tracks or Signals
---@param o table  checked options of classify
---@param one boolean?  a song that cannot be heard is an error
---@return moonlark.pretrained.Heard|table  also rejected, partial
function Pretrained:scores(songs, o, one)
  if not self.names then
    self:fail("this %s tells no classes: it gives %s", self.family.name,
      self.family.track and "what is heard over time (model:track)" or "embeddings (model:embed)")
  end
  return hear(self, songs, one, o, function(x) return self.net(x):float():cpu() end,
    function() return votes.new(self, o) end)
end

-- The Prediction of a song.
local function prediction_of(self, song, heard, top)
  local row, by_name, best = heard.probabilities:totable(), {}, 1
  for k, name in ipairs(self.names) do
    by_name[name] = row[k]
    if row[k] > row[best] then best = k end
  end
  return prediction.new {path = song.path, label = self.names[best], probability = row[best], probabilities = by_name,
    top = top, segments = heard.segments}
end

--- What the model hears in songs: classes with their probabilities, those of all windows of a song averaged. Threads
--- decode ahead of the network, which hears windows of several songs at once. Errors: it tells no classes; the only
--- song cannot be read. Of several songs those that cannot be read are set aside.
---     print(model:classify("song.mp3", {top = 5}))
---@param songs string|moonlark.Signal|moonlark.Dataset|(string|moonlark.Signal)[]  a folder is a dataset
---@param given moonlark.Pretrained.classify.Options?
---@return moonlark.Prediction|moonlark.Prediction[]  a list where several were asked for
---@return {path: string, reason: string}[]? rejected  of several songs
function Pretrained:classify(songs, given)
  local o, list, one = classifying:read(given), songs_of(songs)
  local heard, said = self:scores(list, o, one), {}
  for i, song in ipairs(list) do
    if heard.results[i] then said[#said + 1] = prediction_of(self, song, heard.results[i], o.top) end
  end
  if one then return said[1] end
  return said, heard.rejected
end

local layer = integer(nil, {usual = "the model's customary embedding"},
  "of a transformer: 0 is what its first layer is given, -1 what the last one gives")

local embedding_options = options.describe("Pretrained:embed", how, {
  layer = layer,
  pool = options.either({"mean"}, {options.choice {false}, options.list(options.text(), nil, {single = true, least = 1})},
    "statistics over the time of a song: mean, std, min, max, median, p0 … p100; false: a Signal over time"),
})

-- The Signal of an embedding over time.
local function over_time(self, kept, o)
  return signal.new {data = kept.data, rate = kept.rate, start = kept.start + (o.start or 0), kind = "embedding",
    axis = {name = "dimension"}, made = {model = self.found.path, layer = o.layer}}
end

--- Embeddings as arrays, by number of the song: [statistics, width], or {data, rate, start} with data [width, times].
---     local heard = model:embeddings(songs.tracks, {pool = {"mean"}, batch_size = 8})
---@param songs table[]  tracks or Signals
---@param o table  checked options of embed
---@param one boolean?  a song that cannot be heard is an error
---@return moonlark.pretrained.Heard|table  also rejected, partial
function Pretrained:embeddings(songs, o, one)
  local length, hop = windows.sizes(self.front, o)
  local rate = self.front.rate
  return hear(self, songs, one, o, function(x) return embedding.of(self, x, o.layer) end, function()
    return o.pool and embedding.pooled(o.pool) or embedding.kept(length / rate, hop / rate)
  end)
end

--- Numbers that describe songs: the model's customary embedding, or a layer's output; pooled over the time of each
--- song, or a Signal. Where silence fills up a window, times that lie in it are left out. Errors: no such layer; the
--- only song cannot be read. Of several songs those that cannot be read are set aside.
---     local x = model:embed("song.mp3", {pool = {"mean", "std"}})
---@param songs string|moonlark.Signal|moonlark.Dataset|(string|moonlark.Signal)[]  a folder is a dataset
---@param given moonlark.Pretrained.embed.Options?
---@return moonlark.Tensor|moonlark.Signal|moonlark.Signal[]  [width], of several statistics one after another; a
--- Signal of width × times; of several songs a row each, or a list of Signals
---@return {path: string, reason: string}[]? rejected  of several songs
function Pretrained:embed(songs, given)
  local o, list, one = embedding_options:read(given), songs_of(songs)
  local heard, made = self:embeddings(list, o, one), {}
  for i in ipairs(list) do
    local result = heard.results[i]
    if result then made[#made + 1] = o.pool and result:flatten() or over_time(self, result, o) end
  end
  if one then return made[1] end
  if o.pool and #made == 0 then self:fail "none of the songs can be heard" end
  return o.pool and torch.stack(made) or made, heard.rejected
end

local tracking = options.describe("Pretrained:track", {batch_size = how.batch_size})

-- Calls f for each batch of windows; gives a list of what f gives, and the seconds of each window.
local function each_batch(self, song, o, f)
  local parts, starts = {}, {}
  local samples, from = heard(self, song)
  local size = hearing.batch_size(self, o)
  for _, group in ipairs(windows.cut(samples, self.front, o)) do
    for first = 0, group.waves:size(0) - 1, size do
      local count = math.min(size, group.waves:size(0) - first)
      parts[#parts + 1] = torch.no_grad(function() return f(input_of(self, group.waves:narrow(0, first, count))) end)
    end
    for _, start in ipairs(group.starts) do starts[#starts + 1] = from + start / self.front.rate end
  end
  return parts, starts
end

-- Scores [frames, outputs] of a whole song: of each window the frames until the next one begins, and none behind the
-- song's end.
local function scores_over_time(self, song, o)
  local parts, starts = each_batch(self, song, o, function(x) return self.net(x):float():cpu() end)
  local rows, at, rate, margin = {}, 0, self.family.frames, self.family.margin or 0
  for _, part in ipairs(parts) do
    for i = 0, part:size(0) - 1 do
      at = at + 1
      local frames, next_one = part:size(1) - 2 * margin, starts[at + 1]
      if next_one then frames = math.min(frames, math.floor((next_one - starts[at]) * rate + 0.5)) end
      rows[at] = part:select(0, i):narrow(0, margin, frames)
    end
  end
  local scores = torch.cat(rows)
  return scores:narrow(0, 0, math.min(scores:size(0), math.floor(song:duration() * rate + 1e-6) + 1)), starts[1]
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
  if not self.family.track then
    self:fail("this %s does not answer frame by frame: moonlark %s asks for what it gives", self.family.name,
      self.names and "predict" or "embed")
  end
  if type(song) == "string" then song = audio.load(song, {rate = self.front.rate}) end
  local scores, start = scores_over_time(self, signal.check("song", song, "waveform"), o)
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
  local samples, from = heard(self, song)
  local rate = self.front.rate
  for _, group in ipairs(windows.cut(samples, self.front, o)) do
    for i, start in ipairs(group.starts) do
      local wave = group.waves:narrow(0, i - 1, 1)
      local seconds = self.front.filled and self.front.window or wave:size(1) / rate
      list[#list + 1] = {start = from + start / rate, seconds = seconds,
        input = function() return input_of(self, wave) end}
    end
  end
  return attention.map(self, list, samples:size(0) / rate, o)
end

local transcribing = options.describe("Pretrained:transcribe", transcribe.options)

--- What is said in songs, as text with times: window by window of 30 s, each from where the one before ends. A file of
--- any length is read in bounded memory. Where several songs are asked for, those that cannot be read are named in the
--- second result.
---
--- Errors: the model writes no text; its vocabulary (tokenizer.json, vocab.json, *.tiktoken) is not beside its weights.
--- Source: Radford et al. (2022); openai-whisper's transcribe.
---     local said = model:transcribe("talk.mp3", {language = "en", beam_size = 5})
---     for _, one in ipairs(said.segments) do print(one.start, one["end"], one.text) end
---@param songs string|moonlark.Signal|moonlark.Dataset|(string|moonlark.Signal)[]
---@param given moonlark.Pretrained.transcribe.Options?
---@return moonlark.Transcript|moonlark.Transcript[]  a list where several were asked for
---@return {path: string, reason: string}[]? rejected
function Pretrained:transcribe(songs, given)
  local o = transcribing:read(given)
  if not self.net.decoder then self:fail("this %s writes no text: it has no decoder", self.family.name) end
  local ready, list, one = transcribe.prepare(self, o), songs_of(songs)
  if one then return transcribe.song(ready, list[1]) end
  local said, rejected = {}, {}
  for _, song in ipairs(list) do
    local fine, result = pcall(transcribe.song, ready, song)
    if fine then
      said[#said + 1] = result
    else
      local path = not signal.is(song) and song.path or nil
      rejected[#rejected + 1] = {path = path or "a Signal", reason = path and background.reason(path, result) or result}
    end
  end
  return said, rejected
end

function Pretrained:__tostring()
  local parameters = self.net:count()
  local says = self.names and ("%d %s"):format(#self.names, self.card.task)
    or self.net.decoder and "transcription" or self.net.embedding and "embeddings" or "over time"
  return show.format("%s: %s, %.1f M parameters, %d Hz", self.family.name, says, parameters / 1e6, self.front.rate)
end

return Pretrained
