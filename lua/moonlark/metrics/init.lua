--- How good predictions and clusters are; scikit-learn's definitions. Labels are int64 tensors of ids from 0. What is
--- heard over time is compared as mir_eval does: metrics.beat, onset, tempo, key, chord, segment, hierarchy, melody,
--- transcription, separation; metrics.compare knows which of them an annotation is about.
---@class moonlark.metrics
local metrics = {
  beat = require "moonlark.metrics.beat", chord = require "moonlark.metrics.chord",
  onset = require "moonlark.metrics.onset", tempo = require "moonlark.metrics.tempo",
  key = require "moonlark.metrics.key", hierarchy = require "moonlark.metrics.hierarchy",
  segment = require "moonlark.metrics.segment",
  transcription = require "moonlark.metrics.transcription", melody = require "moonlark.metrics.melody",
  separation = require "moonlark.metrics.separation", compare = require("moonlark.metrics.comparison").compare,
}

for _, task in ipairs {"classification", "report", "ranking", "probability", "clustering", "regression",
  "tags"} do
  for name, f in pairs(require("moonlark.metrics." .. task)) do metrics[name] = f end
end

return metrics
