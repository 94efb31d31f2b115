-- AST and MAEST beside transformers: tests/reference/pretrained/ast_maest.py made the files.
local lib = dofile "tests/lua/lib.lua"
local engine = require "moonlark.feature.engine"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lu = require "luaunit"
local pretrained = require "moonlark.pretrained"
local torch = require "moonlark.torch"

local root = "tests/reference/pretrained/ast/"

local function opened(name) return pretrained.open(root .. name), torch.load(root .. name .. "/vectors.safetensors") end

TestAst = {}

function TestAst:test_logits_layers_and_attention()
  for _, name in ipairs {"hub", "named", "maest"} do
    local model, v = opened(name)
    lib.close(model:forward(v.x), v.logits, 1e-5)
    lib.close(model:forward(v.x:narrow(0, 1, 1)), v.logits:narrow(0, 1, 1), 1e-5)
    torch.no_grad(function()
      lib.close(model.net:embedding(v.x), v.pooled, 1e-5)
      for i, state in ipairs(model.net:hidden(v.x)) do lib.close(state, v["hidden." .. i - 1], 1e-5) end
      for i, map in ipairs(lib.attention_maps(model.net, v.x)) do lib.close(map, v["attention." .. i - 1], 1e-6) end
    end)
  end
end

-- bfloat16 has 8 bits: of logits up to 3 a few steps of 2^-6.
function TestAst:test_bfloat16()
  for _, name in ipairs {"hub", "named", "maest"} do
    local model, v = opened(name)
    local net = model.net:to "bfloat16"
    local logits = torch.no_grad(function() return net(v.x:to "bfloat16"):float() end)
    lib.close(logits, v.logits, 0.06)
    lib.close(v.bfloat16, v.logits, 0.06)
  end
end

function TestAst:test_what_the_files_say()
  local hub, named, maest = opened "hub", opened "named", opened "maest"
  lu.assertEquals(hub.names, {"speech", "music", "noise"})
  lu.assertEquals(named.names, {"LABEL_0", "LABEL_1"})
  lu.assertEquals({hub.card.task, named.card.task, maest.card.task}, {"classes", "classes", "tags"})
  lu.assertAlmostEquals(hub.front.window, (45 * 160 + 400) / 16000, 1e-9)
  lu.assertAlmostEquals(maest.front.window, 35 * 256 / 16000, 1e-9)
  lu.assertEquals(maest.net:parameters()[1]:dtype(), "float32") -- the file's float16 is computed in float32
end

-- Each name goes back to where it came from.
function TestAst:test_names_for_saving()
  for _, name in ipairs {"hub", "named"} do
    local model = opened(name)
    for _, outer in ipairs(require "moonlark.base.text".keys(model.found.tensors)) do
      lu.assertEquals(model.family.unname(model.family.rename(outer, model.found), model.found), outer)
    end
  end
end

-- An encoder without head or prefix gives embeddings.
function TestAst:test_a_base_model()
  local folder, model = lib.folder(), opened "hub"
  local state = {}
  for name, tensor in pairs(model.found.tensors) do
    local inner = name:match "^audio_spectrogram_transformer%.(.*)$"
    if inner then state[inner] = tensor end
  end
  torch.save(folder .. "/model.safetensors", state)
  files.write(folder .. "/config.json", files.read(root .. "hub/config.json"))
  local base, v = pretrained.open(folder), torch.load(root .. "hub/vectors.safetensors")
  lib.close(base:forward(v.x), v.pooled, 1e-5)
  lu.assertNil(base.names)
end

TestFront = {}

-- The extractor's numbers, each 8th frame and 4th band; bands of mel filters without a bin are the logarithm of nearly
-- nothing there, and differ by its rounding.
function TestFront:test_the_reference()
  local v = torch.load(root .. "front/vectors.safetensors")
  local front = require "moonlark.pretrained.family.ast".front
  local usual, other = {n_mels = 128, frames = 1024}, {n_mels = 64, frames = 300}
  for _, case in ipairs {{"long", 11, usual}, {"short", 1.7, usual}, {"other", 2.2, other, {mean = -3, std = 2}}} do
    local name, seconds, o, said = table.unpack(case)
    local made = front({path = "front", front = said, fail = error}, o)
    local x = made.compute(engine.compute(made.feature[1], lib.clip(seconds), made.feature[2]).data:unsqueeze(0))
    local slices = x:select(0, 0):slice(0, 0, nil, 8):slice(1, 0, nil, 4)
    lib.close(slices, v[name], 1e-4)
  end
end

