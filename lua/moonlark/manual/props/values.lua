--- Values: what names stand for in the examples of the manual. A maker gets the other names (`get "song"`) and the scene,
--- whose `file` makes a file.
local moonlark = require "moonlark"

local values = {}

local function random(...)
  local shape = {...}
  return function() return moonlark.torch.randn(shape) end
end

local function fixed(value) return function() return value end end

local function with(fields, more)
  local all = {}
  for name, maker in pairs(fields) do all[name] = maker end
  for name, maker in pairs(more) do all[name] = maker end
  return all
end

-- Four notes, as a trumpet might play them.
local function trumpet()
  local samples, rate = {}, moonlark.corpus.rate
  for i, pitch in ipairs {60, 64, 67, 72} do
    local step = 2 * math.pi * 440 * 2 ^ ((pitch - 69) / 12) / rate
    for n = 0, rate // 2 - 1 do
      local loud, x = math.min(1, n / 400, (rate // 2 - n) / 2000), 0
      for k = 1, 6 do x = x + math.sin(k * step * n) / k end
      samples[(i - 1) * (rate // 2) + n + 1] = 0.2 * loud * x
    end
  end
  return require "moonlark.signal".new {data = moonlark.torch.tensor {samples}, rate = rate, kind = "waveform"}
end

values.kept = {
  piece = function()
    local samples, truth = moonlark.corpus.clip("jazz", 3, {seconds = 30})
    return {samples = samples, truth = truth}
  end,
  song = function(_, scene) return moonlark.audio.load(scene:file "song.mp3") end,
  trumpet = trumpet,
  X = function(get) return get "songs":extract(get "recipe", {workers = 2}) end,
  V = function(_, scene)
    local songs = moonlark.dataset.csv(scene:file "tempi.csv", {columns = {value = "tempo"}})
    return songs:extract(moonlark.feature.recipe {features = {mfcc = {n_mfcc = 13}}, pool = {"mean", "std"}}, {workers = 2})
  end,
  tagged = function(get, scene)
    local songs = moonlark.dataset.csv(scene:file "moods.csv", {columns = {labels = "tags"}, separator = ";"})
    return songs:extract(get "recipe", {workers = 2})
  end,
  report = function(get) return moonlark.classify.cross_validate(get "model", get "X", {k = 5, seed = 1}) end,
  chroma = function(get) return moonlark.feature.chroma_cqt(get "song") end,
  other_chroma = function(get) return moonlark.feature.chroma_cqt(get "song":slice(10, 20)) end,
  beats = function(get) return moonlark.music.beats(get "song") end,
  chords = function(get) return moonlark.music.chords(get "song") end,
  sections = function(get) return moonlark.music.sections(get "song") end,
  onsets = function(get) return moonlark.music.onsets(get "song") end,
  notes = function(get) return moonlark.music.notes(get "trumpet") end,
  about = function(_, scene) return moonlark.music.analyze(scene:file "song.mp3") end,
  tagger = function(get)
    return moonlark.classify.pipeline {moonlark.classify.scaler(),
      moonlark.classify.one_vs_rest(moonlark.classify.logistic())}:fit(get "tagged")
  end,
  of_songs = function(get)
    local heard = get "parts".train:batches {feature = "mel", segment = 1, batch_size = 8}
    return moonlark.train.fit(get "song_net", {train = heard, epochs = 1})
  end,
  fitted = function(get)
    local batches = get "batches"
    return moonlark.train.fit(get "small_net", {train = batches, valid = batches, test = batches, epochs = 3})
  end,
}

values.any = {
  songs = function(_, scene) return moonlark.dataset.folder(scene:file "genres") end,
  parts = function(get) return get "songs":split {train = .6, valid = .2, test = .2, seed = 1} end,
  recipe = function()
    return moonlark.feature.recipe {features = {mfcc = {n_mfcc = 13}, spectral_centroid = {}}, pool = {"mean", "std"}}
  end,
  mel = function(get) return moonlark.feature.mel(get "song") end,
  db = function(get) return moonlark.feature.power_to_db(get "mel") end,
  model = function()
    return moonlark.classify.pipeline {moonlark.classify.scaler(), moonlark.classify.logistic()}
  end,
  x = function(get) return get "X".x end,
  y = function(get) return get "X".y end,
  ids = function(get) return moonlark.cluster.kmeans {n_clusters = 4}:fit(get "X").labels end,
  z = function(get) return moonlark.cluster.pca {n_components = 2}:fit(get "X"):transform(get "X") end,
  predicted = function(get) return get "report".predicted end,
  scores = function(get) return get "report".scores end,
  curve = function(get)
    return moonlark.metrics.roc_curve(get "report".y, get "report".scores, {positive = 2})
  end,
  net = function()
    local nn = moonlark.nn
    return nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 10))
  end,
  small_net = function()
    local nn = moonlark.nn
    return nn.Sequential(nn.Linear(28, 16), nn.ReLU(), nn.Linear(16, 4))
  end,
  song_net = function()
    local nn = moonlark.nn
    return nn.Sequential(nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(512, 4))
  end,
  loss = function() return moonlark.nn.CrossEntropyLoss() end,
  batches = function(get)
    local X = get "X"
    return moonlark.train.tensors {x = X.x, y = X.y, classes = X.classes, batch_size = 8, shuffle = true}
  end,
  moonlark = fixed(moonlark),
  files = function() return require "moonlark.base.files" end,
  network = function() return require "moonlark.network" end,
  signal = function() return require "moonlark.signal" end,
}

-- Of networks with forty inputs and ten classes.
local learning = {
  x = random(8, 40), y = function() return moonlark.torch.arange(8) end,
  w = function() return moonlark.torch.randn({3}):requires_grad_() end,
  opt = function(get) return moonlark.optim.AdamW(get "net":parameters(), {lr = 1e-3}) end,
  other = function(get) return get "net":clone() end,
}

-- A few batches, by an iterator.
local function few_batches(get)
  return function()
    local left = 3
    return function()
      left = left - 1
      if left >= 0 then return get "x", get "y" end
    end
  end
end

local function song_batches(part)
  return function(get) return get "parts"[part]:batches {feature = "mel", segment = 1, batch_size = 8} end
end

local function fitted_net(get) return get "fitted".net end

values.chapters = {
  nn = with(learning, {more = random(8, 50, 40), query = random(20, 8, 64), key = random(20, 8, 64),
    value = random(20, 8, 64)}),
  optim = with(learning, {
    batches = few_batches, evaluate = fixed(function() end), state = function(get) return get "opt":state_dict() end,
    ema = function(get) return moonlark.optim.EMA(get "net", {decay = 0.999}) end,
    schedule = function(get) return moonlark.optim.cosine():bind(get "opt", 100) end}),
  torch = with(learning, {query = random(8, 4, 20, 16), key = random(8, 4, 20, 16), value = random(8, 4, 20, 16),
    weight = random(64)}),
  train = {net = function(get) return get "small_net" end, fit = function(get) return get "fitted" end},
  predict = {net = fitted_net},
  prediction = {prediction = function(_, scene)
    return moonlark.predict.file(scene:file "runs/mine", scene:file "song.mp3")
  end},
  plot = {
    mel = function(get) return moonlark.feature.power_to_db(moonlark.feature.mel(get "song")) end,
    loss = fixed {2.1, 1.4, 1.0, 0.8, 0.7, 0.62, 0.58}, valid_loss = fixed {2.2, 1.6, 1.3, 1.15, 1.1, 1.12, 1.15},
    net = function(get) return get "small_net" end, a = function(get) return get "song":slice(0, 10) end,
    b = function(get) return get "song":slice(10, 20) end,
  },
  dataset = {b = song_batches "train", train = song_batches "train", valid = song_batches "valid"},
  regress = {X = function(get) return get "V" end},
  run = {
    r = function(_, scene) return scene:run() end,
    page = function() return require "moonlark.run.report".new "Ten genres" end,
    found = function(get) return get "report" end,
  },
  model = {
    genres = function(_, scene) return require "moonlark.model".open(scene:file "runs/mine") end,
    answers = function(get) return get "genres":predict(get "songs") end,
  },
  music = {L = function(get) return moonlark.music.recurrence_to_lag(moonlark.music.recurrence_matrix(get "chroma")) end},
}

return values
