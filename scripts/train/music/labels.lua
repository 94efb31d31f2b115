--- Chords and keys as numbers: 0..11 major by its root counted from A, 12..23 minor, 24 no chord.
local labels = {}

labels.none, labels.unknown = 24, -100

local letters = {A = 0, B = 2, C = 3, D = 5, E = 7, F = 8, G = 10}
local major = {maj = true, ["7"] = true, maj7 = true, ["6"] = true, maj6 = true, ["9"] = true, maj9 = true}
local minor = {min = true, min7 = true, min6 = true, min9 = true}

-- Semitones over A of a note's name: "Bb" is 1.
local function class_of(note)
  local class = letters[note:sub(1, 1)]
  if not class then return nil end
  for sign in note:sub(2):gmatch "." do class = class + (sign == "#" and 1 or sign == "b" and -1 or 0) end
  return class % 12
end

--- The number of a chord in Harte's notation; `unknown` where it is neither major nor minor.
function labels.chord(label)
  if label == "N" then return labels.none end
  local root, quality = label:match "^([A-G][#b]*):?([^/(]*)"
  if not root then return labels.unknown end
  if quality == "" or major[quality] then return class_of(root) end
  return minor[quality] and 12 + class_of(root) or labels.unknown
end

--- The number of a key of JAMS: "G#:minor"; nil where it has no tonic, or a mode other than those two.
function labels.key(value)
  local tonic, mode = value:match "^([A-G][#b]*):?(%a*)$"
  if not tonic or (mode ~= "major" and mode ~= "minor" and mode ~= "") then return nil end
  return class_of(tonic) + (mode == "minor" and 12 or 0)
end

--- The number of each frame of a clip: a list.
function labels.frames(chords, count, rate)
  local list = {}
  for t = 1, count do list[t] = labels.none end
  for _, chord in ipairs(chords) do
    local number = labels.chord(chord.value)
    local from, to = math.ceil(chord.time * rate), math.ceil((chord.time + chord.duration) * rate)
    for t = from + 1, math.min(to, count) do list[t] = number end
  end
  return list
end

--- A number after a transposition.
function labels.turned(number, semitones)
  if number < 0 or number >= labels.none then return number end
  return number // 12 * 12 + (number % 12 + semitones) % 12
end

--- `count` frames from `first` (from 0) on, transposed.
function labels.moved(list, semitones, first, count)
  local moved = {}
  for t = 1, count do moved[t] = labels.turned(list[first + t], semitones) end
  return moved
end

return labels
