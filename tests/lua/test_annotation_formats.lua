-- Files of annotations of other programs: as reference libraries read and write them, back and forth, and damaged.
local lib = require "lib"
local lu = require "luaunit"
local annotation = require "moonlark.annotation"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"

local folder, raises = lib.folder(), lib.fails
local frozen = "tests/reference/annotation/"

local function path_of(name) return files.join(folder, name) end

local function write(name, text)
  files.write(path_of(name), text)
  return path_of(name)
end

local function close(got, wanted, margin)
  lu.assertEquals(#got, #wanted)
  for i, value in ipairs(wanted) do lu.assertAlmostEquals(got[i], value, margin, i) end
end

local chords = annotation.new {kind = "chords", duration = 5, {start = 0, stop = 1.5, label = "C:maj", confidence = 0.75},
  {start = 2, stop = 4, label = 'A:min7/b3 "so"'}}
local beats = annotation.new {kind = "beats", duration = 4}
for i = 0, 8 do beats[i + 1] = {start = 0.3 + 0.4 * i + 0.01 * i * i, position = (i + 2) % 3 + 1} end

TestScore = {}

-- pretty_midi's notes and beats. Its last beat may lie at the last event; here that is told, too.
function TestScore:test_as_pretty_midi()
  local wanted, notes, drums = json.read(frozen .. "song.json"), {}, {}
  for _, one in ipairs(wanted.instruments) do
    local list = one.drums and drums or notes
    for _, note in ipairs(one.notes) do list[#list + 1] = {note, one.name} end
  end
  for kind, list in pairs {notes = notes, drums = drums} do
    local made = annotation.load(frozen .. "song.mid", {kind = kind})
    table.sort(list, function(a, b)
      if a[1][1] ~= b[1][1] then return a[1][1] < b[1][1] end
      return a[2] > b[2]
    end)
    lu.assertEquals(#made, #list)
    for i, pair in ipairs(list) do
      local item, note = made[i], pair[1]
      lu.assertEquals({item.label, item.pitch, item.velocity}, {pair[2], note[3], note[4] / 127})
      lu.assertAlmostEquals(item.start, note[1], 1e-9)
      lu.assertAlmostEquals(item.stop, note[2], 1e-9)
    end
  end
  local made = annotation.load(frozen .. "song.mid", {kind = "beats"})
  close({table.unpack(made.times, 1, #wanted.beats)}, wanted.beats, 1e-9)
  lu.assertTrue(#made <= #wanted.beats + 1)
  local downbeats = {}
  for _, beat in ipairs(made) do
    if beat.position == 1 then downbeats[#downbeats + 1] = beat.start end
  end
  close({table.unpack(downbeats, 1, #wanted.downbeats)}, wanted.downbeats, 1e-9)
  raises("holds several annotations (notes, drums, beats, tempo)", annotation.load, frozen .. "song.mid")
end

function TestScore:test_back_and_forth()
  for _, first in ipairs {0, 0.3, 40} do
    local moved = annotation.new {kind = "beats"}
    for i, beat in ipairs(beats) do moved[i] = {start = beat.start - 0.3 + first, position = beat.position} end
    moved:save(path_of "b.mid")
    local made = annotation.load(path_of "b.mid", {kind = "beats"})
    close(made.times, moved.times, 1e-6)
    lu.assertEquals(made.positions, moved.positions)
  end
  local plain = annotation.events("beats", {0.5, 1.25, 2})
  plain:save(path_of "p.mid")
  close(annotation.load(path_of "p.mid", {kind = "beats"}).times, plain.times, 1e-6)
  lu.assertEquals(annotation.load(path_of "p.mid", {kind = "beats"}).positions, {})
  local notes = annotation.new {kind = "notes", {start = 0.25, stop = 0.5, pitch = 60.4, velocity = 1},
    {start = 0.25, stop = 1, pitch = 64}, {start = 1, stop = 1.5, pitch = 64, velocity = 0.5}}
  notes:save(path_of "n.mid")
  local made = annotation.load(path_of "n.mid")
  lu.assertEquals({made.kind, made.pitches}, {"notes", {60, 64, 64}})
  lu.assertEquals({made.times, made.stops}, {{0.25, 0.25, 1}, {0.5, 1, 1.5}})
  lu.assertEquals({made[1].velocity, made[2].velocity}, {1, 89 / 127})
  annotation.events("onsets", {0.5, 1}):save(path_of "o.mid")
  lu.assertEquals(annotation.load(path_of "o.mid").times, {0.5, 1})
  annotation.new {kind = "beats"}:save(path_of "e.mid")
  lu.assertEquals(annotation.load_all(path_of "e.mid"), {})
end

function TestScore:test_errors()
  raises("item 1 has no pitch: MIDI holds notes, beats and other events", chords.save, chords, path_of "c.mid")
  local early = annotation.events("beats", {-1, 0})
  raises("before MIDI's first tick", early.save, early, path_of "c.mid")
  local rare = annotation.events("beats", {0, 20})
  raises("beats in MIDI lie 1 µs to 16.8 s apart, got 20 s before 20 s", rare.save, rare, path_of "c.mid")
end

TestTextGrid = {}

function TestTextGrid:test_as_textgrid()
  local list = annotation.load_all(frozen .. "song.TextGrid")
  lu.assertEquals({list[1].kind, list[2].kind, #list}, {"words", "beats", 2})
  lu.assertEquals(list[1].labels, {'la "la"', "oh", "čas"})
  lu.assertEquals(list[1].intervals, {{0.5, 1.25}, {1.25, 2}, {3, 3.5}})
  lu.assertEquals({list[2].times, list[2].positions, list[2].duration}, {{0.25, 0.75, 1.25, 1.75}, {1, 2, 3, 4}, 4})
end

local short = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n2\n<exists>\n1\n'
  .. '"IntervalTier"\n"w"\n0\n2\n2\n' .. '0\n1\n"" ! a gap\n1\n2\n"é𝄞"\n'

local function utf16(text, order)
  local parts = {(order .. "I2"):pack(0xFEFF)}
  for _, code in utf8.codes(text) do
    if code >= 0x10000 then
      parts[#parts + 1] = (order .. "I2I2"):pack(0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code - 0x10000 & 0x3FF))
    else
      parts[#parts + 1] = (order .. "I2"):pack(code)
    end
  end
  return table.concat(parts)
end

function TestTextGrid:test_short_and_utf16()
  local crlf = short:gsub("\n", "\r\n")
  for i, text in ipairs {short, "\239\187\191" .. short, utf16(short, ">"), utf16(short, "<"), crlf} do
    local made = annotation.load(write("s.TextGrid", text), {kind = "w"})
    lu.assertEquals({made.labels, made.intervals}, {{"é𝄞"}, {{1, 2}}}, tostring(i))
  end
end

function TestTextGrid:test_back_and_forth()
  chords:save(path_of "c.TextGrid")
  local made = annotation.load(path_of "c.TextGrid")
  lu.assertEquals({made.kind, made.duration}, {"chords", 5})
  lu.assertEquals({made.intervals, made.labels}, {chords.intervals, chords.labels})
  beats:save(path_of "b.TextGrid")
  made = annotation.load(path_of "b.TextGrid")
  close(made.times, beats.times, 1e-12)
  lu.assertEquals(made.positions, beats.positions)
end

function TestTextGrid:test_errors()
  raises("is no TextGrid in text", annotation.load, write("x.TextGrid", "hello"))
  raises("s.TextGrid, line 19: the label must be a text, got the end of the file", annotation.load,
    write("s.TextGrid", (short:gsub('"é𝄞"\n$', "\n"))))
  raises("s.TextGrid, line 18: a text without its closing quote", annotation.load,
    write("s.TextGrid", short:sub(1, -3)))
  raises("line 8: a tier is an IntervalTier or a TextTier, got Tier", annotation.load,
    write("s.TextGrid", (short:gsub("IntervalTier", "Tier"))))
  local both = annotation.new {kind = "x", {start = 0, stop = 2}, {start = 1, stop = 3}}
  raises("item 2 begins at 1 s, before the one before it ends (2 s)", both.save, both, path_of "o.TextGrid")
  local mixed = annotation.new {kind = "x", {start = 0, stop = 2}, {start = 3}}
  raises("1 of the 2 items have a stop", mixed.save, mixed, path_of "o.TextGrid")
end

TestOthers = {}

function TestOthers:test_jams()
  local made = annotation.load(frozen .. "song.jams", {kind = "chords"})
  lu.assertEquals({made.labels, made.intervals, made.duration, made[1].confidence},
    {{"C:maj", "A:min7/b3"}, {{0, 1.5}, {1.5, 4}}, 4, 0.75})
  lu.assertEquals(annotation.load(frozen .. "song.jams", {kind = "beats"}).positions, {1, 2, 3, 4})
  annotation.save_all(path_of "two.jams", {chords, chords:slice(0, 1)})
  raises("holds several annotations (chords, chords)", annotation.load, path_of "two.jams", {kind = "chords"})
  lu.assertEquals(#annotation.load(path_of "two.jams", {kind = "chords", index = 2}), 1)
  raises("index must be 1..2", annotation.load, path_of "two.jams", {index = 3})
end

function TestOthers:test_rttm()
  local made = annotation.load(write("a.rttm", ";; by hand\nSPKR-INFO s 1 <NA> <NA> <NA> unknown ann <NA>\n"
    .. "SPEAKER s 1 0.5 1.25 <NA> <NA> ann <NA> <NA>\nSPEAKER s 1 2 0.5 <NA> <NA> bob 0.5\n"), {kind = "voice"})
  lu.assertEquals({made.kind, made.sound}, {"voice", "s"})
  lu.assertEquals({made.labels, made.intervals}, {{"ann", "bob"}, {{0.5, 1.75}, {2, 2.5}}})
  lu.assertEquals({made[1].confidence, made[2].confidence}, {nil, 0.5})
  chords:save(path_of "c.rttm")
  lu.assertEquals(files.read(path_of "c.rttm"), "SPEAKER c 1 0.000000 1.500000 <NA> <NA> C:maj 0.75 <NA>\n"
    .. 'SPEAKER c 1 2.000000 2.000000 <NA> <NA> A:min7/b3_"so" <NA> <NA>\n')
  raises("a.rttm, line 2: the start must be a number of seconds", annotation.load,
    write("a.rttm", ";;\nSPEAKER s 1 x 1 <NA> <NA> a <NA> <NA>\n"))
  raises("line 1: a line must begin with a type such as SPEAKER", annotation.load, write("a.rttm", "SPEEKER s 1 0 1\n"))
  raises("line 1: a line has nine or ten fields", annotation.load, write("a.rttm", "SPEAKER s 1 0 1\n"))
end

function TestOthers:test_playlist()
  chords:with {sound = "song.mp3"}:save(path_of "c.m3u8")
  local made = annotation.load(path_of "c.m3u8")
  lu.assertEquals({made.kind, made.sound}, {"segments", "song.mp3"})
  lu.assertEquals({made.intervals, made.labels}, {chords.intervals, chords.labels})
  made = annotation.load(write("s.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9.5,\na.ts\n"
    .. '#EXTINF:-1 logo="x",Part 2\n' .. "#EXTVLCOPT:stop-time=12\nb.ts\n#EXTINF:3,A, B\nc.ts\n"))
  lu.assertEquals(made.intervals, {{0, 9.5}, {9.5, 12}, {12, 15}})
  lu.assertEquals({made[1].label, made[2].label, made[3].label}, {nil, "Part 2", "A, B"})
  raises("name it, as in sections:with", chords.save, chords, path_of "c.m3u8")
  raises("s.m3u8, line 2: an entry needs a length", annotation.load, write("s.m3u8", "#EXTM3U\na.ts\n"))
  raises("line 1: the length must be a number of seconds, got '#EXTINF:x,a'", annotation.load,
    write("s.m3u8", "#EXTINF:x,a\na\n"))
end

-- Whatever is cut or changed, a file is read or refused in words that name it.
function TestOthers:test_damaged()
  local seed = 1
  local function random(n)
    seed = seed * 1103515245 + 12345 & 0x7fffffff
    return (seed >> 8) % n + 1
  end
  beats:save(path_of "whole.mid")
  for _, path in ipairs {frozen .. "song.mid", path_of "whole.mid", frozen .. "song.TextGrid", frozen .. "song.jams"} do
    local whole, _, ending = files.read(path), files.stem(path)
    for i = 1, 150 do
      local at = random(#whole)
      local other = string.char(random(256) - 1)
      local bytes = i % 2 == 0 and whole:sub(1, at) or whole:sub(1, at - 1) .. other .. whole:sub(at + 1)
      local ok, message = pcall(annotation.load_all, write("damaged" .. ending, bytes))
      lu.assertTrue(ok or not message:find "%.lua:%d", message)
    end
  end
end

lib.run()
