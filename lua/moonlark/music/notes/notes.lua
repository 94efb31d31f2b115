--- Notes: what is played or sung, as pitches with their times: of one voice, or with a model of several at once.
local feature = require "moonlark.feature"
local heard = require "moonlark.music.hearing.heard"
local options = require "moonlark.base.options"
local polyphony = require "moonlark.music.notes.polyphony"

---@class moonlark.music
local notes = {}

local parameters = options.describe("music.notes", {
  model = options.text(options.none, "a Basic Pitch model, for several notes at once: what pretrained.open takes",
    {usual = "one voice, by pYIN"}),
  least = options.number(0.08, {above = 0, unit = "s"}, "the shortest note"),
  onset_threshold = options.number(0.5, {above = 0, below = 1}, "how sure a note's beginning must be, with a model"),
  frame_threshold = options.number(0.3, {above = 0, below = 1}, "how sure it must be that it sounds, with a model"),
})

local hop = 441 -- 50 frames a second

-- Pitch in semitones, 0 where there is no voice, and loudness.
heard.curve("voice pitch", function(piece)
  local torch = require "moonlark.torch"
  local pitch, voiced = feature.pyin(piece.waveform, {fmin = 55, fmax = 2100, hop_length = hop, fill_na = 0})
  local level = feature.rms(piece.waveform, {hop_length = hop})
  local semitones = (pitch.data / 440 + 1e-9):log2() * 12 + 69
  local n = math.min(pitch:frames(), level:frames())
  local rows = {}
  for i, data in ipairs {semitones * voiced.data, level.data} do rows[i] = data:reshape({1, -1}):narrow(1, 0, n) end
  return pitch:with {data = torch.cat(rows, 0), kind = "voice", axis = false, unit = false}
end)

local function median(list, first, last)
  local part = table.move(list, first, last, 1, {})
  table.sort(part)
  return part[(#part + 1) // 2]
end

local most_deviation = 0.6 -- semitones by which a note may leave its pitch: vibrato does
local frames_off = 4       -- for which a note must have left it

-- Where the run of frames first..last with a voice divides into notes: a new one begins where the pitch stays away.
local function divide(pitch, first, last)
  local cuts, from, off = {first}, first, 0
  for t = first, last do
    local usual = median(pitch, from, math.max(from, t - off - 1))
    if math.abs(pitch[t] - usual) > most_deviation then off = off + 1 else off = 0 end
    if off >= frames_off then
      from = t - off + 1
      cuts[#cuts + 1], off = from, 0
    end
  end
  cuts[#cuts + 1] = last + 1
  return cuts
end

-- Notes of a line of pitches.
local function of_line(pitch, level, rate, o)
  local items, loudest, t = {}, 1e-9, 1
  for _, x in ipairs(level) do loudest = math.max(loudest, x) end
  while t <= #pitch do
    local last = t
    while pitch[last] and pitch[last] > 0 do last = last + 1 end
    if last > t then
      local cuts = divide(pitch, t, last - 1)
      for i = 1, #cuts - 1 do
        local first, stop = cuts[i], cuts[i + 1]
        if (stop - first) / rate >= o.least then
          items[#items + 1] = {start = (first - 1) / rate, stop = (stop - 1) / rate, pitch = median(pitch, first, stop - 1),
            velocity = math.min(1, median(level, first, stop - 1) / loudest)}
        end
      end
    end
    t = math.max(last, t) + 1
  end
  return items
end

local function of_one_voice(h, o)
  local curve = h:curve "voice pitch"
  return of_line(curve.data:select(0, 0):totable(), curve.data:select(0, 1):totable(), curve.rate, o)
end

--- Notes: an Annotation of segments with `pitch` (MIDI numbers, 69 is 440 Hz; of one voice with its cents: 69.13) and
--- `velocity` (0..1). `notes:save "song.mid"` writes them as MIDI.
---
--- Without a model one voice or instrument is followed by pYIN (Mauch and Dixon, 2014), and a new note begins where the
--- pitch stays away from the one before for 80 ms: for solo recordings. With a Basic Pitch model (Bittner et al., 2022) notes
--- of any instruments sound together; they are made of its maps as its authors do. Errors: as of audio.load and
--- pretrained.open; a model that hears no notes.
---     music.notes("trumpet.wav"):save "trumpet.mid"
---@param song string|moonlark.Signal  a path, or a waveform
---@param given moonlark.music.notes.Options?
---@return moonlark.Annotation
function notes.notes(song, given)
  local o, h = parameters:read(given), heard.of(song)
  return h:annotation("notes", o.model and polyphony(h, o) or of_one_voice(h, o))
end

return notes
