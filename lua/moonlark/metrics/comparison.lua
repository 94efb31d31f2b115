--- Comparison: an annotation beside the truth, by the metrics of what it is about.
local annotation = require "moonlark.annotation"
local beat = require "moonlark.metrics.beat"
local chord = require "moonlark.metrics.chord"
local key = require "moonlark.metrics.key"
local onset = require "moonlark.metrics.onset"
local options = require "moonlark.base.options"
local segment = require "moonlark.metrics.segment"
local show = require "moonlark.base.show"
local tempo = require "moonlark.metrics.tempo"
local transcription = require "moonlark.metrics.transcription"

local comparison = {}

local function downbeats_of(beats)
  local made = {kind = "beats", duration = beats.duration}
  for _, item in ipairs(beats) do if item.position == 1 then made[#made + 1] = {start = item.start} end end
  return annotation.new(made)
end

-- The first two tempi that are told, 0 where there is no second one, and the weight of the first.
local function tempi_of(name, value)
  local list = {}
  for i, item in ipairs(value) do list[i] = {bpm = item.value or tonumber(item.label), weight = item.confidence or 0} end
  if not annotation.is(value) then list = value.candidates or {{bpm = value.bpm, weight = 1}} end
  local first, second = list[1], list[2]
  if not first or not first.bpm then show.fail("%s tells no tempo", name) end
  if not second or not second.bpm then return {first.bpm, 0}, 1 end
  local sum = first.weight + second.weight
  return {first.bpm, second.bpm}, sum > 0 and first.weight / sum or 0.5
end

-- MIREX's figures are of two tempi; the field's of one.
local function of_tempo(reference, estimate)
  local truth, weight = tempi_of("reference", reference)
  local guess = tempi_of("estimate", estimate)
  local made = tempo.evaluate(truth, weight, guess)
  local one, two = tempo.accuracy(truth[weight < 0.5 and 2 or 1], guess[1])
  made["Accuracy 1"], made["Accuracy 2"] = one and 1 or 0, two and 1 or 0
  return made
end

---@class moonlark.metrics.Task
---@field kind string  of annotations
---@field first string  the figure that is named first
---@field score fun(reference: moonlark.Annotation, estimate: moonlark.Annotation): table<string, number>

--- By the name of the task.
---@type table<string, moonlark.metrics.Task>
comparison.tasks = {
  beats = {kind = "beats", first = "F-measure", score = beat.evaluate},
  downbeats = {kind = "beats", first = "F-measure", score = function(reference, estimate)
    return beat.evaluate(downbeats_of(reference), downbeats_of(estimate))
  end},
  onsets = {kind = "onsets", first = "F-measure", score = onset.evaluate},
  tempo = {kind = "tempo", first = "Accuracy 1", score = of_tempo},
  key = {kind = "key", first = "Weighted Score", score = key.evaluate},
  chords = {kind = "chords", first = "majmin", score = chord.evaluate},
  sections = {kind = "sections", first = "F-measure@0.5", score = segment.evaluate},
  notes = {kind = "notes", first = "F-measure", score = transcription.evaluate},
}

--- Names of the tasks, in order.
comparison.names = {"beats", "downbeats", "onsets", "tempo", "key", "chords", "sections", "notes"}

---@class moonlark.metrics.Figures: {[string]: number}
local Figures = {__name = "moonlark.metrics.Figures"}

local first_of = setmetatable({}, {__mode = "k"})

--- Figures that print as a table.
---     local figures = comparison.figures({SDR = 12, SIR = 20}, "SDR")
---@param figures table<string, number>
---@param first string  the one that is named first
---@return moonlark.metrics.Figures
function comparison.figures(figures, first)
  first_of[figures] = first
  return setmetatable(figures, Figures)
end

--- The names of figures in order: what their task is judged by first, then by the alphabet.
---     local names = comparison.order(figures)
---@param figures moonlark.metrics.Figures
---@return string[]
function comparison.order(figures)
  local names, first = {}, first_of[figures]
  for name in pairs(figures) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    if (a == first) ~= (b == first) then return a == first end
    return a < b
  end)
  return names
end

function Figures:__tostring()
  local lines, names, width = {}, comparison.order(self), 0
  for _, name in ipairs(names) do width = math.max(width, #name) end
  for i, name in ipairs(names) do
    local x = self[name]
    lines[i] = ("%s%s  %s"):format(name, (" "):rep(width - #name), x == x and ("%.4f"):format(x) or "-")
  end
  return table.concat(lines, "\n")
end

local function check(name, value, task)
  if comparison.tasks[task].kind == "tempo" and type(value) == "table" and value.bpm then return end
  annotation.check(name, value)
end

--- All figures of an annotation beside the truth, as `moonlark score` gives them: those of the task, which the truth's kind
--- tells where it is not named. Prints as a table.
---
--- Errors: no annotation; a kind that no task is about.
---     print(metrics.compare(annotation.load "truth.jams", music.beats "song.mp3"))
---     print(metrics.compare(truth, beats, "downbeats")["F-measure"])
---@param reference moonlark.Annotation|moonlark.music.Tempo  the truth
---@param estimate moonlark.Annotation|moonlark.music.Tempo
---@param task ("beats"|"downbeats"|"onsets"|"tempo"|"key"|"chords"|"sections"|"notes")?
---@return moonlark.metrics.Figures
function comparison.compare(reference, estimate, task)
  local is_tempo = type(reference) == "table" and not annotation.is(reference) and reference.bpm
  if not task and not is_tempo then task = annotation.check("reference", reference).kind end
  task = task or "tempo"
  local how = comparison.tasks[task] or options.unknown("task", task, comparison.names)
  check("reference", reference, task)
  check("estimate", estimate, task)
  return comparison.figures(how.score(reference, estimate), how.first)
end

return comparison
