--- Own: what names stand for in one example of the manual ("nn.Conv2d"), or in all below a name ("metrics.beat").
local moonlark = require "moonlark"

local own = {}

local function random(...)
  local shape = {...}
  return function() return moonlark.torch.randn(shape) end
end

-- What layers hear, by their names.
local shapes = {
  ["nn.AdaptiveAvgPool2d"] = {8, 16, 20, 25}, ["nn.AdaptiveMaxPool2d"] = {8, 16, 20, 25}, ["nn.AvgPool2d"] = {8, 16, 20, 25},
  ["nn.BatchNorm1d"] = {8, 64}, ["nn.BatchNorm2d"] = {8, 16, 20, 25}, ["nn.Conv1d"] = {8, 40, 50},
  ["nn.Conv2d"] = {8, 1, 40, 50}, ["nn.ConvTranspose1d"] = {8, 64, 50}, ["nn.ConvTranspose2d"] = {8, 16, 20, 25},
  ["nn.GroupNorm"] = {8, 64, 50}, ["nn.GRU"] = {8, 50, 40}, ["nn.LSTM"] = {8, 50, 40}, ["nn.LayerNorm"] = {8, 64},
  ["nn.MaxPool2d"] = {8, 16, 20, 25}, ["nn.TransformerEncoder"] = {50, 8, 64}, ["nn.TransformerEncoderLayer"] = {8, 50, 64},
  ["nn.AdaptiveAvgPool1d"] = {8, 16, 50}, ["nn.AdaptiveMaxPool1d"] = {8, 16, 50}, ["nn.AvgPool1d"] = {8, 16, 50},
  ["nn.MaxPool1d"] = {8, 16, 50}, ["nn.Dropout2d"] = {8, 16, 20, 25}, ["nn.Flatten"] = {8, 16, 4, 4},
  nn = {8, 1, 128, 130},
  ["torch.interpolate"] = {8, 1, 20, 20}, ["torch.grid_sample"] = {8, 1, 64, 64}, ["torch.stft"] = {1, 22050},
  ["torch.rms_norm"] = {8, 64}, ["torch.dropout2d"] = {8, 16, 20, 25}, ["torch.save"] = {5, 2},
  ["torch.local_response_norm"] = {8, 16, 20, 25},
}
for name, shape in pairs(shapes) do own[name] = {x = random(table.unpack(shape))} end

for _, name in ipairs {"MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss"} do own["nn." .. name] = {y = random(8, 10)} end
own["nn.BCEWithLogitsLoss"] = {y = function() return moonlark.torch.randn({8, 10}):gt(0):float() end}

local function linear() return moonlark.nn.Linear(40, 10) end

own["nn.init."] = {net = linear}
own["nn.Parameter"] = {embed = function() return moonlark.nn.Embedding(100, 16) end, head = function() return {} end}

local function image_net()
  local nn = moonlark.nn
  return nn.Sequential(nn.Conv2d(1, 16, 3, {padding = 1}), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
    nn.Flatten(), nn.Linear(16, 10))
end

own["Module:summary"] = {net = image_net}

-- A network with a body and a head.
local function two_parts()
  local nn = moonlark.nn
  local Net = nn.Module:extend "Net"
  function Net:init()
    self.body = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 64), nn.Linear(64, 64))
    self.head = nn.Linear(64, 10)
  end
  function Net:forward(x) return self.head(self.body(x):relu()) end
  return Net
end

own["Module:load"] = {net = function()
  local nn = moonlark.nn
  local net = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 10))
  net:save "net.safetensors"
  return net
end}
own["Module:freeze"] = {net = function() return two_parts()() end}
own["Module:unfreeze"] = own["Module:freeze"]
own["Module:forward"] = {Net = two_parts}

-- What `self` has in a network of one's own.
local function parts_of_net(get)
  local nn = moonlark.nn
  local self = nn.Module:extend "Net"()
  self.blocks = nn.ModuleList {get "Block"(64), get "Block"(64)}
  self.stems = nn.ModuleDict {mel = nn.Linear(128, 64), chroma = nn.Linear(12, 64)}
  return self
end

local function block_of()
  local nn = moonlark.nn
  local Block = nn.Module:extend "Block"
  function Block:init(width) self.linear = nn.Linear(64, width) end
  function Block:forward(x) return self.linear(x) end
  return Block
end

for _, name in ipairs {"nn.ModuleList", "ModuleList.append", "ModuleList:at", "ModuleList:each", "ModuleDict:each"} do
  own[name] = {self = parts_of_net, Block = block_of, x = random(8, 64)}
end
own["nn.ModuleList"].Block = function() -- any width
  local nn = moonlark.nn
  local Block = nn.Module:extend "Block"
  function Block:init() self.linear = nn.Linear(64, 64) end
  function Block:forward(x) return self.linear(x) end
  return Block
end
own["nn.ModuleDict"] = {self = parts_of_net, Block = block_of, x = random(8, 128)}

own["EMA:load_state_dict"] = {state = function(get) return get "ema":state_dict() end}
own["Schedule:load_state"] = {state = function(get) return get "schedule":state() end}
own["ScheduleRecipe:bind"] = {epochs = function() return 30 end, batches = function() return 100 end}
own["optim.schedule"] = own["ScheduleRecipe:bind"]

