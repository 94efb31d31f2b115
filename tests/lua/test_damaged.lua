-- Every kind of file that Moonlark reads, with every kind of damage: it is read, or an error of one line names the
-- file, and never a line of Moonlark's own code.
local lib = require "lib"
local lu = require "luaunit"
local checkpoint = require "moonlark.train.checkpoint"
local classify = require "moonlark.classify"
local cluster = require "moonlark.cluster"
local corpus = require "moonlark.corpus"
local dataset = require "moonlark.dataset"
local estimator = require "moonlark.estimator"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local optim = require "moonlark.optim"
local predict = require "moonlark.predict"
local recipe = require "moonlark.feature.recipe"
local results = require "moonlark.dataset.results"
local run = require "moonlark.run"
local sealed = require "moonlark.base.sealed"
local torch = require "moonlark.torch"

local place = lib.folder()

-- the files ---------------------------------------------------------------------

local function songs()
  local list = {"path,label,group,fold,mood"}
  for i = 1, 8 do list[i + 1] = ("s/%d.wav,%s,g%d,%d,calm"):format(i, i % 2 == 0 and "a" or "b", i, i % 4) end
  files.write(place .. "/list.csv", table.concat(list, "\n") .. "\n")
  local read = dataset.csv(place .. "/list.csv")
  for i, track in ipairs(read) do track.hash, track.seconds = ("%032x"):format(i), 1.5 end -- as validate would
  return read
end

local x, y = torch.randn {12, 3}, torch.tensor {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}

-- A run folder, whose files are damaged one at a time.
local function make_run()
  local made = run.open(place .. "/run", {seed = 1, model = "svm"}, {data = ("ab"):rep(16)})
  made:log {epoch = 1, loss = 0.5}
  made:log {epoch = 2, loss = 0.25}
  made:metrics {accuracy = 0.5}
  made:finish()
end

local function make_part()
  files.mkdirs(place .. "/parts")
  for i = 1, 2 do
    results.write(place .. "/parts", {
      recipe = "numbers 1\nmel", columns = {}, classes = {"a", "b"}, partial = {},
      tracks = {{path = i .. "/x.wav", label = "a", place = 2 * i, file = i .. "/x.npy", fold = 1}},
      rejected = {{path = i .. "/y.wav", reason = "no sound", place = 2 * i + 1}},
    }, {i = i, n = 2, format = "npy"})
  end
end

local function saved(name, model)
  model:save(place .. "/" .. name .. ".safetensors")
end

local function trainer()
  local net = nn.Linear(3, 2)
  return {net = net, optimizer = optim.Adam(net:parameters(), {lr = 0.1}), settings = {seed = 1}, epoch = 2,
    history = {{epoch = 1, loss = 0.5}, {epoch = 2, loss = 0.4}}}
end

files.mkdirs(place .. "/corpus")
files.write(place .. "/corpus/corpus.json", json.encode {generation = 1, rate = 22050, clips = 1, seconds = 1.0,
  seed = 0, styles = {"jazz"}})
local whole = songs()
whole:save(place .. "/index.json")
whole:split({train = .5, test = .5, seed = 1}):save(place .. "/splits.json")
whole:folds({k = 2, seed = 1}):save(place .. "/folds.json")
make_run()
make_part()
saved("scaler", classify.scaler():fit(x))
saved("pipeline", classify.pipeline {classify.scaler(), classify.knn {n_neighbors = 2}}:fit {x = x, y = y,
  names = {"a", "b", "c"}, classes = {"d", "e"}, recipe = recipe.new {features = {mfcc = {n_mfcc = 3}}, pool = "mean"}})
saved("svm", classify.svm():fit(x, y))
saved("gmm", cluster.gmm {n_components = 2}:fit(x))
saved("pca", cluster.pca {whiten = true}:fit(x))
files.write(place .. "/train.txt", "s/1.wav\ns/2.wav\n")

local function use_model(path) estimator.load((path:gsub("%.json$", ".safetensors"))) end

