--- POP909 (Wang et al., 2020): pop songs as MIDI, with beats, chords and keys: their harmony, melody and piano in beats.
local files = require "moonlark.base.files"
local midi = require "moonlark.base.midi"

local pop909 = {}

local letters = {C = 0, D = 2, E = 4, F = 5, G = 7, A = 9, B = 11}

local function class_of(note)
  local class = letters[note:sub(1, 1)]
  for sign in note:sub(2):gmatch "." do class = class + (sign == "#" and 1 or sign == "b" and -1 or 0) end
  return class % 12
end

local function rows(path)
  local list = {}
  for line in files.read(path):gmatch "[^\r\n]+" do
    local row = {}
    for word in line:gmatch "%S+" do row[#row + 1] = tonumber(word) or word end
    list[#list + 1] = row
  end
  return list
end

-- From seconds to beats, counted from the first downbeat.
local function counter(beats, first)
  return function(time)
    local low, high = 1, #beats - 1
    while low < high do
      local middle = (low + high + 1) // 2
      if beats[middle][1] <= time then low = middle else high = middle - 1 end
    end
    local a, b = beats[low][1], beats[low + 1][1]
    return low - first + (time - a) / (b - a)
  end
end

local function round(x, parts) return math.floor(x * parts + 0.5) / parts end

-- The notes of a track in beats, on the grid of sixteenths.
local function notes_of(track, beat_of)
  local list = {}
  for _, note in ipairs(track.notes) do
    local start = round(beat_of(note.start), 4)
    if start >= 0 then
      list[#list + 1] = {start = start, length = math.max(0.1, math.min(8, beat_of(note.stop) - start)), pitch = note.pitch,
        velocity = note.velocity}
    end
  end
  return list
end

-- The chords in whole beats; those without a name are left out.
local function chords_of(path, beat_of)
  local list = {}
  for _, row in ipairs(rows(path)) do
    local root, quality = tostring(row[3]):match "^([A-G][#b]*):?([%w]*)"
    local start, stop = round(beat_of(row[1]), 1), round(beat_of(row[2]), 1)
    if root and start >= 0 and stop > start then
      list[#list + 1] = {start = start, length = stop - start, root = class_of(root), quality = quality == "" and "maj" or quality}
    end
  end
  return list
end

-- Its keys, each with the beats it holds for.
local function keys_of(path, beat_of)
  local list = {}
  for i, row in ipairs(rows(path)) do
    local tonic, mode = row[3]:match "^([A-G][#b]*):(%a+)"
    list[i] = {start = beat_of(row[1]), stop = beat_of(row[2]), tonic = class_of(tonic),
      mode = mode:sub(1, 3) == "min" and "minor" or "major"}
  end
  return list
end

-- The beats that begin a bar, as a column of the file marks them.
local function downbeats_of(beats, column)
  local list = {}
  for i, row in ipairs(beats) do
    if row[column] == 1 then list[#list + 1] = i end
  end
  return list
end

-- How many of the bars have so many beats.
local function share(downbeats, meter)
  local count = 0
  for i = 2, #downbeats do
    if downbeats[i] - downbeats[i - 1] == meter then count = count + 1 end
  end
  return count / (#downbeats - 1)
end

-- Stretches of bars of which none is longer or shorter than the meter. Most songs have bars of two or six beats here and
-- there: who counts on from the first one is wrong about every third beat.
local function runs_of(downbeats, meter)
  local list, start = {}, downbeats[1]
  for i = 2, #downbeats + 1 do
    local last = downbeats[i - 1]
    if not downbeats[i] or downbeats[i] - last ~= meter then
      if last > start then list[#list + 1] = {start = start - downbeats[1], stop = last - downbeats[1]} end
      start = downbeats[i]
    end
  end
  return list
end

--- A song of the collection: meter, runs (stretches of whole bars), chords, keys, melody and piano, all in beats from its
--- first downbeat. nil where no bars are marked.
---     local song = pop909.read("POP909", 1)
function pop909.read(folder, number)
  local name = ("%03d"):format(number)
  local place = files.join(folder, name)
  local beats, meter = rows(files.join(place, "beat_midi.txt")), 4
  local downbeats = downbeats_of(beats, 3) -- bars of four; of six in songs whose bars of three stand in the second column
  if #downbeats < 2 then return nil end
  if share(downbeats, 4) < 0.5 then downbeats, meter = downbeats_of(beats, 2), 3 end
  local beat_of = counter(beats, downbeats[1])
  local path = files.join(place, name .. ".mid")
  local song = {meter = meter, runs = runs_of(downbeats, meter),
    chords = chords_of(files.join(place, "chord_midi.txt"), beat_of),
    keys = keys_of(files.join(place, "key_audio.txt"), beat_of), piano = {}}
  for _, track in ipairs((midi.read(files.read(path), path))) do
    local notes = notes_of(track, beat_of)
    if track.name == "MELODY" then song.melody = notes end
    if track.name == "PIANO" or track.name == "BRIDGE" then table.move(notes, 1, #notes, #song.piano + 1, song.piano) end
  end
  return song
end

return pop909
