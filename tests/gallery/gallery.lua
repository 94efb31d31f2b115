-- One of each picture, with what is difficult about it: many classes, long names, letters of many scripts, single
-- points, numbers that are not finite, a paper's column. Each entry is {name, function that gives the figure}.
--
--     moonlark tests/gallery/draw.lua FOLDER      draws them all as PNG, to be looked at
local annotation = require "moonlark.annotation"
local plot = require "moonlark.plot"
local signal = require "moonlark.signal"

local nan = 0 / 0

-- The same numbers on every machine: a small generator of its own.
local function random(seed)
  local state = seed
  return function()
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  end
end

local function normal(draw)
  return math.sqrt(-2 * math.log(draw() + 1e-12)) * math.cos(2 * math.pi * draw())
end

local genres = {"blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"}

local twenty = {"Ambient", "Bossa nova", "Chanson française", "Drum & bass", "Électro", "Fado", "Gamelan", "Hip-hop",
  "Indie rock", "Jazz manouche", "K-pop 케이팝", "Ländler", "Música popular brasileira", "Norteño", "Opera", "Polka",
  "Qawwali", "Rebetiko ρεμπέτικο", "Ska", "Tango"}

local function matrix(rows, columns, f)
  local list = {}
  for r = 1, rows do
    list[r] = {}
    for c = 1, columns do list[r][c] = f(r - 1, c - 1) end
  end
  return list
end

