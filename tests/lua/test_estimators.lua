-- One contract, every estimator: what each must do with good samples, and say of bad ones.
local lib = require "lib"
local lu = require "luaunit"
local torch = require "moonlark.torch"
local cluster = require "moonlark.cluster"
local classify = require "moonlark.classify"
local estimator = require "moonlark.estimator"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local sealed = require "moonlark.base.sealed"

local makers = {
  pca = function(o) return cluster.pca(o) end,
  kmeans = function(o) return cluster.kmeans(o or {n_clusters = 3}) end,
  gmm_full = function(o) return cluster.gmm(o or {n_components = 3, covariance = "full"}) end,
  gmm_tied = function(o) return cluster.gmm(o or {n_components = 3, covariance = "tied"}) end,
  gmm_diag = function(o) return cluster.gmm(o or {n_components = 3, covariance = "diag"}) end,
  gmm_spherical = function(o) return cluster.gmm(o or {n_components = 3, covariance = "spherical"}) end,
  agglomerative = function(o) return cluster.agglomerative(o or {n_clusters = 3}) end,
  tsne = function(o) return cluster.tsne(o or {perplexity = 5, early_exaggeration_iter = 20, n_iter = 20}) end,
  hdbscan = function(o) return cluster.hdbscan(o) end,
  dbscan = function(o) return cluster.dbscan(o or {eps = 2}) end,
  spectral = function(o) return cluster.spectral(o or {n_clusters = 3, gamma = 0.1}) end,
  lda = function(o) return classify.lda(o) end,
  umap = function(o) return cluster.umap(o or {n_neighbors = 5, n_epochs = 20}) end,
  scaler = function() return classify.scaler() end,
  logistic = function(o) return classify.logistic(o) end,
  knn = function(o) return classify.knn(o or {n_neighbors = 3}) end,
  svm = function(o) return classify.svm(o) end,
  naive_bayes = function(o) return classify.naive_bayes(o) end,
  qda = function(o) return classify.qda(o or {reg_param = 0.1}) end,
  svm_sure = function(o) return classify.svm(o or {probability = true}) end,
  random_forest = function(o) return classify.random_forest(o or {n_estimators = 5}) end,
  boosted_trees = function(o) return classify.boosted_trees(o or {n_estimators = 5}) end,
  pipeline = function() return classify.pipeline {classify.scaler(), cluster.pca {n_components = 2}, classify.svm()} end,
}

local supervised = {lda = true, naive_bayes = true, qda = true, logistic = true, knn = true, svm = true,
  svm_sure = true, random_forest = true, boosted_trees = true, pipeline = true}

-- Three clouds in four columns, 60 rows.
local function samples()
  torch.manual_seed(5)
  local y = torch.arange(60):remainder(3)
  local x = torch.randn({60, 4}) + y:unsqueeze(1):float() * 4
  return x, y
end

local function apply(model, x)
  if model.predict then return model:predict(x) end
  return model:transform(x)
end

local function same(a, b)
  return torch.equal(a, b)
end

TestContract = {}

-- Runs a check on every estimator, saying which one failed.
local function each(check)
  for name, make in pairs(makers) do
    local ok, message = pcall(check, make, name)
    if not ok then error(name .. ": " .. (type(message) == "table" and message.msg or tostring(message)), 0) end
  end
end

function TestContract:test_fit_returns_self_and_learns()
  each(function(make)
    local x, y = samples()
    local model = make()
    lu.assertIs(model:fit(x, y), model)
    lu.assertEquals(apply(model, x):size(0), 60)
  end)
end

function TestContract:test_every_hyperparameter_has_a_default_and_unknown_ones_are_named()
  for name, make in pairs {pca = cluster.pca, kmeans = cluster.kmeans, gmm = cluster.gmm, logistic = classify.logistic,
    knn = classify.knn, svm = classify.svm, random_forest = classify.random_forest,
    boosted_trees = classify.boosted_trees} do
    lu.assertTrue(estimator.is(make()), name)
    lu.assertErrorMsgContains("unknown option", make, {n_componentz = 3})
  end
end

function TestContract:test_the_same_twice_to_the_bit()
  each(function(make)
    local x, y = samples()
    lu.assertTrue(same(apply(make():fit(x, y), x), apply(make():fit(x, y), x)))
  end)
end

function TestContract:test_clone_is_unfitted_and_of_the_same_hyperparameters()
  each(function(make, name)
    local x, y = samples()
    local model = make():fit(x, y)
    local clone = model:clone()
    lu.assertNil(clone.state)
    if name ~= "pipeline" then lu.assertEquals(clone:params(), model:params()) end
    lu.assertErrorMsgContains("not fitted", apply, clone, x)
    lu.assertTrue(same(apply(clone:fit(x, y), x), apply(model, x)))
  end)
