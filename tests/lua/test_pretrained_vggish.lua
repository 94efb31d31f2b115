-- VGGish beside torchvggish: tests/reference/pretrained/vggish.py made the files.
local lib = dofile "tests/lua/lib.lua"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local lu = require "luaunit"
local pretrained = require "moonlark.pretrained"
local torch = require "moonlark.torch"

local root = "tests/reference/pretrained/vggish"
local weights = root .. "/vggish-tiny.pth"
local v = torch.load(root .. "/vectors.safetensors")

TestVggish = {}

function TestVggish:test_the_reference()
  local model = pretrained.open(weights)
  local x = model:features(lib.clip(3.2))
  lib.close(x:slice(1, 0, nil, 4):slice(2, 0, nil, 2), v.mel, 1e-4)
  lib.close(model:forward(x), v.embedding, 1e-4)
  lib.close(model:forward(x:narrow(0, 2, 1)), v.embedding:narrow(0, 2, 1), 1e-4)
  lib.close(model:embed(lib.clip(3.2)), v.embedding:mean {0}, 1e-4)
  local net = model.net:to "bfloat16" -- of numbers up to 13, 8 bits each
  lib.close(torch.no_grad(function() return net(x:to "bfloat16"):float() end), v.embedding, 0.3)
  lib.close(v.bfloat16, v.embedding, 0.3)
end

function TestVggish:test_the_pca()
  local model = pretrained.open(weights, {pca = true})
  local codes = model:forward(model:features(lib.clip(3.2)))
  lib.close(codes, v.codes, 1) -- a number beside a half may be rounded either way
  lu.assertTrue((codes - v.codes):abs():mean():item() < 0.1)
  lib.close(codes, codes:round(), 0)
end

function TestVggish:test_the_pca_in_a_recipe()
  local function made(pca)
    local recipe = feature.recipe {features = {embedding = {model = weights, pca = pca}}, pool = {"mean"}}
    return recipe:row(lib.clip(3.2))
  end
  lib.close(made(true):flatten(), v.codes:mean {0}, 0.5)
  lib.close(made(false):flatten(), v.embedding:mean {0}, 1e-4)
end

-- Under the prefix in one file, and in other formats.
function TestVggish:test_the_pca_in_the_weights()
  local folder = lib.folder()
  local state = torch.load(weights)
  for name, value in pairs(torch.load(root .. "/vggish_pca_params-tiny.pth")) do state["pproc." .. name] = value end
  torch.save(folder .. "/model.safetensors", state)
  local model = pretrained.open(folder, {pca = true})
  lib.close(model:forward(model:features(lib.clip(3.2))), v.codes, 1)
  lib.close(pretrained.open(folder):embed(lib.clip(3.2)), v.embedding:mean {0}, 1e-4)
end

function TestVggish:test_faults()
  local folder = lib.folder()
  local file = folder .. "/vggish.pth"
  files.write(file, files.read(weights))
  lib.fails("pca needs the file of the PCA beside the weights", pretrained.open, folder, {pca = true})
  torch.save(folder .. "/pca.safetensors", {pca_means = torch.zeros {3}})
  lib.fails("missing: pproc.pca_eigen_vectors", pretrained.open, folder, {pca = true})
  lib.fails("pproc.pca_means is [8], the state has [3]", pretrained.open, folder, {pca = true})
  local model = pretrained.open(folder)
  lib.fails("needs 15600 samples at least, got 15599", model.embed, model, lib.clip(15599.5 / 16000))
  lib.fails("tells no classes", model.classify, model, lib.clip(2))
end

lib.run()
