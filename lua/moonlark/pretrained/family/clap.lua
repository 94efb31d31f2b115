--- CLAP: embeddings of sounds beside those of texts, and classes that are texts.
local engine = require "moonlark.feature.engine"
local family = require "moonlark.pretrained.family"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local names = require "moonlark.pretrained.names"
local nonlinearity = require "moonlark.nn.nonlinearity"
local options = require "moonlark.base.options"
local settings = require "moonlark.pretrained.settings"
local signal = require "moonlark.signal"
local text = require "moonlark.base.text"
local torch = require "moonlark.torch"

local size, boolean = settings.size, options.boolean

local encoder = "audio_model.audio_encoder."
local spelling = {
  {".attention.q_proj.", ".attention.self.query."}, {".attention.k_proj.", ".attention.self.key."},
  {".attention.v_proj.", ".attention.self.value."}, {".attention.out_proj.", ".attention.output.dense."},
  {".attention.relative_position_bias_table", ".attention.self.relative_position_bias_table"},
  {".fc1.", ".intermediate.dense."}, {".fc2.", ".output.dense."},
}

local function list(default) return options.list(size(), default, {least = 1, most = 8}) end

-- A size along both axes, also as a list of two.
local function square(default) return options.list(size(), {default, default}, {length = 2, single = true}) end

local config = {
  window_size = size(8), num_mel_bins = size(64), spec_size = size(256), hidden_act = nonlinearity.option "gelu",
  patch_size = square(4), patch_stride = square(4), projection_dim = size(512), depths = list {2, 2, 6, 2},
  num_attention_heads = list {4, 8, 16, 32}, enable_fusion = boolean(false), patch_embeds_hidden_size = size(96),
  enable_patch_layer_norm = boolean(true), qkv_bias = boolean(true),
  mlp_ratio = options.number(4, {above = 0, most = 100}), projection_hidden_act = nonlinearity.option "relu",
  layer_norm_eps = settings.eps(1e-5),
}

-- Embeddings of texts by their names: from a file of tensors, or a JSON object of lists.
local function texts_of(path)
  if path:lower():find "%.json$" then
    local texts = {}
    for name, numbers in pairs(json.decode(files.read(path), path)) do
      texts[name] = type(numbers) == "table" and torch.tensor(numbers, {dtype = "float32"}) or numbers
    end
    return texts
  end
  return torch.load(path)
end

-- The file of texts that is asked for, or lies beside the weights.
local function texts_file(found)
  return found.asked.labels or found:beside "texts.safetensors" or found:beside "texts.npz" or found:beside "texts.json"
end

-- The names of the texts, sorted, and their embeddings [classes, width]; nil where there are none.
local function labelled(found)
  local path = texts_file(found)
  if not path then return nil end
  local texts = texts_of(path)
  local labels, rows = text.keys(texts), {}
  for i, name in ipairs(labels) do
    local row = texts[name]
    if not (torch.is_tensor(row) and row:dim() == 1 and (i == 1 or row:size(0) == rows[1]:size(0))) then
      found:fail("labels: %s must hold an embedding of each text, as long as the others; '%s' is none", path, name)
    end
    rows[i] = row:float()
  end
  if #rows == 0 then found:fail("labels: %s holds no texts", path) end
  return labels, torch.stack(rows)
end

-- The audio tower's settings, which ClapModel has within its own.
local function settings_of(found)
  local all = found.config
  local inner = type(all.audio_config) == "table" and all.audio_config or all
  local c = settings.config({config = inner, path = found.path}, config)
  if c.enable_fusion then found:fail "config.json says enable_fusion: that kind of CLAP is not known here" end
  for _, key in ipairs {"patch_size", "patch_stride"} do
    for _, along in ipairs(c[key]) do
      if along ~= c.patch_size[1] then found:fail("config.json: %s must be patch_size along both axes", key) end
    end
  end
  return c
end

