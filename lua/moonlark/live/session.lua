--- Session: a sound that is still being heard, and what is said of it on the way.
local beat = require "moonlark.live.beat"
local columns = require "moonlark.live.columns"
local core = require "moonlark_core".live
local harmony = require "moonlark.live.harmony"
local level = require "moonlark.live.level"
local model = require "moonlark.model"
local options = require "moonlark.base.options"
local ring = require "moonlark.live.ring"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local PIECE = 0.05   -- s that are heard at once, whatever is pushed: events do not depend on how sound is cut
local LOUDEST = 1e4  -- far beyond full scale: no sound has it

-- Who hears what, by the kind of their events.
local ears = {
  level = level, columns = columns, beat = beat, key = harmony "key", chord = harmony "chord",
  prediction = function(session, o) return require "moonlark.live.prediction"(session, o) end,
}
local kinds = {"level", "columns", "beat", "key", "chord", "prediction"}

local parameters = options.describe("live.session", {
  rate = options.integer(44100, {least = 1000, most = 768000, unit = "Hz"}, "samples per second that are pushed"),
  channels = options.integer(1, {least = 1, most = 64}, "of what is pushed"),
  format = options.choice({"f32", "s16", "s24", "s32", "u8"}, "f32", "of samples that are pushed as bytes"),
  events = options.list(options.choice(kinds, options.required), options.none,
    {single = true, least = 1, usual = "all; prediction where there is a model"}, "which are told"),
  model = options.value("string|moonlark.Model", "a run folder, a model's file, or an opened model", function(value)
    return (type(value) == "string" or type(value) == "table") and value or nil
  end, options.none, "whose predictions are told", {usual = "none"}),
  every = options.number(1, {least = 0.05, most = 3600, unit = "s"}, "from one prediction to the next"),
  window = options.number(10, {least = 0.5, most = 600, unit = "s"},
    "of the last sound that a model hears which is no network of segments"),
  rows = options.integer(64, {least = 4, most = 256}, "mel bands of the columns"),
  device = options.described "model.open".by_name.device, offline = options.described "model.open".by_name.offline,
})

---@class moonlark.live.Piece
---@field sound moonlark.Tensor  channels × n, at the session's rate
---@field mono moonlark.Tensor  [m], at the listener's rate
---@field peak number  the loudest sample
---@field time number  seconds heard, this piece with it, at the listener's rate
---@field past fun(piece: moonlark.live.Piece, seconds: number): moonlark.Signal  the last seconds, mono

---@class moonlark.live.Session
---@field rate integer
---@field channels integer
---@field heard number  seconds pushed so far
---@field events string[]  kinds of events that are told
local Session = {__name = "moonlark.live.Session"}
Session.__index = Session

function Session:__tostring()
  return ("live session: %d × %d Hz, %.1f s heard"):format(self.channels, self.rate, self.heard)
end

