-- wav2vec 2.0 and its kin beside transformers: tests/reference/pretrained/wav2vec2.py made the files.
local lib = dofile "tests/lua/lib.lua"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lu = require "luaunit"
local pretrained = require "moonlark.pretrained"
local signal = require "moonlark.signal"
local text = require "moonlark.base.text"
local torch = require "moonlark.torch"

local root = "tests/reference/pretrained/wav2vec2/"
local all = {"base", "large", "hubert", "unispeech_sat", "wavlm", "wavlm_large", "data2vec"}

local function opened(name) return pretrained.open(root .. name), torch.load(root .. name .. "/vectors.safetensors") end

-- The generator's clips, of 2 and of 1.3 s: samples [2, 32000], and which are sound.
local function batch()
  local first = lib.clip(2).data
  local mask = torch.ones({2, 32000}, {dtype = "bool"})
  mask[1]:narrow(0, 20800, 11200):fill_(false)
  return torch.stack {first, (first:flip {0} * 0.4):masked_fill(mask[1]:logical_not(), 0)}, mask
end

local waves, mask = batch()

TestReference = {}

function TestReference:test_logits()
  for _, name in ipairs(all) do
    local model, v = opened(name)
    local x = model.front.compute(waves)
    lib.close(x:slice(1, 0, nil, 100), v.front, 2e-5)
    lib.close(model:forward(x), v.logits, 2e-5)
    lib.close(model:forward(x, mask), v.masked, 2e-5)
    lib.close(model:forward(model.front.compute(waves:narrow(0, 0, 1):narrow(1, 0, 2000))), v.short, 2e-5)
  end
end

function TestReference:test_layers_and_attention()
  for _, name in ipairs(all) do
    local model, v = opened(name)
    local x = model.front.compute(waves)
    torch.no_grad(function()
      for i, state in ipairs(model.net:hidden(x, mask)) do
        lib.close(state:slice(1, 0, nil, 4), v["hidden." .. i - 1], 2e-5)
      end
      for i, map in ipairs(lib.attention_maps(model.net, x, mask)) do
        if name:find "wavlm" then map = map:mean({1}, true) end
        lib.close(map:slice(2, 0, nil, 9):slice(3, 0, nil, 3), v["attention." .. i - 1], 1e-5)
      end
    end)
  end
end

-- bfloat16 has 8 bits: of logits up to 5 a few steps of 2^-6.
function TestReference:test_bfloat16()
  for _, name in ipairs(all) do
    local model, v = opened(name)
    local x, net = model.front.compute(waves), model.net:to "bfloat16"
    lib.close(torch.no_grad(function() return net(x:to "bfloat16", mask):float() end), v.masked, 0.1)
    lib.close(v.bfloat16, v.masked, 0.1)
  end
end

TestFiles = {}

