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

-- By true note, the found one that fits in all the ways named.
local function matched(reference, estimate, ways)
  local neighbours = {}
  for j, note in ipairs(estimate) do
    neighbours[j] = {}
    for i, truth in ipairs(reference) do
      local right = true
      for _, way in ipairs(ways) do right = right and fits[way](truth, note) end
      if right then table.insert(neighbours[j], i) end
    end
  end
  return (matching.of(neighbours))
end

local function both(reference, estimate)
  reference, estimate = notes_of("reference", reference), notes_of("estimate", estimate)
  events.warn_if_empty(reference, estimate, "notes")
  return reference, estimate
end

-- F-measure, precision, recall and mean overlap of the notes that are paired.
local function figures(reference, estimate, partner)
  local sum, size = 0, 0
  for i, j in pairs(partner) do sum, size = sum + overlap(reference[i], estimate[j]), size + 1 end
  if size == 0 then return 0, 0, 0, 0 end
  local precision, recall = size / #estimate, size / #reference
  return events.f_measure(precision, recall), precision, recall, sum / size
end

local function score(reference, estimate, ways)
  reference, estimate = both(reference, estimate)
  return figures(reference, estimate, matched(reference, estimate, ways))
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

local function has_velocities(notes)
  for _, note in ipairs(notes) do if not note.velocity then return false end end
  return true
end

-- The straight line that brings velocities x nearest to y; level where all x are the same.
local function line(x, y)
  local n, sx, sy, sxx, sxy = #x, 0, 0, 0, 0
  for i = 1, n do sx, sy = sx + x[i], sy + y[i] end
  for i = 1, n do sxx, sxy = sxx + (x[i] - sx / n) ^ 2, sxy + (x[i] - sx / n) * (y[i] - sy / n) end
  local slope = sxx > 1e-24 and sxy / sxx or 0
  return slope, sy / n - slope * sx / n
end

-- Of the pairs those whose velocities differ by less than a tenth of the truth's range, when those found are brought
-- to it by the best line.
local function of_like_velocity(reference, estimate, partner)
  local least, most, x, y, at = math.huge, -math.huge, {}, {}, {}
  for _, note in ipairs(reference) do least, most = math.min(least, note.velocity), math.max(most, note.velocity) end
  local range = math.max(1 / 127, most - least)
  for i, j in pairs(partner) do
    at[#at + 1], x[#x + 1], y[#y + 1] = i, estimate[j].velocity, (reference[i].velocity - least) / range
  end
  local slope, offset = line(x, y)
  local kept = {}
  for k, i in ipairs(at) do
    if math.abs(slope * x[k] + offset - y[k]) < 0.1 then kept[i] = partner[i] end
  end
  return kept
end

--- Notes as of transcription.notes that are also as loud as the truth, by a tenth of its range of velocities; those
--- found are brought to it by the line that fits best (Hawthorne et al., 2018; mir_eval.transcription_velocity).
---
--- Errors: notes without velocity.
---     local f, precision, recall, overlap = metrics.transcription.with_velocities(truth, notes)
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@param without_stops boolean?  wherever notes stop; default: false
---@return number f
---@return number precision
---@return number recall
---@return number overlap
function transcription.with_velocities(reference, estimate, without_stops)
  reference, estimate = both(reference, estimate)
  if not has_velocities(reference) then show.fail "reference must have a velocity for each note" end
  if not has_velocities(estimate) then show.fail "estimate must have a velocity for each note" end
  local partner = matched(reference, estimate, without_stops and {"start", "pitch"} or {"start", "pitch", "stop"})
  return figures(reference, estimate, of_like_velocity(reference, estimate, partner))
end

--- All figures of a song, by mir_eval's names; where all notes have velocities, also those of its transcription_velocity,
--- which begin with Velocity_.
---     print(metrics.transcription.evaluate(truth, notes)["F-measure_no_offset"])
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@return table<string, number>
function transcription.evaluate(reference, estimate)
  local made = {}
  local function note(before, after, f, precision, recall, mean)
    made[before .. "F-measure" .. after], made[before .. "Precision" .. after] = f, precision
    made[before .. "Recall" .. after] = recall
    if mean then made[before .. "Average_Overlap_Ratio" .. after] = mean end
  end
  local function first_three(f, precision, recall) return f, precision, recall end
  note("", "", transcription.notes(reference, estimate))
  note("", "_no_offset", transcription.without_stops(reference, estimate))
  note("Onset_", "", first_three(score(reference, estimate, {"start"})))
  note("Offset_", "", first_three(score(reference, estimate, {"stop"})))
  if #reference > 0 and #estimate > 0 and has_velocities(reference) and has_velocities(estimate) then
    note("Velocity_", "", transcription.with_velocities(reference, estimate))
    note("Velocity_", "_no_offset", transcription.with_velocities(reference, estimate, true))
  end
  return made
end

return transcription