-- The sound at one rate: what brings it there, and how much of it is remembered.
local function way_to(self, rate, seconds)
  local way = self.ways[rate]
  if not way then
    way = {rate = rate, samples = 0, seconds = 0, ears = {}}
    if rate ~= self.rate then way.resampler = core.resampler(self.rate, rate, 1) end
    self.ways[rate], self.order[#self.order + 1] = way, way
  end
  way.seconds = math.max(way.seconds, seconds)
  return way
end

local function add_ear(self, ear)
  local way = way_to(self, ear.rate or self.rate, ear.remembers or 0)
  way.ears[#way.ears + 1] = ear
end

--- The last seconds of the sound, mono.
local function past(piece, seconds)
  local way = piece.way
  local data = way.ring:last(math.floor(seconds * way.rate + 0.5))
  return signal.new {data = data:clone():unsqueeze(0), rate = way.rate, kind = "waveform"}
end

-- Lets those hear who hear at one rate.
local function hear_at(way, piece, mono, say)
  if mono:size(0) == 0 then return end
  way.samples = way.samples + mono:size(0)
  if way.ring then way.ring:add(mono) end
  piece.mono, piece.time, piece.way = mono, way.samples / way.rate, way
  for _, ear in ipairs(way.ears) do ear:hear(piece, say) end
end

local function check_loudness(sound)
  if sound:numel() == 0 then return 0 end
  local peak = sound:abs():max():item()
  if not (peak <= LOUDEST) then
    show.fail("samples must be finite and lie within ±%g (full scale is ±1), got %s", LOUDEST,
      peak ~= peak and "NaN" or ("%g"):format(peak))
  end
  return peak
end

local function hear(self, sound, say)
  local piece = {sound = sound, peak = check_loudness(sound), past = past}
  local mono = self.channels == 1 and sound:select(0, 0) or sound:mean(0)
  for _, way in ipairs(self.order) do
    hear_at(way, piece, way.resampler and way.resampler:push(mono:unsqueeze(0)):select(0, 0) or mono, say)
  end
end

-- What was pushed, as channels × n.
local function sound_of(self, sound)
  if type(sound) == "string" then
    local bytes = self.rest .. sound
    local data, used = core.samples(bytes, self.format, self.channels)
    self.rest = bytes:sub(used + 1)
    return data
  end
  if signal.is(sound) then
    signal.check("sound", sound, "waveform")
    if sound.rate ~= self.rate then
      show.fail("sound must have the session's rate of %d Hz, got %g Hz", self.rate, sound.rate)
    end
    sound = sound.data
  end
  if not torch.is_tensor(sound) then
    show.fail("sound must be bytes, a tensor or a waveform, got %s", type(sound))
  end
  if sound:dim() == 1 then sound = sound:unsqueeze(0) end
  if sound:dim() ~= 2 or sound:size(0) ~= self.channels then
    show.fail("sound must have %d channel%s × samples, got a tensor of %s", self.channels,
      self.channels == 1 and "" or "s", table.concat(sound:shape(), " × "))
  end
  return sound:float()
end

--- Takes further sound, as much or little as there is, and tells what was heard: a list of events {kind, time …}, in the
--- order in which they became known; `time` is in seconds of the sound. Bytes may end within a sample: the rest is kept.
--- The same sound gives the same events, however it is cut: it is heard in pieces of 50 ms.
---
--- Errors: samples that are no numbers; another rate or number of channels; the session is finished.
---     for _, event in ipairs(session:push(bytes)) do print(event.kind, event.time) end
---@param sound string|moonlark.Tensor|moonlark.Signal  bytes of the session's format, interleaved; channels × samples
---@return table[]
function Session:push(sound)
  if self.finished then show.fail "the session is finished" end
  local data, events = sound_of(self, sound), {}
  check_loudness(data)
  self.frames = self.frames + data:size(1)
  self.heard = self.frames / self.rate
  if self.pending then data = torch.cat({self.pending, data}, 1) end
  local piece = math.floor(PIECE * self.rate)
  local whole = data:size(1) // piece * piece
  local function say(event) events[#events + 1] = event end
  for at = 0, whole - 1, piece do hear(self, data:narrow(1, at, piece), say) end
  self.pending = data:narrow(1, whole, data:size(1) - whole):clone()
  return events
end

--- The sound has ended: the events that still waited for what comes next, and a last one, {kind = "end", time}.
---     local rest = session:finish()
---@return table[]
function Session:finish()
  if self.finished then show.fail "the session is finished" end
  local events = {}
  local function say(event) events[#events + 1] = event end
  if self.pending and self.pending:size(1) > 0 then hear(self, self.pending, say) end
  for _, way in ipairs(self.order) do
    if way.resampler then hear_at(way, {peak = 0, past = past}, way.resampler:finish():select(0, 0), say) end
    for _, ear in ipairs(way.ears) do
      if ear.finish then ear:finish(say) end
    end
  end
  self.finished = true
  say {kind = "end", time = self.heard}
  return events
end

local live = {}

--- A session: sound goes in as it comes, and events come out, at most half a second later: how loud it is, columns of its
--- spectrum, beats, the key, the chord, what a model hears in it. Nothing of them needs sound that is still to come, but for
--- half a window of the spectrum (46 ms).
---
--- The events, beside `kind` and `time`: "level" has loudness (LUFS, 400 ms), short_term (LUFS, 3 s) and peak (dBFS), ten
--- times a second, -120 in silence; "columns" feature ("mel"), rows, columns, seconds_per_column, low and high (dB) and
--- data, bytes column after column; "beat" tempo (BPM), and where they are known position (1: the first of a bar) and meter;
--- "key" tonic, mode and confidence; "chord" label, where it changes; "prediction" label, probability, probabilities, tags
--- or values as predict.file. Beats are told from three seconds on, of the last ten; the key of the last twenty.
---
--- Errors: predictions without a model, a model that cannot be opened or knows no classes.
---     local session = live.session {rate = 44100, channels = 2, model = "runs/mine"}
---     for _, event in ipairs(session:push(samples)) do print(live.text(event)) end
---@param given moonlark.live.session.Options?
---@return moonlark.live.Session
function live.session(given)
  local o = parameters:read(given)
  local told = o.events or (o.model and kinds or table.move(kinds, 1, #kinds - 1, 1, {}))
  if o.model then o.model = model.open(o.model, {device = o.device, offline = o.offline}) end
  local self = setmetatable({rate = o.rate, channels = o.channels, format = o.format, heard = 0, frames = 0, rest = "",
    ways = {}, order = {}, events = told}, Session)
  for _, kind in ipairs(told) do
    if kind == "prediction" and not o.model then show.fail 'events: "prediction" needs a model' end
    add_ear(self, ears[kind](self, o))
  end
  for _, way in ipairs(self.order) do
    if way.seconds > 0 then way.ring = ring(math.ceil(way.seconds * way.rate)) end
  end
  return self
end

return live
