--- Mood: energy, valence, arousal, danceability by formulas that are told with them.
local figures = require "moonlark.music.character.figures"
local heard = require "moonlark.music.hearing.heard"
local text = require "moonlark.base.text"

---@class moonlark.music
local mood = {}

---@class moonlark.Mood
---@field energy moonlark.Mood.Estimate
---@field arousal moonlark.Mood.Estimate
---@field valence moonlark.Mood.Estimate  experimental
---@field danceability moonlark.Mood.Estimate
---
---@class moonlark.Mood.Estimate
---@field value number  0..1
---@field formula string  what it was computed by
---@field rests_on table<string, number>  the figures in it
---@field experimental boolean?

local Mood = {__name = "moonlark.Mood"}

-- A line for each: its value, and the figures that it rests on.
function Mood:__tostring()
  local lines = {}
  for i, name in ipairs {"energy", "danceability", "arousal", "valence"} do
    local one, figures_of = self[name], {}
    for _, figure in ipairs(text.keys(one.rests_on)) do
      figures_of[#figures_of + 1] = ("%s %.3g"):format(figure:gsub("_", " "), one.rests_on[figure])
    end
    lines[i] = ("%-13s %.2f  %sof %s"):format(name, one.value, one.experimental and "experimental; " or "",
      table.concat(figures_of, ", "))
  end
  return table.concat(lines, "\n")
end

-- Where x lies between low and high, 0..1; nothing that is not a number counts.
local function between(x, low, high)
  if x ~= x then return 0 end
  return math.max(0, math.min(1, (x - low) / (high - low)))
end

local function estimate(value, formula, rests_on)
  return {value = math.max(0, math.min(1, value)), formula = formula, rests_on = rests_on}
end

local function energy(f)
  local value = (between(f.loudness, -40, -8) + between(f.flux, 0.03, 0.22) + between(f.onset_rate, 0.5, 6)) / 3
  return estimate(value, "mean of loudness (-40 to -8 LUFS), flux (0.03 to 0.22) and onsets (0.5 to 6 a second), each 0..1",
    {loudness = f.loudness, flux = f.flux, onset_rate = f.onset_rate})
end

local function arousal(f, of_energy)
  local value = 0.75 * of_energy.value + 0.25 * between(f.tempo, 60, 160)
  return estimate(value, "3/4 energy + 1/4 tempo (60 to 160 BPM as 0..1)", {energy = of_energy.value, tempo = f.tempo})
end

local function valence(f)
  local value = 0.5 + 0.3 * f.mode + 0.2 * (between(f.tempo, 60, 160) - 0.5)
  local made = estimate(value, "0.5 + 0.3 mode (-1 surely minor, 1 surely major) + 0.2 (tempo, 60 to 160 BPM as 0..1, - 0.5)",
    {mode = f.mode, tempo = f.tempo})
  made.experimental = true
  return made
end

local function danceability(f)
  if f.tempo == 0 then return estimate(0, "0: there is no beat", {tempo = 0}) end
  local usual = math.exp(-0.5 * (math.log(f.tempo / 118) / 0.3) ^ 2)
  local value = 0.4 * between(f.beat_strength, 0.1, 0.6) + 0.2 * between(-f.irregularity, -0.15, 0) + 0.2 * usual
    + 0.2 * between(f.steadiness, 0.8, 1.8)
  return estimate(value, "0.4 beat strength (0.1 to 0.6 as 0..1) + 0.2 regularity (15 to 0 % deviation of the beats) + 0.2 "
    .. "nearness to 118 BPM (a Gaussian of 0.3 in the logarithm) + 0.2 steadiness (0.8 to 1.8, 1 over the mean exponent of the "
    .. "level's detrended fluctuation)",
    {beat_strength = f.beat_strength, irregularity = f.irregularity, tempo = f.tempo, steadiness = f.steadiness})
end

--- Energy, arousal, valence and danceability, each 0..1 with its formula and the figures that it rests on.
---
--- They are rules, not what listeners said: energy goes with what people call energetic (loudness, onsets and flux predicted
--- the arousal of piano phrases with an area under the curve of 0.84); valence of full mixes is experimental, and marked so;
--- nothing was there to check danceability with. Its steadiness is what Streich and Herrera call danceability ("Detrended
--- fluctuation analysis of music signals", AES 118, 2005), as Essentia has it. Errors: as of audio.load.
---     local mood = music.mood "song.mp3" print(mood.energy.value, mood.energy.formula)
---@param song string|moonlark.Signal  a path, or a waveform
---@return moonlark.Mood
function mood.mood(song)
  local h = heard.of(song)
  return h:get("mood", function()
    local f = figures.of(h)
    local of_energy = energy(f)
    return setmetatable({energy = of_energy, arousal = arousal(f, of_energy), valence = valence(f),
      danceability = danceability(f)}, Mood)
  end)
end

return mood
