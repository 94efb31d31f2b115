--- Onsets beside the truth, as mir_eval.onset (0.8) has it.
local events = require "moonlark.metrics.events"

local onset = {}

--- F-measure, precision and recall of onsets within 50 ms; 0 where one list is empty.
---     local f, precision, recall = metrics.onset.f_measure(truth, onsets)
---@param reference moonlark.Annotation|number[]
---@param estimate moonlark.Annotation|number[]
---@param window number?  seconds; default: 0.05
---@return number f
---@return number precision
---@return number recall
function onset.f_measure(reference, estimate, window)
  reference, estimate = events.times("reference", reference), events.times("estimate", estimate)
  events.warn_if_empty(reference, estimate, "onsets")
  return events.score(reference, estimate, window or 0.05)
end

--- All figures of a song, by mir_eval's names.
---     print(metrics.onset.evaluate(truth, onsets)["F-measure"])
---@param reference moonlark.Annotation|number[]
---@param estimate moonlark.Annotation|number[]
---@return table<string, number>
function onset.evaluate(reference, estimate)
  local f, precision, recall = onset.f_measure(reference, estimate)
  return {["F-measure"] = f, Precision = precision, Recall = recall}
end

return onset
