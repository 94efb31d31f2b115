--- Triads: how well the notes of each major and minor triad, and the bass, fit what is heard. No network is asked.
local chroma = require "moonlark.music.hearing.chroma"

local triads = {}

-- Semitones over the root.
local kinds = {{name = "maj", 0, 4, 7}, {name = "min", 0, 3, 7}}

--- The chords in order: 12 major ones from C, 12 minor ones, no chord.
triads.names = {}
for _, kind in ipairs(kinds) do
  for _, root in ipairs(chroma.names) do table.insert(triads.names, root .. ":" .. kind.name) end
end
table.insert(triads.names, "N")

-- The notes of each chord as a row of length 1.
local function templates()
  local rows = {}
  for _, kind in ipairs(kinds) do
    for root = 0, 11 do
      local row = {}
      for class = 1, 12 do row[class] = 0 end
      for _, over in ipairs(kind) do row[(root + over) % 12 + 1] = 1 / math.sqrt(3) end
      table.insert(rows, row)
    end
  end
  return require("moonlark.torch").tensor(rows)
end

local certainty = 12  -- how much a cosine that is larger by 1 tells, as a logarithm
local no_chord = 0.55 -- the cosine that a chord must reach
local silence = 0.01  -- of the loudest frame

--- Which frames are nearly silent: 1 × frames of 0 or 1.
---@param classes moonlark.Tensor  chroma
---@return moonlark.Tensor
function triads.quiet(classes)
  local lengths = classes:norm(2, {0}, {keepdim = true})
  return lengths:lt(silence * lengths:max():item()):float()
end

--- Cosines of the chroma with the notes of each chord, as logarithms; a chord whose root is in the bass fits better.
---     local fits = triads.fits(h:curve "chroma".data, h:curve "bass chroma".data, 0.12)
---@param classes moonlark.Tensor  12 × frames
---@param bass moonlark.Tensor  12 × frames
---@param weight number  of the bass
---@return moonlark.Tensor  25 × frames
function triads.fits(classes, bass, weight)
  local torch = require "moonlark.torch"
  local cosines = templates():matmul(classes / (classes:norm(2, {0}, {keepdim = true}) + 1e-9))
  local deep = bass / (bass:amax({0}, true) + 1e-9)
  local none = torch.full({1, classes:size(1)}, no_chord + weight * 0.5) + 10 * triads.quiet(classes)
  return torch.cat({cosines + weight * torch.cat({deep, deep}, 0), none}, 0) * certainty
end

return triads
