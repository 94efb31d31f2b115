--- Voice: when is sung, when is spoken, when neither; and in which language.
local audio = require "moonlark.audio"
local got = require "moonlark.hub.got"
local heard = require "moonlark.music.hearing.heard"
local options = require "moonlark.base.options"
local path = require "moonlark.music.hearing.path"
local show = require "moonlark.base.show"

---@class moonlark.music
local voice = {}

local usual = "speech-music" -- of the catalogue

local parameters = options.describe("music.voice", {
  model = options.text(options.none, "a model that tells speech, singing and music: what pretrained.open takes",
    {usual = "speech-music, where moonlark models get brought it"}),
  language_model = options.text(options.none, "a multilingual Whisper model, which tells the language",
    {usual = "the language is not told"}),
  steadiness = options.number(4, {least = 0}, "how much better another label must fit, as a logarithm, before it changes"),
})

--- Whether there is a model to hear voices with, without naming one.
---     if voice.available() then print(music.voice(song)) end
---@return boolean
function voice.available() return got.find(usual) ~= nil end

local labels = {"sung", "spoken", "instrumental"}
local rate = 10 -- frames a second

local defined = {}

-- The curve of a model: how likely singing and speech are, ten times a second.
local function curve_of(name)
  local key = "voice by " .. name
  if defined[key] then return key end
  local model = require("moonlark.pretrained").open(name)
  heard.curve(key, function(piece)
    local torch = require "moonlark.torch"
    local sound = piece.waveform
    local wanted = math.floor(sound:duration() * rate) + 1
    local tracked = model:track(audio.resample(sound, model.front.rate))
    if not (tracked.singing and tracked.speech) then show.fail("model: %s tells no singing and speech", name) end
    local both = torch.cat({tracked.singing.data:reshape {1, -1}, tracked.speech.data:reshape {1, -1}}, 0)
    local pooled = both:unsqueeze(0):adaptive_avg_pool1d({wanted}):squeeze(0)
    return sound:with {data = pooled, rate = rate, kind = "voice"}
  end)
  defined[key] = true
  return key
end

-- How well each label fits each frame, as logarithms.
local function fits(curve)
  local torch = require "moonlark.torch"
  local p = curve.data:clamp(1e-3, 1 - 1e-3)
  local neither = 1 - p:amax({0}, true)
  return torch.cat({p, neither}, 0):log():t()
end

local function segments_of(walked, seconds)
  local items = {}
  for t, k in ipairs(walked) do
    local last = items[#items]
    if not last or last.label ~= labels[k] then
      local at = last and math.min((t - 1) / rate, seconds) or 0
      if last then last.stop = at end
      items[#items + 1] = {start = at, label = labels[k]}
    end
  end
  if #items > 0 then items[#items].stop = math.max(seconds, items[#items].start) end
  return items
end

-- The language of the longest stretch with a voice, at most 30 s of it.
local function language_of(h, items, name)
  local longest
  for _, item in ipairs(items) do
    local is_longer = not longest or item.stop - item.start > longest.stop - longest.start
    if item.label ~= "instrumental" and is_longer then longest = item end
  end
  if not longest or longest.stop - longest.start < 2 then return nil end
  local part = h:waveform():slice(longest.start, math.min(longest.stop, longest.start + 30))
  local model = require("moonlark.pretrained").open(name)
  local said = model:transcribe(audio.resample(part, model.front.rate))
  return said.language, said.language_probability
end

--- Voice: an Annotation of segments that covers the song, labelled "sung", "spoken" and "instrumental"; `voice.share`
--- (0..1) is the share of the time with a voice. With `language_model`, `voice.language` is a code ("en") and
--- `voice.language_probability` says how sure that is.
---
--- It needs a model: the one of `moonlark models get speech-music` (FireRedVAD) is taken by itself. Without a model it is an
--- error, for what features alone say of voices is too often wrong. Errors: as of audio.load and pretrained.open.
---     print(music.voice("song.mp3", {model = "models/speech-music"}))
---@param song string|moonlark.Signal  a path, or a waveform
---@param given moonlark.music.voice.Options?
---@return moonlark.Annotation
function voice.voice(song, given)
  local o, h = parameters:read(given), heard.of(song)
  local name = o.model or got.find(usual)
  if not name then show.fail "voice needs a model: moonlark models get speech-music brings one, or name one by model" end
  local items = segments_of(path(fits(h:curve(curve_of(name))), o.steadiness), h:seconds())
  local sounding = 0
  for _, item in ipairs(items) do
    if item.label ~= "instrumental" then sounding = sounding + item.stop - item.start end
  end
  items.share = sounding / math.max(h:seconds(), 1e-9)
  if o.language_model then items.language, items.language_probability = language_of(h, items, o.language_model) end
  return h:annotation("voice", items)
end

return voice