end

function TestContract:test_saved_and_loaded_predicts_the_same_bits()
  local path = os.tmpname()
  os.remove(path)
  each(function(make)
    local x, y = samples()
    local model = make():fit(x, y)
    model:save(path .. ".safetensors")
    local loaded = estimator.load(path .. ".safetensors")
    lu.assertEquals(loaded.kind, model.kind)
    lu.assertTrue(same(apply(loaded, x), apply(model, x)))
  end)
  os.remove(path .. ".safetensors")
  os.remove(path .. ".json")
end

-- Models of older files: tensors, and beside them JSON that is a part of the model and knows no card.
function TestContract:test_older_files_are_read()
  local path = lib.folder() .. "/model.safetensors"
  each(function(make)
    local x, y = samples()
    local model = make():fit(x, y)
    local tensors, plain = sealed.read(model:save(path) and path, "estimator", "object")
    plain.card = nil
    torch.save(path, tensors)
    files.write((path:gsub("safetensors$", "json")), json.encode(plain))
    local loaded = estimator.load(path)
    lu.assertTrue(same(apply(loaded, x), apply(model, x)))
    lu.assertEquals(loaded.card.task, model.card.task)
  end)
end

function TestContract:test_the_card_says_what_a_model_was_fitted_to()
  local path = lib.folder() .. "/model.safetensors"
  local recipe = require "moonlark.feature.recipe".new {features = {mfcc = {n_mfcc = 4}}, pool = "mean"}
  local tasks = {pca = false, scaler = false, kmeans = "clusters", gmm_full = "clusters", gmm_tied = "clusters",
    gmm_diag = "clusters", gmm_spherical = "clusters", agglomerative = "clusters", spectral = "clusters",
    hdbscan = "clusters", dbscan = "clusters", nmf = false, tsne = false, umap = false}
  each(function(make, name)
    local x, y = samples()
    local model = make():fit {x = x, y = y, names = recipe.names, classes = {"a", "b", "c"}, recipe = recipe}
    local card = estimator.load(model:save(path) and path).card
    lu.assertEquals(card.task or false, tasks[name] == nil and "classes" or tasks[name])
    lu.assertEquals(card.columns, {"mfcc_0_mean", "mfcc_1_mean", "mfcc_2_mean", "mfcc_3_mean"})
    lu.assertEquals(card.classes, card.task == "classes" and {"a", "b", "c"} or nil)
    lu.assertEquals(card.recipe.text, recipe.text)
    lu.assertEquals(require "moonlark.feature.recipe".new(card.recipe.settings).text, recipe.text)
    lu.assertEquals(card.versions.moonlark, require "moonlark_core".system.version)
    lu.assertEquals(estimator.has(model, "predict_proba"), pcall(function() return model:predict_proba(x) end))
  end)
end

-- Nobody required moonlark.classify or moonlark.cluster there: a kind leads to the module that defines it.
function TestContract:test_a_program_that_only_loads_finds_every_kind()
  local file = lib.folder() .. "/model.safetensors"
  local x, y = samples()
  makers.pipeline():fit(x, y):save(file)
  local said = lib.moonlark(nil, nil, "-e", ([[print(require "moonlark.estimator".load %q)]]):format(file)).all
  lu.assertStrContains(said, "classify.pipeline {classify.scaler {} → cluster.pca {n_components = 2")
  local tensors, plain = sealed.read(file, "estimator", "object")
  for _, kind in ipairs {"classify.none", "none.svm", "base.json", "svm", "../classify.svm"} do
    plain.steps[3].kind = kind
    sealed.write(file, tensors, "estimator", plain)
    lu.assertErrorMsgContains(("unknown kind of model '%s'"):format(kind), estimator.load, file)
  end
end

function TestContract:test_a_damaged_model_is_refused()
  local path = os.tmpname()
  os.remove(path)
  local file = path .. ".safetensors"
  local x, y = samples()
  classify.knn():fit(x, y):save(file)
  local tensors, plain = sealed.read(file, "estimator", "object")
  tensors.train_y = tensors.train_y + 100000000
  sealed.write(file, tensors, "estimator", plain)
  local model = estimator.load(file)
  lu.assertErrorMsgEquals("train y must hold ids 0..2, row 0 is 100000000", model.predict, model, x)
  os.remove(file)
  os.remove(path .. ".json")
end

function TestContract:test_unfitted_says_so()
  each(function(make)
    lu.assertErrorMsgContains("not fitted", apply, make(), (samples()))
    lu.assertErrorMsgContains("not fitted", make().save, make(), "/tmp/nothing.safetensors")
  end)
end

