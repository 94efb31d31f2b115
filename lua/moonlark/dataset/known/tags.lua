--- Which tags of a collection are kept.
local text = require "moonlark.base.text"

local tags = {}

--- Keeps the `most` most frequent tags of tracks (by name where equally frequent), or all; sorts each track's. Gives in
--- words what was kept.
---@param tracks moonlark.Track[]
---@param most integer?
---@return string
function tags.keep(tracks, most)
  local counts = {}
  for _, track in ipairs(tracks) do
    for _, tag in ipairs(track.labels) do counts[tag] = (counts[tag] or 0) + 1 end
  end
  local names = text.keys(counts)
  local order = {}
  for i, name in ipairs(names) do order[name] = i end
  table.sort(names, function(a, b)
    if counts[a] ~= counts[b] then return counts[a] > counts[b] end
    return order[a] < order[b]
  end)
  local kept = {}
  for i = 1, math.min(most or #names, #names) do kept[names[i]] = true end
  for _, track in ipairs(tracks) do
    local labels = {}
    for _, tag in ipairs(track.labels) do
      if kept[tag] then labels[#labels + 1] = tag end
    end
    track.labels = text.sort(labels)
  end
  if not most or most >= #names then return ("%d tags"):format(#names) end
  return ("the %d most frequent of %d tags"):format(most, #names)
end

return tags
