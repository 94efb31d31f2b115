--- What models are to learn of a dataset's tracks, as a tensor: the one place that makes y.
local show = require "moonlark.base.show"

local targets = {}

local makers = {}

-- n int64 class ids.
function makers.classes(songs, tracks, torch)
  if #songs.classes == 0 then return nil end
  local id_of, ids = {}, {}
  for i, label in ipairs(songs.classes) do id_of[label] = i - 1 end
  for i, track in ipairs(tracks) do
    ids[i] = id_of[track.label] or show.fail("%s has no label, others have", track.path)
  end
  return torch.tensor(ids, {dtype = "int64"})
end

-- n × classes float32: 1 where a track has the tag.
function makers.tags(songs, tracks, torch)
  local column_of = {}
  for i, label in ipairs(songs.classes) do column_of[label] = i - 1 end
  local places = {}
  for i, track in ipairs(tracks) do
    for _, label in ipairs(track.labels or {}) do
      places[#places + 1] = (i - 1) * #songs.classes + (column_of[label] or
        show.fail("%s: the tag '%s' is not among the dataset's", track.path, label))
    end
  end
  local y = torch.zeros {#tracks, #songs.classes}
  if #places > 0 then y:view {-1}:index_fill_(0, torch.tensor(places, {dtype = "int64"}), 1) end
  return y
end

-- n float32 of one target, n × targets of several.
function makers.values(songs, tracks, torch)
  local values, n = {}, #songs.targets
  for _, track in ipairs(tracks) do
    if not track.values or #track.values ~= n then show.fail("%s lacks a value, others have it", track.path) end
    table.move(track.values, 1, n, #values + 1, values)
  end
  local y = torch.tensor(values, {dtype = "float32"})
  return n == 1 and y or y:view {#tracks, n}
end

--- What the tracks of a dataset are to teach; nil without labels. Of classes n int64 ids (from 0), of tags n × classes
--- float32 (0 or 1), of values float32: n of one target, n × targets of several. Errors: a track without what others
--- have.
---     local y = targets.y(songs)
---@param songs moonlark.Dataset|moonlark.Features  its classes, task and targets are read
---@param tracks moonlark.Track[]?  others than its own
---@return moonlark.Tensor?
function targets.y(songs, tracks)
  tracks = tracks or songs.tracks
  if #tracks == 0 then return nil end
  return makers[songs.task or "classes"](songs, tracks, require "moonlark.torch")
end

--- The same of tags and values, always with two axes: n × tags, n × targets.
---@param songs moonlark.Dataset|moonlark.Features
---@return moonlark.Tensor
function targets.columns(songs)
  local y = targets.y(songs)
  return y:dim() == 1 and y:unsqueeze(1) or y
end

return targets
