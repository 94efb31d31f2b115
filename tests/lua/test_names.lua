-- Names of files, folders and classes that hold anything: every command takes them, every file that it leaves gives
-- them back to the byte, and nothing that a person sees can act on a terminal.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local csv = require "moonlark.base.csv"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"

local classes = {
  "Caf\xe9", "Caf\u{e9}", "Cafe\u{301}", "\u{10dce9}", "\u{202e}gpj", "\27[2Jesc", "new\nline", "tab\tq\"uote",
  "=1+1", "'=q", "+x", "-dash", "@y", "%s%n", "$(touch pwned)", "`touch pwned`", "a|b<c>", "comma, space ",
}
local names = {"na\xefve.wav", "=cmd|'\n.wav", "-r.wav"}
local place, songs

local function moonlark(...) return lib.moonlark(place, {"MOONLARK_CACHE=" .. place .. "/cache"}, ...) end

-- What a command printed: UTF-8 without control characters but line breaks and tabs.
local function assert_harmless(result, code)
  lu.assertEquals(result.code, code or 0, result.all)
  lu.assertEquals(show.lines(result.all), result.all)
  lu.assertNil(files.kind(place .. "/pwned"))
end

-- A JSON text as strict parsers take it.
local function assert_valid(text)
  lu.assertNotNil(utf8.len(text))
  lu.assertEquals(show.lines(text), text)
  return json.decode(text)
end

local function sorted(list)
  table.sort(list)
  return list
end

local function paths_of(list)
  local paths = {}
  for i, item in ipairs(list) do paths[i] = item.path end
  return sorted(paths)
end

-- What is said of a path or a label that is wrong.
TestErrors = {}

function TestErrors:test_are_one_line_whatever_the_name()
  local folder = files.temporary_folder()
  local odd = folder .. "/a\nb\27[2J.safetensors"
  local list = files.join(folder, "list.csv")
  files.write(list, 'path,label\n"x\ny.wav",a\n"x\ny.wav",b\n')
  local options, run = require "moonlark.base.options", require "moonlark.run"
  local network, torch = require "moonlark.network", require "moonlark.torch"
  for name, call in pairs {
    read = function() files.read(odd) end, list = function() files.list(odd) end,
    folder = function() dataset.folder(odd) end, csv = function() dataset.csv(list) end,
    load = function() dataset.load(odd) end, json = function() json.decode("{", odd) end,
    network = function() network.load(odd) end, architecture = function() network.find "a\nb" end,
    models = function() network.folder(odd) end, run = function() run.load(odd) end,
    sealed = function() require "moonlark.base.sealed".read(odd, "network", "object") end,
    estimator = function() require "moonlark.estimator".load(odd) end,
    sound = function() require "moonlark.audio".load(odd) end, tensors = function() torch.load(odd) end,
    ending = function() torch.save(odd .. ".x", {x = torch.zeros {1}}) end,
    kind = function() require "moonlark.feature".mfcc("a\nb") end,
    option = function() options.read("f", {["a\nb"] = 1}, {}) end,
  } do
    local ok, why = pcall(call)
    lu.assertFalse(ok, name)
    lu.assertEquals(why, show.name(why), name)
  end
  files.remove(folder)
end

TestNames = {}

