--- Features: numbers of many sounds, a row each, with their labels: what dataset:extract computes and dataset.table
--- reads, and what models learn from.
local features = {}

---@class moonlark.Features
---@field x moonlark.Tensor?  n × d float32, when the recipe pools
---@field items table?  when it keeps frames: items[i] is a table of Signals by feature, read when asked for
---@field y moonlark.Tensor?  n int64 class ids; of "tags" n × classes float32, 0 or 1; of "values" n float32
---@field names string[]  d names of columns
---@field classes string[]  labels by class id
---@field paths string[]  n
---@field groups (string)[]?  n, when tracks have groups or are segments (then the track's path)
---@field folds (integer|string)[]?  n, when all tracks have folds
---@field tracks moonlark.Track[]  n
---@field rejected {path: string, reason: string}[]  files that failed: they have no row
---@field partial {path: string, reason: string}[]  files that were kept in part, with the recipe's partial = "keep"
---@field warnings {path: string, reason: string}[]  what else is to be said of files that have a row
---@field recipe moonlark.Recipe?  nil for numbers that were not computed here
---@field task "classes"|"tags"|"values"|nil  what y is; nil stands for "classes"
---@field targets string[]?  of "values": the names of what y measures
---@field leakage boolean?  true when segments were cut before splitting
local Features = {}
Features.__index = Features
Features.__name = "moonlark.Features"

function Features:__len() return #self.tracks end

function Features:__tostring()
  local text = self.x and ("%d × %d features"):format(#self.tracks, #self.names)
    or ("frames of %d tracks"):format(#self.tracks)
  if #self.classes > 0 then text = text .. ("  %d classes"):format(#self.classes) end
  if #self.rejected > 0 then text = text .. ("  %d rejected"):format(#self.rejected) end
  if #self.partial > 0 then text = text .. ("  %d kept in part"):format(#self.partial) end
  return text
end

--- Features from their fields.
---@param fields table
---@return moonlark.Features
function features.make(fields) return setmetatable(fields, Features) end

--- True for features.
---     assert(features.is(songs:extract(recipe)))
---@param value any
---@return boolean
function features.is(value) return getmetatable(value) == Features end

return features
