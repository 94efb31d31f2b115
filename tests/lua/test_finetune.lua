-- Models from elsewhere that are trained on: what is trained, how fast, at what cost; and the layout that they came in.
local lib = dofile "tests/lua/lib.lua"
local core = require "moonlark_core"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local finetune = require "moonlark.finetune"
local json = require "moonlark.base.json"
local lu = require "luaunit"
local network = require "moonlark.network"
local optim = require "moonlark.optim"
local predict = require "moonlark.predict"
local pretrained = require "moonlark.pretrained"
local torch = require "moonlark.torch"
local train = require "moonlark.train"

local reference = torch.load "tests/reference/finetune/finetune.safetensors"

-- The tensors of a prefix, under the names of the finetuned network.
local function those_of(prefix, into)
  local found = {}
  for name, tensor in pairs(reference) do
    if name:sub(1, #prefix) == prefix then found[into .. name:sub(#prefix + 1)] = tensor end
  end
  return found
end

-- A folder of the reference's network.
local function reference_folder()
  local folder = lib.folder()
  torch.save(folder .. "/model.safetensors", those_of("net.", ""))
  files.write(folder .. "/config.json", json.encode {model_type = "whisper", d_model = 16, encoder_layers = 3,
    encoder_attention_heads = 2, encoder_ffn_dim = 32, num_mel_bins = 8, max_source_positions = 10,
    id2label = {["0"] = "a", ["1"] = "b", ["2"] = "c"}})
  return folder
end

-- The reference's network, given its input directly.
local function reference_net(given)
  given.classes, given.weighted = {"a", "b", "c"}, true
  local net = finetune.open(reference_folder(), given)
  net.heard = function(_, x) return x end
  return net
end

-- Gradients of the reference's batch, by name.
local function gradients(net)
  net:train()
  net:zero_grad()
  local loss = torch.cross_entropy(net(reference.x), reference.y)
  net:backward(loss)
  local found = {}
  for name, tensor in net:named_parameters() do found[name] = tensor:grad() and tensor:grad():clone() end
  return found, loss:item()
end

local function names_of(state)
  local names = {}
  for name in pairs(state) do names[#names + 1] = name end
  table.sort(names)
  return names
end

TestGradients = {}

function TestGradients:test_the_head_serves_on_where_classes_are_the_same()
  local net = reference_net {}
  lib.close(net.net.classifier.weight, reference["net.classifier.weight"], 0)
  local other = finetune.open(reference_folder(), {classes = {"a", "b", "d"}})
  lu.assertTrue(lib.distance(other.net.classifier.weight, reference["net.classifier.weight"]) > 0)
  lib.close(other.net.encoder.layers[0].fc1.weight, reference["net.encoder.layers.0.fc1.weight"], 0)
end

function TestGradients:test_upper_layers_have_the_reference_gradients()
  local net = reference_net {unfreeze = 2}
  local found, loss = gradients(net)
  local wanted = those_of("upper.grad.", "net.")
  lu.assertEquals(names_of(found), names_of(wanted))
  lu.assertAlmostEquals(loss, reference["upper.loss.0"]:item(), 1e-6)
  for name, gradient in pairs(wanted) do lib.close(found[name], gradient, 2e-6) end
end

function TestGradients:test_steps_follow_the_reference()
  local net = reference_net {unfreeze = 2}
  local recipe = optim.AdamW {lr = 1e-3, weight_decay = 0.01}
  local optimizer = finetune.rates(net, recipe, {head = 1e-2, layer_decay = 0.5}):bind()
  for step = 0, 2 do
    local _, loss = gradients(net)
    lu.assertAlmostEquals(loss, reference["upper.loss." .. step]:item(), 1e-5)
    optimizer:step()
  end
  lib.close(net:eval()(reference.x), reference["upper.logits"], 1e-4)
end

function TestGradients:test_checkpointing_changes_no_gradient()
  for _, unfreeze in ipairs {1, 3, "all", "fc1"} do
    local plain = gradients(reference_net {unfreeze = unfreeze})
    local spared = gradients(reference_net {unfreeze = unfreeze, checkpointing = true})
    lu.assertEquals(names_of(spared), names_of(plain))
    for name, gradient in pairs(plain) do lib.close(spared[name], gradient, 1e-6) end
  end
end

function TestGradients:test_a_model_that_is_open_stays_as_it_was()
  local model = pretrained.open(reference_folder())
  local first = finetune.open(model, {classes = 3, unfreeze = "all"})
  torch.no_grad(function()
    for _, tensor in pairs(first:changing()) do tensor:add_(1) end
  end)
  lib.close(model.net.encoder.layers[0].fc1.weight, reference["net.encoder.layers.0.fc1.weight"], 0)
end

TestChoice = {}

-- The inner names of what is trained below the head, joined.
local function trained_of(given)
  local names = {}
  for _, name in ipairs(names_of(reference_net(given):changing())) do
    local inner = name:match "^net%.encoder%.(.*)$"
    if inner then names[#names + 1] = inner end
  end
  return names
end

function TestChoice:test_what_is_trained()
  lu.assertEquals(trained_of {}, {})
  local upper = trained_of {unfreeze = 1}
  for _, name in ipairs(upper) do lu.assertNotNil(name:find "^layers%.2%." or name:find "^layer_norm%.") end
  lu.assertEquals(#upper, 15 + 2)
  lu.assertEquals(trained_of {unfreeze = "layers%.0%.fc%d%.weight"}, {"layers.0.fc1.weight", "layers.0.fc2.weight"})
  for _, name in ipairs(trained_of {unfreeze = "all"}) do lu.assertNotStrContains(name, "embed_positions") end
  lu.assertEquals(#trained_of {lora = {rank = 2}}, 3 * 2 * 2)
  lu.assertEquals(finetune.is_head_only(reference_net {}), true)
  lu.assertEquals(finetune.is_head_only(reference_net {lora = {}}), false)
end

function TestChoice:test_rates_sink_with_the_depth()
  local net = reference_net {unfreeze = 3}
  local rates = {}
  for i, group in ipairs(finetune.rates(net, optim.AdamW {lr = 1}, {head = 5, layer_decay = 0.5}):bind().groups) do
    rates[i] = group.lr
  end
  lu.assertEquals(rates, {5, 1, 0.5, 0.25})
end

function TestChoice:test_mistakes_are_named()
  lib.fails("unfreeze must be 0..3, the network's layers, got 4", reference_net, {unfreeze = 4})
  lib.fails("no parameter's name matches 'none'", reference_net, {unfreeze = "none"})
  lib.fails("no linear layer's name matches 'none'", reference_net, {lora = {targets = "none"}})
  lib.fails("more than the head is trained", finetune.cached, reference_net {unfreeze = 1},
    train.tensors {x = torch.zeros {2, 2}})
  lib.fails("is none that moonlark.finetune made", finetune.export, reference_net {}.net, lib.folder())
end

TestLora = {}

function TestLora:test_adapters_begin_as_nothing()
  lib.close(reference_net {lora = {rank = 2}}:eval()(reference.x), reference_net {}:eval()(reference.x), 1e-6)
end

function TestLora:test_adapters_are_those_of_the_reference()
  local net = reference_net {lora = {rank = 2, alpha = 6}}
  net:load_state_dict(those_of("lora.encoder.", "net.encoder."), {strict = false})
  lib.close(net:eval()(reference.x), reference["lora.logits"], 1e-5)
  local found = gradients(net)
  lib.close(found["net.encoder.layers.0.self_attn.q_proj.lora_down"], reference["lora.grad"], 1e-5)
  local merged = net:whole(net:changing())
  lib.close(merged["net.encoder.layers.1.self_attn.v_proj.weight"], reference["lora.merged"], 1e-6)
  local plain = reference_net {}
  plain:load_state_dict(merged)
  lib.close(plain:eval()(reference.x), reference["lora.logits"], 1e-5)
end

-- The tiny models of other tests, beside transformers there.
local tiny = {}
for _, name in ipairs {"ast/hub", "ast/maest", "wav2vec2/base", "wav2vec2/large", "wav2vec2/hubert",
  "wav2vec2/unispeech_sat", "wav2vec2/wavlm", "wav2vec2/data2vec"} do
  tiny[#tiny + 1] = "tests/reference/pretrained/" .. name
end

-- Sound as long as a model's window, or 0.4 s.
local function sound_for(front, n)
  torch.manual_seed(5)
  return torch.randn {n, 1, math.floor((front.window or 0.4) * front.rate + 0.5)} * 0.1
end

-- What transformers says of an input.
local function asked(python, folder, x)
  torch.save(folder .. "/x.npy", x)
  local program = "tests/reference/finetune/opens.py"
  local result = assert(core.process.run({python, program, folder, folder .. "/x.npy"}, 240))
  lu.assertEquals(result.code, 0, result.err)
  return json.decode(result.out)
end

TestFamilies = {}

function TestFamilies:test_a_network_under_its_own_head_is_the_model()
  for _, folder in ipairs(tiny) do
    local model = pretrained.open(folder)
    local net = finetune.open(model, {classes = model.names, unfreeze = "all"}):eval()
    local x = sound_for(model.front, 2)
    lib.close(net(x), model.net(net:heard(x)), 1e-5)
    local short = x:size(-1) * 3 // 4
    local mask = torch.ones({2, x:size(-1)}, {dtype = "bool"})
    mask[0]:narrow(0, short, x:size(-1) - short):fill_(false)
    lib.close(net(x, mask)[0], net(x:narrow(0, 0, 1):narrow(-1, 0, short))[0], 1e-5)
  end
end

function TestFamilies:test_checkpointing_changes_no_gradient()
  for _, folder in ipairs(tiny) do
    local found = {}
    for i, spared in ipairs {false, true} do
      local model = pretrained.open(folder)
      local net = finetune.open(model, {classes = model.names, unfreeze = "all", checkpointing = spared})
      net:train():backward(net(sound_for(model.front, 2)):square():sum())
      found[i] = {}
      for name, tensor in net:named_parameters() do found[i][name] = tensor:grad() end
    end
    lu.assertEquals(names_of(found[2]), names_of(found[1]))
    for name, gradient in pairs(found[1]) do
      lib.close(found[2][name], gradient, 1e-5 * math.max(1, gradient:abs():max():item()))
    end
  end
end

function TestFamilies:test_exports_are_opened_again()
  local python = os.getenv "MOONLARK_TEST_PYTHON"
  for _, from in ipairs(tiny) do
    local folder = lib.folder() .. "/model"
    torch.manual_seed(1)
    local net = finetune.open(from, {classes = {"x", "y", "z"}, unfreeze = 1, lora = {rank = 1}}):eval()
    for name, tensor in net:named_parameters() do
      if name:find "lora_up$" then torch.no_grad(tensor.normal_, tensor) end
    end
    finetune.export(net, folder)
    local model = pretrained.open(folder)
    local waves = sound_for(net.front, 1)
    local x = net:heard(waves)
    lib.close(model:forward(x), net(waves), 1e-5)
    -- transformers 5 takes the last state of these before its norm, version 4 and we after it.
    local differs = net.net.layer_weights and net.net.last
    if python and not differs then
      lib.close(torch.tensor {asked(python, folder, x).logits}, model:forward(x):double(), 1e-4)
    end
  end
end

-- Songs of three sounds, 2.5 s each.
local function songs()
  local folder = lib.folder()
  for k, name in ipairs {"high", "low", "noise"} do
    local random = lib.random(k)
    for i = 1, 4 do
      local hz = ({2000, 200, 0})[k] + 10 * i
      lib.write_wav(("%s/%s/%d.wav"):format(folder, name, i), 40000, function(t)
        return k == 3 and 9000 * (random() - 0.5) or 9000 * math.sin(2 * math.pi * hz * t / 16000)
      end, 16000)
    end
  end
  return folder
end

TestFit = {}

function TestFit:setUp()
  self.model = lib.tiny_whisper(lib.folder())
  self.parts = dataset.folder(songs()):split {train = 0.5, valid = 0.25, test = 0.25}
end

-- A training of the split's parts.
function TestFit:fit(given, more)
  torch.manual_seed(0)
  given.classes = self.parts.train.classes
  local net = finetune.open(self.model, given)
  local function batches(part)
    local made = self.parts[part]:batches(finetune.input(net, {batch_size = 4, progress = false}))
    return finetune.is_head_only(net) and finetune.cached(net, made) or made
  end
  local o = {train = batches "train", valid = batches "valid", test = batches "test", epochs = 3, progress = false,
    optimizer = finetune.rates(net, optim.AdamW {lr = 1e-3}, {head = 1e-2, layer_decay = 0.5}),
    schedule = optim.cosine {warmup = 0.1}}
  for key, value in pairs(more or {}) do o[key] = value end
  return train.fit(net, o), net
end

local function losses(fit)
  local list = {}
  for i, row in ipairs(fit.history) do list[i] = row.loss end
  return list
end

function TestFit:test_what_is_cached_is_what_the_whole_network_says()
  local fit, net = self:fit({weighted = true}, {run = lib.folder() .. "/run"})
  local whole = self.parts.test:batches(finetune.input(net, {batch_size = 3, progress = false}))
  lib.close(train.evaluate(net, whole).probabilities, fit.test.probabilities, 1e-6)
end

-- The same training twice, and once with a break.
local function check_repeats(self, given)
  local first, net = self:fit(given)
  local again = self:fit(given)
  lu.assertEquals(losses(again), losses(first))
  local folder = lib.folder() .. "/run"
  lu.assertErrorMsgContains("enough", self.fit, self, given, {run = folder, each = function(row)
    if row.epoch == 2 then error("enough", 0) end
  end})
  local resumed, other = self:fit(given, {run = folder, resume = true})
  lu.assertEquals(losses(resumed), losses(first))
  for name, tensor in pairs(net:whole(net:changing())) do
    lib.close(other:whole(other:changing())[name], tensor, 0)
  end
end

function TestFit:test_a_training_repeats_and_resumes_to_the_bit()
  check_repeats(self, {unfreeze = 1, lora = {rank = 2}})
  check_repeats(self, {weighted = true, dropout = 0.2})
end

function TestFit:test_a_network_without_a_head_of_its_own_gets_one()
  self.model = "tests/reference/pretrained/vggish/vggish-tiny.pth"
  local folder = lib.folder() .. "/run"
  local fit, net = self:fit({}, {run = folder})
  local said = predict.file(folder, self.parts.test.tracks[1].path)
  lu.assertAlmostEquals(said.probabilities.high, fit.test.probabilities[0][0]:item(), 1e-5)
  lib.fails("no place for a head of one's own", finetune.export, net, lib.folder() .. "/model")
  lib.fails("has no layers to count", self.fit, self, {unfreeze = 1})
end

function TestFit:test_a_run_goes_on_with_the_same_weights_only()
  local folder = lib.folder() .. "/run"
  self:fit({}, {run = folder})
  self.model = lib.tiny_whisper(lib.folder(), {"x", "y", "z"})
  local state = torch.load(self.model .. "/model.safetensors")
  state["encoder.conv1.bias"] = state["encoder.conv1.bias"] + 1
  torch.save(self.model .. "/model.safetensors", state)
  lu.assertErrorMsgContains("finetuning.hash was", self.fit, self, {}, {run = folder, resume = true, epochs = 3})
end

function TestFit:test_checkpoints_hold_what_is_trained_alone()
  local folder = lib.folder() .. "/run"
  self:fit({}, {run = folder})
  for name in pairs(torch.load(folder .. "/checkpoint.safetensors")) do
    lu.assertTrue(not name:find "encoder", name)
  end
end

function TestFit:test_a_run_folder_is_a_model_and_so_is_its_export()
  local folder = lib.folder()
  local fit, net = self:fit({unfreeze = 1, lora = {rank = 2}, weighted = true}, {run = folder .. "/run"})
  local track = self.parts.test.tracks[1]
  local said = predict.file(folder .. "/run", track.path)
  for k, name in ipairs(fit.test.classes) do
    lu.assertAlmostEquals(said.probabilities[name], fit.test.probabilities[0][k - 1]:item(), 1e-5)
  end
  finetune.export(net, folder .. "/live")
  finetune.export(network.load(folder .. "/run"), folder .. "/stored")
  lu.assertEquals(files.read(folder .. "/live/config.json"), files.read(folder .. "/stored/config.json"))
  local model = pretrained.open(folder .. "/stored")
  lu.assertEquals(model.names, {"high", "low", "noise"})
  local x = torch.randn {1, 1, 16000} * 0.1
  lib.close(model:forward(net:heard(x)), net:eval()(x), 1e-6)
  lib.fails("holds a model already", finetune.export, net, folder .. "/live")
end

function TestFit:test_transformers_opens_the_export()
  local python = os.getenv "MOONLARK_TEST_PYTHON"
  if not python then lu.skip "MOONLARK_TEST_PYTHON names no Python with transformers" end
  local folder = lib.folder() .. "/model"
  local _, net = self:fit({unfreeze = 1, lora = {rank = 2}, weighted = true})
  finetune.export(net, folder)
  local x = torch.randn {1, 1, 16000} * 0.1
  local said = asked(python, folder, net:heard(x))
  lu.assertEquals(said.labels, {"high", "low", "noise"})
  lib.close(torch.tensor {said.logits}, net:eval()(x):double(), 1e-4)
end

TestCommand = {}

function TestCommand:test_a_folder_of_songs()
  local folder, data = lib.folder(), songs()
  local model = lib.tiny_whisper(folder .. "/model")
  local function run(...) return lib.moonlark(folder, {}, "finetune", data, "--from", model, ...) end
  local head = run("--run", "head", "--epochs", "30", "--head-lr", "0.02")
  lu.assertEquals(head.code, 0, head.all)
  lu.assertStrContains(head.out, "run folder: head")
  local function run_upper(...)
    return run("--run", "upper", "--unfreeze", "1", "--augment", "stretch,pitch,noise", "--epochs", "2",
      "--checkpointing", "--layer-decay", "0.8", "--batch-size", "4", "--export", ...)
  end
  local upper = run_upper "mine"
  lu.assertEquals(upper.code, 0, upper.all)
  lu.assertStrContains(upper.out, "model folder: mine")
  local resumed = run_upper("other", "--resume")
  lu.assertEquals(resumed.code, 0, resumed.all)
  for _, name in ipairs {"model.safetensors", "config.json"} do
    lu.assertEquals(core.store.hash_file(folder .. "/mine/" .. name), core.store.hash_file(folder .. "/other/" .. name))
  end
  local said = lib.moonlark(folder, {}, "predict", "head", data .. "/low/1.wav")
  lu.assertStrContains(said.out, "1.wav")
  lu.assertStrContains(lib.moonlark(folder, {}, "evaluate", "upper").out, "accuracy")
  lu.assertEquals(run("--folds", "2", "--run", "folds", "--epochs", "1").code, 0)
end

function TestCommand:test_mistakes_are_one_line()
  local folder, data = lib.folder(), songs()
  local model = lib.tiny_whisper(folder .. "/model")
  local function fails(words, ...)
    local result = lib.moonlark(folder, {}, "finetune", data, "--from", ...)
    lu.assertEquals(result.code, 1, result.all)
    lu.assertStrContains(result.err, words)
  end
  fails("does not exist", folder .. "/none")
  fails("--export is of a single training", model, "--export", "x", "--folds", "2")
  fails("unknown augmentation: 'pich' (did you mean 'pitch'?)", model, "--augment", "pich")
  fails("unfreeze must be 0..2, the network's layers, got 9", model, "--unfreeze", "9")
end

lib.run()
