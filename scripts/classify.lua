-- Cross-validate classical classifiers on labelled sounds; write a run folder with a confusion matrix.
local classify = require "moonlark.classify"
local command = require "moonlark.command"
local experiment = require "moonlark.experiment"
local plot = require "moonlark.plot"
local run = require "moonlark.run"

-- The scaled models see standardised features; trees do not care about scale.
local function models(seed)
  local function scaled(model) return classify.pipeline {classify.scaler(), model} end
  return {
    {name = "logistic", title = "logistic regression", model = scaled(classify.logistic {})},
    {name = "knn", title = "k-nearest neighbours", model = scaled(classify.knn {n_neighbors = 5})},
    {name = "svm", title = "SVM", model = scaled(classify.svm {C = 10})},
    {name = "random_forest", title = "random forest", model = classify.random_forest {seed = seed}},
    {name = "boosted_trees", title = "boosted trees", model = classify.boosted_trees {seed = seed}},
  }
end

local function chosen(all, names)
  if not names then return all end
  local known, list = {}, {}
  for _, entry in ipairs(all) do known[entry.name] = entry end
  for name in names:gmatch "[^,%s]+" do
    if not known[name] then
      local names_known = {}
      for _, entry in ipairs(all) do names_known[#names_known + 1] = entry.name end
      require "moonlark.options".unknown("model", name, names_known)
    end
    list[#list + 1] = known[name]
  end
  return list
end
