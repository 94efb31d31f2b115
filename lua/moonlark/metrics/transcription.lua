--- Notes beside the truth, as mir_eval.transcription (0.8) has it. Notes are Annotations whose items have start, stop
--- and pitch (MIDI number). A note is right if it starts within 50 ms of a true one, lies within half a semitone of it,
--- and stops within 50 ms or a fifth of its length; each true note is found once. All is 0 where one list is empty.
local annotation = require "moonlark.annotation"
local events = require "moonlark.metrics.events"
local matching = require "moonlark.metrics.matching"
local show = require "moonlark.base.show"

local transcription = {}

local window, semitones, share = 0.05, 0.5, 0.2

local function notes_of(name, value)
  if not annotation.is(value) then show.fail("%s must be an Annotation of notes, got %s", name, type(value)) end
  for i, note in ipairs(value) do
    if not note.stop or not note.pitch then show.fail("%s: note %d must have a stop and a pitch", name, i) end
  end
  return value
end

-- To 0.1 ms, so that what lies at a limit counts.
local function apart(a, b) return math.floor(math.abs(a - b) * 1e4 + 0.5) / 1e4 end

local fits = {}

function fits.start(truth, note) return apart(truth.start, note.start) <= window end

function fits.pitch(truth, note) return math.abs(truth.pitch - note.pitch) <= semitones end

function fits.stop(truth, note)
  return apart(truth.stop, note.stop) <= math.max(share * (truth.stop - truth.start), window)
end

local function overlap(a, b)
  local whole = math.max(a.stop, b.stop) - math.min(a.start, b.start)
  return whole > 0 and (math.min(a.stop, b.stop) - math.max(a.start, b.start)) / whole or 1
end

-- F-measure, precision, recall and mean overlap of notes that fit in all the ways named.
local function score(reference, estimate, ways)
  reference, estimate = notes_of("reference", reference), notes_of("estimate", estimate)
  local neighbours = {}
  for j, note in ipairs(estimate) do
    neighbours[j] = {}
    for i, truth in ipairs(reference) do
      local right = true
      for _, way in ipairs(ways) do right = right and fits[way](truth, note) end
      if right then table.insert(neighbours[j], i) end
    end
  end
  local partner, size = matching.of(neighbours)
  if size == 0 then return 0, 0, 0, 0 end
  local sum = 0
  for i, j in pairs(partner) do sum = sum + overlap(reference[i], estimate[j]) end
  local precision, recall = size / #estimate, size / #reference
  return events.f_measure(precision, recall), precision, recall, sum / size
end

--- Notes that start, sound and stop as the truth: F-measure, precision, recall, and the mean overlap of those found.
---     local f, precision, recall, overlap = metrics.transcription.notes(truth, notes)
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@return number f
---@return number precision
---@return number recall
---@return number overlap
function transcription.notes(reference, estimate) return score(reference, estimate, {"start", "pitch", "stop"}) end

--- Notes that start and sound as the truth, wherever they stop.
---     local f, precision, recall, overlap = metrics.transcription.without_stops(truth, notes)
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@return number f
---@return number precision
---@return number recall
---@return number overlap
function transcription.without_stops(reference, estimate) return score(reference, estimate, {"start", "pitch"}) end

--- All figures of a song, by mir_eval's names.
---     print(metrics.transcription.evaluate(truth, notes)["F-measure_no_offset"])
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@return table<string, number>
function transcription.evaluate(reference, estimate)
  local made = {}
  local function note(before, after, f, precision, recall, mean)
    made[before .. "F-measure" .. after], made[before .. "Precision" .. after] = f, precision
    made[before .. "Recall" .. after] = recall
    if before == "" then made["Average_Overlap_Ratio" .. after] = mean end
  end
  note("", "", transcription.notes(reference, estimate))
  note("", "_no_offset", transcription.without_stops(reference, estimate))
  note("Onset_", "", score(reference, estimate, {"start"}))
  note("Offset_", "", score(reference, estimate, {"stop"}))
  return made
end

return transcription
