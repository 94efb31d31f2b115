-- train.fit: what it learns, what it leaves behind, going on after a kill, and mistakes told before anything starts.
local lib = require "lib"
local lu = require "luaunit"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local optim = require "moonlark.optim"
local tensorboard = require "moonlark.train.tensorboard"
local torch = require "moonlark.torch"
local train = require "moonlark.train"

-- tests/gpu.sh runs this on a GPU.
local device = os.getenv "MOONLARK_TEST_DEVICE" or "cpu"

local folder = lib.folder()
local fresh = lib.fresh(folder)

local classes = {"low", "middle", "high"}

-- Samples whose class is how many of their first two numbers are above 0.
local function samples(n, seed)
  torch.manual_seed(seed)
  local x = torch.randn {n, 8}
  return x, x[":, 0"]:gt(0):long() + x[":, 1"]:gt(0):long()
end

local function part(n, seed, given)
  local x, y = samples(n, seed)
  local o = {x = x, y = y, classes = classes, batch_size = 16, normalize = true}
  for key, value in pairs(given or {}) do o[key] = value end
  return train.tensors(o)
end

local function mlp()
  torch.manual_seed(5)
  return require("models.mlp") {classes = 3, n_features = 8, hidden = {32}, dropout = 0.2}
end

local function fit(net, given)
  local o = {
    train = part(200, 1, {shuffle = true}), valid = part(80, 2), epochs = 6, progress = false,
    optimizer = optim.AdamW {lr = 1e-2}, seed = 3, device = device,
  }
  for key, value in pairs(given or {}) do o[key] = value end
  return train.fit(net, o)
end

local function assert_same_weights(a, b)
  local other = b:state_dict()
  for name, tensor in pairs(a:state_dict()) do
    lu.assertTrue(torch.equal(tensor:cpu(), other[name]:cpu()), name .. " differs")
  end
end

TestFit = {}

function TestFit:test_learns_and_ends_with_the_best_weights()
  local net = mlp()
  local result = fit(net, {epochs = 15, test = part(120, 9)})
  lu.assertTrue(result.test.accuracy > 0.75, tostring(result.test.accuracy))
  local best = 0
  for _, row in ipairs(result.history) do best = math.max(best, row.valid_accuracy) end
  lu.assertEquals(result.best.value, best)
  lu.assertEquals(result.valid.accuracy, best)
  lu.assertFalse(net.training)
  lu.assertStrContains(tostring(result.test), "accuracy 0.")
end

function TestFit:test_an_optimiser_that_is_bound_already()
  if device ~= "cpu" then lu.skip "its network is on the CPU" end
  local a, b = mlp(), mlp()
  fit(a, {optimizer = optim.AdamW(a:parameters(), {lr = 1e-2})})
  fit(b)
  assert_same_weights(a, b)
end

function TestFit:test_the_same_seed_gives_the_same_bits()
  local a, b = mlp(), mlp()
  fit(a, {deterministic = true})
  fit(b, {deterministic = true})
  torch.set_deterministic(false)
  assert_same_weights(a, b)
  local c = mlp()
  fit(c, {seed = 4})
  lu.assertFalse(torch.equal(a:state_dict()["classifier.weight"], c:state_dict()["classifier.weight"]))
end

-- One of ten is of the rare class, and lies among the others.
local function uneven()
  torch.manual_seed(1)
  local y = torch.arange(200):remainder(10):eq(0):long()
  return train.tensors {x = torch.randn {200, 2} + y:unsqueeze(1):float(), y = y, classes = {"common", "rare"},
    batch_size = 50}
end

