-- Whisper's classifiers beside transformers: tests/reference/pretrained/whisper_head.py made the files.
local lib = dofile "tests/lua/lib.lua"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lu = require "luaunit"
local pretrained = require "moonlark.pretrained"
local torch = require "moonlark.torch"

local root = "tests/reference/pretrained/whisper_head/"
local clip = lib.clip(1)

-- The generator's windows: a second of sound, and 0.43 s of it.
local function input(model)
  local short = lib.waveform(clip.data:narrow(0, 0, 6880), 16000)
  return torch.cat {model:features(clip), model:features(short)}
end

local function vectors(name) return torch.load(root .. name .. "/vectors.safetensors") end

TestHead = {}

function TestHead:test_logits_and_layers()
  for _, name in ipairs {"plain", "weighted"} do
    local model, v = pretrained.open(root .. name), vectors(name)
    local x = input(model)
    lib.close(x:slice(1, 0, nil, 8):slice(2, 0, nil, 5), v.x, 1e-4)
    lib.close(model:forward(x), v.logits, 5e-5)
    lib.close(model:forward(x:narrow(0, 1, 1)), v.logits:narrow(0, 1, 1), 5e-5)
    local states = torch.no_grad(function() return model.net:hidden(x) end)
    for i, state in ipairs(states) do lib.close(state:slice(1, 0, nil, 4), v["hidden." .. i - 1], 5e-5) end
  end
end

function TestHead:test_the_mean_of_valid_frames()
  for _, name in ipairs {"plain", "weighted"} do
    local model, v = pretrained.open(root .. name, {pooling = "valid"}), vectors(name)
    lib.close(model:forward(input(model)), v.valid, 5e-5)
    lu.assertTrue(lib.distance(v.valid, v.logits) > 0.05)
    local steps = model.net:steps() -- as fine-tuning walks
    local x = input(model)
    for _, step in ipairs(steps.list) do x = torch.no_grad(step, x) end
    if name == "plain" then lib.close(torch.no_grad(model.net.told, model.net, steps.pooled(x)), v.valid, 5e-5) end
  end
end

-- Silence alone is heard as a whole.
function TestHead:test_silence()
  local silent = lib.waveform(torch.zeros {8000}, 16000)
  local all, valid = pretrained.open(root .. "plain"), pretrained.open(root .. "plain", {pooling = "valid"})
  lib.close(valid:forward(valid:features(silent)), all:forward(all:features(silent)), 1e-6)
end

-- config.json may say it.
function TestHead:test_the_config_names_the_pooling()
  local folder = lib.folder()
  files.write(folder .. "/model.safetensors", files.read(root .. "plain/model.safetensors"))
  local config = json.decode(files.read(root .. "plain/config.json"))
  config.pooling = "valid"
  files.write(folder .. "/config.json", json.encode(config))
  local model = pretrained.open(folder)
  lib.close(model:forward(input(model)), vectors "plain".valid, 5e-5)
  for key, bad in pairs {pooling = "max", activation_function = "relu", encoder_layers = 10000, d_model = "16"} do
    local other = json.decode(files.read(root .. "plain/config.json"))
    other[key] = bad
    files.write(folder .. "/config.json", json.encode(other))
    lib.fails("config.json: " .. key .. " must be", pretrained.open, folder)
  end
end

-- bfloat16 has 8 bits: of logits up to 3 a few steps of 2^-6.
function TestHead:test_bfloat16()
  local model, v = pretrained.open(root .. "plain"), vectors "plain"
  local x, net = input(model), model.net:to "bfloat16"
  lib.close(torch.no_grad(function() return net(x:to "bfloat16"):float() end), v.logits, 0.1)
  lib.close(v.bfloat16, v.logits, 0.1)
end

lib.run()
