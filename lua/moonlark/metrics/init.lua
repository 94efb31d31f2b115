--- How good predictions and clusters are; scikit-learn's definitions. Labels are int64 tensors of ids from 0. What is
--- heard over time is compared as mir_eval does: metrics.beat, onset, tempo, key, segment, transcription.
---@class moonlark.metrics
local metrics = {}

for _, task in ipairs {"classification", "report", "ranking", "probability", "clustering", "regression",
  "tags"} do
  for name, f in pairs(require("moonlark.metrics." .. task)) do metrics[name] = f end
end

for _, task in ipairs {"beat", "chord", "onset", "tempo", "key", "segment", "transcription", "melody",
  "separation"} do
  metrics[task] = require("moonlark.metrics." .. task)
end

return metrics
