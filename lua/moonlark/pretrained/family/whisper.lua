--- Whisper: speech to text; its encoder also describes music, and stands under classifiers.
local family = require "moonlark.pretrained.family"
local names = require "moonlark.pretrained.names"
local options = require "moonlark.base.options"
local settings = require "moonlark.pretrained.settings"

-- Words of the network's names, and OpenAI's.
local openai = {
  {".embed_positions.weight", ".positional_embedding"}, {".layers.", ".blocks."},
  {".embed_tokens.", ".token_embedding."}, {".encoder.layer_norm.", ".encoder.ln_post."},
  {".decoder.layer_norm.", ".decoder.ln."}, {".self_attn.", ".attn."}, {".self_attn_layer_norm.", ".attn_ln."},
  {".encoder_attn.", ".cross_attn."}, {".encoder_attn_layer_norm.", ".cross_attn_ln."},
  {".q_proj.", ".query."}, {".k_proj.", ".key."}, {".v_proj.", ".value."}, {".out_proj.", ".out."},
  {".fc1.", ".mlp.0."}, {".fc2.", ".mlp.2."}, {".final_layer_norm.", ".mlp_ln."},
}

-- The last layer's weights are those of the tokens, and need no name of their own.
local function rename(name, found)
  if name == "proj_out.weight" then return nil end
  name = names.without(name, "model.")
  return found.extra.dims and names.inner(name, openai) or name
end

local function unname(name, found)
  if found.extra.dims then return names.outer(name, openai) end
  return found.tensors["model." .. name] and "model." .. name or name
end

-- A classifier of a checkpoint with a decoder has no use for it.
local function prepare(tensors, _, o)
  if o.decoder then return tensors end
  local kept = {}
  for name, tensor in pairs(tensors) do
    if not name:find "^decoder%." then kept[name] = tensor end
  end
  return kept
end

local size, layers = settings.size, settings.layers
local known = {
  num_mel_bins = size(80), d_model = size(384), max_source_positions = size(1500),
  encoder_layers = layers(4), encoder_attention_heads = size(6), encoder_ffn_dim = size(1536),
  vocab_size = size(51865), max_target_positions = size(448),
  decoder_layers = layers(4), decoder_attention_heads = size(6), decoder_ffn_dim = size(1536),
  activation_function = options.choice {"gelu"}, pooling = options.choice {"all", "valid"}, -- the last is our own
}

local function has_decoder(found)
  return found:shape "model.decoder.embed_tokens.weight" or found:shape "decoder.embed_tokens.weight"
end

-- The architecture's options, from Hugging Face's config.json.
local function of_config(found)
  local c, head = settings.config(found, known), found:shape "classifier.weight"
  settings.check_layers(found, c.encoder_layers, "encoder%.layers%.(%d+)%.", "encoder_layers")
  local decoder
  if has_decoder(found) and not head then
    settings.check_layers(found, c.decoder_layers, "decoder%.layers%.(%d+)%.", "decoder_layers")
    decoder = {vocabulary = c.vocab_size, length = c.max_target_positions, layers = c.decoder_layers,
      heads = c.decoder_attention_heads, inner = c.decoder_ffn_dim}
  end
  return {
    n_mels = c.num_mel_bins, width = c.d_model, layers = c.encoder_layers, heads = c.encoder_attention_heads,
    inner = c.encoder_ffn_dim, frames = c.max_source_positions, classes = head and head[1],
    projection = head and head[2], weighted = found.tensors.layer_weights ~= nil, decoder = decoder,
    pooling = found.asked.pooling or c.pooling,
  }
end

-- The same from what OpenAI's files hold.
local function of_dims(dims, found)
  local decoder = found:shape "decoder.token_embedding.weight" and {vocabulary = dims.n_vocab,
    length = dims.n_text_ctx, layers = dims.n_text_layer, heads = dims.n_text_head} or nil
  return {n_mels = dims.n_mels, width = dims.n_audio_state, layers = dims.n_audio_layer, heads = dims.n_audio_head,
    frames = dims.n_audio_ctx, decoder = decoder, pooling = found.asked.pooling}
end

return family.define {
  name = "whisper",
  about = "speech to text; frames of 20 ms that describe speech and music",
  source = "Radford et al. (2022); transformers' WhisperForConditionalGeneration and WhisperForAudioClassification, "
    .. "openai-whisper",
  types = {"whisper"},
  task = "classes",
  architecture = "whisper",
  recognise = function(found)
    local dims = found.extra.dims
    if dims and dims.n_audio_layer and settings.count(found, "^encoder%.blocks%.(%d+)%.") > 0 then
      return of_dims(dims, found)
    end
    return found.config and found.config.model_type == "whisper" and of_config(found) or nil
  end,
  rename = rename,
  unname = unname,
  prepare = prepare,
  export = {
    name = function(name) return name end,
    config = function(o)
      return {architectures = {"WhisperForAudioClassification"}, model_type = "whisper", num_mel_bins = o.n_mels,
        d_model = o.width, encoder_layers = o.layers, encoder_attention_heads = o.heads, encoder_ffn_dim = o.inner,
        max_source_positions = o.frames, classifier_proj_size = o.projection, use_weighted_layer_sum = o.weighted,
        pooling = o.pooling == "valid" and "valid" or nil}
    end,
  },
  front = function(_, o)
    local frames = 2 * (o.frames or 1500)
    return {rate = 16000, window = frames / 100, fixed = true, least = 1,
      feature = {"whisper_mel", {n_mels = o.n_mels, pad = frames == 3000}}}
  end,
}
