--- TensorFlow Lite's models, which are flatbuffers: tables whose fields are found through a table of places.
---
--- Source: tensorflow/lite/schema/schema.fbs; the fields are counted from 0 in the order of that file. Integers become
--- numbers by their scales: (q - zero point) x scale.
local raw = require "moonlark.hub.convert.raw"
local reader = require "moonlark.hub.convert.reader"

local tflite = {}

-- Where the field of a table lies; nil where it is absent, and has its default.
local function field(file, at, index)
  local places = at - file:number("<i4", at)
  if 4 + 2 * index >= file:number("<I2", places) then return nil end
  local offset = file:number("<I2", places + 4 + 2 * index)
  return offset > 0 and at + offset or nil
end

local function number(file, at, index, form)
  local place = field(file, at, index)
  return place and file:number(form, place) or 0
end

local function follow(file, place) return place + file:number("<I4", place) end

-- Where the elements of a vector begin, and how many there are.
local function vector(file, at, index)
  local place = field(file, at, index)
  if not place then return 0, 0 end
  local start = follow(file, place)
  return start + 4, file:number("<I4", start)
end

local function numbers(file, at, index, form)
  local start, count = vector(file, at, index)
  local size, list = string.packsize(form), {}
  file:check(start, size * count)
  for i = 1, count do list[i] = file:number(form, start + size * (i - 1)) end
  return list
end

local function tables(file, at, index)
  local start, count = vector(file, at, index)
  local list = {}
  file:check(start, 4 * count)
  for i = 1, count do list[i] = follow(file, start + 4 * (i - 1)) end
  return list
end

local types = {[0] = "F32", [1] = "F16", [2] = "I32", [3] = "U8", [4] = "I64", [7] = "I16", [9] = "I8"}
local operators = {[3] = "convolution", [4] = "depthwise", [9] = "dense"} -- of BuiltinOperator, those with weights

local function bytes_of(file, buffer)
  local start, count = vector(file, buffer, 0)
  return file:slice(start, count)
end

local function scale_of(file, at)
  local place = field(file, at, 4)
  if not place then return nil end
  local quantization = follow(file, place)
  local scales = numbers(file, quantization, 2, "<f")
  if #scales == 0 then return nil end
  return {scales = scales, zeros = numbers(file, quantization, 3, "<i8"), axis = number(file, quantization, 6, "<i4")}
end

local function operator_name(file, code) -- the number has been in two places
  return operators[math.max(number(file, code, 0, "b"), number(file, code, 3, "<i4"))]
end

--- What a model computes with weights, in order.
---@param path string
---@return {kind: "convolution"|"depthwise"|"dense", weight: moonlark.hub.Raw, bias: moonlark.hub.Raw}[]
function tflite.layers(path)
  local file = reader.open(path)
  if file:slice(4, 4) ~= "TFL3" then file:fail("it is no model of TensorFlow Lite") end
  local model = follow(file, 0)
  local graph = tables(file, model, 2)[1] or file:fail("it holds no graph")
  local codes, tensors, buffers = tables(file, model, 1), tables(file, graph, 0), tables(file, model, 4)
  local function tensor(index)
    local at = tensors[index + 1] or file:fail("it names tensor %d of %d", index, #tensors)
    local buffer = buffers[number(file, at, 2, "<I4") + 1] or file:fail("a tensor has no content")
    local kind = number(file, at, 1, "B")
    local found = raw.new(types[kind] or ("number " .. kind), numbers(file, at, 0, "<i4"), bytes_of(file, buffer),
      ("%s: %d"):format(path, index))
    found.quantization = scale_of(file, at)
    return found
  end
  local layers = {}
  for _, at in ipairs(tables(file, graph, 3)) do
    local code = codes[number(file, at, 0, "<I4") + 1] or file:fail("an operator has no code")
    local kind, inputs = operator_name(file, code), numbers(file, at, 1, "<i4")
    if kind and #inputs == 3 then
      layers[#layers + 1] = {kind = kind, weight = tensor(inputs[2]), bias = tensor(inputs[3])}
    end
  end
  return layers
end

return tflite
