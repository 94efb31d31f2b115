--- Clips with their truth, as the networks for music learn from them: NAME.wav with NAME.jams beside.
local files = require "moonlark.base.files"
local heard = require "moonlark.music.hearing.heard"
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"

local clips = {}

-- The observations of a namespace; an empty list where there are none.
local function observed(truth, namespace)
  for _, annotation in ipairs(truth.annotations) do
    if annotation.namespace == namespace then return annotation.data end
  end
  return {}
end

local function truth_of(path) return (path:gsub("%.%w+$", ".jams")) end

-- The piece of a sound file and what is known of it.
local function read(path)
  local truth = json.decode(files.read(truth_of(path)))
  local piece = heard.of(path):pieces()()
  return {path = path, piece = piece, seconds = truth.file_metadata.duration, beats = observed(truth, "beat"),
    chords = observed(truth, "chord"), keys = observed(truth, "key_mode")}
end

--- All clips of a folder, in order of their names; `hear` makes of each piece what is learnt from, which alone is kept
--- of the sound. Errors: a folder without clips.
---     local list = clips.of("data/train", function(piece) return frontend.rhythm(piece).data end)
---@param folder string
---@param hear fun(piece: moonlark.music.Piece): moonlark.Tensor
---@return {path: string, x: moonlark.Tensor, seconds: number, beats: table, chords: table, keys: table}[]
function clips.of(folder, hear)
  local list = {}
  for _, path in ipairs(files.tree(folder, {".wav"})) do
    if files.exists(truth_of(path)) then
      local clip = read(path)
      clip.x, clip.piece = hear(clip.piece), nil
      list[#list + 1] = clip
    end
  end
  if #list == 0 then show.fail("%s holds no NAME.wav with NAME.jams beside", folder) end
  return list
end

return clips
