--- Whisper: encoders of speech that also describe music; classifiers on top of them.
local family = require "moonlark.pretrained.family"

-- Layers by their count of names.
local function count(found, pattern)
  local most = -1
  for name in pairs(found.tensors) do most = math.max(most, tonumber(name:match(pattern) or -1)) end
  return most + 1
end

-- OpenAI's names in those of Hugging Face.
local openai = {
  {"^encoder%.positional_embedding$", "encoder.embed_positions.weight"},
  {"^encoder%.blocks%.", "encoder.layers."}, {"%.attn%.", ".self_attn."}, {"%.attn_ln%.", ".self_attn_layer_norm."},
  {"%.query%.", ".q_proj."}, {"%.key%.", ".k_proj."}, {"%.value%.", ".v_proj."}, {"%.out%.", ".out_proj."},
  {"%.mlp%.0%.", ".fc1."}, {"%.mlp%.2%.", ".fc2."}, {"%.mlp_ln%.", ".final_layer_norm."},
  {"^encoder%.ln_post%.", "encoder.layer_norm."},
}

local function rename(name, found)
  if name:find "^model%.decoder%." or name:find "^decoder%." or name == "proj_out.weight" then return nil end
  name = name:gsub("^model%.", "")
  if not found.extra.dims then return name end
  for _, change in ipairs(openai) do name = name:gsub(change[1], change[2]) end
  return name
end

-- The architecture's options, from Hugging Face's config.json.
local function of_config(config, found)
  local head = found:shape "classifier.weight"
  return {
    n_mels = config.num_mel_bins, width = config.d_model, layers = config.encoder_layers,
    heads = config.encoder_attention_heads, inner = config.encoder_ffn_dim, frames = config.max_source_positions,
    classes = head and head[1], projection = head and head[2],
    weighted = found.tensors.layer_weights ~= nil,
  }
end

-- The same from what OpenAI's files hold.
local function of_dims(dims)
  return {n_mels = dims.n_mels, width = dims.n_audio_state, layers = dims.n_audio_layer, heads = dims.n_audio_head,
    frames = dims.n_audio_ctx}
end

return family.define {
  name = "whisper",
  about = "speech to text; frames of 20 ms that describe speech and music",
  source = "Radford et al. (2022); transformers' WhisperForAudioClassification, openai-whisper",
  types = {"whisper"},
  task = "classes",
  architecture = "whisper",
  recognise = function(found)
    if found.config and found.config.model_type == "whisper" then return of_config(found.config, found) end
    local dims = found.extra.dims
    return dims and dims.n_audio_layer and count(found, "^encoder%.blocks%.(%d+)%.") > 0 and of_dims(dims) or nil
  end,
  rename = rename,
  front = function(_, o)
    local frames = 2 * (o.frames or 1500)
    return {rate = 16000, window = frames / 100, fixed = true, least = 1,
      feature = {"whisper_mel", {n_mels = o.n_mels, pad = frames == 3000}}}
  end,
}
