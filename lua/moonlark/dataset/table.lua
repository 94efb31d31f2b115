--- dataset.table: numbers that were computed elsewhere, as features.
local checks = require "moonlark.dataset.checks"
local checks = require "moonlark.dataset.checks"
local core = require "moonlark_core"
local extraction = require "moonlark.dataset.extraction"
local features = require "moonlark.dataset.features"
local files = require "moonlark.base.files"
local list = require "moonlark.dataset.list"
local options = require "moonlark.base.options"
local roles = require "moonlark.dataset.roles"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"
local targets = require "moonlark.dataset.targets"

local tables = {}

local none, text = options.none, options.text
local function names(help, usual) return options.list(text(), none, {single = true, least = 1, usual = usual}, help) end

local of_table = options.describe("dataset.table", {
  label = options.either(none, {options.choice({false}, none), text()}, "the column of classes; false: none",
    {usual = '"label", "class", "genre", "target" …'}),
  labels = names("tags: columns of 0 and 1, or one column of texts", "none"),
  separator = text("|", "what stands between the tags of a text"),
  value = names("the columns of numbers to be learned", "none"),
  group = text(none, "a column whose equal values stay together, or a pattern whose capture in the path is the group",
    {usual = '"group"'}),
  fold = text(none, "the column of folds", {usual = '"fold"'}),
  part = text(none, "the column of parts: train, valid, test", {usual = '"part"'}),
  path = text(none, "the column of files' names", {usual = '"path", "filename" …, or texts such as a.wav'}),
  ignore = names("columns to leave out", "none"),
  columns = names("the columns to learn from", "all others"),
  missing = options.choice({"refuse", "drop", "columns", "median"}, "refuse",
    "cells without a number: an error, leave out their rows, their columns, or take the column's median"),
}, core.store.parameters.read_table)

