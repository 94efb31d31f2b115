--- What datasets and their splits warn of: published folds that are not used, the same bytes on both sides, classes
--- that lost their files.
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"
local warning = require "moonlark.base.warning"

local checks = {}

--- Whether all file names begin as ESC's do: fold, source recording, take, class.
---@param tracks moonlark.Track[]
---@return boolean
function checks.names_have_folds(tracks)
  for _, track in ipairs(tracks) do
    if not track.path:match "[^/]*$":find "^[1-9]%-%d+%-%u[%-.]" then return false end
  end
  return #tracks > 1
end

-- What the tracks carry that divides them, in words; nil: nothing.
local function published(tracks)
  local folds, parts = 0, 0
  for _, track in ipairs(tracks) do
    folds = folds + (track.fold ~= nil and 1 or 0)
    parts = parts + (track.part and 1 or 0)
  end
  if folds == #tracks and folds > 0 then
    return "the data brings folds of its own", "--folds data, in Lua songs:folds()"
  end
  if parts > 0 then
    return "the data brings a split of its own", "--split data, in Lua songs:split {lists = true}"
  end
  if checks.names_have_folds(tracks) then
    return "the file names begin with the numbers of folds, as ESC's do",
      "--folds filename, in Lua dataset.folder(path, dataset.esc)"
  end
end

--- Warns where tracks are divided anew although their publisher divided them: sounds of one recording may come to lie
--- on both sides, and figures compare with nobody's.
---@param tracks moonlark.Track[]
function checks.unused_folds(tracks)
  local what, instead = published(tracks)
  if not what then return end
  warning.say("unused-folds", ("%s, which this division does not use: %s takes them"):format(what, instead))
end

--- Warns where files with the same bytes are in different parts; files whose hash is not known are not compared.
---@param tracks moonlark.Track[]
---@param part_of fun(i: integer): any  the name of a track's part; nil: in none
function checks.duplicates(tracks, part_of)
  local first, n, example = {}, 0, nil
  for i, track in ipairs(tracks) do
    local part, same = part_of(i), track.hash and first[track.hash]
    if part ~= nil and same and same.path ~= track.path and same.part ~= part then
      n = n + 1
      example = example or show.format("%s (%s) = %s (%s)", same.path, tostring(same.part), track.path, tostring(part))
    elseif part ~= nil and track.hash and not same then
      first[track.hash] = {path = track.path, part = part}
    end
  end
  if n == 0 then return end
  warning.say("duplicate-across-split", ("%s the same content as one in another part of the split, which makes "
    .. "figures too good: %s%s"):format(n == 1 and "1 track has" or n .. " tracks have", example, n > 1 and " …" or ""))
end

--- Warns where a split that was made before has the same bytes in two of its parts.
---@param parts moonlark.Parts
function checks.parts(parts)
  local tracks, names = {}, {}
  for _, name in ipairs {"train", "valid", "test"} do
    for _, track in ipairs(parts[name] and parts[name].tracks or {}) do
      tracks[#tracks + 1], names[#names + 1] = track, name
    end
  end
  checks.duplicates(tracks, function(i) return names[i] end)
end

-- The name of what a track is a piece of, where its file name says so: blues.00000 of blues.00000.3.wav.
local function whole_of(track) return track.path:match "([^/]*)$":match "^(.*%d)[._-]%d+%.?%w*$" end

--- Warns where tracks without groups look like pieces of recordings, by their names: blues.00000.0.wav and
--- blues.00000.1.wav. Pieces of one recording in two parts make any classifier look good.
---@param tracks moonlark.Track[]
function checks.pieces(tracks)
  local count, wholes = {}, 0
  for _, track in ipairs(tracks) do
    local whole = whole_of(track)
    if not whole or track.group then return end
    if not count[whole] then wholes = wholes + 1 end
    count[whole] = (count[whole] or 0) + 1
  end
  if wholes < 2 or #tracks < 2 * wholes then return end
  local name = tracks[1].path:match "[^/]*$"
  warning.say("pieces-across-split", show.format("%d names such as %s look like pieces of %d recordings, and these "
    .. "have no groups: pieces of one may come to lie on both sides of the split, which makes figures too good: "
    .. "--group '^(.*%%d)[._-]%%d' keeps them together", #tracks, name, wholes))
end

--- Warns of what a division that is made anew does not look at: published folds, names that tell of pieces.
---@param tracks moonlark.Track[]
function checks.fresh(tracks)
  checks.unused_folds(tracks)
  checks.pieces(tracks)
end

-- The smallest and the largest number of each column in the rows of one class.
local function range_of(X, class)
  local rows = X.x:index_select(0, X.y:eq(class):nonzero():view {-1})
  return rows:amin(0):totable(), rows:amax(0):totable()
end

--- Warns of columns of a table that hold one number for each class, and no two classes the same: the label again.
---@param X moonlark.Features
function checks.label_again(X)
  if X.task or not X.y or #X.classes < 2 or #X.classes > 200 or #X.tracks < 2 * #X.classes then return end
  local seen, telling = {}, {}
  for k = 1, #X.names do seen[k], telling[k] = {}, true end
  for class = 0, #X.classes - 1 do
    local low, high = range_of(X, class)
    for k, value in ipairs(low) do
      telling[k] = telling[k] and value == high[k] and not seen[k][value]
      seen[k][value] = true
    end
  end
  for k, name in ipairs(X.names) do
    if telling[k] then
      warning.say("label-among-columns", show.format("the column '%s' holds one number for each class: if it is the "
        .. "label again, leave it out with ignore", name))
    end
  end
end

--- Warns of a file whose content is no longer what an index or a split says.
---@param track moonlark.Track
function checks.changed(track)
  warning.of_file("changed-file", track.path, "its content has changed since the index or the split was made")
end

--- Warns of classes that had tracks and have none left.
---@param before table<string, integer>  of Dataset:counts
---@param after table<string, integer>
function checks.lost_classes(before, after)
  for label, count in pairs(before) do
    if count > 0 and after[label] == 0 then
      local words = show.format("no track of class '%s' is left: all %d were set aside", label, count)
      warning.say("class-without-files", words)
    end
  end
end

--- Warns of tags that seem to be several: nothing was found to part them, and something else would.
---@param classes string[]  the tags
---@param separator string  what parts them
function checks.separator(classes, separator)
  for _, mark in ipairs {";", ",", "|"} do
    local held, example = 0, nil
    for _, tag in ipairs(classes) do
      if tag:find(mark, 1, true) then held, example = held + 1, example or tag end
    end
    if mark ~= separator and held > 0 and held * 4 >= #classes then
      warning.say("tags-separator", show.format("some tags hold '%s' ('%s') and are taken whole: the separator is '%s'",
        mark, example, separator))
    end
  end
end

--- Warns of tags that a part has none of: nothing is learnt or told of these there.
---@param counts table<string, table<string, integer>>  of Dataset:counts, by the part's name
---@param names string[]  of the parts
function checks.missing_tags(counts, names)
  local lines = {}
  for _, name in ipairs(names) do
    local missing = {}
    for _, tag in ipairs(text.keys(counts[name])) do
      if counts[name][tag] == 0 then missing[#missing + 1] = show.name(tag) end
    end
    if #missing > 0 then lines[#lines + 1] = ("%s: %s"):format(name, table.concat(missing, ", ")) end
  end
  if #lines == 0 then return end
  warning.say("tags-missing-in-parts", "parts without a track of some tags: " .. table.concat(lines, "; "))
end

return checks
