--- Whisper (Radford et al., 2022): from CTranslate2's file to the layout that transformers reads.
local ctranslate2 = require "moonlark.hub.convert.ctranslate2"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local raw = require "moonlark.hub.convert.raw"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

-- What is the number of attention heads: a tensor without axes.
local function heads_of(found)
  local heads = found["encoder/num_heads"]
  if not heads or #heads.bytes < 1 or #heads.bytes > 4 then show.fail "the model does not say how many heads it has" end
  return string.unpack("<i" .. #heads.bytes, heads.bytes)
end

-- Collects tensors by transformers' names.
---@class moonlark.hub.Renaming
---@field package found table<string, moonlark.Tensor>
---@field package state table<string, moonlark.Tensor>
---@field package width integer
local Renaming = {}
Renaming.__index = Renaming

function Renaming:find(name) return self.found[name] or show.fail("the model has no tensor '%s'", name) end

function Renaming:put(name, tensor) self.state[name] = tensor:to "float16":contiguous() end

function Renaming:linear(name, theirs)
  self:put(name .. ".weight", self:find(theirs .. "/weight"))
  self:put(name .. ".bias", self:find(theirs .. "/bias"))
end

function Renaming:norm(name, theirs)
  self:put(name .. ".weight", self:find(theirs .. "/gamma"))
  self:put(name .. ".bias", self:find(theirs .. "/beta"))
end

-- Query, key and value, or two of them, lie in one matrix one under another; keys have no bias.
function Renaming:parts(name, theirs, letters)
  local width = self.width
  for i = 1, #letters do
    local part = ("%s.%s_proj"):format(name, letters:sub(i, i))
    local function rows(kind) return self:find(theirs .. kind):narrow(0, (i - 1) * width, width) end
    self:put(part .. ".weight", rows "/weight")
    if letters:sub(i, i) ~= "k" then self:put(part .. ".bias", rows "/bias") end
  end
end

function Renaming:layer(side, i)
  local ours, theirs = ("model.%s.layers.%d"):format(side, i), ("%s/layer_%d"):format(side, i)
  self:norm(ours .. ".self_attn_layer_norm", theirs .. "/self_attention/layer_norm")
  self:parts(ours .. ".self_attn", theirs .. "/self_attention/linear_0", "qkv")
  self:linear(ours .. ".self_attn.out_proj", theirs .. "/self_attention/linear_1")
  if side == "decoder" then
    self:norm(ours .. ".encoder_attn_layer_norm", theirs .. "/attention/layer_norm")
    self:linear(ours .. ".encoder_attn.q_proj", theirs .. "/attention/linear_0")
    self:parts(ours .. ".encoder_attn", theirs .. "/attention/linear_1", "kv")
    self:linear(ours .. ".encoder_attn.out_proj", theirs .. "/attention/linear_2")
  end
  self:norm(ours .. ".final_layer_norm", theirs .. "/ffn/layer_norm")
  self:linear(ours .. ".fc1", theirs .. "/ffn/linear_0")
  self:linear(ours .. ".fc2", theirs .. "/ffn/linear_1")
end

local function layers_of(found)
  local n = 0
  while found[("encoder/layer_%d/ffn/linear_0/bias"):format(n)] do n = n + 1 end
  return n
end

local function rename(found)
  local self = setmetatable({found = found, state = {}}, Renaming)
  self.width = self:find("decoder/layer_norm/gamma"):shape()[1]
  for i = 1, 2 do self:linear(("model.encoder.conv%d"):format(i), ("encoder/conv%d"):format(i)) end
  for _, side in ipairs {"encoder", "decoder"} do
    self:put(("model.%s.embed_positions.weight"):format(side), self:find(side .. "/position_encodings/encodings"))
    self:norm(("model.%s.layer_norm"):format(side), side .. "/layer_norm")
    for i = 0, layers_of(found) - 1 do self:layer(side, i) end
  end
  self:put("model.decoder.embed_tokens.weight", self:find "decoder/embeddings/weight")
  return self.state
end

-- config.json, as transformers writes it, of what the tensors show.
local function config(found, heads)
  local width, layers = found["decoder/layer_norm/gamma"]:shape()[1], layers_of(found)
  local words = found["decoder/embeddings/weight"]:shape()[1]
  local last = words == 51864 and 50256 or 50257 -- English alone, or many languages
  return {
    architectures = {"WhisperForConditionalGeneration"}, model_type = "whisper", d_model = width,
    encoder_layers = layers, decoder_layers = layers, encoder_attention_heads = heads,
    decoder_attention_heads = heads, encoder_ffn_dim = 4 * width, decoder_ffn_dim = 4 * width, vocab_size = words,
    num_mel_bins = found["encoder/conv1/weight"]:shape()[2], max_source_positions = 1500, max_target_positions = 448,
    activation_function = "gelu", decoder_start_token_id = last + 1, eos_token_id = last,
  }
end

--- Makes model.safetensors (float16), config.json and tokenizer.json.
---@param from string  the folder of what was fetched
---@param to string  the folder of the model
return function(from, to)
  local found, kind = ctranslate2.read(files.join(from, "model.bin"))
  if kind ~= "WhisperSpec" then show.fail("the model is a %s, not a WhisperSpec", kind) end
  local heads, tensors = heads_of(found), raw.tensors(found)
  torch.save(files.join(to, "model.safetensors"), rename(tensors), {format = "pt"})
  files.write(files.join(to, "config.json"), json.encode(config(tensors, heads), "  "))
  files.write(files.join(to, "tokenizer.json"), files.read(files.join(from, "tokenizer.json")))
end