-- Models as older files hold them: tensors, and beside them JSON that is a part of the model.
local function unsealed(name)
  local path = place .. "/" .. name .. ".safetensors"
  local tensors, plain = sealed.read(path, "estimator", "object")
  plain.card = nil
  torch.save(place .. "/old_" .. name .. ".safetensors", tensors)
  files.write(place .. "/old_" .. name .. ".json", json.encode(plain))
  return {name .. ".safetensors", "estimator", select(2, sealed.read(path, "estimator", "object")), tensors, use_model}
end

-- Each: the file, and what reads it.
local texts = {
  {"index.json", dataset.load}, {"splits.json", dataset.load}, {"folds.json", dataset.load},
  {"list.csv", dataset.csv}, {"train.txt", function(path) whole:split {lists = {train = path}} end},
  {"run/run.json", function() run.load(place .. "/run") end},
  {"run/metrics.json", function() run.load(place .. "/run") end},
  {"run/metrics.jsonl", function() run.load(place .. "/run") end},
  {"parts/features-1-of-2.json", function() results.merge(place .. "/parts") end},
  {"corpus/corpus.json", function() corpus.generate(place .. "/corpus",
    {clips = 1, seconds = 2, styles = {"jazz"}}) end},
}

-- Tables sealed with a checksum that fits, as anybody could write them.
local card = {architecture = "mlp", options = {classes = 2, n_features = 3, hidden = {4}, dropout = 0.5},
  classes = {"a", "b"}, statistics = {mean = {0.5, 1}, std = {1, 1}}, task = "classes", versions = {lua = "Lua 5.4"},
  input = {features = {mfcc = {n_mfcc = 2}}, rate = 22050, segment = 0.5, hop = 0.5, batch_size = 4, normalize = true,
    decibel = {amin = 1e-10}}}
