--- Transcribe: a song of any length as text, window by window: each begins where the last timestamp of the one before
--- says (Radford et al., 2022, section 4.5; openai-whisper).
local deflated_size = require "moonlark_core".store.deflated_size
local options = require "moonlark.base.options"
local progress = require "moonlark.base.progress"
local reading = require "moonlark.audio.reading"
local signal = require "moonlark.signal"
local sound = require "moonlark.pretrained.whisper.sound"
local torch = require "moonlark.torch"
local transcript = require "moonlark.pretrained.transcript"
local writer = require "moonlark.pretrained.whisper.writer"

local transcribe = {}

local integer, number, choice, boolean, either = options.integer, options.number, options.choice, options.boolean,
  options.either
local none = choice {false}

local FRAMES_A_STEP = 2 -- mel frames of 10 ms, timestamps of 20 ms

--- What model:transcribe can be told.
transcribe.options = options.join({
  language = options.text(nil, "a code or an English name: de, german", {usual = "told from the first 30 s"}),
  task = choice({"transcribe", "translate"}, "transcribe", "into the same language, or into English"),
  timestamps = boolean(true, "segments with times; false: a segment for each window"),
  beam_size = integer(nil, {least = 1, most = 100, usual = "the likeliest token each time"}, "rows that are kept"),
  patience = number(1, {above = 0, most = 100}, "more than 1: beams go on until so many times more have ended"),
  length_penalty = number(nil, {least = 0, most = 1, usual = "the mean over tokens"},
    "exponent of the length by which beams are compared"),
  temperature = options.list(number(nil, {least = 0, most = 10}), {0, 0.2, 0.4, 0.6, 0.8, 1}, {least = 1, single = true},
    "tried in turn while a window's text is not good enough; above 0 tokens are drawn by chance"),
  best_of = integer(5, {least = 1, most = 100}, "rows that are drawn, of which the best counts"),
  compression_threshold = either(2.4, {number(nil, {above = 0}), none}, "a text that zlib shrinks more repeats itself"),
  logprob_threshold = either(-1, {number(nil, {most = 0}), none}, "a text whose mean log probability is below fails"),
  no_speech_threshold = either(0.6, {number(nil, {least = 0, most = 1}), none},
    "a window whose text fails and whose probability of no speech is above is silence"),
  context = boolean(true, "each window is told the text before it"),
  prompt = options.text(nil, "words before the first window: names, spelling, style"),
  suppress = boolean(true, "no signs that are not spoken, such as brackets and notes"),
  progress = boolean(false, "a bar on standard error"),
  each = options.callable(nil, "is given each segment as soon as it is there", "fun(segment: table)"),
}, reading.options)

-- --- one window -----------------------------------------------------------------------

local function compression_ratio(text) return #text / deflated_size(text) end

-- Whether a text is so bad that the next temperature is tried.
local function fails(self, said)
  local o = self.o
  local unlikely = o.logprob_threshold and said.avg_logprob < o.logprob_threshold
  if unlikely and o.no_speech_threshold and said.no_speech_prob > o.no_speech_threshold then return false end
  return unlikely or o.compression_threshold and said.compression_ratio > o.compression_threshold
end

-- The tokens of a window: the first temperature at which they are good enough, or the last.
local function write(self, states)
  local o, said = self.o, nil
  local asked = setmetatable({language = self.language, before = self.before}, {__index = o})
  for _, temperature in ipairs(o.temperature) do
    asked.temperature = temperature
    said = self.writer:write(states, asked)[1]
    said.temperature = temperature
    said.text = self.writer.tokens:decode(said.tokens):match "^%s*(.-)%s*$"
    said.compression_ratio = compression_ratio(said.text)
    if not fails(self, said) then break end
  end
  return said
end

local function is_silence(o, said)
  if not o.no_speech_threshold or said.no_speech_prob <= o.no_speech_threshold then return false end
  return not (o.logprob_threshold and said.avg_logprob > o.logprob_threshold)
end

-- --- segments ---------------------------------------------------------------------------

