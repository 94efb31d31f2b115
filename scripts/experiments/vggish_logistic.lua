--- Embeddings of VGGish, or of any model from elsewhere, under logistic regression, by ten folds.
local classify = require "moonlark.classify"
local feature = require "moonlark.feature"
local plot = require "moonlark.plot"
local report = require "moonlark.run.report"
local study = require "moonlark.shell.study"

-- What one may want to change. -----------------------------------------------------------------

local pool = {"mean", "std"}                    -- of the embeddings over a song
local strength, iterations = 1, 1000            -- C of the regression, steps at most
local folds = 10                                -- fewer, where a genre has fewer songs

-- The experiment. --------------------------------------------------------------------------------

local parser = study.parser("vggish_logistic", "Each song becomes the mean and deviation of the embeddings of its "
  .. "0.96 s windows, computed once and kept in the cache; logistic regression tells the genres, judged by folds.")
parser:option("--model", "VGGish, or another model: a folder, a file of weights, a name of moonlark models."):argname
  "<model>":default "vggish"
local args = parser:parse()
local songs, run <close> = study.open("vggish_logistic", args)

local recipe = feature.recipe {features = {embedding = {model = args.model}}, pool = pool}
local X = songs:extract(recipe, {workers = args.workers, cache = study.cache(args)})
local logistic = classify.pipeline {classify.scaler(), classify.logistic {C = strength, max_iter = iterations}}

local fewest = #X
for id = 0, #X.classes - 1 do fewest = math.min(fewest, X.y:eq(id):sum():item()) end
local k = math.max(2, math.min(folds, fewest))
local found = classify.cross_validate(logistic, X, {k = k, seed = args.seed})
print(found)
run:model(logistic:clone():fit(X)) -- of all songs, for those to come

local page = report.new("Genres by embeddings and logistic regression: " .. args.data)
page:text(("%d songs of %d genres, %d numbers each, %d folds; the regression of a fold has heard none of its songs.")
  :format(#X, #X.classes, #X.names, k))
page:table({"", "accuracy", "95 % from", "to"}, {
  {"logistic regression", found.accuracy, found.interval.low, found.interval.high},
})
page:heading "By genre":classes(found, "songs")
page:figure(run:plot("confusion", plot.confusion, found, {title = "Logistic regression"}), "Confusion matrix")
page:files("Left out", X.rejected)
study.finish(run, page, {
  accuracy = found.accuracy, ["accuracy.low"] = found.interval.low, ["accuracy.high"] = found.interval.high,
  f1 = found.macro.f1, n = #X, classes = #X.classes, columns = #X.names, folds = k,
})
