-- What songs are compared by, and which are alike; what a library writes for other programs; what it sees of changes.
local lib = require "lib"
local lu = require "luaunit"
local annotation = require "moonlark.annotation"
local core = require "moonlark_core"
local corpus = require "moonlark.corpus"
local csv = require "moonlark.base.csv"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local library = require "moonlark.library"
local music = require "moonlark.music"
local torch = require "moonlark.torch"

local styles = {"classical", "metal", "reggae"}

local originals = lib.folder()
corpus.generate(originals, {clips = 4, seconds = 8, styles = styles})
local shared = lib.folder() .. "/library.db"
local all = library.open(shared)
all:add(originals, {progress = false})

TestVector, TestSimilar, TestExport, TestWatch = {}, {}, {}, {}
lib.in_folder {TestExport, TestWatch}

-- vectors ---------------------------------------------------------------------------------------

local function seconds(n) return torch.arange(22050 * n, {dtype = "float32"}) / 22050 end

function TestVector:test_a_tone_is_one_pitch_class_that_stays()
  local numbers = music.vector(lib.waveform((seconds(8) * (2 * math.pi * 440)):sin() * 0.3, 22050)):totable()
  lu.assertEquals(#numbers, 128)
  lu.assertTrue(numbers[61] > 0.99) -- the strongest class is the first
  for class = 62, 72 do lu.assertTrue(numbers[class] < 0.02) end
  for interval = 73, 78 do lu.assertTrue(numbers[interval] < 0.05) end
  for distance = 79, 84 do lu.assertTrue(numbers[distance] > 0.98) end
end

function TestVector:test_a_tone_of_another_pitch_has_the_same_harmony()
  local function harmony(hz)
    return music.vector(lib.waveform((seconds(8) * (2 * math.pi * hz)):sin() * 0.3, 22050)):narrow(0, 60, 24)
  end
  lu.assertTrue((harmony(440) - harmony(440 * 2 ^ (5 / 12))):abs():max():item() < 0.05)
end

function TestVector:test_clicks_are_alike_after_their_period_and_no_other_time()
  local x = torch.zeros {22050 * 8}
  for i = 0, 15 do x:select(0, i * 11025):fill_(0.9) end
  local periods = music.vector(lib.waveform(x, 22050)):narrow(0, 84, 24):totable()
  local step = 40 ^ (1 / 24)
  for i, value in ipairs(periods) do -- lags in frames of 20 ms; 0.5 s is the 25th
    local from = math.floor(0.1 * step ^ (i - 1) * 50 + 0.5)
    local to = math.max(from, math.floor(0.1 * step ^ i * 50 + 0.5) - 1)
    local has_period = to // 25 > (from - 1) // 25
    if has_period then lu.assertTrue(value > 0.9, ("lags %d to %d"):format(from, to)) end
    if not has_period and from % 25 > 1 and to % 25 < 24 then lu.assertTrue(value < 0.2, ("lags %d to %d"):format(from, to)) end
  end
end

function TestVector:test_whatever_sounds_it_is_finite()
  for _, n in ipairs {1, 100, 2205, 22050} do
    for _, x in ipairs {torch.zeros {n}, torch.randn {n}, torch.ones {n}} do
      local made = music.vector(lib.waveform(x, 22050))
      lu.assertEquals(made:size(0), 128)
      lu.assertTrue(made:isfinite():all():item())
    end
  end
end

-- similar ---------------------------------------------------------------------------------------

local function style_of(song) return song.path:match "([^/]+)/[^/]+$" end

function TestSimilar:test_the_nearest_are_those_of_plain_arithmetic()
  local list = all:search {sort = "path"}
  local rows = {}
  for i, song in ipairs(list) do rows[i] = music.vector(song.path) end
  local x = torch.stack(rows):double()
  local z = ((x - x:mean({0}, true)) / x:std({0}, {correction = 0, keepdim = true}):clamp(1e-9)):clamp(-3, 3)
  local alike = z:matmul(z:t()) / (z:norm(2, {1}, true) * z:norm(2, {1}, true):t())
  for i, song in ipairs(list) do
    local found = all:similar(song.id, {limit = 3})
    local row = alike:select(0, i - 1):clone()
    row:select(0, i - 1):fill_(-2)
    local values, order = row:sort(-1, true)
    for k, one in ipairs(found) do
      lu.assertEquals(one.id, list[math.tointeger(order:select(0, k - 1):item()) + 1].id)
      lu.assertAlmostEquals(one.similarity, values:select(0, k - 1):item(), 1e-4)
    end
  end
end

function TestSimilar:test_most_songs_are_most_like_one_of_their_style()
  local right = 0
  for _, song in ipairs(all:search()) do
    if style_of(all:similar(song.id, {limit = 1})[1]) == style_of(song) then right = right + 1 end
  end
  lu.assertTrue(right >= 10, ("%d of 12"):format(right)) -- 1 in 3 by chance
end

function TestSimilar:test_what_is_not_known_or_not_heard_is_said()
  lib.fails("the library has no song 'x'", all.similar, all, "x")
  lib.fails("limit", all.similar, all, all:search()[1].id, {limit = 0})
  local l <close> = library.open(lib.folder() .. "/library.db")
  l:add(originals .. "/metal", {progress = false, depth = "tags"})
  lib.fails("no song of the library has an embedding by music.vector", l.similar, l, l:search()[1].id)
end

function TestSimilar:test_what_was_added_since_is_found_and_what_is_gone_is_not()
  local folder = lib.folder()
  local l <close> = library.open(folder .. "/library.db")
  local function copy(style, i)
    files.mkdirs(folder .. "/music")
    local name = ("%s.%05d.wav"):format(style, i)
    files.write(folder .. "/music/" .. name, files.read(("%s/%s/%s"):format(originals, style, name)))
    return folder .. "/music/" .. name
  end
  local first = copy("metal", 0)
  l:add(folder .. "/music", {progress = false})
  lu.assertEquals(#l:similar(first), 0)
  local second = copy("metal", 1)
  l:add(folder .. "/music", {progress = false})
  lu.assertEquals(l:similar(first)[1].path, second)
  os.remove(second)
  l:add(folder .. "/music", {progress = false})
  lu.assertEquals(#l:similar(first), 0)
end

-- export ----------------------------------------------------------------------------------------

function TestExport:test_a_table_and_json_say_what_the_library_does()
  lu.assertEquals(all:export(self.folder .. "/songs.csv"), 12)
  local lines = csv.parse(files.read(self.folder .. "/songs.csv"))
  lu.assertEquals(#lines, 13)
  lu.assertEquals(lines[1][1], "id")
  lu.assertEquals(all:export(self.folder .. "/songs.json"), 12)
  local songs = json.decode(files.read(self.folder .. "/songs.json")).songs
  lu.assertEquals(#songs, 12)
  for i, song in ipairs(songs) do
    local known = all:song(song.id)
    lu.assertEquals({song.paths, song.tempo, song.key}, {known.paths, known.tempo, known.key})
    lu.assertEquals(json.encode(song.analysis), json.encode(all:analysis(song.id)))
    lu.assertEquals(lines[i + 1][1], song.id)
  end
  lu.assertNil(files.kind(self.folder .. "/songs.json.part"))
  lib.fails("must end in .csv or .json", all.export, all, self.folder .. "/songs.xml")
end

function TestExport:test_a_folder_of_jams_has_the_annotations_of_the_analysis()
  lu.assertEquals(all:export(self.folder .. "/jams"), 12)
  local song = all:search {sort = "path"}[1]
  local about, by_kind = music.analyze(song.path), {}
  for _, one in ipairs(annotation.load_all(("%s/jams/%s.jams"):format(self.folder, song.id))) do by_kind[one.kind] = one end
  for _, kind in ipairs {"beats", "key", "chords", "sections", "onsets"} do
    local own, kept = about[kind], by_kind[kind]
    lu.assertNotNil(kept, kind)
    lu.assertEquals(#kept, #own)
    for i, item in ipairs(own) do
      lu.assertAlmostEquals(kept[i].start, item.start, 1e-4)
      lu.assertEquals({kept[i].label, kept[i].position}, {item.label, item.position})
    end
  end
end

-- watch -----------------------------------------------------------------------------------------

function TestWatch:test_what_changes_while_it_is_watched_is_seen()
  local l <close> = library.open(self.folder .. "/music/library.db") -- in the folder: its own files are no change
  local function put(name)
    files.mkdirs(self.folder .. "/music/" .. (name:match "^(.*)/" or ""))
    files.write(self.folder .. "/music/" .. name, files.read(originals .. "/metal/metal.00000.wav") .. name)
  end
  put "first.wav"
  local looks = {}
  for seen in l:watch(self.folder .. "/music", {settle = 0.05, depth = "tags", progress = false}) do
    looks[#looks + 1] = seen
    if #looks == 1 then
      put "a/new/folder/second.wav"
    elseif #looks == 2 then
      put "a/new/folder/third.wav" -- in a folder that was not there at the beginning
    elseif #looks == 3 then
      os.rename(self.folder .. "/music/first.wav", self.folder .. "/music/a/moved.wav")
    elseif seen.moved == 1 then
      os.remove(self.folder .. "/music/a/new/folder/third.wav")
    elseif seen.vanished == 1 then
      break
    end
    lu.assertTrue(#looks < 12, "it never rests")
  end
  local sums = {added = 0, moved = 0, vanished = 0}
  for _, seen in ipairs(looks) do
    for name in pairs(sums) do sums[name] = sums[name] + seen[name] end
  end
  lu.assertEquals(sums, {added = 3, moved = 1, vanished = 1})
  lib.fails("it is no folder", l.watch, l, self.folder .. "/nowhere")
end

-- As where the system has no more watches to give.
function TestWatch:test_without_watches_the_folder_is_looked_through_again_and_again_and_that_is_said()
  local open, warning = core.watch.open, require "moonlark.base.warning"
  local l <close> = library.open(self.folder .. "/library.db")
  local before, mark = warning.policy "ignore", warning.mark()
  core.watch.open = function() return nil, "no more folders can be watched" end
  local _ <close> = require "moonlark.base.finally"(function()
    core.watch.open = open
    warning.policy(before)
  end)
  files.mkdirs(self.folder .. "/music")
  local looks, added = 0, 0
  for seen in l:watch(self.folder .. "/music", {every = 0.05, depth = "tags", progress = false}) do
    looks, added = looks + 1, added + seen.added
    if looks == 2 then files.write(self.folder .. "/music/a.wav", files.read(originals .. "/metal/metal.00000.wav")) end
    if added == 1 or looks > 20 then break end
  end
  lu.assertEquals({looks, added}, {3, 1})
  lu.assertStrContains(json.encode(warning.since(mark)), "is looked through each 0.05 s: no more folders can be watched")
end

function TestWatch:test_the_engine_tells_of_names()
  local watcher <close> = core.watch.open()
  lu.assertTrue(watcher:folder(self.folder))
  lib.write(self.folder .. "/a.txt", "x")
  files.mkdirs(self.folder .. "/b")
  local names = {}
  for _, event in ipairs(watcher:wait(1)) do names[event.name] = event.folder end
  lu.assertEquals(names, {["a.txt"] = false, b = true})
  lu.assertEquals(watcher:wait(0), {})
  lib.fails("cannot watch", watcher.folder, watcher, self.folder .. "/nowhere")
end

lib.run()
