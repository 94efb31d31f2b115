--- AST and MAEST: kinds of sound and styles of music, by a transformer on patches of a log-mel.
local family = require "moonlark.pretrained.family"
local names = require "moonlark.pretrained.names"
local nonlinearity = require "moonlark.nn.nonlinearity"
local options = require "moonlark.base.options"
local settings = require "moonlark.pretrained.settings"

local kind, prefix = "audio-spectrogram-transformer", "audio_spectrogram_transformer."

local newer = {{".attention.out_proj.", ".attention.o_proj."}}
local older = {
  {".layers.", ".encoder.layer."},
  {".attention.q_proj.", ".attention.attention.query."}, {".attention.k_proj.", ".attention.attention.key."},
  {".attention.v_proj.", ".attention.attention.value."}, {".attention.out_proj.", ".attention.output.dense."},
  {".mlp.fc1.", ".intermediate.dense."}, {".mlp.fc2.", ".output.dense."},
}

local function spelling(found)
  return settings.count(found, "encoder%.layer%.(%d+)%.") > 0 and older or newer
end

local config = {
  hidden_size = settings.size(768), num_hidden_layers = settings.layers(12), num_attention_heads = settings.size(12),
  intermediate_size = settings.size(3072), hidden_act = nonlinearity.option "gelu",
  layer_norm_eps = settings.eps(1e-12), patch_size = settings.size(16), frequency_stride = settings.size(10),
  time_stride = settings.size(10), max_length = settings.size(1024), num_mel_bins = settings.size(128),
  qkv_bias = options.boolean(true),
}

-- The network's options.
local function recognise(found)
  local c = settings.config(found, config)
  settings.check_layers(found, c.num_hidden_layers, "layers?%.(%d+)%.")
  local head = found:shape "classifier.dense.weight"
  return {
    n_mels = c.num_mel_bins, frames = c.max_length, patch = c.patch_size, frequency_stride = c.frequency_stride,
    time_stride = c.time_stride, width = c.hidden_size, layers = c.num_hidden_layers, heads = c.num_attention_heads,
    inner = c.intermediate_size, activation = c.hidden_act, qkv_bias = c.qkv_bias, eps = c.layer_norm_eps,
    classes = head and head[1],
  }
end

-- Its front ends, by feature_extractor_type: the engine's feature, hop and frame length in samples, and the mean and
-- deviation that networks were trained with.
local fronts = {
  ASTFeatureExtractor = {feature = "kaldi_fbank", hop = 160, frame = 400, mean = -4.2677393, std = 4.5689974},
  MAESTFeatureExtractor = {feature = "maest_mel", hop = 256, frame = 0, bands = 96, mean = 2.06755686098554,
    std = 1.268292820667291},
}

-- The name of the front end; a file that does not say it has MAEST's 96 bands or is AST.
local function front_name(found, o)
  local usual = o.n_mels == 96 and "MAESTFeatureExtractor" or "ASTFeatureExtractor"
  local known = options.choice({"ASTFeatureExtractor", "MAESTFeatureExtractor"}, usual)
  return settings.front(found, {feature_extractor_type = known}).feature_extractor_type
end

local function front(found, o)
  local known = fronts[front_name(found, o)]
  local f = settings.front(found, {
    sampling_rate = settings.exactly(16000), do_normalize = options.boolean(true),
    mean = options.number(known.mean), std = options.number(known.std, {above = 0}),
    num_mel_bins = settings.exactly(o.n_mels), max_length = settings.exactly(o.frames),
    hop_length = settings.exactly(known.hop),
  })
  return {
    rate = 16000, window = (known.hop * (o.frames - 1) + known.frame) / 16000, least = 400, filled = true,
    feature = {known.feature, {n_mels = not known.bands and o.n_mels or nil, n_frames = o.frames, normalize = false}},
    compute = function(x)
      if f.do_normalize then x = (x - f.mean) / (2 * f.std) end
      return x:transpose(1, 2)
    end,
  }
end

-- What the files do not say: AudioSet's 527 labels, and MAEST's styles, are tags.
local function task(found, o)
  return (o.classes == 527 or front_name(found, o) == "MAESTFeatureExtractor") and "tags" or "classes"
end

return family.define {
  name = "ast",
  about = "kinds of sound (AST), 400 or 519 styles of music (MAEST)",
  source = "Gong et al. (2021), AST; Alonso-Jiménez et al. (2023), MAEST; transformers' ASTForAudioClassification",
  types = {kind},
  task = task,
  architecture = "ast",
  recognise = function(found) return found:is(kind) and recognise(found) or nil end,
  rename = function(name, found) return names.inner(names.without(name, prefix), spelling(found)) end,
  unname = function(name, found)
    return (name:find "^classifier%." and "" or prefix) .. names.outer(name, spelling(found))
  end,
  export = {
    config = function(_, config)
      return {architectures = {"ASTForAudioClassification"}, model_type = config.model_type}
    end,
  },
  front = front,
}
