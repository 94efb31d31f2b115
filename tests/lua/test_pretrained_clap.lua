-- CLAP beside transformers: tests/reference/pretrained/clap.py made the files.
local lib = dofile "tests/lua/lib.lua"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lu = require "luaunit"
local pretrained = require "moonlark.pretrained"
local text = require "moonlark.base.text"
local torch = require "moonlark.torch"

local root = "tests/reference/pretrained/clap/"
local long, short = lib.clip(2, 48000), lib.clip(0.45, 48000)

-- The generator's clips: one as long as the model hears, and one that is repeated.
local function input(model) return torch.cat {model:features(long), model:features(short)} end

TestClap = {}

function TestClap:test_embeddings()
  for _, name in ipairs {"both", "audio"} do
    local model, v = pretrained.open(root .. name), torch.load(root .. name .. "/vectors.safetensors")
    local x = input(model)
    if v.x then lib.close(x:slice(2, 0, nil, 4), v.x, 1e-3) end -- dB
    lib.close(model:forward(x), v.embedding, 5e-5)
    lib.close(model:forward(x:narrow(0, 1, 1)), v.embedding:narrow(0, 1, 1), 5e-5)
    lib.close(model:embed(short), v.embedding[1], 5e-5)
    lib.fails("tells no classes", model.classify, model, short)
  end
end

-- bfloat16 has 8 bits: of embeddings up to 3 a few steps of 2^-6.
function TestClap:test_bfloat16()
  local model, v = pretrained.open(root .. "both"), torch.load(root .. "both/vectors.safetensors")
  local x = input(model)
  local net = model.net:to "bfloat16"
  lib.close(torch.no_grad(function() return net(x:to "bfloat16"):float() end), v.embedding, 0.2)
  lib.close(v.bfloat16, v.embedding, 0.2)
end

function TestClap:test_labels_that_are_texts()
  local v = torch.load(root .. "both/vectors.safetensors")
  for _, file in ipairs {"texts.safetensors", "texts.json"} do
    local model = pretrained.open(root .. "both", {labels = root .. "texts/" .. file})
    lu.assertEquals(model.names, {"a dog", "music", "rain"})
    lib.close(model:forward(input(model)), v.logits, 5e-5)
    local said = model:classify(short)
    lu.assertAlmostEquals(said.probabilities.music, v.logits[1]:softmax(-1)[1]:item(), 1e-5)
  end
  local scaled = pretrained.open(root .. "audio", {labels = root .. "texts/texts.json"}) -- the class's 1 / 0.07
  lu.assertAlmostEquals(scaled.net.logit_scale_a:exp():item(), 1 / 0.07, 1e-4)
end

function TestClap:test_texts_beside_the_weights()
  local folder = lib.folder()
  for _, name in ipairs(files.list(root .. "both")) do
    files.write(folder .. "/" .. name, files.read(root .. "both/" .. name))
  end
  files.write(folder .. "/texts.json", files.read(root .. "texts/texts.json"))
  lu.assertEquals(pretrained.open(folder).names, {"a dog", "music", "rain"})
end

function TestClap:test_names_for_saving()
  local model = pretrained.open(root .. "both", {labels = root .. "texts/texts.json"})
  for _, outer in ipairs(text.keys(model.found.tensors)) do
    local inner = model.family.rename(outer, model.found)
    if inner then lu.assertEquals(model.family.unname(inner), outer) end
    if outer:find "^audio_model" and not inner then lu.assertStrContains(outer, "relative_position_index") end
  end
end

function TestClap:test_faults()
  local function changed(file, key, value)
    local folder = lib.folder()
    for _, name in ipairs(files.list(root .. "both")) do
      files.write(folder .. "/" .. name, files.read(root .. "both/" .. name))
    end
    local values = json.decode(files.read(folder .. "/" .. file))
    if file == "config.json" then values.audio_config[key] = value else values[key] = value end
    files.write(folder .. "/" .. file, json.encode(values))
    return folder
  end
  local cases = {
    {"config.json", "enable_fusion", true, "config.json says enable_fusion"},
    {"config.json", "patch_stride", {4, 2}, "config.json: patch_stride must be patch_size along both axes"},
    {"config.json", "depths", {2, 2, 6, 10000}, "heads and depths must be of one length, got 2 and 4"},
    {"config.json", "depths", {2, 1}, "unknown: layers.1.blocks.1."},
    {"config.json", "window_size", 5, "does not fall into windows of 5"},
    {"config.json", "spec_size", "64", "spec_size must be"},
    {"preprocessor_config.json", "truncation", "fusion", 'truncation must be "rand_trunc"'},
    {"preprocessor_config.json", "feature_size", 64, "feature_size must be 16, got 64"},
  }
  for _, case in ipairs(cases) do lib.fails(case[4], pretrained.open, changed(case[1], case[2], case[3])) end
  local bad = lib.write(lib.folder() .. "/bad.json", '{"a": [1, 2], "b": 3}')
  lib.fails("an embedding of each text, as long as the others; 'b' is none", pretrained.open, root .. "both",
    {labels = bad})
  lib.write(bad, '{"a": [1, 2]}')
  lib.fails("text_embeds is [1, 12], the state has [1, 2]", pretrained.open, root .. "both", {labels = bad})
  lib.fails("no map over time", function()
    local model = pretrained.open(root .. "both")
    model.net.layers[0].blocks[0].attention:weights(torch.zeros {1, 16, 8})
  end)
end

lib.run()
