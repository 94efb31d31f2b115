-- Every option of every function that describes its options: a value of each wrong kind and one just outside each bound
-- is refused by an error that names the option, and a misspelt name by one that names the nearest.
local lib = dofile "tests/lua/lib.lua"
local lu = require "luaunit"
local moonlark = require "moonlark"
local options = require "moonlark.base.options"
local signal = require "moonlark.signal"
local sources = require "moonlark.shell.help.sources"

for _, name in ipairs(moonlark.modules) do moonlark.module(name) end
local others = {"estimator", "network", "predict", "shell.train", "server.jobs",
  "server.songs", "server.workers", "server.tasks.features", "server.tasks.prediction", "server.tasks.embedding"}
for _, name in ipairs(others) do require("moonlark." .. name) end
local classify, nn, torch = require "moonlark.classify", require "moonlark.nn", require "moonlark.torch"
local audio, dataset, train = require "moonlark.audio", require "moonlark.dataset", require "moonlark.train"
local feature, regress = require "moonlark.feature", require "moonlark.regress"

-- --- how functions are called -----------------------------------------------------

local song = signal.new {data = torch.rand {1, 8192} - 0.5, rate = 16000, kind = "waveform"}
local place = os.tmpname()
local sound = place .. ".wav"
audio.save(sound, song)
local mel = feature.mel(song, {n_mels = 8})
local table_of_numbers = torch.rand {12, 3}

local square = torch.zeros {1, 4, 4}
local layer = nn.TransformerEncoderLayer {d_model = 4, nhead = 2}
local pairs_of_numbers = train.tensors {x = table_of_numbers, y = torch.zeros({12}, {dtype = "int64"})}
local classifier = classify.knn()
local heard = feature.recipe {features = {mfcc = {n_mfcc = 3}}, pool = "mean"}
local listener = classify.knn {n_neighbors = 1}:fit {x = table_of_numbers, y = torch.arange(12):remainder(2),
  names = heard.names, recipe = heard}
local tagger = classify.one_vs_rest(classifier):fit(table_of_numbers, torch.zeros(12, 1))

-- Arguments before the table of options, by the name that a function's comment gives them.
local by_name = {
  song = song, wave = song, signal = mel, mel = mel, S = mel.data, S_db = mel.data, data = mel.data,
  magnitude = mel.data, X = table_of_numbers, Y = table_of_numbers, points = table_of_numbers, R = torch.eye(4),
  values = {1, 2}, series = {1, 2}, confusion = {{1, 0}, {0, 1}}, metrics = {epoch = {1, 2}, loss = {2, 1}},
  figures = {}, net = nn.Linear(3, 2), batches = pairs_of_numbers, params = {torch.zeros {1}}, state = {}, grid = {},
  path = "/nowhere", paths = {"/nowhere"}, folder = "/nowhere", outputs = "/nowhere.csv", settings = {},
  recipe = feature.recipe {features = {"rms"}, pool = "mean"}, style = "jazz", index = 0, i = 1, n = 2,
  parts = {{0, 0.1}}, rate = 1.5, n_steps = 2, n_fft = 2, size = {1, 1, 2, 2}, theta = torch.zeros {1, 2, 3},
  input = square, inputs = square, target = square, logits = square, query = square, key = square, value = square,
  tensor = square, gradient = square, truth = {0, 1, 1}, predicted = {0, 1, 0}, scores = {0.2, 0.7, 0.4},
}

