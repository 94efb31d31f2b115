--- How good predictions and clusters are; scikit-learn's definitions. Labels are int64 tensors of ids from 0.
---@class moonlark.metrics
local metrics = {}

for _, task in ipairs {"classification", "report", "ranking", "probability", "clustering", "regression",
  "tags"} do
  for name, f in pairs(require("moonlark.metrics." .. task)) do metrics[name] = f end
end

return metrics