-- Where the tokens of a window are cut: between the timestamps of pairs. Gives the places behind each part, and
-- whether the last token is a timestamp that has none before it: then nothing was said after it.
local function cuts(ids, first)
  local list, n = {}, #ids
  local closed = n >= 2 and ids[n] >= first and ids[n - 1] < first
  for i = 2, n do
    if ids[i] >= first and ids[i - 1] >= first then list[#list + 1] = i - 1 end
  end
  if #list > 0 and closed then list[#list + 1] = n end
  return list, closed
end

-- Adds a segment; from and to are frames of the song.
local function add(self, said, from, to, ids)
  local text = self.writer.tokens:decode(ids):match "^%s*(.-)%s*$"
  if from == to or text == "" then return end
  table.move(ids, 1, #ids, #self.all + 1, self.all)
  local segment = {start = self.offset + from / 100, ["end"] = self.offset + to / 100, text = text, tokens = ids, avg_logprob = said.avg_logprob,
    no_speech_prob = said.no_speech_prob, compression_ratio = said.compression_ratio, temperature = said.temperature}
  self.segments[#self.segments + 1] = segment
  if self.o.each then self.o.each(segment) end
end

-- Frames from the window's beginning to a timestamp.
local function frames_to(self, id) return (id - self.writer.tokens.timestamps) * FRAMES_A_STEP end

-- A window whose tokens have no pair of timestamps is one segment, to its last timestamp or its end.
local function add_whole(self, said, size)
  local first, stop = self.writer.tokens.timestamps, size
  for _, id in ipairs(said.tokens) do
    if id > first then stop = frames_to(self, id) elseif id == first then stop = size end
  end
  add(self, said, self.seek, self.seek + stop, said.tokens)
end

-- Cuts a window's tokens into segments; gives the frames after which the next window begins.
local function divide(self, said, size)
  local ids = said.tokens
  local places, closed = cuts(ids, self.writer.tokens.timestamps)
  if #places == 0 then
    add_whole(self, said, size)
    return size
  end
  local from = 1
  for _, to in ipairs(places) do
    add(self, said, self.seek + frames_to(self, ids[from]), self.seek + frames_to(self, ids[to]),
      table.move(ids, from, to, 1, {}))
    from = to + 1
  end
  return closed and size or frames_to(self, ids[from - 1])
end

-- --- a song -------------------------------------------------------------------------------

-- What the encoder gives of frames [n_mels, n], padded with zeros to a window.
local function encoded(self, mel)
  local x = mel:constant_pad_nd({0, self.window - mel:size(1)}, 0):unsqueeze(0)
  return self.net.encoder(x:to(self.device, self.net.encoder.conv1.weight:dtype()))
end

-- The language's token, as told: nil where the sound is to tell it. Errors: the model does not know it.
local function language_told(model, tokens, word)
  if not tokens.multilingual then
    if word and tokens:language(word) ~= tokens.sot + 1 then
      model:fail("the model writes English only, got the language '%s'", word)
    end
    return tokens.sot + 1
  end
  return word and tokens:language(word) or nil
end

-- The same, or as the first window sounds.
local function find_language(self, heard)
  self.language = self.told
  if self.language then return end
  local probabilities
  self.language, probabilities = self.writer:language(encoded(self, heard:mel(0, self.window)))
  self.probability = probabilities[self.writer.tokens:language_code(self.language)]
end

-- Hears the window at self.seek, and goes on.
local function advance(self, heard)
  local size = math.min(self.window, heard.frames - self.seek)
  local states = encoded(self, heard:mel(self.seek, size))
  self.before = table.move(self.all, self.forgotten + 1, #self.all, 1, {})
  local said = write(self, states)
  local further = is_silence(self.o, said) and size or divide(self, said, size)
  if not self.o.context or said.temperature > 0.5 then self.forgotten = #self.all end
  self.seek = self.seek + further
end

local function label_of(song) return song.path and song.path:match "[^/]*$" or "transcribing" end

--- What transcribing songs needs: the model's writer, the language that was told. Errors: the model's vocabulary is
--- missing; the language is not known.
---     local ready = transcribe.prepare(model, o)
---@param model moonlark.Pretrained  with a decoder
---@param o table  options, read
---@return table
function transcribe.prepare(model, o)
  model.writer = model.writer or writer.of(model)
  local tokens = model.writer.tokens
  return {model = model, net = model.net, device = model.device, writer = model.writer, o = o,
    window = 2 * model.card.options.frames, told = language_told(model, tokens, o.language),
    prompt = o.prompt and tokens:encode(" " .. o.prompt:match "^%s*(.-)%s*$") or {}}
end

-- What is known of one song. `all` holds the tokens of the prompt and of all segments; those up to `forgotten` are told
-- to no window any more.
local function begin(ready, song)
  return setmetatable({all = table.move(ready.prompt, 1, #ready.prompt, 1, {}), forgotten = 0, seek = 0,
    segments = {}, offset = song.start or 0}, {__index = ready})
end

local function hear(ready, song)
  if signal.is(song) then song = {signal = song} end
  local self, o = begin(ready, song), ready.o
  local heard = sound.open(song, ready.model.front, o)
  local bar <close> = o.progress and progress.new(heard.frames // 100, label_of(song)) or nil
  find_language(self, heard)
  while self.seek < heard.frames do
    advance(self, heard)
    if bar then bar:update(math.min(self.seek, heard.frames) // 100) end
  end
  if bar then bar:finish() end
  local tokens = self.writer.tokens
  local text = tokens:decode(table.move(self.all, #ready.prompt + 1, #self.all, 1, {}))
  return transcript.new {path = song.path, text = text:match "^%s*(.-)%s*$",
    language = tokens:language_code(self.language), language_probability = self.probability,
    duration = heard.frames / 100, segments = self.segments}
end

--- The text of a song.
---     local said = transcribe.song(transcribe.prepare(model, o), {path = "talk.mp3"})
---@param ready table  of transcribe.prepare
---@param song {path: string, start: number?, duration: number?}|moonlark.Signal
---@return moonlark.Transcript
function transcribe.song(ready, song) return torch.no_grad(hear, ready, song) end

return transcribe
