--- wav2vec 2.0 and its kin: HuBERT, UniSpeech, UniSpeech-SAT, WavLM, data2vec.
local family = require "moonlark.pretrained.family"
local head = require "moonlark.pretrained.head"
local names = require "moonlark.pretrained.names"
local nonlinearity = require "moonlark.nn.nonlinearity"
local options = require "moonlark.base.options"
local settings = require "moonlark.pretrained.settings"

local boolean, size = options.boolean, settings.size

-- What names begin with, by model_type.
local prefixes = {wav2vec2 = "wav2vec2.", hubert = "hubert.", unispeech = "unispeech.",
  ["unispeech-sat"] = "unispeech_sat.", wavlm = "wavlm.", ["data2vec-audio"] = "data2vec_audio."}

-- What transformers calls them.
local classes = {wav2vec2 = "Wav2Vec2", hubert = "Hubert", unispeech = "UniSpeech", ["unispeech-sat"] = "UniSpeechSat",
  wavlm = "WavLM", ["data2vec-audio"] = "Data2VecAudio"}

-- The newer spelling of a weight that is split into lengths and directions.
local newer = {
  {".pos_conv_embed.conv.weight_g", ".pos_conv_embed.conv.parametrizations.weight.original0"},
  {".pos_conv_embed.conv.weight_v", ".pos_conv_embed.conv.parametrizations.weight.original1"},
}

local function list(default) return options.list(size(), default, {least = 1, most = 50}) end

local common = {
  hidden_size = size(768), num_hidden_layers = settings.layers(12), num_attention_heads = size(12),
  intermediate_size = size(3072), hidden_act = nonlinearity.option "gelu", layer_norm_eps = settings.eps(1e-5),
  conv_dim = list {512, 512, 512, 512, 512, 512, 512}, conv_kernel = list {10, 3, 3, 3, 3, 2, 2},
  conv_stride = list {5, 2, 2, 2, 2, 2, 2}, conv_bias = boolean(false),
  feat_extract_activation = nonlinearity.option "gelu", num_conv_pos_embedding_groups = size(16),
  add_adapter = boolean(false),
}

local usual = options.join(common, {
  feat_extract_norm = options.choice {"group", "layer"}, feat_proj_layer_norm = boolean(true),
  num_conv_pos_embeddings = size(128), conv_pos_batch_norm = boolean(false), do_stable_layer_norm = boolean(false),
  adapter_attn_dim = size(), num_buckets = size(320), max_bucket_distance = size(800),
})

local data2vec = options.join(common, {
  num_conv_pos_embeddings = settings.layers(5), conv_pos_kernel_size = size(19),
})

-- How the kinds differ.
local function details(kind, c)
  if kind == "data2vec-audio" then
    return {conv_norm = "layer", positions_layers = c.num_conv_pos_embeddings,
      positions_kernel = c.conv_pos_kernel_size}
  end
  local wavlm = kind == "wavlm"
  return {
    conv_norm = c.feat_extract_norm, projection_norm = kind ~= "hubert" or c.feat_proj_layer_norm,
    positions_kernel = c.num_conv_pos_embeddings, stable = c.do_stable_layer_norm,
    positions_norm = kind == "hubert" and c.conv_pos_batch_norm and "batch" or "weight",
    adapter = c.do_stable_layer_norm and not wavlm and c.adapter_attn_dim or nil,
    buckets = wavlm and c.num_buckets or nil, max_distance = wavlm and c.max_bucket_distance or nil,
  }
end

local function recognise(found)
  local kind = found.config and found.config.model_type
  if not prefixes[kind] then return nil end
  local c = settings.config(found, kind == "data2vec-audio" and data2vec or usual)
  if c.add_adapter then found:fail "config.json says add_adapter, a network on top that is not known here" end
  settings.check_layers(found, c.num_hidden_layers, "encoder%.layers%.(%d+)%.")
  return options.join({
    conv_dim = c.conv_dim, conv_kernel = c.conv_kernel, conv_stride = c.conv_stride, conv_bias = c.conv_bias,
    conv_activation = c.feat_extract_activation, positions_groups = c.num_conv_pos_embedding_groups,
    width = c.hidden_size, layers = c.num_hidden_layers, heads = c.num_attention_heads, inner = c.intermediate_size,
    activation = c.hidden_act, eps = c.layer_norm_eps,
  }, details(kind, c), head.options(found))
end

local encoder = {"^feature_extractor%.conv_layers%.", "^feature_projection%.", "^encoder%."}

-- What serves training and other tasks has no name in the network: lm_head, quantizer, masked_spec_embed …
local function rename(name, found)
  local inner = names.without(names.inner(name, newer), prefixes[found.config.model_type])
  if head.has(inner) then return head.options(found).classes and inner or nil end
  for _, pattern in ipairs(encoder) do
    if inner:find(pattern) then return inner end
  end
end

local function unname(name, found)
  if head.has(name) then return name end
  local prefix = prefixes[found.config.model_type]
  local is_new = false
  for known in pairs(found.tensors) do is_new = is_new or known:find(".parametrizations.", 1, true) ~= nil end
  return prefix .. (is_new and names.outer(name, newer) or name)
end

-- Samples that one frame hears.
local function least(o)
  local samples = 1
  for i = #o.conv_kernel, 1, -1 do samples = (samples - 1) * o.conv_stride[i] + o.conv_kernel[i] end
  return samples
end

local function front(found, o)
  local f = settings.front(found, {
    feature_extractor_type = options.choice {"Wav2Vec2FeatureExtractor"}, sampling_rate = settings.exactly(16000),
    feature_size = settings.exactly(1), do_normalize = boolean(true),
  })
  return {
    rate = 16000, most = 30, least = least(o),
    compute = function(waves)
      if not f.do_normalize then return waves end
      local mean, variance = waves:mean({1}, true), waves:var({1}, false, true)
      return (waves - mean) / (variance + 1e-7):sqrt()
    end,
  }
end

return family.define {
  name = "wav2vec2",
  about = "speech: emotions, languages, speakers, key words; frames of 20 ms that describe sound",
  source = "Baevski et al. (2020); transformers' Wav2Vec2ForSequenceClassification and its kin",
  types = {"wav2vec2", "hubert", "unispeech", "unispeech-sat", "wavlm", "data2vec-audio"},
  task = "classes",
  architecture = "wav2vec2",
  recognise = recognise,
  rename = rename,
  unname = unname,
  export = {
    beside = function(name) return name:find "masked_spec_embed$" ~= nil end, -- of the training
    config = function(o, config)
      return {architectures = {classes[config.model_type] .. "ForSequenceClassification"},
        classifier_proj_size = o.projection, use_weighted_layer_sum = o.weighted}
    end,
  },
  front = front,
}
