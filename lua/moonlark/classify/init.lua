--- Learning from labels: classifiers, pipelines, cross-validation. Names and defaults are scikit-learn's where it
--- has them.
---
---     local model = classify.pipeline {classify.scaler(), classify.svm {C = 10}}
---     print(classify.cross_validate(model, X, {k = 10, seed = 1}))
local make_pipeline = require "moonlark.classify.pipeline"

---@class moonlark.classify
local classify = {}

--- Reads back a saved classifier.
classify.load = require "moonlark.estimator".load

for _, part in ipairs {"models", "validation", "search", "distribution", "learning_curve", "compare", "importance",
  "lda", "gaussian"} do
  for name, f in pairs(require("moonlark.classify." .. part)) do classify[name] = f end
end

classify.genres = require("moonlark.classify.genres").genres
classify.one_vs_rest = require "moonlark.classify.one_vs_rest"

--- Estimators in a row: each is fitted to what the one before it gives. In a cross-validation all of them are fitted
--- inside each fold, so that a scaler never sees the rows that judge it.
---     local model = classify.pipeline {classify.scaler(), cluster.pca {n_components = 20}, classify.logistic()}
---@param steps moonlark.Estimator[]  all but the last have `transform`
---@return moonlark.Estimator
function classify.pipeline(steps)
  if type(steps) == "table" and steps.steps then steps = steps.steps end
  return make_pipeline {steps = steps}
end

return classify
