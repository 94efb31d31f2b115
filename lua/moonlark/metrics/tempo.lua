--- Tempi beside the truth: accuracies of the field, and mir_eval.tempo (0.8).
local tempo = {}

local function bpm_of(value) return type(value) == "table" and value.bpm or value end

--- Whether a tempo lies within 4 % of the truth (accuracy 1), and whether it or its half, third, double or treble does
--- (accuracy 2; Gouyon et al., 2006).
---     local right, right_but_for_octaves = metrics.tempo.accuracy(120, music.tempo "song.mp3")
---@param reference number  BPM
---@param estimate number|moonlark.music.Tempo
---@param tolerance number?  default: 0.04
---@return boolean
---@return boolean
function tempo.accuracy(reference, estimate, tolerance)
  tolerance, estimate = tolerance or 0.04, bpm_of(estimate)
  local function near(factor)
    return estimate > 0 and math.abs(estimate - factor * reference) <= tolerance * factor * reference
  end
  return near(1), near(1) or near(2) or near(3) or near(1 / 2) or near(1 / 3)
end

--- P-score of MIREX: two tempi of the truth, the first of which weighs `weight`, are each found within 8 % by one of two
--- estimates; and whether one is, and whether both are.
---     local p, one, both = metrics.tempo.detection({60, 120}, 0.7, {118, 61})
---@param reference number[]  two tempi, BPM; 0 for none
---@param weight number  of the first, 0..1
---@param estimate number[]  two tempi
---@param tolerance number?  default: 0.08
---@return number p
---@return boolean one
---@return boolean both
function tempo.detection(reference, weight, estimate, tolerance)
  local hits = {}
  for i = 1, 2 do
    local truth, error = reference[i], math.huge
    for _, bpm in ipairs(estimate) do error = math.min(error, math.abs(truth - bpm) / truth) end
    hits[i] = truth > 0 and error <= (tolerance or 0.08)
  end
  local p = (hits[1] and weight or 0) + (hits[2] and 1 - weight or 0)
  return p, hits[1] or hits[2], hits[1] and hits[2]
end

--- All figures of a song, by mir_eval's names: those of tempo.detection.
---     print(metrics.tempo.evaluate({60, 120}, 0.7, {118, 61})["P-score"])
---@param reference number[]  two tempi, BPM; 0 for none
---@param weight number  of the first, 0..1
---@param estimate number[]  two tempi
---@return table<string, number>
function tempo.evaluate(reference, weight, estimate)
  local p, one, both = tempo.detection(reference, weight, estimate)
  return {["P-score"] = p, ["One-correct"] = one and 1 or 0, ["Both-correct"] = both and 1 or 0}
end

return tempo
