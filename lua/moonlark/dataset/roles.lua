--- What the columns of a table are: numbers to learn from, labels, groups, folds, names of files; and which are left.
local list = require "moonlark.dataset.list"
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

-- Raises unless a table has a column; `option` is what named it.
local function check(columns, option, name)
  if columns.known[name] then return name end
  local near = require "moonlark.base.options".nearest(name, columns.names)
  show.fail("%s has no column '%s'%s (%s)", columns.path, name, option and " for " .. option or "",
    near and ("did you mean '%s'?"):format(near) or "its columns: " .. table.concat(columns.names, ", ", 1,
    math.min(#columns.names, 12)) .. (#columns.names > 12 and " …" or ""))
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

-- The column of labels, unless tags or values are learned, or false says that there is none.
local function label_column(columns, read, o)
  if o.label then return check(columns, "label", o.label) end
  if o.label == false or o.labels or o.value then return nil end
  local name = first(columns, roles.label_names)
  for i = 1, math.min(20, read.rows) do
    local cell = name and read.texts[name] and tonumber(read.texts[name][i])
    if cell and cell ~= math.floor(cell) then
      show.fail("%s: are the numbers of the column '%s' classes, or values to be learned? Name it as label or as value",
        columns.path, name)
    end
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

-- Columns of numbers that say nothing of the sound: the row's number that pandas writes, and the count of samples.
local function is_bookkeeping(name, has_path)
  if name:find "^Unnamed: %d+$" then return "the number of the row" end
  return has_path and name == "length" and "length of the file"
end

-- An error for columns that are no numbers.
local function refuse(columns, read, left)
  local name = left[1]
  local odd = read.odd[name]
  local value, where = odd and odd.value or read.texts[name][1], odd and odd.line and ("line %d holds"):format(odd.line) or "it holds"
  local comma = value:find "^[-+]?%d+,%d+$" and "; for a comma in place of the point say decimal = \",\"" or ""
  show.fail("%s: the column '%s' is no number: %s '%s'%s (name it in ignore, or as label, group, fold or path)%s",
    columns.path, name, where, value, comma,
    #left > 1 and ("; neither are %s"):format(table.concat(left, ", ", 2, math.min(#left, 8))) or "")
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
    local why = not wanted and is_bookkeeping(name, found.path)
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
