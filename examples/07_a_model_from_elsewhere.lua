-- Hear a collection with a model that others have trained, and learn from what it makes of the songs.
--
--     moonlark examples/07_a_model_from_elsewhere.lua models/yamnet genres
--
-- The model is a folder or file of weights, or a name of `moonlark models known`. Without one, a tiny Whisper with
-- random weights is made on the spot: it knows nothing, and shows how one is used. Without a folder it takes the
-- synthetic corpus.
local classify = require "moonlark.classify"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local pretrained = require "moonlark.pretrained"
local torch = require "moonlark.torch"

-- A folder as a hub gives it: weights, and settings that say which network they are of.
local function make_tiny(path)
  local shape = {n_mels = 80, width = 32, layers = 2, heads = 2, inner = 64, frames = 200, classes = 2, projection = 16}
  files.mkdirs(path)
  torch.save(path .. "/model.safetensors", require("models.whisper")(shape):state_dict())
  files.write(path .. "/config.json", json.encode {
    model_type = "whisper", architectures = {"WhisperForAudioClassification"},
    id2label = {["0"] = "this", ["1"] = "that"},
    d_model = 32, encoder_layers = 2, encoder_attention_heads = 2, encoder_ffn_dim = 64, num_mel_bins = 80,
    max_source_positions = 200,
  })
  return path
end

local path, folder = arg[1] or make_tiny "runs/tiny_whisper", arg[2]
if not folder then
  folder = "runs/example"
  require("moonlark.corpus").generate(folder, {clips = 6, seconds = 6})
end

local model, songs = pretrained.open(path), dataset.folder(folder)
print(model)
if model.names then print(model:classify(songs[1].path, {top = 2, segments = true})) end
print(model:embed(songs[1].path, {pool = false}))             -- a Signal over the song's time

-- What it makes of each song is a feature like any other.
local X = songs:extract(feature.recipe {features = {embedding = {model = path}}, pool = {"mean", "std"}})
local learner = classify.pipeline {classify.scaler(), classify.logistic()}
print(classify.cross_validate(learner, X, {k = 3, seed = 1}))
