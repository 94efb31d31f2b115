--- What the columns of a table are: numbers to learn from, labels, groups, folds, names of files; and which are left.
local list = require "moonlark.dataset.list"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local roles = {}

--- Names that columns of labels have where none is named.
roles.label_names = {"label", "labels", "class", "genre", "target", "y"}

local sounds = {}
for _, ending in ipairs(require "moonlark.dataset.scan".extensions) do sounds[ending] = true end

-- The first of some names that a table has.
local function first(columns, names)
  for _, name in ipairs(names) do
    if columns.known[name] then return name end
  end
end

-- Names in a row, as many as a message bears.
local function listed(names, from, most)
  local last = math.min(#names, from + most - 1)
  return table.concat(names, ", ", from, last) .. (last < #names and " …" or "")
end

-- Raises unless a table has a column; `option` is what named it.
local function check(columns, option, name)
  if columns.known[name] then return name end
  local near = options.nearest(name, columns.names)
  local hint = near and ("did you mean '%s'?"):format(near) or "its columns: " .. listed(columns.names, 1, 12)
  show.fail("%s has no column '%s' for %s (%s)", columns.path, name, option, hint)
end

-- Whether a column of texts holds names of sound files.
local function holds_paths(texts)
  for i = 1, math.min(#texts, 20) do
    local ending = texts[i]:match "%.(%w+)$"
    if not ending or not sounds[ending:lower()] then return false end
  end
  return #texts > 0
end

-- The column of paths: the one asked for, one with a usual name, or one of texts that end as names of sounds do.
local function path_column(columns, asked, texts)
  if asked then return check(columns, "path", asked) end
  for _, name in ipairs(list.path_names) do
    if texts[name] then return name end
  end
  for _, name in ipairs(columns.names) do
    if texts[name] and holds_paths(texts[name]) then return name end
  end
end

-- Whether the first cells of a column are numbers that are not whole.
local function has_fractions(read, name)
  local place
  for i, numeric in ipairs(read.numbers) do
    if numeric == name then place = i - 1 end
  end
  for i = 1, math.min(20, read.rows) do
    local cell = place and read.values[i - 1][place]:item() or read.texts[name] and tonumber(read.texts[name][i])
    if cell and cell == cell and cell ~= math.floor(cell) then return true end
  end
  return false
end

-- The column of labels, unless tags or values are learned, or false says that there is none.
local function label_column(columns, read, o)
  if o.label then return check(columns, "label", o.label) end
  if o.label == false or o.labels or o.value then return nil end
  local name = first(columns, roles.label_names)
  if name and has_fractions(read, name) then
    show.fail("%s: are the numbers of the column '%s' classes, or values to be learned? Name it as label or as value",
      columns.path, name)
  end
  return name
end

--- Whether the option `group` is a pattern for paths and no column.
---@param known table<string, boolean>  the table's columns
---@param group string?
---@return boolean
function roles.is_pattern(known, group) return group ~= nil and not known[group] and group:find "%(" ~= nil end

-- The columns with a part of their own, by part.
local function assign(columns, read, o)
  local found = {path = path_column(columns, o.path, read.texts), label = label_column(columns, read, o),
    labels = o.labels, value = o.value}
  for _, name in ipairs {"group", "fold", "part"} do
    if o[name] and not (name == "group" and roles.is_pattern(columns.known, o.group)) then
      found[name] = check(columns, name, o[name])
    elseif not o[name] and columns.known[name] then
      found[name] = name
    end
  end
  for _, option in ipairs {"labels", "value", "ignore", "columns"} do
    for _, name in ipairs(o[option] or {}) do check(columns, option, name) end
  end
  return found
end

-- Why a column of numbers says nothing of the sound; nil: it may. Pandas writes the row's number, Kaggle's tables of
-- GTZAN the count of samples.
local function bookkeeping(name, has_path)
  if name:find "^Unnamed: %d+$" then return "the number of the row" end
  return has_path and name == "length" and "length of the file" or nil
end

-- An error for columns that are no numbers.
local function refuse(columns, read, left)
  local name = left[1]
  local odd = read.odd[name]
  local value = odd and odd.value or read.texts[name][1]
  local where = odd and odd.line and ("line %d holds"):format(odd.line) or "it holds"
  local comma = value:find "^[-+]?%d+,%d+$" and "; for a comma in place of the point say decimal = \",\"" or ""
  show.fail("%s: the column '%s' is no number: %s '%s'%s (name it in ignore, or as label, group, fold or path)%s",
    columns.path, name, where, value, comma,
    #left > 1 and "; neither are " .. listed(left, 2, 8) or "")
end

local function set_of(names)
  local set = {}
  for _, name in ipairs(names or {}) do set[name] = true end
  return set
end

-- The columns that are not learned from, as a set, and in words what was set aside.
local function taken(found, o)
  local used, aside = set_of(o.ignore), {}
  for _, name in ipairs {"path", "group", "fold", "part"} do
    if found[name] then aside[#aside + 1] = ("%s (%s)"):format(found[name], name) end
  end
  for _, name in ipairs {"path", "label", "group", "fold", "part"} do used[found[name] or ""] = true end
  for _, names in ipairs {o.labels or {}, o.value or {}} do
    for _, name in ipairs(names) do used[name] = true end
  end
  table.move(o.ignore or {}, 1, #(o.ignore or {}), #aside + 1, aside)
  return used, aside
end

--- What the columns of a table are.
---@param path string  of the table, for messages
---@param read table  of core.store.read_table
---@param o table  options of dataset.table
---@return table found  names of columns: path, label, labels, value, group, fold, part; `numbers`, those to learn from;
--- `aside`, in words what was set aside
function roles.of(path, read, o)
  local columns = {path = path, names = read.names, known = set_of(read.names)}
  local found = assign(columns, read, o)
  local used, aside = taken(found, o)
  local wanted, numeric, numbers, left = o.columns and set_of(o.columns), set_of(read.numbers), {}, {}
  for _, name in ipairs(read.names) do
    local why = not wanted and bookkeeping(name, found.path)
    if not used[name] and (not wanted or wanted[name]) then
      if why then
        aside[#aside + 1] = ("%s (%s)"):format(name, why)
      else
        table.insert(numeric[name] and numbers or left, name)
      end
    end
  end
  if #left > 0 then refuse(columns, read, left) end
  if #numbers == 0 then show.fail("%s: no column of numbers is left to learn from", path) end
  found.numbers, found.aside = numbers, aside
  return found
end

return roles
