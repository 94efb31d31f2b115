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
--- `fit(x, y)`, `predict(x)`, `predict_proba(x)` → rows × classes. Options: C, inverse strength of the penalty (1);
--- tol, largest entry of the gradient at which to stop (1e-5); max_iter (1000). Standardise columns first.
---@param given {C?: number, tol?: number, max_iter?: integer}?
---@return moonlark.Estimator
function classify.logistic(given)
  return models.logistic(given)
end

--- k-nearest neighbours, Euclidean, as sklearn.neighbors.KNeighborsClassifier.
---
--- `fit(x, y)`, `predict(x)`, `predict_proba(x)`. Options: n_neighbors (5), weights "uniform" or "distance" ("uniform").
---@param given {n_neighbors?: integer, weights?: string}?
---@return moonlark.Estimator
function classify.knn(given)
  return models.knn(given)
end

--- Support vector machine (Cortes and Vapnik 1995), trained by libsvm, one class against one, as sklearn.svm.SVC.
---
--- `fit(x, y)`, `predict(x)`, `decision_function(x)` → rows × pairs, positive for the pair's first class. Options: C
--- (1), kernel "rbf" or "linear" ("rbf"), gamma (1 / (columns · variance of x), as sklearn's "scale"; or "auto", or a
--- number), tol (1e-3). Standardise columns first.
---@param given {C?: number, kernel?: string, gamma?: number|string, tol?: number}?
---@return moonlark.Estimator
function classify.svm(given)
  return models.svm(given)
end

--- Random forest (Breiman 2001), grown by XGBoost: trees on random shares of rows and, at each split, of columns.
---
--- `fit(x, y)`, `predict(x)`, `predict_proba(x)`. Options: n_estimators (100), max_depth (0: no limit), max_features,
--- the share of columns tried at a split (√columns / columns), subsample, the share of rows a tree sees (0.632),
--- max_bin, the places where a column can be split (64), seed (0).
---@param given {n_estimators?: integer, max_depth?: integer, max_features?: number, subsample?: number, seed?: integer}?
---@return moonlark.Estimator
function classify.random_forest(given)
  return models.random_forest(given)
end

--- Gradient boosted trees by XGBoost (Chen and Guestrin 2016), with its defaults.
---
--- `fit(x, y)`, `predict(x)`, `predict_proba(x)`. Options: n_estimators rounds (100), max_depth (6), learning_rate (0.3),
--- subsample (1), colsample (1), reg_lambda (1), min_child_weight (1), max_bin (256), seed (0).
---@param given table?
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
