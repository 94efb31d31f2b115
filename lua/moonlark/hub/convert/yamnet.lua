--- YAMNet (Plakal and Ellis, 2020): from a model of TensorFlow Lite to float tensors, with the tables of its front end.
local files = require "moonlark.base.files"
local raw = require "moonlark.hub.convert.raw"
local show = require "moonlark.base.show"
local tflite = require "moonlark.hub.convert.tflite"
local torch = require "moonlark.torch"

local LAYERS = 27 -- convolutions

-- Kernels by PyTorch's order of axes: theirs are [out, height, width, in], depthwise [1, height, width, channel].
local orders = {convolution = {0, 3, 1, 2}, depthwise = {3, 0, 1, 2}, dense = {0, 1}}

-- (q - zero) x scale along an axis.
local function scaled(tensor, quantization)
  if not quantization then return tensor:to "float32" end
  local shape = {}
  for i = 1, #tensor:shape() do shape[i] = 1 end
  if #quantization.scales > 1 then shape[quantization.axis + 1] = #quantization.scales end
  local function along(list, dtype) return torch.tensor(list, {dtype = dtype}):reshape(shape) end
  local zeros = along(#quantization.zeros > 0 and quantization.zeros or {0}, "int64")
  return (tensor:to "int64" - zeros):to "float32" * along(quantization.scales, "float32")
end

local function mel_of(hz) return 1127 * math.log(1 + hz / 700) end

-- 64 triangles of HTK's mel scale from 125 to 7500 Hz over the 257 bins of 16 kHz; the bin at 0 Hz counts for nothing.
local function mel_bands()
  local bands, low, high = {}, mel_of(125), mel_of(7500)
  local step = (high - low) / 65
  for band = 1, 64 do
    local row, centre = {0}, low + band * step
    for bin = 1, 256 do
      row[bin + 1] = math.max(0, 1 - math.abs(mel_of(bin * 16000 / 512) - centre) / step)
    end
    bands[band] = row
  end
  return torch.tensor(bands, {dtype = "float64"}):to "float32"
end

-- What the front end multiplies and adds: a Hann window of 25 ms, the bands, 0.001 under the logarithm.
local function front(state)
  local window = {}
  for i = 0, 399 do window[i + 1] = 0.5 - 0.5 * math.cos(2 * math.pi * i / 400) end
  state.window = torch.tensor(window, {dtype = "float64"}):to "float32"
  state.mel = mel_bands()
  state.log_offset = torch.full({64}, 0.001)
end

--- Makes yamnet.safetensors; the names of the classes lie beside it.
---@param from string  the folder of what was fetched
---@param to string  the folder of the model
return function(from, to)
  local path = files.join(from, "yamnet.tflite")
  local state, tensors, layers = {}, {}, tflite.layers(path)
  if #layers ~= LAYERS + 1 or layers[#layers].kind ~= "dense" then
    show.fail("%s is not YAMNet: it has %d layers with weights", path, #layers)
  end
  for i, layer in ipairs(layers) do
    local name = i > LAYERS and "fc" or ("layer%d"):format(i)
    tensors[name .. ".weight"], tensors[name .. ".bias"] = layer.weight, layer.bias
  end
  for name, tensor in pairs(raw.tensors(tensors)) do
    state[name] = scaled(tensor, tensors[name].quantization)
  end
  for i, layer in ipairs(layers) do
    local name = (i > LAYERS and "fc" or ("layer%d"):format(i)) .. ".weight"
    state[name] = state[name]:permute(orders[layer.kind])
  end
  front(state)
  torch.save(files.join(to, "yamnet.safetensors"), state)
  files.write(files.join(to, "yamnet_class_map.csv"), files.read(files.join(from, "yamnet_class_map.csv")))
end