function TestFit:test_class_weights()
  local function learn(weight)
    torch.manual_seed(1)
    local net, data = nn.Linear(2, 2), uneven()
    return net, train.fit(net, {train = data, valid = data, epochs = 40, progress = false, device = device,
      optimizer = optim.AdamW {lr = 5e-2}, class_weight = weight})
  end
  local _, plain = learn()
  local balanced, found = learn "balanced"
  lu.assertEquals(found.monitor, "valid_balanced_accuracy")
  lu.assertTrue(found.valid.balanced_accuracy > plain.valid.balanced_accuracy + 0.1)
  assert_same_weights(balanced, (learn {common = 200 / (2 * 180), rare = 200 / (2 * 20)}))
  assert_same_weights(balanced, (learn "common=0.5555555555555556,rare=5"))
  -- The loss is PyTorch's: a mean over the weights.
  local loss = train.evaluate(balanced, uneven(), {objective = found.objective}).loss
  local weights, sum, total = {0.5555555555555556, 5}, 0, 0
  for batch in uneven():epoch(1) do
    local each = torch.cross_entropy(balanced(batch.x:to(device)), batch.y:to(device), {reduction = "none"}):cpu()
    local w = torch.tensor(weights):index_select(0, batch.y:cpu())
    sum, total = sum + (each * w):sum():item() / w:sum():item() * 50, total + 50
  end
  lu.assertAlmostEquals(loss, sum / total, 1e-5)
  lu.assertErrorMsgContains("unknown class of class_weight: 'rar' (did you mean 'rare'?)", learn, {rar = 2})
  lu.assertErrorMsgContains("class_weight is of the cross entropy", train.fit, nn.Linear(2, 2),
    {train = uneven(), class_weight = "balanced", loss = function(logits) return logits:sum() end})
end

