--- VGGish: 128 numbers for each 0.96 s of sound.
local family = require "moonlark.pretrained.family"
local files = require "moonlark.base.files"
local names = require "moonlark.pretrained.names"
local torch = require "moonlark.torch"

local convolutions = {0, 3, 6, 8, 11, 13}

local function recognise(found)
  local channels = {}
  for i, at in ipairs(convolutions) do
    local shape = found:shape(("features.%d.weight"):format(at))
    if not (shape and #shape == 4) then return nil end
    channels[i] = shape[1]
  end
  local first, last = found:shape "embeddings.0.weight", found:shape "embeddings.4.weight"
  if not (first and last) then return nil end
  return {channels = channels, hidden = first[1], width = last[1], pca = found.asked.pca}
end

-- A file of the PCA beside the weights, such as vggish_pca_params-970ea276.pth.
local function pca_beside(found)
  for _, name in ipairs(files.list(found.folder)) do
    if name:lower():find "pca.*%.%w+$" then return files.join(found.folder, name) end
  end
end

-- The PCA comes with the weights, or lies beside them.
local function prepare(tensors, found, o)
  if not o.pca then
    tensors["pproc.pca_eigen_vectors"], tensors["pproc.pca_means"] = nil, nil
    return tensors
  end
  if not tensors["pproc.pca_means"] then
    local path = pca_beside(found) or found:fail "pca needs the file of the PCA beside the weights"
    for name, value in pairs(torch.load(path)) do tensors["pproc." .. names.without(name, "pproc.")] = value end
  end
  local means = tensors["pproc.pca_means"] or found:fail "the file of the PCA has no pca_means"
  tensors["pproc.pca_means"] = means:flatten()
  return tensors
end

return family.define {
  name = "vggish",
  about = "128 numbers for each 0.96 s of sound",
  source = "Hershey et al. (2017); torchvggish",
  architecture = "vggish",
  recognise = recognise,
  rename = function(name) return name:find "^pca_" and "pproc." .. name or name end,
  unname = function(name, found)
    local short = names.without(name, "pproc.")
    return found.tensors[short] and short or name
  end,
  prepare = prepare,
  front = function()
    return {
      rate = 16000, window = 15600 / 16000, hop = 0.96, least = 15600, feature = {"vggish_mel", {}},
      compute = function(x) return x:transpose(1, 2) end,
    }
  end,
}
