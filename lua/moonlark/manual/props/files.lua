--- Files: those that the examples of the manual name. A maker gets the names of values and the scene.
local moonlark = require "moonlark"

local made = {}

-- A part of the song, as a file.
local function part_of_song(name, from, to)
  return function(get) moonlark.audio.save(name, get "song":slice(from, to)) end
end

for _, name in ipairs {"song.mp3", "song.flac"} do
  made[name] = function(get)
    local data = moonlark.torch.tensor {get "piece".samples}
    moonlark.audio.save(name, require "moonlark.signal".new {data = data, rate = moonlark.corpus.rate, kind = "waveform"})
  end
end
made["a.wav"], made["b.flac"] = part_of_song("a.wav", 0, 10), part_of_song("b.flac", 10, 20)
made["a.mp3"], made["day.wav"] = part_of_song("a.mp3", 0, 10), part_of_song("day.wav", 0, 30)
made["trumpet.wav"] = function(get) moonlark.audio.save("trumpet.wav", get "trumpet") end

for _, name in ipairs {"song.jams", "reference.jams"} do
  made[name] = function(get)
    local jams, piece = require "moonlark.corpus.jams", get "piece"
    require "moonlark.base.files".write(name, jams.encode(piece.truth, "song", "jazz", {}))
  end
end

made["truth.jams"] = function(_, scene)
  local beats = moonlark.annotation.load(scene:file "reference.jams", {kind = "beats"})
  moonlark.annotation.save_all("truth.jams", {beats}, {title = "song"})
end

made.genres = function()
  moonlark.corpus.generate("genres", {clips = 10, seconds = 3, styles = {"classical", "house", "jazz", "metal"}, workers = 2})
end
made["other/genres"] = function(_, scene)
  scene:file "genres"
  scene:copy("genres/jazz", "other/genres/jazz")
  scene:copy("genres/metal", "other/genres/metal")
end
made.new = function(_, scene)
  scene:file "genres"
  scene:copy("genres/jazz", "new")
end
made.esc10 = function(_, scene)
  scene:file "genres"
  for i, style in ipairs {"jazz", "metal"} do
    scene:copy("genres/" .. style, "esc10/" .. style, function(n) return ("%d-%d-A-%d.wav"):format(n % 5 + 1, 1000 + n, i) end)
  end
end

-- Lists and tables, made of the songs.
local function lines(name, head, line)
  return function(get)
    local rows = {head}
    for i, track in ipairs(get "songs".tracks) do rows[i + 1] = line(track, i) end
    require "moonlark.base.files".write(name, table.concat(rows, "\n") .. "\n")
  end
end

made["moods.csv"] = lines("moods.csv", "path,tags", function(track, i)
  return ("%s,%s"):format(track.path, track.label == "metal" and "loud;fast" or i % 2 == 0 and "calm" or "calm;slow")
end)
made["tempi.csv"] = lines("tempi.csv", "path,tempo", function(track)
  local jams = moonlark.annotation.load(track.path:gsub("%.wav$", ".jams"), {kind = "tempo"})
  return ("%s,%s"):format(track.path, jams[1].value or jams[1].label or jams[1].bpm)
end)
made["esc50.csv"] = function(get, scene)
  scene:copy("genres/jazz", "audio", function(n) return ("jazz-%d.wav"):format(n) end)
  lines("esc50.csv", "path,category", function(_, i) return i <= 10 and ("jazz-%d.wav,jazz"):format(i - 1) or nil end)(get)
end
made["features_30_sec.csv"] = lines("features_30_sec.csv", "filename,length,chroma,label", function(track, i)
  return ("%s,661794,%.2f,%s"):format(track.path, 0.3 + i / 200, track.label)
end)
made["features.csv"] = function(get, scene)
  scene:file "genres"
  local rows = {"path,genre,tempo,brightness,loudness"}
  for i, path in ipairs(get "X".paths) do
    local x = get "X".x[i - 1]
    rows[i + 1] = ("%s,%s,%d,%.2f,%.3f"):format(path, path:match "genres/(%a+)/", 100 + i, x[1]:item(), x[0]:item())
  end
  require "moonlark.base.files".write("features.csv", table.concat(rows, "\n") .. "\n")
end
made.features = function(get)
  get "songs"
  local program = require "lfs".symlinkattributes("/proc/self/exe", "target")
  local core = require "moonlark_core"
  assert(core.process.run({program, "extract", "genres", "--features", "mfcc", "--pool", "mean,std", "--out", "features"}, 120))
end

made["dataset_index.json"] = function(get) get "songs":validate():save "dataset_index.json" end
made["splits.json"] = function(get) get "parts":save "splits.json" end
made["folds.json"] = function(get) get "songs":folds({k = 5}):save "folds.json" end

-- A run that holds a model.
local function run_with_model(folder)
  return function(get)
    local model = get "model":fit(get "X")
    local r <close> = moonlark.run.open(folder, {model = "svm", seed = 1}, {data = get "songs"})
    r:model(model)
    r:metrics {accuracy = 0.85}
    r:finish()
  end
end
for _, folder in ipairs {"runs/mine", "runs/c", "runs/a"} do made[folder] = run_with_model(folder) end
made["runs/t"] = function(get, scene)
  local X = moonlark.dataset.table(scene:file "features.csv", {label = "genre"})
  local r <close> = moonlark.run.open("runs/t", {model = "knn", seed = 1}, {})
  r:model(moonlark.classify.knn():fit(X))
  r:finish()
  return get
end

made["genres.safetensors"] = function(get) moonlark.classify.knn():fit(get "X"):save "genres.safetensors" end
made["genre.safetensors"] = function()
  require "moonlark.network".save(require "models.cnn" {classes = 4}, "genre.safetensors")
end
made.nets = function() require "moonlark.base.files".mkdirs "nets" end
made["net.safetensors"] = function(get) get "net":save "net.safetensors" end
made["large.safetensors"] = function(get) get "net":save "large.safetensors" end
made["weights.npz"] = function() moonlark.torch.save("weights.npz", {w = moonlark.torch.randn {10, 40}}) end
made["table.csv"] = function()
  require "moonlark.base.files".write("table.csv", "tempo;loudness\n120,5;-9,1\n98;-12,4\n")
end
made["tiny.en.pt"] = function() moonlark.torch.save("tiny.en.pt", {model_state_dict = {weight = moonlark.torch.randn {2, 2}}}) end

return made