local function recognise(found)
  if not (found:is "clap" or found:is "clap_audio_model") then return nil end
  local c = settings_of(found)
  local _, texts = labelled(found)
  return {
    n_mels = c.num_mel_bins, image = c.spec_size, patch = c.patch_size[1], patch_norm = c.enable_patch_layer_norm,
    width = c.patch_embeds_hidden_size, depths = c.depths, heads = c.num_attention_heads, window = c.window_size,
    ratio = c.mlp_ratio, activation = c.hidden_act, qkv_bias = c.qkv_bias, eps = c.layer_norm_eps,
    projection = found.tensors["audio_projection.linear1.weight"] and c.projection_dim or false,
    projection_activation = c.projection_hidden_act, classes = texts and texts:size(0),
  }
end

-- The text tower has no name in the network.
local function rename(name, found)
  if name:find "^audio_projection%." or name == "logit_scale_a" and texts_file(found) then return name end
  local inner = name:match "^audio_model%.audio_encoder%.(.*)$" or name:match "^audio_encoder%.(.*)$"
  if not inner or inner:find "relative_position_index$" then return nil end
  return names.inner(inner, spelling)
end

local function unname(name)
  if name:find "^audio_projection%." or name == "logit_scale_a" or name == "text_embeds" then return name end
  return encoder .. names.outer(name, spelling)
end

-- What the weights of the audio tower alone leave out: the texts, and how much their likeness is multiplied.
local function prepare(tensors, found, o)
  if not o.classes then return tensors end
  local _, texts = labelled(found)
  tensors.text_embeds = texts
  local initial = settings.config(found, {logit_scale_init_value = options.number(1 / 0.07, {above = 0})})
  tensors.logit_scale_a = tensors.logit_scale_a or torch.tensor(math.log(initial.logit_scale_init_value))
  return tensors
end

-- A short clip again and again, as often as it fits, then silence.
local function repeated(wave, length)
  local n = wave:size(0)
  local times = math.max(1, length // n)
  wave = wave:expand({times, n}):flatten()
  return wave:constant_pad_nd({0, length - wave:size(0)}, 0)
end

local function front(found, o)
  local f = settings.front(found, {
    feature_size = settings.exactly(o.n_mels), sampling_rate = options.integer(48000, {least = 8000, most = 192000}),
    hop_length = options.integer(480, {least = 1, most = 48000}), max_length_s = settings.layers(10),
    fft_window_size = options.integer(1024, {least = 16, most = 65536}), truncation = options.choice {"rand_trunc"},
    frequency_min = options.number(0, {least = 0}), frequency_max = options.number(14000, {above = 0}),
    padding = options.choice {"repeatpad"},
  })
  local mel = {n_mels = o.n_mels, n_fft = f.fft_window_size, hop_length = f.hop_length, fmin = f.frequency_min,
    fmax = f.frequency_max, pad_mode = "reflect", top_db = false}
  return {
    rate = f.sampling_rate, window = f.max_length_s, least = 1,
    compute = function(waves)
      local rows = {}
      for i = 0, waves:size(0) - 1 do
        local wave = repeated(waves[i]:cpu(), f.sampling_rate * f.max_length_s)
        local song = signal.new {data = wave, rate = f.sampling_rate, kind = "waveform"}
        rows[i + 1] = engine.compute("log_mel", song, mel).data:transpose(0, 1)
      end
      return torch.stack(rows):unsqueeze(1):to(waves:device())
    end,
  }
end

return family.define {
  name = "clap",
  about = "512 numbers that lie near those of texts; classes by the embeddings of their names",
  source = "Wu et al. (2023); transformers' ClapModel",
  types = {"clap", "clap_audio_model"},
  task = "classes",
  architecture = "clap",
  recognise = recognise,
  rename = rename,
  unname = unname,
  prepare = prepare,
  labels = function(found) return (labelled(found)) end,
  front = front,
}