own.torch = {w = function() return moonlark.torch.randn({3, 2}, {dtype = "float64"}) end}
own["torch.affine_grid"] = {theta = random(8, 2, 3)}
own["torch.grid_sample"].theta = random(8, 2, 3)
own["torch.grad"] = {x = function() return moonlark.torch.randn({8, 40}):requires_grad_() end}
own["torch.save"].w, own["torch.save"].b = random(10, 40), random(10)

local function knn(get) return moonlark.classify.knn():fit(get "X") end
own["Estimator:"] = {model = knn}
own.classify = {model = function() return moonlark.classify.pipeline {moonlark.classify.scaler(),
  moonlark.classify.random_forest {n_estimators = 30}} end}
own["classify.uniform"] = {model = function() return moonlark.classify.boosted_trees() end}
own["estimator.has"] = {model = knn}

own["annotation."] = {x = function(get) return get "beats" end}

local function truth(kind)
  return {truth = function(_, scene) return moonlark.annotation.load(scene:file "reference.jams", {kind = kind}) end}
end
own["metrics.beat."], own["metrics.chord."], own["metrics.segment."] = truth "beats", truth "chords", truth "sections"
own["metrics.compare"] = truth "beats"
own["metrics.hierarchy."] = {truth = truth "sections".truth, fine_truth = truth "sections".truth,
  fine_sections = function(get) return get "sections" end}
own["metrics.onset."] = {truth = function(get)
  local times = {}
  for i, time in ipairs(get "onsets".times) do times[i] = time + 0.03 * math.sin(i) end
  return moonlark.annotation.events("onsets", times)
end}
own["metrics.melody."] = {song = function(get) return get "trumpet" end, truth = function(get)
  return (moonlark.feature.pyin(get "trumpet"))
end}
-- A second of the song, as it is or as a separation might make it.
local function part(from, noise)
  return function(get)
    local sound = get "song":slice(from, from + 1)
    return sound:with {data = sound.data + moonlark.torch.randn(sound.data:shape()) * noise}
  end
end
own["metrics.separation."] = {vocals = part(5, 0), band = part(10, 0), made = part(5, 0.01), made_vocals = part(5, 0.01),
  made_band = part(10, 0.02)}
own["metrics.transcription."] = {truth = function(get) return get "notes" end}
for _, name in ipairs {"mean_average_precision", "mean_roc_auc", "tags_f1"} do
  own["metrics." .. name] = {
    X = function(get) return get "tagged" end,
    scores = function(get) return get "tagger":predict_proba(get "tagged".x) end,
    predicted = function(get) return get "tagger":predict(get "tagged".x) end,
  }
end
own["metrics.best_threshold"] = {
  y = function() return moonlark.torch.tensor {0, 0, 1, 1, 0, 1} end,
  scores = function() return moonlark.torch.tensor {0.1, 0.3, 0.35, 0.8, 0.45, 0.9} end,
}

own["effects.deemphasis"] = {bright = function(get) return moonlark.effects.preemphasis(get "song") end}
own["network.save"] = {net = function() return require "models.cnn" {classes = 4} end}
own["plot.predicted"] = {X = function(get) return get "V" end}
own["plot.curves"] = {net = function(get) return get "small_net" end, others = function(get) return get "batches" end}
for _, name in ipairs {"predict.batches", "predict.classes"} do
  own[name] = {net = function(get) return get "of_songs".net end}
end
own.time = {net = function(get) return get "small_net" end}
own["Run:file"] = {r = function(_, scene)
  local r = scene:run()
  r:metrics {accuracy = 0.84}
  return r
end}
local function song_net(get) return get "song_net" end
own.train = {net = song_net}
own["train.evaluate"] = {net = function(get) return get "of_songs".net end}
own.display = {losses = function() return {2.1, 1.4, 1.0, 0.8, 0.7} end}
own["feature.signal"] = {x = random(128, 400)}
own["classify.one_vs_rest"] = {X = function(get) return get "tagged" end}

-- A sound that is pushed.
local second = random(22050)
own["FeatureStream:"] = {
  stream = function() return moonlark.feature.stream {features = {mel = {}}, rate = 22050} end, samples = second,
}
own.live = {session = function() return moonlark.live.session {rate = 44100, channels = 2} end,
  bytes = function() return ("\0"):rep(4 * 44100) end}
own["Session:"] = own.live
own["live.session"] = {samples = random(2, 44100)}

-- Vectors in a file, or none.
local function vectors()
  local index = moonlark.cluster.vectors(nil, {columns = 128})
  index:add(moonlark.torch.randn {10, 128})
  return index
end
own["Vectors:"] = {index = vectors}

-- Genres of one's own, of which somebody has said something.
local function genres(get)
  local made = moonlark.classify.genres()
  local ids = get "ids"
  for i = 1, 4 do made:say(ids[i], i % 2 == 0 and "for cooking" or "for running", true) end
  made:fit(ids, get "embeddings")
  return made
end
local some_songs = {ids = function()
  local ids = {}
  for i = 1, 12 do ids[i] = "song " .. i end
  return ids
end, embeddings = random(12, 16), own = genres}
own["Genres:"] = some_songs
own["classify.genres"] = some_songs
own["music.duplicates"] = {prints = function(_, scene)
  local one = moonlark.music.fingerprint(scene:file "song.mp3")
  return {one, one}
end}

return own
