--- dfsmn: FireRedVAD: speech, singing and music, or speech alone, every 10 ms. The statistics of its features lie beside
--- the weights in cmvn.ark.
---
--- `model:track(song)`: `speech`, `singing`, `music`, how likely each is, and segments of all of them.
local family = require "moonlark.pretrained.family"
local files = require "moonlark.base.files"
local segments = require "moonlark.pretrained.segments"
local torch = require "moonlark.torch"

local events = {{"speech", 0.4}, {"singing", 0.5}, {"music", 0.5}} -- and from where on they count

-- Mean and 1 / deviation of each band, from Kaldi's sums (a matrix of doubles: sums and count, sums of squares).
local function statistics(found, bands)
  local path = found:beside "cmvn.ark" or found:fail "cmvn.ark must lie beside the weights: it has their features' mean"
  local bytes = files.read(path)
  local at = bytes:find("\0BDM \4", 1, true)
  local fits = at and #bytes >= at + 14 + 16 * (bands + 1)
  local rows, columns, first
  if fits then rows, columns, first = ("<i4xi4"):unpack(bytes, at + 6) end
  if rows ~= 2 or columns ~= bands + 1 then
    found:fail("cmvn.ark is no binary matrix of Kaldi of 2 × %d doubles", bands + 1)
  end
  local sums = {("<" .. ("d"):rep(2 * columns)):unpack(bytes, first)}
  local count, mean, scale = sums[columns], {}, {}
  for i = 1, bands do
    mean[i] = sums[i] / count
    scale[i] = 1 / math.sqrt(math.max(sums[columns + i] / count - mean[i] ^ 2, 1e-20))
  end
  return torch.tensor(mean), torch.tensor(scale)
end

-- The exporter to ONNX transposed the weights of linear layers and named them by numbers, in the order of the network.
local function linear_layers(blocks)
  local names = {"dfsmn.fc1.0.weight", "dfsmn.fc2.0.weight"}
  for i = 0, blocks - 2 do
    names[#names + 1] = ("dfsmn.fsmns.%d.fc1.0.weight"):format(i)
    names[#names + 1] = ("dfsmn.fsmns.%d.fc2.weight"):format(i)
  end
  names[#names + 1], names[#names + 2] = "dfsmn.dnns.0.weight", "out.weight"
  return names
end

local function number_of(name) return tonumber(name:match "^onnx::MatMul_(%d+)$") end

local function count_blocks(found)
  local most = -1
  for name in pairs(found.tensors) do
    most = math.max(most, tonumber(name:match "dfsmn%.fsmns%.(%d+)%.fsmn%.lookback_filter%.weight$") or -1)
  end
  return most + 2
end

local function prepare(tensors, _, o)
  local numbers = {}
  for name in pairs(tensors) do numbers[#numbers + 1] = number_of(name) end
  table.sort(numbers)
  for i, name in ipairs(#numbers > 0 and linear_layers(o.blocks) or {}) do
    local given = numbers[i] and "onnx::MatMul_" .. numbers[i]
    if given then tensors[name], tensors[given] = tensors[given]:transpose(0, 1):contiguous(), nil end
  end
  return tensors
end

return family.define {
  name = "dfsmn",
  about = "speech, singing and music, every 10 ms",
  source = "Xu and others (2026), FireRedVAD; DFSMN: Zhang, Lei, Yan and Dai (2018)",
  task = "tags",
  architecture = "dfsmn",
  recognise = function(found)
    local prefix = found:shape "model.dfsmn.fc1.0.bias" and "model." or ""
    local first, second = found:shape(prefix .. "dfsmn.fc1.0.bias"), found:shape(prefix .. "dfsmn.fc2.0.bias")
    local memory, last = found:shape(prefix .. "dfsmn.fsmn1.lookahead_filter.weight"), found:shape(prefix .. "out.bias")
    if not (first and second and memory and last) then return nil end
    return {classes = last[1], width = first[1], projection = second[1], order = memory[3], blocks = count_blocks(found)}
  end,
  rename = function(name)
    if name:find "^/" then return nil end -- constants of the graph
    return (name:gsub("^model%.", ""))
  end,
  prepare = prepare,
  labels = function(found, o)
    return found:labels "labels.json" or o.classes == 3 and {"speech", "singing", "music"}
      or o.classes == 1 and {"speech"} or nil
  end,
  front = function(found, o)
    local bands = o.n_mels or 80
    local mean, scale = statistics(found, bands)
    return {
      rate = 16000, most = 300, at_once = 1, least = 400,
      feature = {"kaldi_fbank", {n_mels = bands, window = "povey", scale = 32768, n_frames = false,
        normalize = false}},
      compute = function(x) return (x:transpose(1, 2) - mean:to(x:device())) * scale:to(x:device()) end,
    }
  end,
  frames = 100,
  summary = function(p) return p:mean {1} end,
  track = function(scores, curve, names)
    local p, heard = scores:sigmoid():transpose(0, 1), {segments = {}}
    for i, name in ipairs(names) do
      heard[name] = curve(name, p:narrow(0, i - 1, 1))
      local list = segments.above(heard[name], {threshold = events[i] and events[i][2] or 0.5, gap = 0.2, least = 0.2,
        label = name})
      table.move(list, 1, #list, #heard.segments + 1, heard.segments)
    end
    table.sort(heard.segments, function(a, b) return a.start < b.start end)
    return heard
  end,
}