function TestFit:test_stops_early()
  local result = fit(nn.Linear(8, 3), {epochs = 50, patience = 2, optimizer = optim.SGD {lr = 0.0}})
  lu.assertEquals(#result.history, 3)
end

function TestFit:test_accumulated_batches_are_one_large_batch()
  local function plain()
    torch.manual_seed(1)
    return nn.Linear(8, 3):to(device)
  end
  local a, b = plain(), plain()
  local options = {epochs = 2, optimizer = optim.SGD {lr = 0.1}}
  options.train = part(96, 1, {batch_size = 32})
  fit(a, options)
  options.train, options.accumulate = part(96, 1, {batch_size = 8}), 4
  fit(b, options)
  lu.assertTrue((a.weight - b.weight):abs():max():item() < 1e-6)
end

function TestFit:test_bfloat16()
  local result = fit(mlp(), {precision = "bfloat16"})
  lu.assertTrue(result.history[6].loss < result.history[1].loss)
end

function TestFit:test_objective_without_classes()
  local net = require("models.lstm_autoencoder") {n_mels = 4, code = 3, hidden = 8}
  torch.manual_seed(1)
  local batches = train.tensors {x = torch.randn {20, 4, 24}, batch_size = 5}
  local result = train.fit(net, {train = batches, valid = batches, epochs = 2, progress = false, device = device,
    objective = function(model, batch) return model:loss(batch) end})
  lu.assertTrue(result.history[2].valid_loss < result.history[1].loss)
end

function TestFit:test_a_last_batch_of_one_example_is_left_out()
  local result = fit(mlp(), {train = part(33, 1, {shuffle = true}), epochs = 3})
  lu.assertEquals(result.history[3].valid_loss, result.history[3].valid_loss) -- batch norm made NaN of it
  lu.assertErrorMsgContains("more than one value for each channel", fit, mlp(), {train = part(20, 1, {batch_size = 1})})
end

function TestFit:test_targets_that_are_no_classes()
  torch.manual_seed(1)
  local x = torch.randn {64, 8}
  local batches = train.tensors {x = x, y = x[":, 0:1"] * 2, batch_size = 16}
  local result = fit(nn.Linear(8, 1), {train = batches, valid = batches, epochs = 20,
    loss = function(out, y) return torch.mse_loss(out, y) end})
  lu.assertNil(result.history[1].accuracy)
  lu.assertEquals(result.monitor, "valid_loss")
  lu.assertTrue(result.best.value < result.history[1].loss / 2)
end

TestRunFolder = {}

function TestRunFolder:test_holds_all_that_the_tour_names()
  local path = fresh()
  local net = mlp()
  local result = fit(net, {run = path, test = part(60, 8)})
  local record = json.decode(files.read(path .. "/run.json"))
  lu.assertEquals(record.status, "finished")
  lu.assertEquals(record.settings.architecture, "mlp")
  lu.assertEquals(record.settings.optimizer.name, "AdamW")
  local lines = 0
  for line in io.lines(path .. "/metrics.jsonl") do
    lines = lines + 1
    lu.assertEquals(json.decode(line).epoch, lines)
  end
  lu.assertEquals(lines, 6)
  local metrics = json.decode(files.read(path .. "/metrics.json"))
  lu.assertEquals(metrics.accuracy, result.test.accuracy)
  lu.assertEquals(metrics.valid_accuracy, result.valid.accuracy)
  lu.assertStrContains(files.read(path .. "/report.md"), "Confusion matrix")
  local again = network.load(path)
  assert_same_weights(net, again)
  lu.assertEquals(again.card.classes, classes)
  lu.assertEquals(#again.card.statistics.mean, 8)
  lu.assertErrorMsgContains("holds a run already", fit, mlp(), {run = path})
end

function TestRunFolder:test_networks_of_ones_own()
  local path = fresh()
  local net = nn.Linear(8, 3)
  fit(net, {run = path, epochs = 1})
  lu.assertErrorMsgContains("network.load(path, {net = net})", network.load, path)
  local again = network.load(path, {net = nn.Linear(8, 3)})
  assert_same_weights(net, again)
  lu.assertEquals(again.card.classes, classes)
  lu.assertErrorMsgContains("shape: weight", network.load, path, {net = nn.Linear(7, 3)})
end

-- Lengths and checksums of the records, which say what TensorBoard would read.
function TestRunFolder:test_event_file()
  lu.assertEquals(tensorboard.crc32c "123456789", 0xE3069283) -- the check value of CRC-32C
  local path = fresh()
  fit(mlp(), {run = path, epochs = 2})
  local events
  for _, name in ipairs(files.list(path)) do
    if name:find "tfevents" then events = files.read(path .. "/" .. name) end
  end
  local place, records, tags = 1, 0, {}
  while place <= #events do
    local length, length_crc = ("<I8I4"):unpack(events, place)
    local payload = events:sub(place + 12, place + 11 + length)
    local crc = ("<I4"):unpack(events, place + 12 + length)
    local function masked(text)
      local plain = tensorboard.crc32c(text)
      return ((plain >> 15 | plain << 17) + 0xA282EAD8) & 0xFFFFFFFF
    end
    lu.assertEquals(length_crc, masked(events:sub(place, place + 7)))
    lu.assertEquals(crc, masked(payload))
    for tag in payload:gmatch "loss/%l+" do tags[tag] = (tags[tag] or 0) + 1 end
    place, records = place + 16 + length, records + 1
  end
  lu.assertTrue(records > 10)
  lu.assertEquals(tags, {["loss/train"] = 2, ["loss/valid"] = 2})
end

-- A program that trains into a folder and stops itself by a signal after some epochs.
local function script(path, resume, signal)
  return ([[
    local torch, train, optim = require "moonlark.torch", require "moonlark.train", require "moonlark.optim"
    torch.manual_seed(1)
    local x = torch.randn {120, 8}
    local y = x[":, 0"]:gt(0):long()
    local function part(from, to, shuffle)
      return train.tensors {x = x[{{from, to}}], y = y[{{from, to}}], classes = {"a", "b"}, batch_size = 16,
        shuffle = shuffle}
    end
    torch.manual_seed(2)
    local net = require("models.mlp") {classes = 2, n_features = 8, hidden = {16}, dropout = 0.3}
    train.fit(net, {train = part(0, 80, true), valid = part(80, 120), epochs = 6, seed = 7, progress = false,
      optimizer = optim.AdamW {lr = 5e-3}, schedule = optim.cosine {}, clip_norm = 1, ema = 0.9,
      run = %q, resume = %s, device = %q,
      each = function(row)
        if row.epoch ~= 3 or %q == "" then return end
        os.execute("(sleep 0.1; kill -%s $PPID) &") -- system() itself ignores Ctrl-C
        local start = os.clock()
        while os.clock() - start < 10 do end
      end})
  ]]):format(path, tostring(resume), device, signal or "", signal or "")
end

local function run_program(path, resume, signal)
  local file = fresh() .. ".lua"
  files.write(file, script(path, resume, signal))
  return os.execute(("%s %s >%s.log 2>&1"):format(lib.program, file, file)), file .. ".log"
end

TestResume = {}

function TestResume:test_after_a_kill_the_weights_are_those_of_never_having_stopped()
  local whole, killed = fresh(), fresh()
  lu.assertTrue(run_program(whole, false))
  lu.assertNil(run_program(killed, false, "KILL"))
  lu.assertNotNil(files.exists(killed .. "/checkpoint.safetensors"))
  local ok, log = run_program(killed, true)
  lu.assertTrue(ok, files.read(log))
  assert_same_weights(network.load(whole), network.load(killed))
  local a, b = torch.load(whole .. "/checkpoint.safetensors"), torch.load(killed .. "/checkpoint.safetensors")
  for name, tensor in pairs(a) do lu.assertTrue(torch.equal(tensor, b[name]), name) end
  local function losses(path)
    local list = {}
    for line in io.lines(path .. "/metrics.jsonl") do list[#list + 1] = json.decode(line).loss end
    return list
  end
  lu.assertEquals(losses(killed), losses(whole))
end

function TestResume:test_interrupt_leaves_a_usable_folder()
  local path = fresh()
  local ok, log = run_program(path, false, "INT")
  lu.assertNil(ok)
  lu.assertStrContains(files.read(log), "goes on from the last whole epoch")
  lu.assertEquals(json.decode(files.read(path .. "/run.json")).status, "interrupted")
  lu.assertEquals(network.load(path).card.classes, {"a", "b"})
  lu.assertTrue(run_program(path, true))
  lu.assertEquals(json.decode(files.read(path .. "/run.json")).status, "finished")
end

-- What the schedule watches is decided before the first epoch, of the first call and of the one that goes on.
function TestResume:test_a_plateau_that_watches_the_accuracy_goes_on_as_it_was()
  local function run(path, more)
    local net = mlp()
    local given = {run = path, optimizer = optim.AdamW {lr = 1e-3},
      schedule = optim.plateau {mode = "max", patience = 0}}
    for key, value in pairs(more or {}) do given[key] = value end
    return net, pcall(fit, net, given)
  end
  local whole, stopped = fresh(), fresh()
  local net = run(whole)
  run(stopped, {each = function(row) if row.epoch == 3 then error("enough", 0) end end})
  local again, ok, result = run(stopped, {resume = true})
  lu.assertTrue(ok, tostring(result))
  lu.assertEquals(result.monitor, "valid_accuracy")
  local first, second, third = table.unpack(result.history)
  lu.assertTrue(second.valid_accuracy > first.valid_accuracy)
  lu.assertEquals(third.lr, first.lr)
  assert_same_weights(net, again)
end

function TestResume:test_other_settings_are_named()
  local path = fresh()
  fit(mlp(), {run = path, epochs = 2})
  lu.assertErrorMsgContains("seed was 3, is now 4", fit, mlp(), {run = path, epochs = 2, resume = true, seed = 4})
end

function TestResume:test_a_changed_checkpoint_is_refused()
  local path = fresh()
  fit(mlp(), {run = path, epochs = 1})
  local file = path .. "/checkpoint.safetensors"
  local bytes = files.read(file)
  files.write(file, bytes:sub(1, -2) .. string.char(bytes:byte(-1) ~ 1))
  lu.assertErrorMsgContains("checksum", fit, mlp(), {run = path, epochs = 1, resume = true})
  files.write(file, bytes:sub(1, -100))
  lu.assertErrorMsgContains(file, fit, mlp(), {run = path, epochs = 1, resume = true})
  files.write(file, bytes)
  lu.assertErrorMsgContains("holds no network that Moonlark saved, but a checkpoint", network.load, file)
end

TestMistakes = {}

function TestMistakes:test_data_that_cannot_be_learnt()
  local x = torch.randn {10, 8}
  local one = train.tensors {x = x, y = torch.zeros({10}, {dtype = "int64"}), classes = {"only"}}
  lu.assertErrorMsgContains("only one class, only", fit, mlp(), {train = one})
  local y = torch.tensor {0, 0, 0, 0, 0, 1, 1, 1, 1, 1}
  lu.assertErrorMsgContains("no training track of the class high", fit, mlp(),
    {train = train.tensors {x = x, y = y, classes = classes}})
  local none = train.tensors {x = torch.zeros {0, 8}, y = torch.zeros({0}, {dtype = "int64"}), classes = classes}
  lu.assertErrorMsgContains("validation part is empty", fit, mlp(), {valid = none})
  lu.assertErrorMsgContains("training data is empty", fit, mlp(), {train = none})
end

function TestMistakes:test_parts_of_other_classes()
  local other = part(20, 2, {classes = {"low", "middle", "top"}})
  lu.assertErrorMsgContains("the classes of training and validation differ", fit, mlp(), {valid = other})
end

function TestMistakes:test_objects()
  lu.assertErrorMsgContains("net must be a module of moonlark.nn, got table", fit, {})
  lu.assertErrorMsgContains("optimizer must be one of moonlark.optim", fit, mlp(), {optimizer = 3})
  lu.assertErrorMsgContains("schedule must be one of moonlark.optim", fit, mlp(), {schedule = "cosine"})
  lu.assertErrorMsgContains("or a function, got 1", fit, mlp(), {loss = 1})
  local other = optim.AdamW(mlp():parameters(), {lr = 1e-2})
  lu.assertErrorMsgContains("none of the network's parameters", fit, mlp(), {optimizer = other})
  lu.assertErrorMsgContains("drop_last leaves no batch", fit, mlp(), {train = part(10, 1, {drop_last = true})})
end

function TestMistakes:test_a_loss_that_is_not_finite_names_the_files()
  local x, y = samples(32, 1)
  x[{17, 0}] = 0 / 0
  local paths = {}
  for i = 1, 32 do paths[i] = ("song-%d.wav"):format(i - 1) end
  local batches = train.tensors {x = x, y = y, classes = classes, paths = paths, batch_size = 8}
  local ok, why = pcall(fit, mlp(), {train = batches})
  lu.assertFalse(ok)
  lu.assertStrContains(why, "epoch 1, batch 3 of 4")
  lu.assertStrContains(why, "song-17.wav")
  lu.assertNotStrContains(why, "song-3.wav")
end

function TestMistakes:test_options()
  lu.assertErrorMsgContains("did you mean 'epochs'", fit, mlp(), {epoch = 3})
  lu.assertErrorMsgContains("train.fit: epochs must be a whole number 1 or more, got 0", fit, mlp(), {epochs = 0})
  lu.assertErrorMsgContains('precision must be', fit, mlp(), {precision = "int8"})
  lu.assertErrorMsgContains("resume needs a run folder", fit, mlp(), {resume = true})
  lu.assertErrorMsgContains('got string "valid_lose" (did you mean "valid_loss"?)', fit, mlp(), {monitor = "valid_lose"})
  lu.assertErrorMsgContains("batch_size must be", train.tensors, {x = torch.zeros {2, 2}, batch_size = 0})
end

lib.run(true)