function TestContract:test_nan_is_refused_with_its_place()
  each(function(make)
    local x, y = samples()
    x[7][2] = 0 / 0
    lu.assertErrorMsgContains("row 7, column 2 is NaN", make().fit, make(), x, y)
    local good = samples()
    local model = make():fit(good, y)
    lu.assertErrorMsgContains("row 7, column 2 is NaN", apply, model, x)
  end)
end

function TestContract:test_wrong_width_is_refused()
  each(function(make)
    local x, y = samples()
    local model = make():fit(x, y)
    lu.assertErrorMsgContains("must have 4 columns, as when fitted, got 3", apply, model, x:narrow(1, 0, 3))
  end)
end

function TestContract:test_empty_and_misshapen_are_refused()
  each(function(make)
    local x, y = samples()
    lu.assertErrorMsgContains("rows or more, got 0", make().fit, make(), x:narrow(0, 0, 0), y:narrow(0, 0, 0))
    lu.assertErrorMsgContains("must have 2 axes", make().fit, make(), x:reshape {-1}, y)
    lu.assertErrorMsgContains("must be a tensor", make().fit, make(), "x", y)
  end)
end

function TestContract:test_no_rows_to_predict_gives_no_rows()
  each(function(make)
    local x, y = samples()
    lu.assertEquals(apply(make():fit(x, y), x:narrow(0, 0, 0)):size(0), 0)
  end)
end

function TestContract:test_constant_column_is_no_trouble()
  each(function(make)
    local x, y = samples()
    x:select(1, 1):fill_(3)
    local result = apply(make():fit(x, y), x):double()
    lu.assertTrue(result:isfinite():all():item())
  end)
end

function TestContract:test_one_row()
  each(function(make, name)
    local x, y = samples()
    local ok, message = pcall(make().fit, make(), x:narrow(0, 0, 1), y:narrow(0, 0, 1))
    if name == "scaler" or name == "dbscan" then
      lu.assertTrue(ok)
    else
      lu.assertFalse(ok)
      lu.assertStrMatches(message, ".*[Mm]ust .*")
    end
  end)
end

function TestContract:test_fewer_rows_than_asked_for()
  local x = samples():narrow(0, 0, 2)
  lu.assertErrorMsgContains("at least n_clusters (3) rows, got 2", makers.kmeans().fit, makers.kmeans(), x)
  lu.assertErrorMsgContains("at least 3 rows for 3 components, got 2", makers.gmm_full().fit, makers.gmm_full(), x)
  lu.assertErrorMsgContains("1..min(rows, columns) (2), got 3", makers.pca().fit, cluster.pca {n_components = 3}, x)
  lu.assertErrorMsgContains("n_neighbors must be 1..2", makers.knn().fit, makers.knn(), x, torch.tensor {0, 1})
end

function TestContract:test_classifiers_need_labels_of_two_classes()
  each(function(make, name)
    if not supervised[name] then return end
    local x, y = samples()
    lu.assertErrorMsgContains("2 classes or more, got 1", make().fit, make(), x, y * 0)
    lu.assertErrorMsgContains("one entry for each row (60), got 59", make().fit, make(), x, y:narrow(0, 0, 59))
    lu.assertErrorMsgContains("needs labels", make().fit, make(), x)
  end)
end

function TestContract:test_class_ids_with_gaps_come_back_as_they_were()
  each(function(make, name)
    if not supervised[name] then return end
    local x, y = samples()
    local ids = y * 10 + 2
    local predicted = make():fit(x, ids):predict(x)
    lu.assertTrue(predicted:eq(ids):double():mean():item() > 0.9)
  end)
end

function TestContract:test_class_weights_go_by_name_or_id_and_through_files()
  local x, y = samples()
  local X = {x = x:narrow(1, 0, 1), y = y, classes = {"dub", "ska", "čalga"}}
  local path = lib.folder() .. "/weights.safetensors"
  local function proba(weights)
    local model = classify.pipeline {classify.scaler(), classify.logistic {class_weight = weights}}:fit(X)
    model:save(path)
    lu.assertTrue(same(estimator.load(path):predict_proba(X.x), model:predict_proba(X.x)))
    return model:predict_proba(X.x)
  end
  lu.assertTrue(same(proba {ska = 4}, proba {[1] = 4}))
  lu.assertTrue(proba {ska = 4}:sum(0)[1]:item() > proba():sum(0)[1]:item() + 1)
  lu.assertTrue(same(proba "balanced", proba()))
  lu.assertErrorMsgContains("unknown class of class_weight: 'skaa' (did you mean 'ska'?)", proba, {skaa = 4})
  lu.assertErrorMsgContains("unknown class of class_weight: '3'", proba, {[3] = 4})
  lu.assertErrorMsgContains("ids without names", function() classify.svm {class_weight = {ska = 4}}:fit(x, y) end)
  lu.assertErrorMsgContains("class_weight must be", classify.svm, {class_weight = {ska = 0}})
end

lib.run()
