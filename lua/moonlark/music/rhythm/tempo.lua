--- Tempo: how fast a song is, how sure that is, and how it changes.
local as_librosa = require "moonlark.music.rhythm.as_librosa"
local beats = require "moonlark.music.rhythm.beats"
local heard = require "moonlark.music.hearing.heard"
local options = require "moonlark.base.options"
local signal = require "moonlark.signal"

---@class moonlark.music
local tempo = {}

local parameters = options.describe("music.tempo", {
  method = options.choice({"beats", "librosa"}, "beats", "how it is found"),
})

---@class moonlark.music.Tempo
---@field bpm number  beats a minute; 0 where no beat is heard
---@field candidates {bpm: number, weight: number}[]  the likeliest first; weights add up to 1
---@field curve moonlark.Signal?  BPM over time, twice a second
local Tempo = {__name = "moonlark.music.Tempo"}
Tempo.__index = Tempo

function Tempo:__tostring() return self.bpm > 0 and ("%.1f BPM"):format(self.bpm) or "no tempo" end

-- librosa's tempo, and the next heights of its score.
local function of_librosa(h)
  local scores = as_librosa.scores(h:waveform())
  local best = as_librosa.best(scores)
  local candidates, sum = {}, 0
  for i, one in ipairs(scores) do
    local before, after = scores[i - 1], scores[i + 1]
    if (not before or one.score >= before.score) and (not after or one.score >= after.score) then
      candidates[#candidates + 1] = {bpm = one.bpm, weight = math.exp(one.score - best.score)}
    end
  end
  table.sort(candidates, function(a, b) return a.weight > b.weight end)
  for i = 1, math.min(3, #candidates) do sum = sum + candidates[i].weight end
  for i, one in ipairs(candidates) do one.weight = i <= 3 and one.weight / sum or nil end
  return {bpm = best.bpm, candidates = table.move(candidates, 1, math.min(3, #candidates), 1, {})}
end

-- BPM twice a second: of each moment the median of the five intervals around.
local function curve_of(found, seconds)
  local intervals = {}
  for i = 2, #found do intervals[i - 1] = found[i].start - found[i - 1].start end
  if #intervals == 0 then return nil end
  local function at(i)
    local list = {}
    for j = math.max(1, i - 2), math.min(#intervals, i + 2) do list[#list + 1] = intervals[j] end
    table.sort(list)
    return 60 / list[(#list + 1) // 2]
  end
  local values, i = {}, 1
  for k = 1, math.max(1, math.floor(2 * seconds)) do
    while i < #intervals and found[i + 1].start < (k - 1) / 2 do i = i + 1 end
    values[k] = at(i)
  end
  return signal.new {data = require "moonlark.torch".tensor(values, {dtype = "float32"}), rate = 2, kind = "tempo",
    unit = "BPM"}
end

-- The tempo, and its half and double by how usual these are and by how often every other beat is stronger.
local function of_beats(h)
  local found = beats.beats(h)
  if found.tempo == 0 then return {bpm = 0, candidates = {}} end
  local candidates, sum = {}, 0
  for _, factor in ipairs {1, 2, 0.5} do
    local bpm = found.tempo * factor
    local weight = (factor == 1 and 1 or 0.4) * math.exp(-0.5 * (math.log(bpm / 118) / 0.35) ^ 2)
    candidates[#candidates + 1], sum = {bpm = bpm, weight = weight}, sum + weight
  end
  for _, one in ipairs(candidates) do one.weight = one.weight / sum end
  table.sort(candidates, function(a, b) return a.weight > b.weight end)
  return {bpm = found.tempo, candidates = candidates, curve = curve_of(found, h:seconds())}
end

--- The tempo. `tempo.bpm` is in beats a minute; `tempo.candidates` are that and what listeners may tap in its place
--- (half, double), with weights by how usual such tempi are; `tempo.curve`, a Signal, is the tempo over time.
---
--- method = "beats" takes the tempo of music.beats; "librosa" gives what librosa.feature.tempo (0.11)
--- gives of a waveform at 22 050 Hz: one tempo for the song, no curve. Errors: as of audio.load.
---     print(music.tempo "song.mp3")
---@param song string|moonlark.Signal  a path, or a waveform
---@param given moonlark.music.tempo.Options?
---@return moonlark.music.Tempo
function tempo.tempo(song, given)
  local o, h = parameters:read(given), heard.of(song)
  return h:get("tempo " .. o.method, function()
    return setmetatable((o.method == "librosa" and of_librosa or of_beats)(h), Tempo)
  end)
end

return tempo