lib.in_folder({TestNames}, function(folder)
  place, songs = folder, {}
  for i, class in ipairs(classes) do
    for k, name in ipairs(names) do
      songs[#songs + 1] = files.join("songs", class, name)
      lib.write_tone(files.join(place, songs[#songs]), 6000, 60 * i + 7 * k)
    end
  end
  local longest = files.join("songs", classes[1], ("n"):rep(251) .. ".wav")
  lib.write_tone(files.join(place, longest), 6000, 5000)
  songs[#songs + 1] = longest
  sorted(songs)
end)

function TestNames:test_index()
  files.write(files.join(place, "songs", classes[5], "bad\27[31m\n\xe9.wav"), "no sound")
  local result = moonlark("index", "songs", "-o", "i\xe9\n.json")
  assert_harmless(result, 3)
  lu.assertStrContains(result.err, [[rejected songs/\u{202e}gpj/bad\x1b[31m\n\xe9.wav: ]])
  lu.assertStrContains(result.out, [[index i\xe9\n.json]])
  local stored = assert_valid(files.read(place .. "/i\xe9\n.json"))
  lu.assertEquals(paths_of(stored.tracks), songs)
  lu.assertEquals(sorted(stored.classes), sorted {table.unpack(classes)})
  lu.assertEquals(#dataset.open(place .. "/i\xe9\n.json"), #songs)
end

function TestNames:test_tables_of_every_format()
  for _, format in ipairs {"safetensors", "npy", "csv", "jsonl", "arff", "h5"} do
    if format ~= "h5" or core.system.libraries().HDF5 then
      local out = "out \xe9 " .. format
      assert_harmless(moonlark("extract", "songs", "--features", "rms", "--pool", "mean", "--out", out, "--format",
        format))
      lu.assertEquals(paths_of(assert_valid(files.read(files.join(place, out, "features.json"))).tracks), songs)
    else
      print "no HDF5: its tables are not tried"
    end
  end
  local function made(format) return files.join(place, "out \xe9 " .. format, "features." .. format) end

  local texts = core.store.metadata(made "safetensors")
  lu.assertEquals(sorted(assert_valid(texts.paths)), songs)
  lu.assertEquals(sorted(assert_valid(texts.classes)), sorted {table.unpack(classes)})
  local rows = csv.read(made "csv")
  lu.assertEquals(paths_of(rows), songs)
  for _, row in ipairs(rows) do lu.assertEquals(row.label, row.path:match "^songs/([^/]*)/") end
  local lines = {}
  for line in io.lines(made "jsonl") do lines[#lines + 1] = assert_valid(line) end
  lu.assertEquals(paths_of(lines), songs)
  lu.assertStrContains(files.read(made "arff"), [['new\nline']])
  lu.assertStrContains(files.read(made "arff"), [['\'=q']])
end

function TestNames:test_spreadsheets_find_no_formula()
  assert_harmless(moonlark("extract", "songs", "--features", "mfcc", "--pool", "mean", "--out", "o", "--format", "csv"))
  local lines = csv.parse(files.read(place .. "/o/features.csv"), "features.csv")
  for i = 2, #lines do
    for k = 1, 2 do lu.assertNil(lines[i][k]:find "^[=+@\t\r\n-]", lines[i][k]) end
    for k = 3, #lines[i] do lu.assertNotNil(tonumber(lines[i][k]), lines[i][k]) end -- numbers stay numbers
  end
  local path, odd = place .. "/odd.csv", {"=1", "'=1", "''=1", "'80s", "-", "\t1", "a=b", "'", "", "\xe9"}
  local rows = {}
  for i, text in ipairs(odd) do rows[i] = {path = "p" .. i, text = text, number = -i} end
  csv.write(path, {"path", "text", "number"}, rows)
  for i, row in ipairs(csv.read(path)) do lu.assertEquals({row.text, row.number}, {odd[i], tostring(-i)}) end
end

function TestNames:test_frames_and_parts()
  assert_harmless(moonlark("extract", "songs", "--features", "rms,mfcc", "--out", "f\xe9", "--format", "npy"))
  local record = assert_valid(files.read(place .. "/f\xe9/features.json"))
  lu.assertEquals(paths_of(record.tracks), songs)
  for _, track in ipairs(record.tracks) do
    lu.assertEquals(files.kind(files.join(place, "f\xe9", (track.file:gsub("npy$", "rms.npy")))), "file", track.file)
  end
  for i = 1, 2 do
    assert_harmless(moonlark("extract", "songs", "--features", "rms", "--pool", "mean", "--out", "p", "--shard",
      i .. "/2", "--format", "jsonl"))
  end
  assert_harmless(moonlark("merge", "p"))
  assert_harmless(moonlark("extract", "songs", "--features", "rms", "--pool", "mean", "--out", "w", "--format",
    "jsonl"))
  for _, name in ipairs {"features.json", "features.jsonl"} do
    lu.assertEquals(files.read(place .. "/p/" .. name), files.read(place .. "/w/" .. name))
  end
end

function TestNames:test_runs()
  local run = "run\xe9\27[2J"
  assert_harmless(moonlark("classify", "songs", "--features", "mfcc", "--pool", "mean", "--models", "knn", "--folds",
    "3", "--run", run))
  local model = core.store.metadata(files.join(place, run, "model.safetensors"))
  lu.assertNotNil(model)
  assert_valid(files.read(files.join(place, run, "run.json")))
  local page = files.read(files.join(place, run, "report.md"))
  lu.assertEquals(show.lines(page), page)
  lu.assertStrContains(page, [[a\|b\<c\>]])
  assert_harmless(moonlark("cluster", "songs", "--features", "mfcc", "--seeds", "1", "--clusters", "3", "--run", "k"))
end

function TestNames:test_networks()
  local run, data = "net\xe9\n", "songs"
  local result = moonlark("train", data, "--model", "mlp", "--run", run, "--epochs", "1", "--split", "0.34,0.33,0.33")
  assert_harmless(result)
  local split = assert_valid(files.read(files.join(place, run, "splits.json")))
  lu.assertEquals(sorted(split.classes), sorted {table.unpack(classes)})
  result = moonlark("evaluate", run, "--json")
  assert_harmless(result)
  for _, class in ipairs(classes) do lu.assertNotNil(assert_valid(result.out).classes[class], class) end
  result = moonlark("predict", run, songs[1], songs[2])
  assert_harmless(result)
  lu.assertEquals(select(2, result.out:gsub("\n", "")), 2)
  lu.assertStrContains(result.out, show.name(songs[1]) .. "\t")
  result = moonlark("predict", run, songs[1], songs[2], "--json")
  lu.assertEquals(paths_of(assert_valid(result.out).predictions), sorted {songs[1], songs[2]})
end

function TestNames:test_what_is_wrong_is_said_without_acting()
  for _, arguments in ipairs {
    {"index", "gone\27[2J\xe9"}, {"\27[2J\xe9"}, {"features", "gone\27[2J\xe9.wav", "--features", "rms", "--out",
      "x.npz"},
    {"predict", "gone\27[2J", "x.wav"}, {"cache", "--cache", "gone\27[2J"}, {"merge", "gone\27[2J"}, {"-\27[2J"},
    {"index", "--\27[2J"}, {"gone\27[2J.lua"}, {"-e", "error '\27[2J\xe9'"},
  } do
    local result = moonlark(table.unpack(arguments))
    lu.assertEquals(show.lines(result.all), result.all)
  end
end

lib.run()