local begun = trainer()
checkpoint.write(place .. "/begun.safetensors", begun)
local tables = {
  {"card.safetensors", "network", card, require "models.mlp"(card.options):state_dict(),
    function(path)
      predict.batches(network.load(path), whole)
    end},
  {"checkpoint.safetensors", "checkpoint",
    select(2, sealed.read(place .. "/begun.safetensors", "checkpoint", "object")),
    (sealed.read(place .. "/begun.safetensors", "checkpoint", "object")),
    function(path) checkpoint.read(path, trainer()) end},
}
for _, name in ipairs {"scaler", "pipeline", "svm", "gmm", "pca"} do
  tables[#tables + 1] = unsealed(name)
  texts[#texts + 1] = {"old_" .. name .. ".json", use_model}
end

-- the damages -------------------------------------------------------------------------

local draw = lib.random(1) -- every run damages alike

local function random(n) return math.floor(draw() * 32768) % n end

local function damaged_texts(text)
  local list = {"", " ", "\0", "\xEF\xBB\xBF" .. text, text:gsub("\n", "\r\n"), "\xFF\xFE" .. text:gsub(".", "%0\0"),
    text .. text, text .. "\0", "null", "[]", "{}", "7", '"x"', "1e999", ("["):rep(5000), ('{"a":'):rep(5000)}
  for i = 1, 16 do list[#list + 1] = text:sub(1, #text * i // 17) end
  for _ = 1, 40 do
    local at = random(#text) + 1
    list[#list + 1] = text:sub(1, at - 1) .. string.char(random(256)) .. text:sub(at + 1)
  end
  for key in text:gmatch '("[%w_]+"):' do -- twice, with another value
    list[#list + 1] = text:gsub("^(%s*{)", function(open) return open .. key .. ': "twice",' end, 1)
    list[#list + 1] = text:gsub("(})(%s*)$", function(close, rest) return "," .. key .. ": [1]" .. close .. rest end, 1)
  end
  return list
end

local replacements = {json.null, 7, -1, 0.5, 1e300, "", "x", "a/../../b", "/etc/x", "z\0z", true, false, json.array {},
  {a = 1}, {1}, {"x"}, {json.null}, {{}}}

-- Calls f with the value, each of its items replaced in turn by everything else, or taken out.
local function damaged_tables(root, f)
  f(root, "as it is")
  local function visit(value, where)
    local keys = {}
    for key in pairs(value) do keys[#keys + 1] = key end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for _, key in ipairs(keys) do
      local kept = value[key]
      for _, other in ipairs(replacements) do
        value[key] = other
        f(root, ("%s.%s = %s"):format(where, key, json.encode {other}))
      end
      if type(key) == "string" then
        value[key] = nil
        f(root, ("%s without %s"):format(where, key))
      end
      value[key] = kept
      if type(kept) == "table" and (type(key) ~= "number" or key <= 1) then visit(kept, where .. "." .. key) end
    end
  end
  if type(root) == "table" then visit(root, "") end
end

local checked = 0
local function check(name, what, read, path)
  checked = checked + 1
  local ok, why = pcall(read, path)
  if ok then return end
  local said = ("%s, %s: %s"):format(name, what:sub(1, 80), tostring(why))
  lu.assertIsString(why, said)
  lu.assertStrContains(why, name:match "^parts/" and "/parts" or name:match "[^/.]+%.[^/]+$":gsub("%.json$", ""), said)
  for _, own in ipairs {"attempt to", ".lua:", "stack traceback", "bad argument"} do
    lu.assertNotStrContains(why, own, said)
  end
  if not why:find "does not fit" and not why:find "other settings" then -- which weights, a line each
    lu.assertNil(why:find "\n", said)
  end
end

TestDamaged = {}

function TestDamaged:tearDown() collectgarbage() end

for _, case in ipairs(texts) do
  local name, read = case[1], case[2]
  local path = place .. "/" .. name
  local text = files.read(path)
  local function try(damaged, what)
    local file <close> = assert(io.open(path, "wb")) -- files.write would wait for the disk
    file:write(damaged):flush()
    check(name, what, read, path)
  end
  TestDamaged["test_bytes_of_" .. name] = function()
    for _, damaged in ipairs(damaged_texts(text)) do try(damaged, ("%q"):format(damaged)) end
    files.remove(path)
    files.mkdirs(path)
    check(name, "a folder", read, path)
    files.remove(path)
    check(name, "missing", read, path)
    files.write(path, text)
  end
  if name:find "json$" then
    TestDamaged["test_tree_of_" .. name] = function()
      damaged_tables(json.decode(text), function(value, what) try(json.encode(value) .. "\n", what) end)
      files.write(path, text)
    end
  elseif name:find "jsonl$" then
    TestDamaged["test_tree_of_" .. name] = function()
      damaged_tables({json.decode(text:match "[^\n]+")},
        function(value, what) try(json.encode(value[1]) .. "\n", what) end)
      files.write(path, text)
    end
  end
end

for _, case in ipairs(tables) do
  local name, kind, plain, tensors, read = table.unpack(case)
  TestDamaged["test_table_of_" .. name] = function()
    local path = place .. "/" .. name
    damaged_tables(plain, function(value, what)
      sealed.write(path, tensors, kind, value)
      check(name, what, read, path)
    end)
  end
end

-- The option that is at fault is named, where another value of it would do.
function TestDamaged:test_options_that_make_no_network()
  local path = place .. "/odd.safetensors"
  for words, options in pairs {
    ["its option hidden = true makes no 'mlp': models.mlp: hidden must be a whole number 1 or more or a list"] = {classes = 2, n_features = 3,
      hidden = true},
    ["its option classes = \"a\\nb\" makes no 'mlp': models.mlp: classes must be a whole number 1 or more"] = {classes = "a\nb", n_features = 3},
    ["its option odd = 1.0 makes no 'mlp': unknown option"] = {classes = 2, n_features = 3, odd = 1},
    ["its options make no 'mlp': "] = {classes = "a", n_features = "b"},
  } do
    sealed.write(path, {a = torch.zeros {1}}, "network", {architecture = "mlp", options = options})
    local ok, why = pcall(network.load, path)
    lu.assertFalse(ok)
    lu.assertStrContains(why, path .. ": " .. words)
    lu.assertNil(why:find "\n")
  end
  files.remove(path)
end

-- Whose fault it is that no batches can be made: the file's, or that of what is asked for.
function TestDamaged:test_an_input_of_a_network_that_cannot_be()
  local path = place .. "/input.safetensors"
  local function asked(input, given)
    local net = require "models.mlp" {classes = 2, n_features = 2}
    net.card.classes, net.card.input = {"a", "b"}, input
    net:save(path)
    local ok, why = pcall(predict.batches, network.load(path), whole, given)
    lu.assertFalse(ok)
    return why
  end
  lu.assertStrContains(asked {features = {mfcc = {n_mfcc = -2}}, segment = 1}, path .. ": ")
  lu.assertStrContains(asked {features = {melt = {}}}, path .. ": ")
  lu.assertNotStrContains(asked({features = {mfcc = {}}, segment = 1}, {workers = -1}), path)
  files.remove(path)
  files.remove((path:gsub("safetensors$", "json")))
end

-- Of formats that are only read.
local elsewhere = {pt = "pytorch/nested_zip2.pt", pth = "pytorch/numpy_legacy2.pt", onnx = "onnx/raw.onnx"}

function TestDamaged:test_files_of_tensors()
  for _, ending in ipairs {"npy", "npz", "safetensors", "pt", "pth", "onnx", "index.json"} do
    local path = ("%s/tensors.%s"):format(place, ending)
    if elsewhere[ending] then
      files.write(path, files.read("tests/reference/" .. elsewhere[ending]))
    elseif ending == "index.json" then
      files.write(path, json.encode {weight_map = {x = "svm.safetensors", y = "svm.safetensors"}})
    else
      torch.save(path, ending == "npy" and x or {x = x, y = y})
    end
    local text = files.read(path)
    for _, damaged in ipairs(damaged_texts(text)) do
      files.write(path, damaged)
      check("tensors." .. ending, "damaged", torch.load, path)
    end
    files.remove(path)
    check("tensors." .. ending, "missing", torch.load, path)
  end
end

-- parts ---------------------------------------------------------------------------

local function fresh_parts(names)
  local folder = files.temporary_folder()
  local text = files.read(place .. "/parts/features-2-of-2.json")
  for _, name in ipairs(names) do files.write(files.join(folder, name), text) end
  return folder
end

function TestDamaged:test_numbers_of_parts_that_cannot_be()
  for message, names in pairs {
    ["lacks the parts 1, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 999999989 more of 1000000000"] =
      {"features-2-of-1000000000.json"},
    ["cannot be"] = {"features-3-of-2.json"}, ["no part has such a number"] = {"features-0-of-2.json"},
    ["features-02-of-2.json cannot be"] = {"features-02-of-2.json"},
    ["features-1-of-99999999999999999999.json cannot be"] = {"features-1-of-99999999999999999999.json"},
    ["says that it is part 2 of 2: was it renamed?"] = {"features-1-of-2.json", "features-2-of-2.json"},
    ["holds parts of"] = {"features-2-of-2.json", "features-2-of-3.json"},
  } do
    local folder = fresh_parts(names)
    lu.assertErrorMsgContains(message, results.merge, folder)
    files.remove(folder)
  end
end

function TestDamaged:test_a_parts_format_leads_nowhere_else()
  local path = place .. "/parts/features-1-of-2.json"
  local text = files.read(path)
  for _, format in ipairs {"x/../../../evil.csv", "/tmp/evil.csv", "csv/", "exe", ""} do
    local part = json.decode(text)
    part.shard.format = format
    files.write(path, json.encode(part))
    lu.assertErrorMsgContains("shard.format must be one of", results.merge, place .. "/parts")
  end
  files.write(path, text)
end

function TestDamaged:test_whole_files_are_read()
  for _, case in ipairs(texts) do
    if not case[1]:find "^corpus" then case[2](place .. "/" .. case[1]) end
  end
  lu.assertTrue(checked > 1000, checked)
end

lib.run()
