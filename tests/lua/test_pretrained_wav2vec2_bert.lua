-- Wav2Vec2-BERT beside transformers: tests/reference/pretrained/wav2vec2_bert.py made the files.
local lib = dofile "tests/lua/lib.lua"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lu = require "luaunit"
local pretrained = require "moonlark.pretrained"
local text = require "moonlark.base.text"
local torch = require "moonlark.torch"

local root = "tests/reference/pretrained/wav2vec2_bert"
local v = torch.load(root .. "/vectors.safetensors")

TestReference = {}

function TestReference:test_logits_layers_and_attention()
  local model = pretrained.open(root)
  lib.close(model:forward(v.x), v.logits, 1e-5)
  lib.close(model:forward(v.x, v.mask), v.masked, 1e-5)
  torch.no_grad(function()
    for i, state in ipairs(model.net:hidden(v.x, v.mask)) do lib.close(state, v["hidden." .. i - 1], 1e-5) end
    for i, map in ipairs(lib.attention_maps(model.net, v.x, v.mask)) do
      lib.close(map, v["attention." .. i - 1], 1e-5)
    end
  end)
end

-- The extractor pads and masks the last of an odd number of frames: it is not heard.
function TestReference:test_the_front_end()
  local model, clip = pretrained.open(root), lib.clip(2)
  lib.close(model:features(clip)[0]:slice(0, 0, nil, 4), v.front, 1e-4)
  local odd = lib.waveform(clip.data:narrow(0, 0, 16400), 16000)
  lib.close(model:forward(model:features(odd)), v.odd, 5e-4)
end

-- bfloat16 has 8 bits: of logits up to 3 a few steps of 2^-6.
function TestReference:test_bfloat16()
  local net = pretrained.open(root).net:to "bfloat16"
  lib.close(torch.no_grad(function() return net(v.x:to "bfloat16", v.mask):float() end), v.masked, 0.1)
  lib.close(v.bfloat16, v.masked, 0.1)
end

TestFiles = {}

function TestFiles:test_names_for_saving()
  local model = pretrained.open(root)
  for _, outer in ipairs(text.keys(model.found.tensors)) do
    local inner = model.family.rename(outer, model.found)
    if inner then lu.assertEquals(model.family.unname(inner, model.found), outer) end
    if not inner then lu.assertStrContains(outer, "masked_spec_embed") end
  end
end

function TestFiles:test_faults()
  local cases = {
    {"position_embeddings_type", "rotary", 'position_embeddings_type must be "relative_key", got string "rotary"'},
    {"use_intermediate_ffn_before_adapter", true, "config.json says use_intermediate_ffn_before_adapter"},
    {"num_hidden_layers", 10000, "num_hidden_layers must be a whole number 1..200"},
    {"left_max_position_embeddings", 64, "distance_embedding.weight is [69, 8], the state has [14, 8]"},
    {"feature_projection_input_dim", 128, "projection.weight is [16, 128], the state has [16, 160]"},
  }
  for _, case in ipairs(cases) do
    local folder = lib.folder()
    for _, name in ipairs(files.list(root)) do files.write(folder .. "/" .. name, files.read(root .. "/" .. name)) end
    local config = json.decode(files.read(root .. "/config.json"))
    config[case[1]] = case[2]
    files.write(folder .. "/config.json", json.encode(config))
    lib.fails(case[3], pretrained.open, folder)
  end
  local model = pretrained.open(root)
  lib.fails("needs 560 samples at least", model.classify, model, lib.clip(0.03))
end

lib.run()
