-- Notes: of a line of tones with glides and rests, of chords by Basic Pitch's weights where they are, of no sound.
local lib = require "lib"
local lu = require "luaunit"
local annotation = require "moonlark.annotation"
local files = require "moonlark.base.files"
local music = require "moonlark.music"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local folder, raises = lib.folder(), lib.fails

local function waveform(data) return signal.new {data = data:reshape {1, -1}, rate = 22050, kind = "waveform"} end

-- Tones {pitch, seconds}; pitch 0 rests.
local function line(list)
  local parts = {}
  for i, one in ipairs(list) do
    local n = math.floor(one[2] * 22050)
    local t = torch.arange(n, {dtype = "float32"}) / 22050
    local hz = 440 * 2 ^ ((one[1] - 69) / 12)
    local sum = 0
    for partial = 1, 5 do sum = sum + (t * (2 * math.pi * hz * partial)):sin() * 0.5 ^ partial end
    parts[i] = one[1] > 0 and sum * 0.3 * (t * -1):exp() or torch.zeros {n}
  end
  return waveform(torch.cat(parts, 0))
end

TestNotes = {}

function TestNotes:test_a_line()
  local truth = {{60, 0.5}, {62, 0.4}, {0, 0.3}, {64, 0.5}, {67.3, 0.4}, {0, 0.2}, {55, 0.6}}
  local notes, at, wanted = music.notes(line(truth)), 0, {}
  for _, one in ipairs(truth) do
    if one[1] > 0 then wanted[#wanted + 1] = {at, at + one[2], one[1]} end
    at = at + one[2]
  end
  lu.assertEquals(#notes, #wanted)
  for i, note in ipairs(notes) do
    lu.assertAlmostEquals(note.start, wanted[i][1], 0.08)
    lu.assertAlmostEquals(note.stop, wanted[i][2], 0.1)
    lu.assertAlmostEquals(note.pitch, wanted[i][3], 0.15)
    lu.assertTrue(note.velocity > 0 and note.velocity <= 1)
  end
  notes:save(files.join(folder, "line.mid"))
  lu.assertEquals(annotation.load(files.join(folder, "line.mid"), {kind = "notes"}).pitches, {60, 62, 64, 67, 55})
end

function TestNotes:test_chords_by_a_model()
  local model = lib.weights "basic-pitch/nmp.onnx"
  local chord = function(pitches)
    local sum = 0
    for _, pitch in ipairs(pitches) do sum = sum + line({{pitch, 1}}).data end
    return sum
  end
  local song = waveform(torch.cat({chord {60, 64, 67}, chord {57, 60, 65}}, 1))
  local notes = music.notes(song, {model = model})
  local found, played = {}, {["60 at 0"] = 1, ["64 at 0"] = 1, ["67 at 0"] = 1, ["57 at 1"] = 1, ["60 at 1"] = 1, ["65 at 1"] = 1}
  for _, note in ipairs(notes) do
    local word = ("%d at %.0f"):format(note.pitch, note.start)
    if note.stop - note.start > 0.5 and played[word] then found[word] = 1 end
  end
  lu.assertEquals(found, played) -- overtones may be heard, too: these tones are rich in them
end

function TestNotes:test_no_notes()
  lu.assertEquals(#music.notes(waveform(torch.zeros {22050})), 0)
  for _, samples in ipairs {1, 441, 2205} do lu.assertTrue(annotation.is(music.notes(waveform(torch.zeros {samples})))) end
  raises("least must be", music.notes, waveform(torch.zeros {100}), {least = 0})
end

lib.run()
