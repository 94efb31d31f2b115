--- Tempo and beats as librosa (0.11) finds them, of a waveform at 22 050 Hz.
local core = require "moonlark_core".music
local feature = require "moonlark.feature"

local as_librosa = {}

local hop, window, usual = 512, 8, 120

--- How much speaks for each tempo: the autocorrelation's mean over time, weighted by what is usual. Source:
--- librosa.feature.tempo.
---@param song moonlark.Signal  a waveform, or an onset strength
---@return {bpm: number, score: number}[]  the fastest first
function as_librosa.scores(song)
  local onsets = song.kind == "onset_strength" and song or feature.onset_strength(song, {hop_length = hop})
  local rate = onsets.rate * hop
  local length = math.floor(window * rate) // hop
  local rows = feature.tempogram(onsets, {win_length = length}).data:flatten(0, -2)
  local mean, scores = rows:mean({-1}):double():totable(), {}
  for lag = 1, length - 1 do
    local bpm = 60 * rate / (hop * lag)
    if bpm < 320 then
      local octaves = math.log(bpm, 2) - math.log(usual, 2)
      scores[#scores + 1] = {bpm = bpm, score = math.log(1 + 1e6 * mean[lag + 1]) - 0.5 * octaves ^ 2}
    end
  end
  return scores
end

--- The likeliest of them.
---@param scores {bpm: number, score: number}[]
---@return {bpm: number, score: number}
function as_librosa.best(scores)
  local best = scores[1]
  for _, one in ipairs(scores) do if one.score > best.score then best = one end end
  return best
end

-- To the nearest, from the middle to an even number.
local function round(x)
  local whole = math.floor(x)
  local rest = x - whole
  return (rest > 0.5 or rest == 0.5 and whole % 2 == 1) and whole + 1 or whole
end

--- Beats of one tempo. Source: librosa.beat.beat_track; Ellis, 2007.
---@param song moonlark.Signal
---@return integer[] frames
---@return moonlark.Signal curve  frames, 0..1: the onset strength
---@return number bpm
function as_librosa.beat_track(song)
  local onsets = feature.onset_strength(song, {hop_length = hop, aggregate = "median"})
  local curve = onsets.data:flatten():contiguous()
  local most = curve:max():item()
  if most <= 0 then return {}, onsets:with {data = curve}, 0 end
  local bpm = as_librosa.best(as_librosa.scores(onsets)).bpm
  local frames = core.beat_track(curve, round(60 * onsets.rate / bpm)):totable()
  return frames, onsets:with {data = curve / most}, bpm
end

--- The heights of the predominant local pulse. Source: librosa.beat.plp, with librosa.util.localmax.
---@param song moonlark.Signal
---@return integer[] frames
---@return moonlark.Signal curve  frames, 0..1: the pulse
function as_librosa.plp(song)
  local made = feature.plp(song, {hop_length = hop})
  local curve = made.data:flatten()
  local values, frames = curve:totable(), {}
  for i = 2, #values do
    if values[i] > values[i - 1] and values[i] >= (values[i + 1] or 0) then frames[#frames + 1] = i - 1 end
  end
  return frames, made:with {data = curve}
end

return as_librosa
