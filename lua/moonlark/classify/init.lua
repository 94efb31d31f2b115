--- Learning from labels: classifiers, pipelines, cross-validation. Names and defaults are scikit-learn's where it
--- has them.
---
---     local model = classify.pipeline {classify.scaler(), classify.svm {C = 10}}
---     print(classify.cross_validate(model, X, {k = 10, seed = 1}))
local estimator = require "moonlark.estimator"
local models = require "moonlark.classify.models"
local make_pipeline = require "moonlark.classify.pipeline"
local validation = require "moonlark.classify.validation"

local classify = {}

--- Standardises columns to mean 0 and standard deviation 1, as sklearn.preprocessing.StandardScaler; constant columns
--- are only centred. `fit(x)`, `transform(x)`; fields mean, variance, scale.
---@return moonlark.Estimator
function classify.scaler()
  return models.scaler()
end

--- Logistic regression with an L2 penalty, multinomial for more than two classes, fitted by L-BFGS; minimises what
--- sklearn.linear_model.LogisticRegression minimises.
---
--- `fit(x, y)`, `predict(x)`, `predict_proba(x)` → rows × classes. Standardise columns first.
---@param given moonlark.classify.logistic.Options?
---@return moonlark.Estimator
function classify.logistic(given)
  return models.logistic(given)
end

--- k-nearest neighbours, Euclidean, as sklearn.neighbors.KNeighborsClassifier.
---
--- `fit(x, y)`, `predict(x)`, `predict_proba(x)`.
---@param given moonlark.classify.knn.Options?
---@return moonlark.Estimator
function classify.knn(given)
  return models.knn(given)
end

--- Support vector machine (Cortes and Vapnik 1995), trained by libsvm, one class against one, as sklearn.svm.SVC.
---
--- `fit(x, y)`, `predict(x)`, `decision_function(x)` → rows × pairs, positive for the pair's first class. Standardise
--- columns first. gamma = "auto" stands for 1 / columns.
---@param given moonlark.classify.svm.Options?
---@return moonlark.Estimator
function classify.svm(given)
  return models.svm(given)
end

--- Random forest (Breiman 2001), grown by XGBoost: trees on random shares of rows and, at each split, of columns.
---
--- `fit(x, y)`, `predict(x)`, `predict_proba(x)`.
---@param given moonlark.classify.random_forest.Options?
---@return moonlark.Estimator
function classify.random_forest(given)
  return models.random_forest(given)
end

--- Gradient boosted trees by XGBoost (Chen and Guestrin 2016), with its defaults.
---
--- `fit(x, y)`, `predict(x)`, `predict_proba(x)`.
---@param given moonlark.classify.boosted_trees.Options?
---@return moonlark.Estimator
function classify.boosted_trees(given)
  return models.boosted_trees(given)
end

--- Estimators in a row: each is fitted to what the one before it gives, and all of them inside each fold of a
--- cross-validation, so that a scaler never sees the rows it is judged on.
---
---     classify.pipeline {classify.scaler(), cluster.pca {n_components = 20}, classify.logistic()}
---@param steps moonlark.Estimator[]  all but the last have `transform`
---@return moonlark.Estimator
function classify.pipeline(steps)
  if type(steps) == "table" and steps.steps then steps = steps.steps end
  return make_pipeline {steps = steps}
end

classify.cross_validate = validation.cross_validate
classify.grid_search = validation.grid_search

--- Reads back a saved classifier.
---@param path string  ends in .safetensors
---@return moonlark.Estimator
function classify.load(path)
  return estimator.load(path)
end

return classify
