--- Fingerprint: by which a recording is known again in another encoding.
local core = require "moonlark_core".music
local heard = require "moonlark.music.hearing.heard"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local text = require "moonlark.base.text"

---@class moonlark.music
local fingerprint = {}

local hop = 882        -- samples of 22 050 Hz (core/music/fingerprint.h)
local mark = "MLKFP001" -- what a fingerprint begins with: its kind and version
local frame_bytes = 8

heard.curve("fingerprint", function(piece)
  local wave = piece.waveform
  local spectrum = core.log_spectrum(signal.channels(wave):select(0, 0):contiguous(), wave.rate, hop)
  return wave:with {data = core.print_bands(spectrum), rate = wave.rate / hop, kind = "fingerprint", unit = false}
end)

--- A recording's fingerprint, a string of bytes: 200 bytes a second. Files of the same recording have fingerprints that
--- agree, whatever their codec, bit rate, sample rate, level and beginning. See music.same_recording.
---
--- Signs of differences between neighbouring bands and moments, after Haitsma and Kalker (A Highly Robust Audio
--- Fingerprinting System, ISMIR 2002), 33 bands from 290 to 1950 Hz, and which half of the differences was larger.
--- Silence has a fingerprint that agrees with none. Errors: as of audio.load.
---     local print_of = music.fingerprint "song.mp3"
---@param song string|moonlark.Signal  a path, or a waveform
---@return string
function fingerprint.fingerprint(song)
  local h = heard.of(song)
  return mark .. core.print_code(h:curve("fingerprint").data)
end

local function check(name, value)
  if type(value) ~= "string" or value:sub(1, #mark) ~= mark or (#value - #mark) % frame_bytes ~= 0 then
    show.fail("%s must be a fingerprint (of music.fingerprint), got %s", name, options.got(value))
  end
end

-- How the figures of an agreement are weighed: a logistic regression (tests/bench/library/fingerprint.lua --fit). Where
-- more weak bits differ than the strong ones promise, an encoder was at work; where strong ones do, another melody.
local weights = {bias = 2.4, wrong = 54, wrong_strong = -43, worst_time = -13.3, worst_bands = -36.4}
local most_wrong = 0.32 -- of bits; encoders seldom turn so many round (core/music/print_pairs.c looks no further, either)

--- How two fingerprints agree.
---@class moonlark.Agreement
---@field same boolean  score is 0.5 or more
---@field score number  0..1: how sure it is that both are the same recording
---@field offset number  seconds: what is heard in b at time t is heard in a at t + offset
---@field overlap number  seconds in which both sound
---@field wrong number  share of bits that differ; 0.5 of recordings that have nothing in common
---@field wrong_strong number  of bits that are strong in both
---@field worst_time number  the same in the worst 3 s
---@field worst_bands number  the same in the four worst bands
local Agreement = {__name = "moonlark.Agreement"}

function Agreement:__tostring()
  return ("%s: score %.3f, offset %+.2f s, overlap %.1f s, %.1f %% of bits differ"):format(
    self.same and "the same recording" or "not the same recording", self.score, self.offset, self.overlap, 100 * self.wrong)
end

local function judged(found)
  local sum = weights.bias
  for name, weight in pairs(weights) do
    if found[name] then sum = sum + weight * found[name] end
  end
  local score = found.heard > 0 and found.wrong <= most_wrong and 1 / (1 + math.exp(-sum)) or 0
  return setmetatable({same = score >= 0.5, score = score, offset = found.offset * hop / heard.rate,
    overlap = found.heard * hop / heard.rate, wrong = found.wrong, wrong_strong = found.wrong_strong,
    worst_time = found.worst_time, worst_bands = found.worst_bands}, Agreement)
end

--- Whether two fingerprints are of the same recording: in other encodings, at other levels, cut at the beginning or the
--- end. They need two seconds of sound in common, and half of the shorter.
---
--- A recording at another speed or pitch is another one. So is another take, and in most cases the same band under another
--- melody.
--- Errors: no fingerprint.
---     print(music.same_recording(music.fingerprint "song.flac", music.fingerprint "song.mp3"))
---@param a string  of music.fingerprint
---@param b string
---@return moonlark.Agreement
function fingerprint.same_recording(a, b)
  check("a", a)
  check("b", b)
  return judged(core.print_compare(a, b, #mark))
end

-- What hangs together by pairs.
local function groups_of(pairs)
  local above, groups, at = {}, {}, {}
  local function first_of(i)
    while above[i] ~= i do i = above[i] end
    return i
  end
  for _, pair in ipairs(pairs) do
    above[pair.a], above[pair.b] = above[pair.a] or pair.a, above[pair.b] or pair.b
    local a, b = first_of(pair.a), first_of(pair.b)
    above[math.max(a, b)] = math.min(a, b)
  end
  for _, i in ipairs(text.keys(above)) do
    local first = first_of(i)
    if first == i then
      groups[#groups + 1] = {}
      at[i] = #groups
    end
    table.insert(groups[at[first]], i)
  end
  return groups
end

---@class moonlark.Duplicate
---@field a integer  numbers in the list, a < b
---@field b integer
---@field agreement moonlark.Agreement

--- Which of many recordings are the same, by their fingerprints: without comparing all pairs, parts of fingerprints that
--- are equal lead to those that are compared (music.same_recording).
---
--- Errors: something in the list is no fingerprint.
---     for _, group in ipairs(music.duplicates(prints)) do print(table.concat(group, " ")) end
---@param prints string[]  of music.fingerprint
---@return integer[][] groups  of two and more: numbers in the list, ascending
---@return moonlark.Duplicate[] pairs  that were compared and found to be the same; of large groups not all
function fingerprint.duplicates(prints)
  if type(prints) ~= "table" then show.fail("prints must be a list of fingerprints, got %s", options.got(prints)) end
  for i, value in ipairs(prints) do check(("fingerprint %d"):format(i), value) end
  local same = {}
  for _, found in ipairs(core.print_pairs(prints, #mark)) do
    local agreement = judged(found)
    if agreement.same then same[#same + 1] = {a = found.a, b = found.b, agreement = agreement} end
  end
  return groups_of(same), same
end

return fingerprint