-- Those of functions whose arguments are called otherwise, or must be more than that.
local one_song = dataset.files {sound}
local arguments_of = {
  ["MultiheadAttention:forward"] = {square, square, square}, ["TransformerEncoder:forward"] = {square},
  ["TransformerEncoderLayer:forward"] = {square},
  ["live.source"] = {"/nowhere.wav"}, ["hub.find"] = {"org/name"}, ["hub.get"] = {"org/name"},
  ["classify.cross_validate"] = {classifier, table_of_numbers},
  ["classify.compare"] = {{}, {}}, ["classify.grid_search"] = {classifier, table_of_numbers, {}},
  ["classify.importance"] = {classifier, table_of_numbers}, ["classify.learning_curve"] = {classifier, table_of_numbers},
  ["classify.nested_cross_validate"] = {classifier, table_of_numbers, {}},
  ["classify.random_search"] = {classifier, table_of_numbers, {}},
  ["torch.grid_sample"] = {torch.zeros {1, 1, 2, 2}, torch.zeros {1, 1, 1, 2}},
  ["Pretrained:transcribe"] = {song},
  ["Pretrained:classify"] = {song}, ["Pretrained:embed"] = {song}, ["Pretrained:attention"] = {song}, ["plot.attention"] = {mel, mel:with {kind = "attention"}}, ["Model:predict"] = {one_song}, ["Model:evaluate"] = {one_song}, ["predict.files"] = {listener, {"/nowhere"}},
  ["cluster.choose"] = {table_of_numbers}, ["cluster.vectors"] = {n = 1}, ["Vectors:search"] = {table_of_numbers}, ["Genres:ask"] = {{}, table_of_numbers}, ["Library:add"] = {"/nowhere"},
  ["Library:watch"] = {"/nowhere"}, ["Library:ask"] = {"/nowhere"}, ["Library:search"] = {}, ["Library:similar"] = {"nothing"}, ["Library:forget"] = {}, ["OwnGenres:suggest"] = {}, ["OwnGenres:ask"] = {}, ["plot.scatter"] = {table_of_numbers, n = 2}, ["plot.embedding"] = {table_of_numbers, n = 2},
  ["plot.heat"] = {{{1, 2}, {3, 4}}}, ["plot.dendrogram"] = {{{0, 1, 1, 2}}},
  ["plot.roc"] = {{fpr = {0, 1}, tpr = {0, 1}}}, ["plot.precision_recall"] = {{precision = {1, 0}, recall = {0, 1}}},
  ["plot.calibration"] = {{mean_predicted = {0.1, 0.9}, fraction_positive = {0.2, 0.8}}},
  ["plot.learning_curve"] = {{train_sizes = {1, 2}, test_scores = {0.5, 0.6}}}, ["Figure:save"] = {"/nowhere/x.png"},
  ["Annotation:click"] = {}, ["Annotation:tones"] = {}, ["feature.vamp"] = {"library:plugin", song, {}},
  ["metrics.calibration_curve"] = {{0, 1, 1}, {0.2, 0.7, 0.4}}, ["plot.signal"] = {mel}, ["plot.songs"] = {{{mel}}},
}

-- Functions that are called in a way of their own.
local whisper = lib.tiny_whisper(lib.folder())
local calls = {
  ["pretrained.open"] = function(given) return require "moonlark.pretrained".open(whisper, given) end,
  ["finetune.open"] = function(given) return require "moonlark.finetune".open(whisper, given) end,
  ["feature.recipe.vamp"] = function(given) return feature.recipe {features = {vamp = given}} end,
  ["metrics.separation.bss_eval"] = function(given)
    return require "moonlark.metrics".separation.bss_eval(table_of_numbers, table_of_numbers, given)
  end,
  ["classify.pipeline"] = function(given) return classify.pipeline(given.steps) end,
  ["classify.scaler"] = classify.scaler, ["shell.train"] = require "moonlark.shell.train",
  ["server.songs"] = require "moonlark.server.songs".new, ["server.jobs"] = require "moonlark.server.jobs".new,
  ["server.workers"] = require "moonlark.server.workers".new,
  ["server.features"] = function(given) return require "moonlark.server.tasks.features"(given, {}) end,
  ["server.prediction"] = function(given) return require "moonlark.server.tasks.prediction".batch(given, {}, {}) end,
  ["server.embedding"] = function(given) return require "moonlark.server.tasks.embedding".batch(given, {}, {}) end,
  ["classify.constant"] = function(given) return tagger.steps[1]:clone(given) end,
  ["classify.one_vs_rest"] = function(given) return tagger:clone(given) end,
  ["regress.multi_output"] = function(given) return regress.multi_output(classifier):clone(given) end,
  ["regress.standardized"] = function(given) return regress.standardized(classifier):clone(given) end,
}
local takes_no_names = {["classify.pipeline"] = true, ["classify.scaler"] = true, ["classify.constant"] = true}

