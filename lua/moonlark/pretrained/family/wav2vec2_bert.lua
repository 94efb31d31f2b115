--- Wav2Vec2-BERT: a conformer that hears Kaldi's filter bank.
local family = require "moonlark.pretrained.family"
local head = require "moonlark.pretrained.head"
local names = require "moonlark.pretrained.names"
local nonlinearity = require "moonlark.nn.nonlinearity"
local options = require "moonlark.base.options"
local settings = require "moonlark.pretrained.settings"

local size = settings.size
local prefix = "wav2vec2_bert."

local spelling = {
  {".self_attn.q_proj.", ".self_attn.linear_q."}, {".self_attn.k_proj.", ".self_attn.linear_k."},
  {".self_attn.v_proj.", ".self_attn.linear_v."}, {".self_attn.out_proj.", ".self_attn.linear_out."},
}

local config = {
  hidden_size = size(1024), num_hidden_layers = settings.layers(24), num_attention_heads = size(16),
  intermediate_size = size(4096), feature_projection_input_dim = size(160),
  hidden_act = nonlinearity.option "swish", layer_norm_eps = settings.eps(1e-5),
  position_embeddings_type = options.choice {"relative_key"}, left_max_position_embeddings = size(64),
  right_max_position_embeddings = size(8), conv_depthwise_kernel_size = size(31),
  add_adapter = options.boolean(false), use_intermediate_ffn_before_adapter = options.boolean(false),
}

local function recognise(found)
  if not found:is "wav2vec2-bert" then return nil end
  local c = settings.config(found, config)
  for _, key in ipairs {"add_adapter", "use_intermediate_ffn_before_adapter"} do
    if c[key] then found:fail("config.json says %s, a network on top that is not known here", key) end
  end
  settings.check_layers(found, c.num_hidden_layers, "encoder%.layers%.(%d+)%.")
  return options.join({
    bands = c.feature_projection_input_dim, width = c.hidden_size, layers = c.num_hidden_layers,
    heads = c.num_attention_heads, inner = c.intermediate_size, activation = c.hidden_act,
    kernel = c.conv_depthwise_kernel_size, left = c.left_max_position_embeddings,
    right = c.right_max_position_embeddings, eps = c.layer_norm_eps,
  }, head.options(found))
end

local function rename(name, found)
  local inner = names.without(names.inner(name, spelling), prefix)
  if head.has(inner) then return head.options(found).classes and inner or nil end
  return (inner:find "^feature_projection%." or inner:find "^encoder%.") and inner or nil
end

local function unname(name)
  return (head.has(name) and "" or prefix) .. names.outer(name, spelling)
end

-- Bands of pairs of frames, each band to mean 0 and deviation 1 over the clip.
local function pairs_of(x)
  local frames = x:transpose(1, 2)
  local mean, variance = frames:mean({1}, true), frames:var({1}, true, true)
  frames = (frames - mean) / (variance + 1e-7):sqrt()
  local even = frames:size(1) // 2 * 2
  return frames:narrow(1, 0, even):reshape {x:size(0), even // 2, 2 * x:size(1)}
end

local function front(found, o)
  settings.front(found, {
    feature_extractor_type = options.choice {"SeamlessM4TFeatureExtractor"}, sampling_rate = settings.exactly(16000),
    num_mel_bins = settings.exactly(o.bands // 2), stride = settings.exactly(2),
  })
  local feature = {"kaldi_fbank", {n_mels = o.bands // 2, window = "povey", normalize = false, n_frames = false,
    scale = 32768}}
  return {rate = 16000, most = 30, least = 560, feature = feature, compute = pairs_of}
end

return family.define {
  name = "wav2vec2_bert",
  about = "speech of many languages; frames of 20 ms that describe sound",
  source = "Seamless Communication et al. (2023); transformers' Wav2Vec2BertForSequenceClassification",
  types = {"wav2vec2-bert"},
  task = "classes",
  architecture = "wav2vec2_bert",
  recognise = recognise,
  rename = rename,
  unname = unname,
  export = {
    beside = function(name) return name:find "masked_spec_embed$" ~= nil end, -- of the training
    config = function(o)
      return {architectures = {"Wav2Vec2BertForSequenceClassification"}, classifier_proj_size = o.projection,
        use_weighted_layer_sum = o.weighted}
    end,
  },
  front = front,
}
