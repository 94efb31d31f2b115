--- Parts: what an analysis consists of, in the order in which it is told, and the curves that each rests on.
local parts = {}

-- Name of the file and its function, its folder, and curves and meters that hear the song in the pass that decodes it.
local list = {
  {name = "loudness", folder = "sound", curves = {"loudness"}},
  {name = "tempo", folder = "rhythm", curves = {"flux", "beat network"}},
  {name = "beats", folder = "rhythm", curves = {"flux"}},
  {name = "key", folder = "harmony", curves = {"chroma", "key network"}, given = {window = 20}},
  {name = "chords", folder = "harmony", curves = {"chroma", "bass chroma", "chord network"}},
  {name = "sections", folder = "form", curves = {"flux", "chroma", "timbre"}},
  {name = "onsets", folder = "rhythm", curves = {"flux"}},
  {name = "quality", folder = "sound", curves = {"quality", "loudness"}},
  {name = "mood", folder = "character", curves = {"flux", "balance", "level", "chroma", "key network", "chord network", "bass chroma",
    "beat network"}},
  {name = "voice", folder = "character", curves = {"voice network"}},
  {name = "genre_rules", folder = "character", curves = {"flux", "balance"}, given = {explain = true}},
}

local by_name = {}
parts.names = {}
for i, part in ipairs(list) do
  by_name[part.name] = part
  parts.names[i] = part.name
end

--- The curves and meters that some parts rest on.
---@param names string[]
---@return string[]
function parts.curves(names)
  local curves, seen = {}, {}
  for _, name in ipairs(names) do
    for _, curve in ipairs(by_name[name].curves) do
      if not seen[curve] then curves[#curves + 1] = curve end
      seen[curve] = true
    end
  end
  return curves
end

--- What a part says of a song. Loudness and quality hear the file itself, with all of its channels at its own rate.
---@param name string
---@param h moonlark.music.Heard
---@return any
function parts.hear(name, h)
  local part = by_name[name]
  return require(("moonlark.music.%s.%s"):format(part.folder, name))[name](h, part.given)
end

return parts
