--- musicnn: taggers by Pons and Serra (2019), and their baseline, from TensorFlow's checkpoints to PyTorch's names and
--- orders of axes.
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local raw = require "moonlark.hub.convert.raw"
local show = require "moonlark.base.show"
local tf_checkpoint = require "moonlark.hub.convert.tf_checkpoint"
local torch = require "moonlark.torch"

-- TensorFlow counts its layers: conv2d, conv2d_1 … in the order of the network; the baseline's are 1CNN, 2CNN ….
local networks = {
  musicnn = {
    convolutions = {"front0.conv", "front1.conv", "front2.conv", "front3.conv", "front4.conv", "mid0.conv", "mid1.conv",
      "mid2.conv"},
    convolution = function(i) return i == 1 and "conv2d" or ("conv2d_%d"):format(i - 1) end,
    norms = {"bn", "front0.bn", "front1.bn", "front2.bn", "front3.bn", "front4.bn", "mid0.bn", "mid1.bn", "mid2.bn",
      "pool_bn", "dense_bn"},
    denses = {"dense", "out"},
  },
  vgg = {
    convolutions = {"cnn1.conv", "cnn2.conv", "cnn3.conv", "cnn4.conv", "cnn5.conv"},
    convolution = function(i) return ("%dCNN"):format(i) end,
    norms = {"bn", "cnn1.bn", "cnn2.bn", "cnn3.bn", "cnn4.bn", "cnn5.bn"}, denses = {"out"},
  },
}
local parts_of_norm = {gamma = "weight", beta = "bias", moving_mean = "running_mean", moving_variance = "running_var"}

local function layer(word, i) return i == 1 and word or ("%s_%d"):format(word, i - 1) end

-- The kernel of a convolution, [time, frequency, in, out]: [out, in, time, frequency], and of the middle, which has one
-- frequency of `in` channels, [out, in, time].
local function turned(kernel, name)
  if not name:find "^mid" then return kernel:permute {3, 2, 0, 1} end
  return kernel:squeeze(2):permute {2, 1, 0}
end

local function of(tensors, name) return tensors[name] or show.fail("the checkpoint has no tensor '%s'", name) end

-- The network's tensors by our names.
local function renamed(tensors, network)
  local state = {}
  for i, name in ipairs(network.convolutions) do
    state[name .. ".weight"] = turned(of(tensors, network.convolution(i) .. "/kernel"), name)
    state[name .. ".bias"] = of(tensors, network.convolution(i) .. "/bias")
  end
  for i, name in ipairs(network.norms) do
    for theirs, ours in pairs(parts_of_norm) do
      state[name .. "." .. ours] = of(tensors, layer("batch_normalization", i) .. "/" .. theirs)
    end
  end
  for i, name in ipairs(network.denses) do
    state[name .. ".weight"] = of(tensors, layer("dense", i) .. "/kernel"):transpose(0, 1)
    state[name .. ".bias"] = of(tensors, layer("dense", i) .. "/bias")
  end
  return state
end

-- The names of the tags, from the line NAME = ['…', …] of the package's configuration.
local function labels(path, name)
  local list = {}
  local line = files.read(path):match(name .. "%s*=%s*(%b[])") or show.fail("%s has no list %s", path, name)
  for label in line:gmatch "'([^']*)'" do list[#list + 1] = label end
  return json.array(list)
end

--- Makes NAME.safetensors and labels.json of NAME's checkpoint and of configuration.py.
---@param from string  the folder of what was fetched
---@param to string  the folder of the model
---@param entry table  of the catalogue; `network` is the name of the checkpoint: "MSD_musicnn" or "MSD_vgg"
return function(from, to, entry)
  local name = entry.network
  local found = tf_checkpoint.read(files.join(from, name) .. "/", function(key)
    return not key:find "Adam" and not key:find "power"
  end)
  torch.save(files.join(to, name .. ".safetensors"), renamed(raw.tensors(found), networks[name:match "%a+$"]))
  local tags = labels(files.join(from, "configuration.py"), name:match "^%a+" .. "_LABELS")
  files.write(files.join(to, "labels.json"), json.encode {[name] = tags})
end
