--- Voice: when is sung, when is spoken, when neither; and in which language.
local audio = require "moonlark.audio"
local frontend = require "moonlark.music.hearing.frontend"
local got = require "moonlark.hub.got"
local heard = require "moonlark.music.hearing.heard"
local networks = require "moonlark.music.hearing.networks"
local options = require "moonlark.base.options"
local path = require "moonlark.music.hearing.path"
local show = require "moonlark.base.show"

---@class moonlark.music
local voice = {}

local usual = "speech-music" -- of the catalogue

local parameters = options.describe("music.voice", {
  model = options.text(options.none, "a model that tells speech, singing and music: what pretrained.open takes, or 'own'",
    {usual = "speech-music, where moonlark models get brought it; else own, the network of models/weights/voice"}),
  language_model = options.text(options.none, "a multilingual Whisper model, which tells the language",
    {usual = "the language is not told"}),
  steadiness = options.number(4, {least = 0}, "how much better another label must fit, as a logarithm, before it changes"),
})

local labels = {"sung", "spoken", "instrumental"}
local rate = 10 -- frames a second
local own = "own" -- the name of the network that comes with Moonlark

-- How likely singing and speech are, ten times a second, as that network has it.
heard.curve("voice network", function(piece)
  local mel = frontend.rhythm(piece)
  local rest = -mel:frames() % 5 -- 50 frames a second become ten
  local padded = rest > 0 and mel.data:constant_pad_nd({0, rest}, 0) or mel.data
  return mel:with {data = networks.ask("voice", padded):sigmoid(), rate = rate, kind = "voice", unit = false}
end)

local defined = {}

-- The curve of a model, of the same shape.
local function curve_of(name)
  if name == own then return "voice network" end
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

-- How likely each label is in each frame: frames × 3.
local function likely(curve)
  local torch = require "moonlark.torch"
  local p = curve.data:clamp(1e-3, 1 - 1e-3)
  local all = torch.cat({p, 1 - p:amax({0}, true)}, 0)
  return (all / all:sum({0}, true)):t()
end

-- Segments of the label that was walked in each frame; how likely it is on average is their confidence.
local function segments_of(walked, p, seconds)
  local items, first = {}, 1
  for t, k in ipairs(walked) do
    if walked[t + 1] ~= k then
      local stop = walked[t + 1] and math.min(t / rate, seconds) or seconds
      items[#items + 1] = {start = math.min((first - 1) / rate, seconds), stop = stop, label = labels[k],
        confidence = p:narrow(0, first - 1, t - first + 1):select(1, k - 1):mean():item()}
      first = t + 1
    end
  end
  return items
end

-- The share of the time with a voice, and the mean confidence.
local function shares_of(items, seconds)
  local sounding, sure = 0, 0
  for _, item in ipairs(items) do
    local share = (item.stop - item.start) / math.max(seconds, 1e-9)
    if item.label ~= "instrumental" then sounding = sounding + share end
    sure = sure + share * item.confidence
  end
  return sounding, sure
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

--- Voice: an Annotation of segments that covers the song, labelled "sung", "spoken" and "instrumental", each with its
--- confidence, 0..1; `voice.share` (0..1) is the share of the time with a voice, `voice.confidence` the mean confidence,
--- `voice.model` the name of the model. With `language_model`, `voice.language` is a code ("en") and
--- `voice.language_probability` says how sure that is.
---
--- The network that comes with Moonlark has heard synthetic voices and instruments alone. It tells people who speak mostly
--- well, singers less well, under a band often not; how far its confidence can be trusted was not measured (figures: tests/bench/MUSIC.md).
--- So a model that heard people is taken first: the one of `moonlark models get speech-music` (FireRedVAD), where it has been
--- brought. Errors: as of audio.load and pretrained.open.
---     print(music.voice "song.mp3")
---     print(music.voice("song.mp3", {model = "models/speech-music"}).share)
---@param song string|moonlark.Signal  a path, or a waveform
---@param given moonlark.music.voice.Options?
---@return moonlark.Annotation
function voice.voice(song, given)
  local o, h = parameters:read(given), heard.of(song)
  local name = o.model or got.find(usual) or own
  local p = likely(h:curve(curve_of(name)))
  local items = segments_of(path(p:log(), o.steadiness), p, h:seconds())
  items.share, items.confidence = shares_of(items, h:seconds())
  items.model = name
  if o.language_model then items.language, items.language_probability = language_of(h, items, o.language_model) end
  return h:annotation("voice", items)
end

return voice