-- What read_table is to leave as text.
local function texts_wanted(o)
  local wanted = {"group", "fold", "part"}
  if o.label == nil and not o.labels and not o.value then
    for _, name in ipairs {"label", "class", "genre"} do wanted[#wanted + 1] = name end
  end
  for _, option in ipairs {"label", "group", "fold", "part", "path"} do wanted[#wanted + 1] = o[option] or nil end
  return wanted
end

-- A cell of a column that may be text or number, as text; nil where it is empty.
local function cells(read, name)
  if not name then return function() end end
  local texts = read.texts[name]
  if texts then return function(i) return texts[i] ~= "" and texts[i] or nil end end
  local column = read.values:select(1, read.place[name]):totable()
  return function(i) return column[i] == column[i] and ("%.14g"):format(column[i]) or nil end
end

-- The group of a row: of its column, or what the pattern finds in its path.
local function group_reader(path, read, found, o)
  if not roles.is_pattern(read.known, o.group) then return cells(read, found.group) end
  if not found.path then show.fail("%s: group is a pattern for paths, and no column holds paths", path) end
  local paths = cells(read, found.path)
  return function(i)
    local name = paths(i) or ""
    return name:match(o.group) or
      show.fail("%s: the pattern '%s' finds no group in '%s'", path, o.group, name)
  end
end

-- The tags of each row: names of columns that hold 1, or the words of a text.
local function tags_reader(path, read, found, o)
  if not o.labels then return function() end end
  if #o.labels == 1 and read.texts[o.labels[1]] then
    local texts = read.texts[o.labels[1]]
    return function(i) return list.words(texts[i], o.separator) end
  end
  local columns = {}
  for k, name in ipairs(o.labels) do columns[k] = cells(read, name) end
  return function(i)
    local labels = {}
    for k, name in ipairs(o.labels) do
      local cell = columns[k](i)
      if cell ~= "0" and cell ~= "1" then
        show.fail("%s: %s, row %d: a tag's column holds 0 or 1, got '%s'", path, name, i, cell or "")
      end
      if cell == "1" then labels[#labels + 1] = name end
    end
    return require "moonlark.base.text".sort(labels)
  end
end

-- The numbers to be learned of each row.
local function values_reader(path, read, o)
  if not o.value then return function() end end
  local columns = {}
  for k, name in ipairs(o.value) do columns[k] = cells(read, name) end
  return function(i)
    local values = {}
    for k, name in ipairs(o.value) do
      values[k] = list.number(columns[k](i) or "") or
        show.fail("%s: %s, row %d: must be a number, got '%s'", path, name, i, columns[k](i) or "")
    end
    return values
  end
end

-- Whether all rows have a path, and no two the same.
local function paths_differ(paths, n)
  local seen = {}
  for i = 1, n do
    local name = paths(i)
    if not name or seen[name] then return false end
    seen[name] = true
  end
  return true
end

-- A track for each row. Rows of one file are a group, unless there are others.
local function tracks_of(path, read, found, o)
  local lines = read.lines and read.lines:totable()
  local paths, labels, folds, parts = cells(read, found.path), cells(read, found.label), cells(read, found.fold),
    cells(read, found.part)
  local groups, tags, values = group_reader(path, read, found, o), tags_reader(path, read, found, o),
    values_reader(path, read, o)
  local own = found.path and paths_differ(paths, read.rows)
  local tracks = {}
  for i = 1, read.rows do
    local file, line, part = paths(i), lines and lines[i] or i, parts(i)
    local place = scan.join(own and scan.parent(path) or "", own and file or ("%s:%d"):format(path, line))
    tracks[i] = {path = place, line = line, label = labels(i), labels = tags(i), values = values(i),
      group = groups(i) or (not own and found.path and not found.group and file) or nil, fold = list.fold(folds(i)),
      part = part and (list.part(part) or
        show.fail("%s, line %d: %s must be train, valid or test, got '%s'", path, line, found.part, part))}
  end
  return tracks
end

-- Labels sorted by name, those that are all numbers by value; also those that the file declares.
local function classes_of(read, found, tracks)
  local seen, numeric = {}, true
  for _, label in ipairs(found.label and read.classes[found.label] or {}) do seen[label] = true end
  for _, track in ipairs(tracks) do
    if track.label then seen[track.label] = true end
    for _, label in ipairs(track.labels or {}) do seen[label] = true end
  end
  local classes = require "moonlark.base.text".keys(seen)
  for _, label in ipairs(classes) do numeric = numeric and tonumber(label) ~= nil end
  if numeric then table.sort(classes, function(a, b) return tonumber(a) < tonumber(b) end) end
  return classes
end

-- Raises where some rows have a label and others have none, unless such rows are dropped.
local function unlabelled(path, read, found, tracks, o)
  local dropped, first = {}, nil
  for i, track in ipairs(found.label and tracks or {}) do
    if not track.label then dropped[i], first = "has no label", first or track.line end
  end
  if first and o.missing ~= "drop" then
    show.fail("%s, line %d: the label (%s) is empty: missing = \"drop\" leaves such rows out", path, first, found.label)
  end
  return dropped
end

-- The columns that lack numbers, in words; `lacks` is rows × columns, true where a number is missing or infinite.
local function lacking(lacks, columns)
  local counts, words = lacks:sum(0):totable(), {}
  for k, count in ipairs(counts) do
    if count > 0 then words[#words + 1] = ("%s: %d"):format(columns[k], count) end
  end
  local more = #words > 8 and (" and %d more columns"):format(#words - 8) or ""
  return table.concat(words, ", ", 1, math.min(#words, 8)) .. more, counts
end

-- Adds the rows that lack numbers to those that are dropped.
local function drop_rows(lacks, columns, dropped)
  local first = lacks:to("uint8"):argmax(1):totable()
  for i, any in ipairs(lacks:any(1):to("uint8"):totable()) do
    if any == 1 then dropped[i] = dropped[i] or "has no number in the column " .. columns[first[i] + 1] end
  end
end

-- The numbers without gaps, and the names of their columns; `dropped` gets the reasons of rows that are left out.
local function fill(path, x, columns, o, dropped)
  local torch = require "moonlark.torch"
  local lacks = x:isfinite():logical_not()
  if not lacks:any():item() then return x, columns end
  local words, counts = lacking(lacks, columns)
  if o.missing == "refuse" then
    show.fail("%s: rows without a number (missing or infinite) by column: %s; missing = \"drop\" leaves the rows out, "
      .. "\"columns\" the columns, \"median\" fills in", path, words)
  elseif o.missing == "drop" then
    drop_rows(lacks, columns, dropped)
    return x, columns
  end
  local kept, left = {}, {}
  for k, count in ipairs(counts) do
    if o.missing == "median" and count < x:size(0) or count == 0 then
      kept[#kept + 1], left[#left + 1] = k - 1, columns[k]
    end
  end
  if #kept == 0 then show.fail("%s: every column lacks numbers: %s", path, words) end
  x = x:index_select(1, torch.tensor(kept, {dtype = "int64"}))
  if o.missing == "median" then
    local nan = torch.full({1}, 0 / 0, {dtype = x:dtype()})
    local known = torch.where(x:isfinite(), x, nan)
    x = torch.where(x:isfinite(), x, (known:nanmedian(0)))
  end
  return x, left
end

-- The features of a table that was read.
local function features_of(path, read, o)
  read.place, read.known = {}, {}
  for i, name in ipairs(read.numbers) do read.place[name] = i - 1 end
  for _, name in ipairs(read.names) do read.known[name] = true end
  local found = roles.of(path, read, o)
  local places = {}
  for i, name in ipairs(found.numbers) do places[i] = read.place[name] end
  local torch = require "moonlark.torch"
  local tracks = tracks_of(path, read, found, o)
  local dropped = unlabelled(path, read, found, tracks, o)
  local x = read.values:index_select(1, torch.tensor(places, {dtype = "int64"})):to "float32"
  local columns
  x, columns = fill(path, x, found.numbers, o, dropped)
  local X = features.make {
    x = x, names = columns, tracks = tracks, rejected = {}, partial = {}, warnings = {},
    classes = classes_of(read, found, tracks), task = o.value and "values" or o.labels and "tags" or nil,
    targets = o.value, aside = found.aside, label = found.label,
    recipe = read.recipe and require "moonlark.feature.recipe".of_text(read.recipe) or nil,
  }
  if o.labels then checks.separator(X.classes, o.separator) end
  return X:without(dropped)
end

--- Numbers that were computed elsewhere, or by `moonlark extract`, as dataset:extract gives features: a table of CSV or
--- TSV (commas, semicolons, tabs and bars are told apart), .npz, .npy, .safetensors, ARFF, JSONL or HDF5, or the folder
--- that `moonlark extract` wrote, whose frames are then read when they are asked for.
---
--- A row is one sound. The column `label` gives the classes, sorted by name (by value, where all are numbers); texts
--- that end as names of sound files are each row's path, and rows of one file are a group; a column of rows' numbers
--- that pandas wrote, and Kaggle's `length` beside paths, are set aside: X.aside says what was. Every other column is a
--- number to learn from. Missing numbers are an error unless `missing` says otherwise; the median is that of all rows,
--- so it sees the rows that judge a model later.
---
--- Errors: a column that is no number (by its first odd value and line), no such column, missing numbers, no rows.
---     local X = dataset.table("features.csv", {label = "genre", ignore = {"tempo"}})
---     local X = dataset.table("features/")                     -- of moonlark extract --pool mean,std --out features
---@param path string
---@param given moonlark.dataset.table.Options?
---@return moonlark.Features
function tables.read(path, given)
  local o = of_table:read(given)
  if type(path) ~= "string" then show.fail("path must be a string, got %s", type(path)) end
  local kind = files.kind(path) or show.fail("%s: no such file or folder", path)
  local whole = kind == "directory" and extraction.open(path)
  if whole and not whole.table then return whole.features end
  local file = whole and whole.table or path
  local read = core.store.read_table(file, {delimiter = o.delimiter, decimal = o.decimal, header = o.header,
    text = texts_wanted(o)})
  if whole then return extraction.join(whole, read) end
  local X = features_of(file, read, o)
  X.y = targets.y(X)
  checks.label_again(X)
  X.table = {path = path, options = given and options.join(given) or nil}
  return X
end

return tables