function TestFront:test_songs_of_any_length()
  local model = opened "hub"
  lu.assertEquals(model:features(lib.clip(2)):shape(), {4, 46, 32})
  lu.assertEquals(#model:classify(lib.clip(2), {segments = true}).segments, 5)
  lu.assertEquals(model:features(lib.clip(0.03)):shape(), {1, 46, 32})
  lib.fails("needs 400 samples at least, got 320", model.classify, model, lib.clip(0.02))
end

-- Maps over the patches' rows and columns.
function TestFront:test_attention()
  local map = opened "hub":attention(lib.clip(0.4675))
  lu.assertEquals(map.data:shape(), {2, 4})
  lu.assertAlmostEquals(map.rate, 4 / 0.475, 1e-4)
  lu.assertEquals(opened "hub":attention(lib.clip(0.2)).data:size(1), 2) -- of the sound, not of what fills it up
end

TestFaults = {}

-- A copy of `hub` whose config.json, or front end, has other values.
local function changed(file, changes)
  local folder = lib.folder()
  for _, name in ipairs(files.list(root .. "hub")) do
    files.write(folder .. "/" .. name, files.read(root .. "hub/" .. name))
  end
  local values = json.decode(files.read(folder .. "/" .. file))
  for key, value in pairs(changes) do values[key] = value end
  files.write(folder .. "/" .. file, json.encode(values))
  return folder
end

function TestFaults:test_settings()
  local cases = {
    {"num_hidden_layers", 10000, "config.json: num_hidden_layers must be a whole number 1..200, got 10000"},
    {"num_hidden_layers", 100, "config.json says num_hidden_layers 100, the weights have 2 layers"},
    {"num_hidden_layers", -1, "num_hidden_layers must be"},
    {"hidden_size", "16", 'hidden_size must be a whole number 1..65536, got string "16"'},
    {"hidden_size", 1e300, "hidden_size must be"},
    {"hidden_size", 12, "shape: embeddings.cls_token is [1, 1, 12], the state has [1, 1, 16]"},
    {"num_attention_heads", 3, "width must be a multiple of heads (3), got 16"},
    {"layer_norm_eps", -1, "layer_norm_eps must be a number 0..1, got -1"},
    {"hidden_act", "mish", 'hidden_act must be "gelu"'},
    {"patch_size", 64, "a patch of 64 does not fit into 32 rows"},
    {"patch_size", {16, 16}, "patch_size must be a whole number"},
    {"id2label", {["0"] = "a", ["2"] = "b"}, "the ids of id2label are not 0..1"},
    {"id2label", {["0"] = "a", ["1"] = "b"}, "there are 2 labels, and the network tells 3 classes"},
    {"id2label", {a = "b"}, "id2label has the id 'a', no number"},
    {"id2label", {["0"] = 1}, "label 0 is no string"},
  }
  for _, case in ipairs(cases) do
    lib.fails(case[3], pretrained.open, changed("config.json", {[case[1]] = case[2]}))
  end
end

function TestFaults:test_front_ends()
  local file = "preprocessor_config.json"
  lib.fails("sampling_rate must be 16000, got 44100", pretrained.open,
    changed(file, {sampling_rate = 44100}))
  lib.fails("max_length must be 46, got 1024", pretrained.open, changed(file, {max_length = 1024}))
  lib.fails("hop_length must be 160, got 256", pretrained.open, changed(file, {hop_length = 256}))
  lib.fails("std must be a number above 0, got 0", pretrained.open, changed(file, {std = 0}))
  lib.fails('feature_extractor_type must be "ASTFeatureExtractor" or "MAESTFeatureExtractor"', pretrained.open,
    changed(file, {feature_extractor_type = "Other"}))
end

-- Files that hold something else than an object, or no kind of model.
function TestFaults:test_other_files()
  for _, file in ipairs {"config.json", "preprocessor_config.json"} do
    for _, content in ipairs {"null", "3", '"x"', "[1]"} do
      local folder = changed(file, {})
      files.write(folder .. "/" .. file, content)
      lib.fails(file .. " must hold an object", pretrained.open, folder)
    end
  end
  lib.fails("no model that is known here has such tensors", pretrained.open, changed("config.json", {model_type = false}))
end

-- What is missing or null is as the reference's class has it.
function TestFaults:test_defaults()
  local folder = changed("config.json", {qkv_bias = json.null, hidden_act = json.null, layer_norm_eps = json.null})
  local v = torch.load(root .. "hub/vectors.safetensors")
  lib.close(pretrained.open(folder):forward(v.x), v.logits, 1e-5)
end

lib.run()
