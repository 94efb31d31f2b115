-- What models say of a library's songs: kept with the model's version, searched, compared.
local lib = require "lib"
local lu = require "luaunit"
local classify = require "moonlark.classify"
local corpus = require "moonlark.corpus"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local library = require "moonlark.library"
local predict = require "moonlark.predict"

local quiet = {progress = false}

TestAsking = {}
lib.in_folder({TestAsking}, function(folder)
  corpus.generate(folder .. "/music", {clips = 2, seconds = 2, styles = {"jazz", "metal"}})
end)

local function tagged(folder)
  local l = library.open(folder .. "/library.db")
  l:add(folder .. "/music", {progress = false, depth = "tags"})
  return l
end

function TestAsking:test_a_model_from_elsewhere_is_asked_once_for_classes_and_embeddings()
  local l <close> = tagged(self.folder)
  local model = lib.tiny_whisper(self.folder .. "/whisper", {"a", "b", "c"})
  lu.assertEquals(l:ask(model, quiet), {asked = 8, rejected = {}})
  lu.assertEquals(l:ask(model, quiet), {asked = 0, rejected = {}})
  local counted = {a = 0, b = 0, c = 0}
  for _, song in ipairs(l:search()) do
    local said = l:predictions(song.id)[model]
    local expected = predict.file(model, song.path)
    lu.assertEquals(said.label, expected.label)
    lu.assertAlmostEquals(said.probability, expected.probability, 1e-5)
    counted[said.label] = counted[said.label] + 1
  end
  for label, count in pairs(counted) do lu.assertEquals(l:search {label = label:upper()}.total, count) end
  lu.assertEquals(l:search {label = "' OR 1"}.total, 0)
  local song = l:search {sort = "path"}[1]
  local similar = l:similar(song.id, {model = model})
  lu.assertEquals(#similar, 3)
  lib.fails("the library has no embeddings of nothing: ask it first", l.similar, l, song.id, {model = "nothing"})
  lib.fails("no song of the library has an embedding by music.vector", l.similar, l, song.id)
end

function TestAsking:test_other_weights_are_another_version()
  local l <close> = tagged(self.folder)
  local model = lib.tiny_whisper(self.folder .. "/whisper")
  l:ask(model, quiet)
  local torch = require "moonlark.torch"
  local state = torch.load(model .. "/model.safetensors")
  for _, name in ipairs {"classifier.bias"} do state[name] = state[name] + torch.tensor {5, 0, 0} end
  torch.save(model .. "/model.safetensors", state)
  lu.assertEquals(l:ask(model, quiet).asked, 8)
  lu.assertEquals(l:search {label = "blues"}.total, 4)
  lu.assertEquals(#l:info().makers, 2) -- of the older version nothing is left
end

function TestAsking:test_a_model_of_tables_is_asked_about_songs()
  local l <close> = tagged(self.folder)
  local songs = dataset.folder(self.folder .. "/music")
  local X = songs:extract(feature.recipe {features = {mfcc = {n_mfcc = 5}}, pool = {"mean"}}, quiet)
  classify.knn {n_neighbors = 1}:fit(X):save(self.folder .. "/knn.safetensors")
  lu.assertEquals(l:ask(self.folder .. "/knn.safetensors", quiet).asked, 4)
  for _, style in ipairs {"jazz", "metal"} do
    for _, song in ipairs(l:search {label = style}) do lu.assertStrContains(song.path, "/" .. style .. "/") end
    lu.assertEquals(l:search {label = style}.total, 2)
  end
end

function TestAsking:test_files_that_cannot_be_read_are_named()
  local l <close> = tagged(self.folder)
  local model = lib.tiny_whisper(self.folder .. "/whisper")
  local path = self.folder .. "/music/jazz/jazz.00000.wav"
  files.write(path, files.read(path) .. "\0")
  lu.assertEquals(l:ask(model, quiet), {asked = 6, rejected = {}}) -- what changed waits for the next add
  lib.fails("/nowhere", l.ask, l, self.folder .. "/nowhere", quiet)
end

function TestAsking:test_the_command()
  tagged(self.folder):close()
  lib.tiny_whisper(self.folder .. "/whisper", {"a", "b", "c"})
  local function moonlark(...) return lib.moonlark(self.folder, nil, "library", "--library", "library.db", ...) end
  local result = moonlark("ask", "whisper")
  lu.assertEquals({result.out, result.code}, {"whisper: 8 new answers\n", 0})
  local song = json.decode(moonlark("info", "music/jazz/jazz.00000.wav").out)
  lu.assertEquals(song.predictions[self.folder .. "/whisper"].label,
    predict.file(self.folder .. "/whisper", self.folder .. "/music/jazz/jazz.00000.wav").label)
  lu.assertEquals(#json.decode(moonlark("similar", song.path, "--model", "whisper", "--limit", "2", "--json").out).songs, 2)
  lu.assertEquals(moonlark("ask").code, 2)
end

lib.run()