function TestFiles:test_labels()
  lu.assertEquals(opened "base".names, {"LABEL_0", "LABEL_1"}) -- id2label is absent
  lu.assertEquals(#opened "wavlm".names, 3)
end

-- Each name goes back to where it came from; what has no name in the network is for training alone.
function TestFiles:test_names_for_saving()
  for _, name in ipairs(all) do
    local model = opened(name)
    for _, outer in ipairs(text.keys(model.found.tensors)) do
      local inner = model.family.rename(outer, model.found)
      if inner then lu.assertEquals(model.family.unname(inner, model.found), outer) end
      if not inner then lu.assertStrContains(outer, "masked_spec_embed") end
    end
  end
end

-- A copy of a folder, changed by f(state, config, front).
local function changed(name, f)
  local folder = lib.folder()
  local state = torch.load(root .. name .. "/model.safetensors")
  local config = json.decode(files.read(root .. name .. "/config.json"))
  local front = json.decode(files.read(root .. name .. "/preprocessor_config.json"))
  f(state, config, front)
  torch.save(folder .. "/model.safetensors", state)
  files.write(folder .. "/config.json", json.encode(config))
  files.write(folder .. "/preprocessor_config.json", json.encode(front))
  return folder
end

-- Networks of pretraining and of speech recognition give the same states, with the prefix or without.
function TestFiles:test_other_heads_are_left_out()
  local model = opened "base"
  local x = model.front.compute(waves)
  local states = torch.no_grad(function() return model.net:hidden(x)[3] end)
  for _, prefix in ipairs {"wav2vec2.", ""} do
    local other = pretrained.open(changed("base", function(state)
      for _, key in ipairs {"projector.weight", "projector.bias"} do state[key] = nil end
      for _, key in ipairs {"lm_head.weight", "quantizer.codevectors", "project_q.weight", "masked_spec_embed"} do
        state[key] = torch.zeros {2, 3}
      end
      for _, key in ipairs(text.keys(state)) do
        local inner, value = key:match "^wav2vec2%.(.*)$", state[key]
        if inner then state[key] = nil end
        if inner then state[prefix .. inner] = value end
      end
    end))
    lib.close(other:forward(x), states, 0)
    lu.assertNil(other.names)
    lib.fails("tells no classes", other.classify, other, lib.clip(1))
  end
end

TestUse = {}

function TestUse:test_songs_of_any_length()
  local model = opened "base"
  lu.assertEquals(#model:classify(lib.clip(31), {segments = true}).segments, 2)
  lu.assertEquals(model:embed(lib.clip(1)):shape(), {16})
  lu.assertEquals(model:attention(lib.clip(1)).data:shape(), {1, 49})
  lib.fails("needs 322 samples at least, got 320", model.classify, model, lib.clip(0.02))
end

function TestUse:test_other_rates_and_channels()
  local model, left = opened "base", lib.clip(2, 44100).data
  local song = signal.new {data = torch.stack {left, left * 0.5}, rate = 44100, kind = "waveform"}
  local one = signal.new {data = left:unsqueeze(0) * 0.75, rate = 44100, kind = "waveform"}
  lu.assertAlmostEquals(model:classify(song).probability, model:classify(one).probability, 1e-5)
end

TestFaults = {}

function TestFaults:test_settings()
  local cases = {
    {"num_hidden_layers", 10000, "config.json: num_hidden_layers must be a whole number 1..200, got 10000"},
    {"num_hidden_layers", 3, "config.json says num_hidden_layers 3, the weights have 2 layers"},
    {"hidden_size", -16, "hidden_size must be a whole number 1..65536, got -16"},
    {"conv_dim", "512", 'conv_dim must be a list of 1 or more whole numbers 1..65536, got string "512"'},
    {"conv_dim", {16, 16}, "conv_dim, conv_kernel and conv_stride must be of one length, got 2, 3 and 3"},
    {"conv_stride", {8, 8, 0}, "conv_stride must be"},
    {"feat_extract_norm", "batch", 'feat_extract_norm must be "group" or "layer", got string "batch"'},
    {"add_adapter", true, "config.json says add_adapter, a network on top that is not known here"},
    {"num_attention_heads", 5, "width must be a multiple of heads (5), got 16"},
    {"num_conv_pos_embedding_groups", 5, "positions_groups"},
    {"model_type", "wav2vec2-conformer", "model_type 'wav2vec2-conformer', which is not known here; known: "},
    {"intermediate_size", 25, "shape: encoder.layers.1.feed_forward.output_dense.weight"},
  }
  for _, case in ipairs(cases) do
    lib.fails(case[3], pretrained.open, changed("base", function(_, config) config[case[1]] = case[2] end))
  end
end

function TestFaults:test_front_end()
  for key, bad in pairs {sampling_rate = 8000, feature_size = 2, feature_extractor_type = "SeamlessM4T"} do
    lib.fails(key .. " must be", pretrained.open, changed("base", function(_, _, front) front[key] = bad end))
  end
end

function TestFaults:test_masks_need_sound()
  local model = opened "base"
  local nothing = mask:clone()
  nothing[0]:fill_(false)
  lib.fails("mask: each row needs 322 samples at least, got one of 0", model.forward, model, waves, nothing)
end

lib.run()
