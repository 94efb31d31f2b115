--- Pitch of one voice or instrument, frame by frame or along a path.
local core = require "moonlark_core".feature
local engine = require "moonlark.feature.engine"

---@class moonlark.feature
local pitch = {}

--- Pitch of each frame by itself, by YIN: quick, and always a number, voiced or not.
---
--- Shape 1 × frames, in Hz between about fmin and fmax (C2 and C7 by default; librosa has no default). Of the
--- difference between a frame and itself some samples later, normalised to 1 on average, the first trough under
--- trough_threshold is taken for the period, else its lowest value, refined by a parabola. A silent frame gives the
--- largest pitch. Errors: frame_length does not hold more than a period of fmin (better: two). Source: librosa.yin; de
--- Cheveigné and Kawahara, 2002.
---     local pitch = feature.yin(song, {fmin = 60, fmax = 400})
pitch.yin = engine.feature "yin"

--- Pitch of one voice or instrument over a clip, by pYIN: the likeliest path through pitches, and where it sounds.
---
--- Three Signals of shape 1 × frames: the pitch in Hz, feature.voiced_flag (1 or 0) and feature.voiced_probability.
--- Unvoiced frames hold fill_na; false: NaN, as librosa has it by default. Here it is 0, because a recipe's mean over
--- NaN would be NaN: pool voiced_flag beside it, or take best_guess = true (librosa's fill_na = None). Each of
--- n_thresholds thresholds of feature.yin votes, weighted by a Beta(beta_a, beta_b) distribution (librosa's
--- beta_parameters), for the troughs below it, for the k-th with a weight of exp(−boltzmann_parameter·k); the lowest
--- gets no_trough_prob of the votes that find none. The path is found over the whole clip. Source: librosa.pyin; Mauch
--- and Dixon, 2014.
---     local pitch, voiced, probability = feature.pyin(song, {fill_na = false})
---@param song moonlark.Signal
---@param given moonlark.feature.pyin.Options?
---@return moonlark.Signal pitch
---@return moonlark.Signal voiced_flag
---@return moonlark.Signal voiced_probability
function pitch.pyin(song, given)
  engine.check("pyin", given)
  local found, voiced, probability, rate, start = engine.each_channel(song, function(samples)
    return core.pyin(given, samples, song.rate)
  end)
  local voicing = {}
  for _, parameter in ipairs(engine.parameters "voiced_flag") do
    voicing[parameter.name] = given and given[parameter.name]
  end
  local function made(name, settings, data)
    return engine.signal(name, settings, {data = data, rate = rate, start = song.start + start}, song.rate)
  end
  return made("pyin", given, found), made("voiced_flag", voicing, voiced),
    made("voiced_probability", voicing, probability)
end

--- 1 where feature.pyin hears a voice, else 0: the mean of a recipe is the share of voiced frames. Shape 1 × frames.
--- Source: librosa.pyin's voiced_flag.
---     local voiced = feature.voiced_flag(song)
pitch.voiced_flag = engine.feature "voiced_flag"

--- How likely each frame is voiced, 0 to 1, before feature.pyin looks at the frames around it. Shape 1 × frames.
--- Source: librosa.pyin's voiced_prob.
---     local likely = feature.voiced_probability(song)
pitch.voiced_probability = engine.feature "voiced_probability"

return pitch