-- Points in `k` clusters, and the cluster of each.
local function clusters(k, each, seed)
  local draw, points, labels = random(seed), {}, {}
  for c = 0, k - 1 do
    local angle = 2 * math.pi * c / k
    for _ = 1, each do
      points[#points + 1] = {8 * math.cos(angle) + normal(draw), 8 * math.sin(angle) + normal(draw)}
      labels[#labels + 1] = c
    end
  end
  return points, labels
end

local function wave(seconds, rate)
  local list, draw = {}, random(7)
  for i = 1, seconds * rate do
    local t = (i - 1) / rate
    list[i] = 0.7 * math.sin(2 * math.pi * 3 * t) * math.exp(-(t % 1) * 3) + 0.02 * normal(draw)
  end
  return list
end

local function mel_hz(i, n, top)
  local last = 15 + 27 * math.log(top / 1000) / math.log(6.4)
  local m = (i + 0.5) / n * last
  return m < 15 and m * 200 / 3 or 1000 * math.exp((m - 15) * math.log(6.4) / 27)
end

local function spectrogram(low, high, kind)
  local values, draw = {}, random(3)
  for i = 0, 79 do values[i + 1] = mel_hz(i, 80, 8000) end
  return signal.new {
    data = matrix(80, 300, function(r, c)
      local ridge = math.exp(-((r - 30 - 20 * math.sin(c / 40)) / 4) ^ 2)
      return low + (high - low) * math.min(1, 0.8 * ridge + 0.2 * draw())
    end),
    kind = kind, rate = 30, axis = {name = "frequency", unit = "Hz", scale = "mel", values = values},
  }
end

local function chroma()
  return signal.new {data = matrix(12, 200, function(r, c) return ((r * 5 + c // 20) % 12) / 11 end),
    kind = "chroma", rate = 10}
end

local function history(epochs)
  local rows, draw = {}, random(11)
  for e = 1, epochs do
    local loss = 2 * math.exp(-e / 12) + 0.1
    rows[e] = {epoch = e, loss = loss, valid_loss = loss + 0.15 + 0.004 * e + 0.05 * draw(),
      accuracy = 0.95 - 0.8 * math.exp(-e / 10),
      valid_accuracy = 0.8 - 0.65 * math.exp(-e / 9) + 0.03 * draw(), segment_accuracy = 0.9 - 0.75 * math.exp(-e / 10),
      valid_segment_accuracy = 0.72 - 0.6 * math.exp(-e / 9) + 0.03 * draw()}
  end
  return rows
end

-- A ROC curve of a given steepness.
local function roc(steepness)
  local fpr, tpr = {}, {}
  for i = 0, 50 do fpr[i + 1], tpr[i + 1] = (i / 50) ^ 2, ((i / 50) ^ 2) ^ (1 / steepness) end
  return {fpr = fpr, tpr = tpr}
end

local function roc_of(names)
  local list = {}
  for i, name in ipairs(names) do list[name] = roc(2 + i) end
  return list
end

local function precision_recall(drop)
  local precision, recall = {}, {}
  for i = 0, 40 do precision[i + 1], recall[i + 1] = 1 - drop * (i / 40) ^ 3, i / 40 end
  return {precision = precision, recall = recall, average_precision = 1 - drop / 4}
end

-- Joints of n leaves in a balanced tree of growing heights.
local function linkage(n)
  local rows, alive, draw, height = {}, {}, random(5), 0
  for i = 0, n - 1 do alive[i + 1] = {i, 1} end
  while #alive > 1 do
    local at = 1 + math.floor(draw() * (#alive - 1))
    local a, b = table.remove(alive, at), table.remove(alive, at)
    height = height + 0.2 + draw() * (#rows > n - 5 and 6 or 1)
    rows[#rows + 1] = {a[1], b[1], height, a[2] + b[2]}
    table.insert(alive, at, {n + #rows - 1, a[2] + b[2]})
  end
  return rows
end

local function importances(n)
  local draw, mean, std, names = random(9), {}, {}, {}
  for i = 1, n do
    mean[i], std[i], names[i] = 0.2 * math.exp(-i / 6) - 0.01 * draw(), 0.005 + 0.01 * draw(),
      ("mfcc_%d_mean"):format(i)
  end
  return {importances_mean = mean, importances_std = std, names = names}
end

local function bars_of(k)
  local values, errors = {}, {}
  for i = 1, k do values[i], errors[i] = 0.5 + 0.4 * math.sin(i), 0.05 end
  return values, errors
end

local gallery = {}
local function add(name, make) gallery[#gallery + 1] = {name = name, make = make} end

add("map_mel", function() return plot.map(spectrogram(-80, 0, "mel"), {title = "Mel", unit = "dB"}) end)
add("map_whisper", function()
  return plot.map(spectrogram(-0.6, 1.4, "whisper_mel"), {title = "What Whisper hears"})
end)
add("map_low", function() return plot.map(spectrogram(-80, 0, "mel"), {height = 240, unit = "dB"}) end)
add("map_chroma", function() return plot.map(chroma(), {title = "Chroma"}) end)
add("map_over", function()
  local beats, chords = {kind = "beats"}, {kind = "chords"}
  for i = 1, 18 do beats[i] = {start = 0.55 * i, position = (i - 1) % 4 + 1} end
  for i, label in ipairs {"C:maj", "A:min7", "N", "F:maj", "G:7"} do
    chords[i] = {start = 2 * (i - 1), stop = 2 * i, label = label}
  end
  return plot.map(chroma(), {title = "Chroma with chords and beats"}):over(annotation.new(beats))
    :over(annotation.new(chords))
end)
add("map_gaps", function() return plot.map({{1, nan, 2}, {-1, 3, math.huge}}, {title = "Gaps"}) end)
add("map_column", function()
  return plot.map(spectrogram(-80, 0, "mel"), {width_mm = 85, unit = "dB", title = "Mel spectrogram"})
end)
add("map_annotated", function()
  return plot.map(spectrogram(-80, 0, "mel"), {unit = "dB",
    annotations = {{text = "rises", x = 4, y = 5000, arrow = {2, 1800}, colour = "white"}}, yticks = {500, 1000,
      {4000, "high"}}})
end)
add("waveform", function() return plot.waveform(wave(4, 4000), {rate = 4000, title = "A waveform"}) end)
add("waveform_stereo", function()
  local samples = wave(4, 1000)
  return plot.waveform({samples, samples}, {rate = 1000, title = "Two channels", colour = "green"})
end)
add("waveform_column", function() return plot.waveform(wave(4, 4000), {rate = 4000, width_mm = 85}) end)
add("lines", function()
  return plot.lines({{1, 3, 2, 5, 4}, {2, 2, 3, 3, 4}, {5, 4, nan, 2, 1}}, {labels = {"one", "zwei ♯", "τρία"},
    title = "Lines"})
end)
add("lines_log", function()
  local y = {}
  for i = 1, 60 do y[i] = 10 ^ (3 * math.exp(-i / 20)) end
  return plot.lines({y}, {yscale = "log", xscale = "log", title = "Both axes logarithmic", xlabel = "x",
    ylabel = "y", colours = "red", line_width = 2})
end)
add("lines_twenty", function()
  return plot.lines(matrix(20, 30, function(r, c) return r + math.sin(c / 4 + r) end), {labels = twenty,
    title = "Twenty series"})
end)
add("lines_column", function()
  return plot.lines({{1, 3, 2, 5, 4}, {2, 2, 3, 3, 4}}, {labels = {"training", "validation"}, width_mm = 85,
    legend = "top left",
    xlabel = "epoch", ylabel = "loss", colours = {"black", "grey"}, styles = {"solid", "dashed"}, markers = false})
end)
add("lines_below", function()
  return plot.lines(matrix(6, 30, function(r, c) return math.sin(c / 4 + r) end), {labels = genres, legend = "below",
    title = "The legend below",
    xlabel = "frame", ylabel = "value", annotations = {{text = "here", x = 12, y = 0.5, arrow = {15, 0}}}})
end)
add("lines_one_point", function() return plot.lines({3}, {title = "One point"}) end)
add("lines_nothing", function() return plot.lines({nan, nan}, {title = "Nothing finite"}) end)
add("scatter", function()
  local points, labels = clusters(10, 30, 1)
  return plot.scatter(points, labels, {classes = genres, title = "Ten classes"})
end)
add("scatter_twenty", function()
  local points, labels = clusters(20, 20, 2)
  return plot.scatter(points, labels, {classes = twenty, title = "Twenty classes with long names"})
end)
add("scatter_column", function()
  local points, labels = clusters(4, 30, 1)
  return plot.scatter(points, labels, {classes = genres, width_mm = 85, legend = "below", marker_size = 4})
end)
add("scatter_log", function()
  return plot.scatter({{1, 1}, {10, 200}, {1000, 3e4}, {-1, 5}}, {xscale = "log", yscale = "log",
    title = "One is not positive"})
end)
add("scatter_one_point", function() return plot.scatter({{1, 2}}, {title = "One point"}) end)
add("scatter_many", function()
  local points, labels = clusters(5, 3000, 4)
  return plot.scatter(points, labels, {classes = genres, title = "Fifteen thousand points"})
end)
add("embedding", function()
  local points, labels = clusters(10, 40, 1)
  return plot.embedding(points, labels, {classes = genres, title = "Embedding"})
end)
add("embedding_names", function()
  local points, labels = clusters(5, 6, 6)
  local names = {}
  for i = 1, #points do names[i] = twenty[(i - 1) % #twenty + 1] end
  return plot.embedding(points, labels, {names = names, classes = genres})
end)
add("embedding_centres", function()
  local points, labels = clusters(20, 40, 1)
  for i = 1, 60 do labels[i] = -1 end
  return plot.embedding(points, labels, {classes = twenty, centres = true, title = "Names at the centres"})
end)
add("confusion", function()
  return plot.confusion(matrix(10, 10, function(r, c) return r == c and 80 or (r * c) % 5 end), {classes = genres,
    title = "Ten classes"})
end)
add("confusion_column", function()
  return plot.confusion(matrix(10, 10, function(r, c) return r == c and 80 or (r * c) % 5 end), {classes = genres,
    width_mm = 85})
end)
add("confusion_twenty", function()
  return plot.confusion(matrix(20, 20, function(r, c) return r == c and 80 or (r * c) % 5 end), {classes = twenty})
end)
add("confusion_two", function() return plot.confusion({{8, 2}, {0, 5}}, {classes = {"dog", "cat"}}) end)
add("heat", function()
  return plot.heat({{0.71, 0.74, 0.75}, {0.78, 0.8, 0.79}}, {rows = {"linear", "rbf"}, columns = {"C = 1", "C = 10",
    "C = 100"},
    title = "Accuracy", xlabel = "cost", ylabel = "kernel", unit = "accuracy"})
end)
add("heat_signed", function()
  return plot.heat(matrix(10, 20, function(r, c) return (r == 3 and c == 4) and nan or math.sin(r) * math.cos(c) end),
    {rows = genres, columns = twenty, title = "Correlation"})
end)
add("heat_row", function() return plot.heat({{1, 2, 3, 4}}, {rows = {"only"}, columns = {"a", "b", "c", "d"}}) end)
add("heat_column", function() return plot.heat({{1}, {2}, {3}}, {columns = {"only"}, rows = {"a", "b", "c"}}) end)
add("heat_cell", function() return plot.heat {{3}} end)
add("heat_paper", function()
  return plot.heat(matrix(10, 10, function(r, c) return 1 / (1 + math.abs(r - c)) end), {rows = genres,
    columns = genres, width_mm = 85})
end)
add("bars", function()
  local values, errors = bars_of(5)
  return plot.bars(values, {labels = {"logistic", "knn", "svm", "random_forest", "boosted_trees"}, errors = errors,
    title = "Bars", ylabel = "accuracy"})
end)
add("bars_groups", function()
  local a, b = bars_of(6), bars_of(6)
  return plot.bars({a, b, a}, {labels = genres and {table.unpack(genres, 1, 6)}, series = {"plain", "augmented",
    "strongly augmented"},
    title = "Groups", legend = "below"})
end)
add("bars_log", function()
  return plot.bars({cnn = 1200, lstm = 45000, transformer = 3.1e6}, {yscale = "log", ylabel = "parameters"})
end)
add("bars_twenty", function()
  local values = bars_of(20)
  return plot.bars(values, {labels = twenty, title = "Twenty bars", colours = "violet"})
end)
add("bars_column", function()
  local values, errors = bars_of(5)
  return plot.bars(values, {labels = genres and {table.unpack(genres, 1, 5)}, errors = errors, width_mm = 85,
    ylabel = "accuracy"})
end)
add("histogram", function()
  local draw, list = random(4), {}
  for i = 1, 3000 do list[i] = normal(draw) end
  return plot.histogram(list, {title = "Histogram", xlabel = "value"})
end)
add("histogram_log", function()
  local draw, list = random(4), {}
  for i = 1, 3000 do list[i] = normal(draw) ^ 4 end
  return plot.histogram(list, {yscale = "log", xlabel = "value", colour = "orange"})
end)
add("curves", function() return plot.curves(history(30), {title = "A training"}) end)
add("curves_log", function() return plot.curves(history(60), {yscale = "log", legend = "below"}) end)
add("curves_chosen", function() return plot.curves(history(30), {measures = {"loss", "accuracy"}}) end)
add("curves_one_epoch", function() return plot.curves(history(1)) end)
add("curves_column", function()
  local rows = {}
  for i, row in ipairs(history(40)) do rows[i] = {epoch = i, loss = row.loss, valid_loss = row.valid_loss} end
  return plot.curves(rows, {width_mm = 85})
end)
add("pie", function()
  return plot.pie({jazz = 40, rock = 110, folk = 12, ["música"] = 2}, {title = "Songs by genre"})
end)
add("pie_ten", function()
  return plot.pie({10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, {labels = genres, title = "Ten slices"})
end)
add("pie_whole", function() return plot.pie({all = 3}) end)
add("pie_column", function() return plot.pie({3, 2, 1}, {labels = {"a", "b", "c"}, width_mm = 85}) end)
add("roc", function() return plot.roc(roc(6), {title = "ROC"}) end)
add("roc_ten", function() return plot.roc(roc_of(genres), {title = "ROC of ten classes"}) end)
add("roc_column", function()
  return plot.roc({roc(3), roc(5), roc(9)}, {classes = {"knn", "logistic", "svm"}, width_mm = 85})
end)
add("precision_recall", function()
  return plot.precision_recall({jazz = precision_recall(0.4), rock = precision_recall(0.8)},
    {title = "Precision and recall"})
end)
add("calibration", function()
  return plot.calibration({svm = {mean_predicted = {0.05, 0.25, 0.5, 0.75, 0.95}, fraction_positive = {0.02, 0.15,
    0.5, 0.82, 0.97}},
    trees = {mean_predicted = {0.1, 0.3, 0.5, 0.7, 0.9}, fraction_positive = {0.2, 0.35, 0.48, 0.6, 0.78}}},
      {title = "Calibration"})
end)
add("dendrogram", function() return plot.dendrogram(linkage(12), {title = "Twelve leaves"}) end)
add("dendrogram_names", function()
  return plot.dendrogram(linkage(20), {labels = twenty, title = "Twenty leaves with names"})
end)
add("dendrogram_below", function() return plot.dendrogram(linkage(20), {labels = twenty, root = "top"}) end)
add("dendrogram_many", function() return plot.dendrogram(linkage(400), {title = "Four hundred leaves"}) end)
add("dendrogram_two", function() return plot.dendrogram({{0, 1, 2, 2}}, {labels = {"a", "b"}}) end)
add("learning_curve", function()
  return plot.learning_curve({train_sizes = {50, 100, 200, 400}, train_scores = {{0.99, 0.98}, {0.97, 0.96}, {0.95,
    0.94}, {0.93, 0.92}},
    test_scores = {{0.55, 0.6}, {0.66, 0.64}, {0.72, 0.75}, {0.79, 0.78}}}, {title = "Learning curve",
      xscale = "log", ylabel = "accuracy"})
end)
add("importance", function()
  return plot.importance(importances(57), {title = "Permutation importance", xlabel = "loss of accuracy"})
end)
add("predicted", function()
  local draw, truth, predicted = random(4), {}, {}
  for i = 1, 150 do
    truth[i] = 70 + 110 * draw()
    predicted[i] = i == 7 and nan or 0.7 * truth[i] + 35 + 9 * normal(draw)
  end
  return plot.predicted(truth, predicted, {title = "Beats per minute"})
end)
add("importance_few", function() return plot.importance({mfcc_0_mean = 0.21, rms_mean = 0.08}) end)
add("signal", function()
  local mel = spectrogram(0.001, 2, "mel")
  return plot.signal(mel:with {data = require "moonlark.torch".tensor(mel.data)}, {title = "A Signal by itself"})
end)
add("songs", function()
  local songs = {}
  for i = 1, 3 do
    local torch = require "moonlark.torch"
    local sound = signal.new {data = torch.tensor {wave(2 + i, 1000)}, rate = 1000, kind = "waveform"}
    local made = {sound, spectrogram(0.001 * i, i, "mel"), chroma()}
    for k, one in ipairs(made) do
      made[k] = torch.is_tensor(one.data) and one or one:with {data = torch.tensor(one.data)}
    end
    songs[i] = made
  end
  return plot.songs(songs, {names = {"One.mp3", "Zwei – ein langer Name.flac", "τρία.ogg"}})
end)

-- A mel spectrogram of 10 s, and attention that wanders over it in `rows` rows of patches.
local function looked_at(rows)
  local torch = require "moonlark.torch"
  local mel = spectrogram(-80, 0, "mel")
  local map = signal.new {kind = "attention", rate = 10, data = torch.tensor(matrix(rows, 100, function(r, c)
    return math.exp(-((c / 10 - 5 - 3 * math.sin(r)) / 1.5) ^ 2) + 0.2 * math.abs(math.sin(c / 3))
  end))}
  return mel:with {data = torch.tensor(mel.data), unit = "dB"}, map
end

add("attention", function()
  local mel, map = looked_at(1)
  return plot.attention(mel, map, {title = "Where it looks"})
end)
add("attention_patches", function()
  local mel, map = looked_at(12)
  return plot.attention(mel, map, {title = "Patches, in a paper's column", width_mm = 85, curve = false})
end)
add("grid", function()
  return plot.grid({
    plot.waveform(wave(4, 1000), {rate = 1000, title = "Waveform"}), plot.waveform(wave(4, 1000), {rate = 1000,
      title = "Another"}),
    plot.map(spectrogram(-80, 0, "mel"), {title = "Mel", unit = "dB"}), plot.map(chroma(), {title = "Chroma"}),
  }, {columns = 2, title = "A page", width = 1200})
end)
add("grid_column", function()
  return plot.grid({plot.waveform(wave(4, 1000), {rate = 1000}), plot.map(spectrogram(-80, 0, "mel"), {unit = "dB"})},
    {columns = 1, width_mm = 85, height_mm = 90})
end)

return gallery
