-- One row of features for each sound in a folder: what clustering and classification start from.
--
--     moonlark examples/02_features_of_a_folder.lua genres features.safetensors
--
-- Without a folder it takes the synthetic corpus.
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local torch = require "moonlark.torch"

local folder, target = arg[1], arg[2] or "features.safetensors"
if not folder then
  folder = "runs/example"
  require("moonlark.corpus").generate(folder, {clips = 6, seconds = 6})
end

local songs = dataset.folder(folder)
print(songs)

-- One decode and one transform of each sound serve all of these.
local recipe = feature.recipe {
  features = {mfcc = {n_mfcc = 13}, chroma_stft = {}, spectral_centroid = {}},
  pool = {"mean", "std"},
}
local X = songs:extract(recipe)
local names = X.names
print(("%d sounds × %d columns: %s, %s … %s"):format(X.x:size(0), X.x:size(1), names[1], names[2], names[#names]))
for _, bad in ipairs(X.rejected) do print("left out", bad.path, bad.reason) end

torch.save(target, {x = X.x, y = X.y})
print("wrote " .. target)
