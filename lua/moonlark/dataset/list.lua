--- dataset.csv: the tracks that a CSV file lists, with what they teach.
local checks = require "moonlark.dataset.checks"
local class = require "moonlark.dataset.class"
local csv = require "moonlark.base.csv"
local options = require "moonlark.base.options"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local list = {}

local none, one = options.none, options.text()

--- The names that the column of paths may have, where none is named "path" by the columns' option.
list.path_names = {"path", "filename", "file", "filepath", "file_path", "file_name"}

local columns = {
  path = options.text(none, "the column of paths", {usual = '"path", "filename", "file" …'}),
  label = options.text(none, "the column of labels", {usual = '"label"'}),
  labels = options.text(none, "the column that holds several labels, tags", {usual = "none"}),
  value = options.list(one, none, {single = true, least = 1, usual = "none"}, "the columns of numbers to be learned"),
  group = options.text(none, "the column of groups", {usual = '"group"'}),
  fold = options.text(none, "the column of folds", {usual = '"fold"'}),
  part = options.text(none, "the column of parts: train, valid, test", {usual = '"part"'}),
}

--- What can be said of columns.
list.columns = options.record("columns", columns, none, "where the columns have other names", {usual = "{}"})

local of_csv = options.describe("dataset.csv", {
  columns = list.columns,
  root = options.text("", "the folder that paths start from, as seen from the CSV file's"),
  delimiter = options.text(none, "one character between fields", {usual = "the one of , ; tab | that fits"}),
  separator = options.text("|", "what stands between the labels of one track, in the column `labels`"),
})

-- How lists call the parts of a split.
local parts = {train = "train", training = "train", valid = "valid", validation = "valid", val = "valid", dev = "valid",
  test = "test", testing = "test"}

--- The part of a split that a word means; nil for another word.
---@param word string
---@return "train"|"valid"|"test"|nil
function list.part(word) return parts[word:lower()] end

--- A fold as tracks carry it: a whole number where the text is one.
---@param words string?
---@return integer|string|nil
function list.fold(words) return words and (math.tointeger(tonumber(words)) or words) end

--- The number in a text, whose point may be a comma; nil where it is none.
---@param words string
---@return number?
function list.number(words) return tonumber(words) or tonumber((words:gsub("^([-+]?%d*),(%d+)$", "%1.%2"))) end

-- Raises for a column that is not there.
local function no_column(path, name, names)
  local near = options.nearest(name, names)
  show.fail("%s has no column '%s' (%s)", path, name,
    near and ("did you mean '%s'?"):format(near) or "its columns: " .. table.concat(names, ", "))
end

-- The column of each field, the one asked for or that of its own name, if there is one; and the names of the others.
local function columns_of(path, asked, names)
  local column, known, used = {}, {}, {}
  for _, name in ipairs(names) do known[name] = true end
  local function take(field, name)
    if not known[name] then no_column(path, name, names) end
    column[field], used[name] = name, true
  end
  for _, field in ipairs {"label", "labels", "group", "fold", "part"} do
    local usual = field ~= "labels" and field
    if field == "label" and (asked.labels or asked.value) then usual = nil end
    if asked[field] or known[usual] then take(field, asked[field] or usual) end
  end
  local usual_path = class.select_from(list.path_names, function(name) return known[name] and not used[name] end)[1]
  take("path", asked.path or usual_path or "path")
  for _, name in ipairs(asked.value or {}) do
    if not known[name] then no_column(path, name, names) end
    used[name] = true
  end
  column.value = asked.value
  return column, class.select_from(names, function(name) return not used[name] end)
end

--- The different words of a text between separators, sorted; blanks round them do not count.
---@param words string
---@param separator string
---@return string[]
function list.words(words, separator)
  local seen, from = {}, 1
  while from do
    local start, stop = words:find(separator, from, true)
    local word = words:sub(from, (start or 0) - 1):match "^%s*(.-)%s*$"
    if word ~= "" then seen[word] = true end
    from = stop and stop + 1
  end
  return text.keys(seen)
end

-- The numbers of a row.
local function values_of(row, path, names)
  local values = {}
  for i, name in ipairs(names) do
    values[i] = list.number(row[name]) or
      show.fail("%s, line %d: %s must be a number, got '%s'", path, row[0], name, row[name])
  end
  return values
end

-- The track of a row; `column` and `others` as columns_of gives them.
local function track_of(row, path, root, column, others, separator)
  local function value(field)
    local words = column[field] and row[column[field]]
    return words ~= "" and words or nil
  end
  if not value "path" then show.fail("%s, line %d: the path is empty", path, row[0]) end
  local track = {path = scan.join(root, value "path"), label = value "label", group = value "group",
    fold = list.fold(value "fold"), labels = column.labels and list.words(row[column.labels], separator),
    values = column.value and values_of(row, path, column.value)}
  local part = value "part"
  track.part = part and (list.part(part) or
    show.fail("%s, line %d: %s must be train, valid or test, got '%s'", path, row[0], column.part, part))
  for _, name in ipairs(others) do
    if row[name] ~= "" then
      track.tags = track.tags or {}
      track.tags[name] = row[name]
    end
  end
  return track
end

--- Tracks listed in a CSV file whose first line names the columns `path`, `label`, `group`, `fold`, `part` (train, valid
--- or test); only `path` must be there (or filename, file, filepath …), and other columns are kept in each track's
--- `tags`. An empty field counts as none. Commas, semicolons, tabs or bars are told apart by the text.
---
--- A column `labels` holds several labels of a track, with `separator` between them: the dataset then has tags. Columns
--- `value` hold numbers that are to be learned. Paths are relative to the CSV file, or to `root`, which is relative to
--- the CSV file itself. Errors name the line: an empty path, a path that stands twice, an empty label where others
--- have one, a value that is no number.
---     local songs = dataset.csv("esc50.csv", {root = "audio", columns = {label = "category"}})
---     local songs = dataset.csv("moods.csv", {columns = {labels = "tags"}, separator = ";"})
---@param path string
---@param given moonlark.dataset.csv.Options?
---@return moonlark.Dataset
function list.csv(path, given)
  local o = of_csv:read(given)
  local rows, names = csv.read(path, o.delimiter)
  local column, others = columns_of(path, o.columns or {}, names)
  local root = scan.join(scan.parent(path), o.root)
  local tracks, line_of = {}, {}
  for i, row in ipairs(rows) do
    local track = track_of(row, path, root, column, others, o.separator)
    local line = line_of[track.path]
    if line then show.fail("%s, line %d: %s is already on line %d", path, row[0], track.path, line) end
    line_of[track.path], tracks[i] = row[0], track
  end
  if #tracks == 0 then show.fail("%s lists no tracks", path) end
  local songs = class.make(tracks, {task = column.value and "values" or column.labels and "tags" or nil,
    targets = column.value})
  if column.labels then checks.separator(songs.classes, o.separator) end
  for _, track in ipairs(column.label and #songs.classes > 0 and tracks or {}) do
    if not track.label then show.fail("%s, line %d: the label is empty", path, line_of[track.path]) end
  end
  return songs
end

return list
