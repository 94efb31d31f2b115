-- Networks that learn tags and values: losses, measures, thresholds and units, from songs and from tensors.
local lib = require "lib"
local lu = require "luaunit"
local audio = require "moonlark.audio"
local augment = require "moonlark.augment"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local metrics = require "moonlark.metrics"
local model = require "moonlark.model"
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local optim = require "moonlark.optim"
local predict = require "moonlark.predict"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"
local train = require "moonlark.train"

local place = lib.folder()

-- 48 songs of 1 s, whose tags say which of two tones and whether noise is beside a tone that all have, and whose value
-- is the loudness in dB.
local function songs_of(task)
  local lines = {"path,tags,level"}
  local t = torch.arange(0, 8000) / 8000
  for i = 0, 47 do
    local low, high, noise, level = i % 2 == 0, i % 3 == 0, i % 4 < 2, -(i % 12) * 2
    local wave = (t * 2 * math.pi * 800):sin()
    if low then wave = wave + (t * 2 * math.pi * 300):sin() end
    if high then wave = wave + (t * 2 * math.pi * 2000):sin() end
    torch.manual_seed(i)
    if noise then wave = wave + torch.randn {8000} * .2 end
    wave = wave * (10 ^ (level / 20) / 5)
    local name = ("song%02d.wav"):format(i)
    audio.save(files.join(place, name), signal.new {data = wave:unsqueeze(0), rate = 8000, kind = "waveform"})
    local tags = {low and "low" or nil, high and "high" or nil, noise and "noise" or nil}
    local said = {}
    for k = 1, 3 do said[#said + 1] = tags[k] end
    lines[#lines + 1] = ("%s,%s,%g"):format(name, table.concat(said, "|"), level)
  end
  files.write(files.join(place, "list.csv"), table.concat(lines, "\n") .. "\n")
  local columns = task == "tags" and {labels = "tags"} or {value = "level"}
  return dataset.csv(files.join(place, "list.csv"), {columns = columns})
end

local function batches(part, more)
  local o = {feature = "mel", rate = 8000, segment = 0.5, batch_size = 8, seed = 1, progress = false}
  for key, value in pairs(more or {}) do o[key] = value end
  return part:batches(o)
end

local Small = nn.Module:extend "Small"
function Small:init(outputs)
  self.head = nn.Sequential(nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, outputs))
end
function Small:forward(x) return self.head(x:mean {2}) end

local function fit(parts, outputs, more)
  torch.manual_seed(2)
  local o = {
    train = batches(parts.train), valid = batches(parts.valid), test = batches(parts.test), epochs = 12,
    optimizer = optim.AdamW {lr = 1e-2}, progress = false, device = "cpu",
  }
  for key, value in pairs(more or {}) do o[key] = value end
  return train.fit(Small(outputs), o)
end

local shares = {train = .5, valid = .25, test = .25, seed = 3}

TestBatches = {}

function TestBatches:test_y_has_two_axes_and_follows_the_tracks()
  local songs = songs_of "tags"
  local seen = 0
  for batch in batches(songs, {shuffle = true}):epoch(1) do
    lu.assertEquals(batch.y:dtype(), "float32")
    for i, place_of in ipairs(batch.tracks) do
      local has = {}
      for _, tag in ipairs(songs.tracks[place_of].labels) do has[tag] = true end
      for k, tag in ipairs(songs.classes) do lu.assertEquals(batch.y[i - 1][k - 1]:item(), has[tag] and 1 or 0) end
      seen = seen + 1
    end
  end
  lu.assertEquals(seen, 96)
  local values = songs_of "values"
  for batch in batches(values):epoch(1) do
    lu.assertEquals(batch.y:shape(), {#batch.tracks, 1})
    for i, at in ipairs(batch.tracks) do lu.assertEquals(batch.y[i - 1][0]:item(), values.tracks[at].values[1]) end
  end
end

function TestBatches:test_mixup_mixes_targets_in_the_shares_of_the_sounds()
  local songs, between = songs_of "tags", 0
  local mixed = batches(songs, {shuffle = true, crop = true, augment = {augment.mixup {alpha = 1, p = 1}}})
  for batch in mixed:epoch(1) do
    for i, row in ipairs(batch.y:totable()) do
      local share
      for k, value in ipairs(row) do
        lu.assertTrue(value >= 0 and value <= 1)
        if value > 0 and value < 1 then
          -- A tag that one of the two has: all such tags of a row have its share, or what is left.
          share = share or value
          lu.assertTrue(math.abs(value - share) < 1e-6 or math.abs(value - (1 - share)) < 1e-6, ("%d %d"):format(i, k))
          between = between + 1
        end
      end
    end
  end
  lu.assertTrue(between > 10)
end

TestTags = {}

function TestTags:test_tags_are_learnt_judged_saved_and_heard()
  local songs, run = songs_of "tags", files.join(place, "tags")
  local parts = songs:split(shares)
  local fitted = fit(parts, 3, {run = run})
  lu.assertEquals(fitted.monitor, "valid_map")
  lu.assertNotNil(fitted.history[1].valid_auc)
  lu.assertNil(fitted.history[1].valid_accuracy)
  lu.assertTrue(fitted.test.map > .9, tostring(fitted.test.map))
  local card = network.load(files.join(run, "model.safetensors"), {net = Small(3)}).card
  lu.assertEquals(card.task, "tags")
  lu.assertEquals(card.classes, {"high", "low", "noise"})
  -- Thresholds are those of best F1 on the validation part.
  for k = 1, 3 do
    local best = metrics.best_threshold(fitted.valid.y:select(1, k - 1), fitted.valid.scores:select(1, k - 1))
    lu.assertEquals(card.thresholds[k], best)
  end
  local figures = json.read(files.join(run, "metrics.json"))
  lu.assertAlmostEquals(figures.map, fitted.test.map, 1e-12)
  lu.assertStrContains(files.read(files.join(run, "report.md")), "| low |")
  lu.assertTrue(files.exists(files.join(run, "plots/tags.png")))
  local opened = model.open(fitted.net)
  lu.assertAlmostEquals(opened:evaluate(parts.test).map, fitted.test.map, 1e-9)
  local heard = predict.file(fitted.net, songs.tracks[1].path, {segments = true})
  lu.assertNil(heard.label)
  lu.assertEquals(#heard.segments, 2)
  for _, tag in ipairs(heard.tags) do
    local k = ({high = 1, low = 2, noise = 3})[tag]
    lu.assertTrue(heard.probabilities[tag] >= card.thresholds[k])
  end
end

function TestTags:test_without_validation_the_training_part_as_it_is_chooses_the_thresholds()
  local parts = songs_of "tags":split {train = .7, test = .3, seed = 3}
  torch.manual_seed(2)
  local changed = batches(parts.train, {augment = {augment.mixup {alpha = 1, p = 1}}})
  local fitted = train.fit(Small(3), {train = changed, test = batches(parts.test), epochs = 12, progress = false,
    optimizer = optim.AdamW {lr = 1e-2}, device = "cpu"})
  local plain = batches(parts.train, {crop = false, shuffle = false}):normalize_by(changed:statistics())
  local found = train.evaluate(fitted.net, plain)
  for k = 1, 3 do
    local best = metrics.best_threshold(found.y:select(1, k - 1), found.scores:select(1, k - 1))
    lu.assertAlmostEquals(fitted.net.card.thresholds[k], best, 1e-6)
  end
  lu.assertTrue(fitted.test.macro.f1 > .8, tostring(fitted.test.macro.f1))
end

function TestTags:test_a_resumed_training_is_the_same_to_the_bit()
  local parts = songs_of "tags":split(shares)
  local whole = fit(parts, 3, {epochs = 4})
  local run = files.join(place, "resumed")
  lu.assertErrorMsgContains("enough", fit, parts, 3, {epochs = 4, run = run, each = function(row)
    if row.epoch == 2 then error("enough", 0) end
  end})
  local resumed = fit(parts, 3, {epochs = 4, run = run, resume = true})
  for name, tensor in pairs(whole.net:state_dict()) do
    lu.assertTrue(tensor:eq(resumed.net:state_dict()[name]):all():item(), name)
  end
  lu.assertEquals(resumed.net.card.thresholds, whole.net.card.thresholds)
end

TestValues = {}

function TestValues:test_values_are_learnt_in_their_own_unit()
  local songs = songs_of "values"
  local parts = songs:split(shares)
  for _, loss in ipairs {"mse", "huber", "mae"} do
    local run = files.join(place, "values-" .. loss)
    local fitted = fit(parts, 1, {run = run, loss = loss, epochs = 40})
    lu.assertEquals(fitted.monitor, "valid_r2")
    lu.assertTrue(fitted.test.r2 > .7, loss .. " " .. fitted.test.r2)
    lu.assertEquals(fitted.test.targets, {"level"})
    local sum = 0
    for _, track in ipairs(parts.train.tracks) do sum = sum + track.values[1] end
    lu.assertAlmostEquals(fitted.net.card.scale.mean[1], sum / #parts.train, 1e-9)
    local heard = predict.file(fitted.net, parts.test.tracks[1].path, {segments = true})
    lu.assertAlmostEquals(heard.values.level, fitted.test.predicted[0][0]:item(), 1e-4)
    lu.assertNotNil(heard.segments[1].values.level)
    lu.assertAlmostEquals(model.open(fitted.net):evaluate(parts.test).rmse, fitted.test.rmse, 1e-4)
  end
  lu.assertTrue(files.exists(files.join(place, "values-mse/plots/predicted.png")))
end

function TestValues:test_several_targets_from_tensors()
  torch.manual_seed(1)
  local x = torch.randn(60, 5)
  local y = torch.stack({x:select(1, 0) * 100 + 5, x:select(1, 1)}, 1)
  local function part(from, n)
    return train.tensors {x = x:narrow(0, from, n), y = y:narrow(0, from, n), task = "values", targets = {"a", "b"},
      batch_size = 10}
  end
  local fitted = train.fit(nn.Linear(5, 2), {train = part(0, 40), valid = part(40, 20), epochs = 60, progress = false,
    optimizer = optim.Adam {lr = .05}, device = "cpu"})
  lu.assertTrue(fitted.valid.r2 > .98)
  lu.assertEquals(fitted.valid.targets, {"a", "b"})
  lu.assertTrue(fitted.valid.per_target[1].rmse < 20 and fitted.valid.per_target[2].rmse < .2)
end

TestErrors = {}

function TestErrors:test_what_does_not_fit_the_task_is_refused()
  local tags, values = songs_of "tags":split(shares), songs_of "values":split(shares)
  lu.assertErrorMsgContains("loss = 'mse' does not fit tags: give bce", fit, tags, 3, {loss = "mse"})
  lu.assertErrorMsgContains("loss = 'bce' does not fit values: give huber, mae, mse", fit, values, 1, {loss = "bce"})
  local fitted = fit(tags, 3, {epochs = 1})
  lu.assertErrorMsgContains("the model tells tags, and the data has values", function()
    model.open(fitted.net):evaluate(values.test)
  end)
  lu.assertErrorMsgContains("y has 2 columns, and 1 names are given", train.tensors,
    {x = torch.rand(3, 2), y = torch.rand(3, 2), task = "values", targets = {"a"}})
end

lib.run()