-- Objects whose methods are called.
local objects = {
  Dataset = one_song, Model = require "moonlark.model".open(listener), Module = layer, Tensor = square,
  Figure = require "moonlark.plot".lines {1, 2}, Annotation = require "moonlark.annotation".new {kind = "beats"},
  Pretrained = require "moonlark.pretrained".open(whisper),
  MultiheadAttention = nn.MultiheadAttention(4, 2), TransformerEncoderLayer = layer,
  TransformerEncoder = nn.TransformerEncoder(layer, 1),
  Vectors = require "moonlark.cluster".vectors(nil, {columns = 3}),
  Genres = classify.genres(), Library = require "moonlark.library".open(lib.folder() .. "/library.db"),
  OwnGenres = require "moonlark.library".open(lib.folder() .. "/library.db"):genres(),
}

-- What other required options hold while one is tested, where no value can be guessed.
local needed = {
  ["nn.TransformerEncoder"] = {encoder_layer = layer}, ["train.fit"] = {train = pairs_of_numbers},
  ["train.tensors"] = {x = table_of_numbers}, ["finetune.open"] = {classes = 2},
  ["feature.embedding"] = {model = whisper},
}

-- Names of the arguments before the options, from the comment whose parameter is moonlark.OWNER.Options.
local names_of = {}
for _, entry in ipairs(sources.library()) do
  local names = {}
  for _, param in ipairs(entry.doc and entry.doc.params or {}) do
    local owner = param.type:match "^moonlark%.(.+)%.Options%??$"
    if owner then names_of[owner] = names_of[owner] or table.move(names, 1, #names, 1, {}) end
    names[#names + 1] = (param.name:gsub("%?$", ""))
  end
end

local function arguments(owner)
  if arguments_of[owner] then return arguments_of[owner] end
  local names = names_of[owner:gsub(":", ".")]
  if not names then return owner:find "^nn%." and {} or nil end
  local list = {n = #names}
  for i, name in ipairs(names) do
    list[i] = by_name[name]
    if list[i] == nil then return nil end
  end
  return list
end

-- All that describe options but architectures, whose bounds would make networks of any size.
local function owners()
  local list = {}
  for _, owner in ipairs(options.owners()) do
    if not owner:find "^models%." then list[#list + 1] = owner end
  end
  return list
end

-- A function of the options alone; nil: nobody knows how to call it.
local function caller(owner)
  if calls[owner] then return calls[owner] end
  local class, method = owner:match "^(%u%w*):([%w_]+)$"
  local object = class and objects[class]
  local module, name = owner:match "^(%l[%w_]*)%.([%w_]+)$"
  local f = object and object[method] or module and require("moonlark." .. module)[name]
  local before = arguments(owner)
  if not f or not before then return nil end
  local list = table.move(before, 1, before.n or #before, object and 2 or 1, {object})
  local n = (before.n or #before) + (object and 1 or 0)
  return function(given)
    local all = table.move(list, 1, n, 1, {})
    all[n + 1] = given
    return f(table.unpack(all, 1, n + 1))
  end
end

-- --- values ------------------------------------------------------------------------

local function accepts(p, value)
  if value == false and p.optional then return true end -- nil
  local ok, clean = pcall(p.accept, value)
  return ok and clean ~= nil
end

-- A value that the option may have.
local function example(p)
  if p.default ~= nil then return p.default end
  local words = p.choices or {}
  for _, value in ipairs {1, 2, 0.5, "a", words[1] or true, p.least or p.most or true, {1}, {"a"}, {1, 1}, print,
    torch.zeros {1}, {}} do
    if accepts(p, value) then return value end
  end
end

local function add_bounds(p, list)
  local step = p.kind == "integer" and 1 or 1e-6 * math.max(1, math.abs(p.least or p.most or 1))
  local outside = {p.least and p.least - step, p.most and p.most + step, p.above, p.below}
  for i = 1, 4 do
    if outside[i] then list[#list + 1] = outside[i] end
  end
  for _, kind in ipairs(p.kinds or {}) do add_bounds(kind, list) end
  if p.item then
    local items = {}
    add_bounds(p.item, items)
    for _, item in ipairs(items) do list[#list + 1] = {item} end
  end
end

-- Values that the option must not have.
local function bad_values(p)
  local list = {"no such word", 0.37, true, {}, print, io.stdout, {{}}, {"no such word"}, {x = 1}, 0 / 0, math.huge,
    -math.huge}
  if not p.optional then list[#list + 1] = false end
  add_bounds(p, list)
  local bad = {}
  for _, value in ipairs(list) do
    if not accepts(p, value) then bad[#bad + 1] = value end
  end
  return bad
end

-- --- the tests ----------------------------------------------------------------------

local function filled(description, name, value)
  local given = {}
  for _, p in ipairs(description.list) do
    if p.required then given[p.name] = (needed[description.owner] or {})[p.name] or example(p) end
  end
  if name then given[name] = value end
  return given
end

-- What is wrong with the answer of a call that must be refused by an error with these words; nil: nothing.
local function unfit(call, given, ...)
  local ok, message = pcall(call, given)
  if ok then return "was taken" end
  message = tostring(message)
  for _, word in ipairs {...} do
    if not message:find("%f[%w_]" .. word .. "%f[^%w_]") then return "raised: " .. message end
  end
end

local function each_owner(test)
  local wrong = {}
  for _, owner in ipairs(owners()) do
    local call = caller(owner)
    if call then
      test(options.described(owner), call, function(text, ...)
        wrong[#wrong + 1] = owner .. ": " .. text:format(...)
      end)
    end
  end
  lu.assertEquals(wrong, {}, #wrong .. " are not refused as they should be")
end

TestBadValues = {}

function TestBadValues:test_every_described_function_can_be_called()
  local unknown = {}
  for _, owner in ipairs(owners()) do
    if not caller(owner) then unknown[#unknown + 1] = owner end
  end
  lu.assertEquals(unknown, {})
end

-- Functions that hand a table of any feature's options on are the exception.
function TestBadValues:test_every_table_of_options_is_described()
  local silent = {}
  for _, entry in ipairs(sources.library()) do
    local room = entry.module:match "^%w+"
    local inner = room == "base" or room == "shell" or entry.module == "feature.engine"
    for _, param in ipairs(not inner and entry.kind == "function" and entry.doc and entry.doc.params or {}) do
      if param.name == "given" and param.type:find "^[t{]" then silent[#silent + 1] = entry.name end
    end
  end
  lu.assertEquals(silent, {})
end

function TestBadValues:test_wrong_kinds_and_values_outside_bounds_are_refused_by_name()
  local count = 0
  each_owner(function(description, call, report)
    for _, p in ipairs(description.list) do
      for _, value in ipairs(bad_values(p)) do
        count = count + 1
        local why = unfit(call, filled(description, p.name, value), p.name)
        if why then report("%s = %s %s", p.name, options.got(value), why) end
      end
    end
  end)
  print(count .. " bad values")
end

function TestBadValues:test_bounds_themselves_are_allowed()
  each_owner(function(description, _, report)
    for _, p in ipairs(description.list) do
      for _, bound in ipairs {p.least or 0, p.most or p.least or 0} do
        if (p.least or p.most) and not accepts(p, bound) and not (p.above or p.below) then
          report("%s = %s", p.name, bound)
        end
      end
    end
  end)
end

function TestBadValues:test_misspelt_names_are_refused_with_the_nearest()
  each_owner(function(description, call, report)
    if takes_no_names[description.owner] then return end
    for _, p in ipairs(description.list) do
      local misspelt = p.name .. p.name:sub(-1)
      local given = filled(description)
      given[misspelt] = true
      local why = not description.by_name[misspelt] and unfit(call, given, misspelt, "did you mean")
      if why then report("%s %s", misspelt, why) end
    end
    local why = unfit(call, filled(description, "no_such_option", 1), "no_such_option")
    if why then report("no_such_option %s", why) end
  end)
end

function TestBadValues:test_every_option_says_what_it_is()
  local silent = {}
  for _, owner in ipairs(owners()) do
    for _, p in ipairs(options.described(owner).list) do
      if not (p.help or ""):find "%a" then silent[#silent + 1] = owner .. " " .. p.name end
    end
  end
  lu.assertEquals(silent, {})
end

lib.run(false, function()
  os.remove(sound)
  os.remove(place)
end)
