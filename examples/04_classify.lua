-- Teach a classifier the folders of a collection, judge it honestly, and ask it about one more sound.
--
--     moonlark examples/04_classify.lua genres confusion.png song.mp3
--
-- Without a folder it takes the synthetic corpus, without a song the first one of the folder.
local audio = require "moonlark.audio"
local classify = require "moonlark.classify"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local plot = require "moonlark.plot"

local folder, picture, song = arg[1], arg[2] or "confusion.png", arg[3]
if not folder then
  folder = "runs/example"
  require("moonlark.corpus").generate(folder, {clips = 6, seconds = 6})
end

local songs = dataset.folder(folder)
local recipe = feature.recipe {
  features = {mfcc = {}, spectral_contrast = {}, spectral_centroid = {}, zero_crossing_rate = {}},
  pool = {"mean", "std", "min", "max"},
}
local X = songs:extract(recipe)

-- In each fold the scaler, too, sees the training part only.
local model = classify.pipeline {classify.scaler(), classify.svm {C = 10}}
local report = classify.cross_validate(model, X, {k = 3, seed = 1})
print(report)
plot.confusion(report, {title = "SVM"}):save(picture)
print("wrote " .. picture)

-- Is it better than the nearest neighbours, or were the folds kind to it? And what does it need?
local other = classify.pipeline {classify.scaler(), classify.knn()}
print(classify.compare(report, classify.cross_validate(other, X, {k = 3, seed = 1})))
print(classify.importance(model, X, {k = 3, by = "feature"}))

-- Fitted to everything, it may be asked about other songs.
model:fit(X)
song = song or songs[1].path
local row = recipe:row(audio.load(song)):unsqueeze(0)   -- one row: 1 × columns
print(("%s: %s"):format(song, X.classes[model:predict(row):item() + 1]))
