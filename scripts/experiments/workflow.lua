--- The whole way once: index, splits, kept features, logistic regression, a report by genre, the model on new files.
local classify = require "moonlark.classify"
local feature = require "moonlark.feature"
local model = require "moonlark.model"
local plot = require "moonlark.plot"
local predict = require "moonlark.predict"
local report = require "moonlark.run.report"
local show = require "moonlark.base.show"
local study = require "moonlark.shell.study"

local parser = study.parser("workflow", "Indexes songs, splits them by track, computes pooled features, fits a "
  .. "logistic regression, judges it on the test part and predicts new files with the saved model.")
study.seconds(parser, 30)
parser:option("--new", "Files to predict at the end; default: three of the test part."):argname "<file>":args "+"
local args = parser:parse()
local songs, run <close> = study.open("workflow", args)

-- An index knows every file's content; a split knows which songs learn and which judge.
songs:save(run:own "dataset_index.json")
local parts = songs:split {train = .6, valid = .2, test = .2, seed = args.seed}
parts:save(run:own "splits.json")

-- One row of numbers a song, computed once: the next run takes them from the cache.
local recipe = feature.recipe {
  features = {mfcc = {n_mfcc = 20}, chroma_stft = {}, spectral_contrast = {}, spectral_centroid = {},
    spectral_rolloff = {}, zero_crossing_rate = {}, rms = {}},
  pool = {"mean", "std"}, duration = args.seconds,
}
local how = {workers = args.workers, cache = study.cache(args)}
local train, valid, test = parts.train:extract(recipe, how), parts.valid:extract(recipe, how),
  parts.test:extract(recipe, how)

-- The validation part chooses the strength of the penalty; the test part is looked at once.
local best
for _, C in ipairs {0.01, 0.1, 1, 10} do
  local fitted = classify.pipeline {classify.scaler(), classify.logistic {C = C}}:fit(train)
  local accuracy = model.open(fitted):evaluate(valid).accuracy
  run:log {C = C, valid_accuracy = accuracy}
  if not best or accuracy > best.accuracy then best = {model = fitted, C = C, accuracy = accuracy} end
end
local found = model.open(best.model):evaluate(test)
print(found)
run:model(best.model)

-- The saved model, opened as anybody would, on files that it has not seen.
local new = args.new or {table.unpack(test.paths, 1, 3)}
local list, rejected = predict.files(run.path, new, {workers = args.workers})
print "\nnew files:"
local rows = {}
for i, one in ipairs(list) do
  rows[i] = {one.path, one.label, one.probability}
  print(show.format("  %s  %s", one.path, tostring(one)))
end

local page = report.new("From an index to predictions: " .. args.data)
page:text(("%d songs learn, %d choose the penalty (C = %g), %d judge. %d numbers a song.")
  :format(#train, #valid, best.C, #test, #recipe.names))
page:text(("Accuracy on the test part: %.3f, 95 %% of it within %.3f to %.3f."):format(found.accuracy,
  found.interval.low, found.interval.high))
page:heading "By genre":classes(found, "songs")
page:figure(run:plot("confusion", plot.confusion, found, {title = "Logistic regression"}), "Confusion matrix")
page:heading "New files":table({"file", "genre", "probability"}, rows)
page:files("Left out", rejected)
study.finish(run, page, {
  accuracy = found.accuracy, ["accuracy.low"] = found.interval.low, ["accuracy.high"] = found.interval.high,
  f1 = found.macro.f1, C = best.C, n = #test, classes = #songs.classes, columns = #recipe.names,
})
