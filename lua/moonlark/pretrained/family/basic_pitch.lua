--- basic_pitch: notes of any instrument, several at once, every 11.6 ms.
---
--- `model:track(song)`: `notes` and `onsets`, how likely each of 88 keys sounds and begins, `contours`, the same for 264
--- pitches, three a semitone.
local family = require "moonlark.pretrained.family"

local rate, hop, frames, margin = 22050, 256, 172, 15 -- frames of a window, and how many at its ends are not used
local length = 43844
local keys, lowest = 88, 27.5 -- A0

-- Names of ONNX's tensors by what they hold in the published file; kernels have names by numbers, and are told apart by
-- their shapes.
local by_name = {
  {"conv2d_4/BiasAdd", "onset1.bias"}, {"conv2d_1/BiasAdd", "contour1.bias"}, {"conv2d_2/BiasAdd", "note1.bias"},
  {"conv2d_3/BiasAdd", "note2.bias"}, {"contours%-reduced/BiasAdd", "contour2.bias"},
  {"conv2d_5/BiasAdd", "onset2.bias"}, {"FusedBatchNormV31$", "norm_bias"},
  {"batch_normalization/FusedBatchNormV3$", "norm_weight"}, {"cq_t2010v2_1/Sqrt$", "scale"},
}

local by_shape = {
  ["8,8,3,39"] = "contour1.weight", ["1,8,5,5"] = "contour2.weight", ["32,1,7,7"] = "note1.weight",
  ["1,32,7,3"] = "note2.weight", ["32,8,5,5"] = "onset1.weight", ["1,33,3,3"] = "onset2.weight",
  ["1,1,1,256"] = "lowpass", ["36,1,1,256"] = "cqt_real",
}

local function inner_name(name, shape)
  if by_shape[shape] then return by_shape[shape] end
  for _, rule in ipairs(by_name) do
    if name:find(rule[1]) then return rule[2] end
  end
end

-- The network's tensors; which of the two kernels of the transform is the real part makes no difference.
local function prepare(tensors)
  local names, made = {}, {}
  for name in pairs(tensors) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local tensor = tensors[name]
    local inner = inner_name(name, table.concat(tensor:shape(), ","))
    if inner == "cqt_real" and made.cqt_real then inner = "cqt_imaginary" end
    if inner == "scale" then tensor = tensor:flatten() end
    if inner and inner:find "^cqt" or inner == "lowpass" then tensor = tensor:squeeze(2) end
    if inner then made[inner] = tensor end
  end
  return made
end

local function axis(count, each)
  local values = {}
  for i = 1, count do values[i] = lowest * 2 ^ ((i - 1) / (12 * each)) end
  return {name = "frequency", unit = "Hz", scale = "log", values = values}
end

-- Windows overlap so that the frames that are used follow one another; the reference's own hop is 188 samples shorter,
-- and its times are corrected afterwards.
return family.define {
  name = "basic_pitch",
  about = "notes of any instrument, several at once",
  source = "Bittner and others (2022), basic-pitch (ICASSP 2022 model)",
  architecture = "basic_pitch",
  recognise = function(found)
    if found:shape "contour1.weight" and found:shape "onset2.weight" then return {} end
    local kernels = 0
    for _, tensor in pairs(found.tensors) do
      if by_shape[table.concat(tensor:shape(), ",")] then kernels = kernels + 1 end
    end
    return kernels == 9 and {} or nil
  end,
  prepare = function(tensors) return tensors["contour1.weight"] and tensors or prepare(tensors) end,
  front = function()
    return {
      rate = rate, window = length / rate, hop = (frames - 2 * margin) * hop / rate, fixed = true,
      whole = function(samples) return samples:constant_pad_nd({margin * hop, margin * hop}, 0) end,
    }
  end,
  frames = rate / hop,
  margin = margin,
  track = function(scores, curve)
    local p = scores:sigmoid():transpose(0, 1)
    return {
      notes = curve("notes", p:narrow(0, 0, keys), axis(keys, 1)),
      onsets = curve("onsets", p:narrow(0, keys, keys), axis(keys, 1)),
      contours = curve("contours", p:narrow(0, 2 * keys, 3 * keys), axis(3 * keys, 3)),
    }
  end,
}
