--- What a path names, by its ending and, of CSV, by its columns: sounds, or numbers that were computed from them.
local csv = require "moonlark.base.csv"
local extraction = require "moonlark.dataset.extraction"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local known = require "moonlark.dataset.known"
local list = require "moonlark.dataset.list"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local kind = {}

local endings = {csv = "columns", tsv = "columns", txt = "columns", json = "json"}
for _, ending in ipairs(require "moonlark_core".store.formats "columns") do
  endings[ending] = endings[ending] or "table"
end

local of_kind = options.describe("dataset.kind", {
  delimiter = options.text(options.none, "of a CSV file: one character between fields", {usual = "guessed"}),
  path = options.text(options.none, "of a CSV file: the column of paths", {usual = '"path", "filename" …'}),
})

-- Columns that lists have beside paths, and that are no features.
local plain = {label = true, group = true, fold = true, part = true, start = true, duration = true}

local function is_number_column(rows, name)
  local found = false
  for _, row in ipairs(rows) do
    if row[name] ~= "" and not list.number(row[name]) then return false end
    found = found or row[name] ~= ""
  end
  return found
end

-- "list", "table", or "either" for a file whose columns hold both paths and numbers.
local function of_columns(path, o)
  local rows, names = csv.read(path, o.delimiter, 50)
  local facts, seen = {numbers = {}}, {}
  for _, name in ipairs(names) do seen[name] = true end
  for _, name in ipairs {o.path or "path", table.unpack(list.path_names)} do
    facts.path = facts.path or seen[name] and not is_number_column(rows, name) and name or nil
  end
  for _, name in ipairs(names) do
    if not plain[name] and name ~= facts.path and is_number_column(rows, name) then
      table.insert(facts.numbers, name)
    end
  end
  if not facts.path then return "table", facts end
  return #facts.numbers == 0 and "list" or "either", facts
end

local function of_json(path)
  local read = json.read(path)
  local format = type(read) == "table" and read.format
  return format == "moonlark.splits" and "splits" or "index"
end

--- What a path names: "folder" (of sounds, one folder a class), "known" (a published collection), "extraction" (a
--- folder that `moonlark extract` wrote), "index" or "splits" (files that save wrote), "list" (a CSV file of paths),
--- "table" (of numbers), or "either": a CSV file with a column of paths and columns of numbers.
---
--- Errors: no such path, a file of another ending.
---     print((dataset.kind "features_30_sec.csv"))    --> either
---@param path string
---@param given moonlark.dataset.kind.Options?
---@return "folder"|"known"|"extraction"|"index"|"splits"|"list"|"table"|"either"
---@return {path: string?, numbers: string[]}?  of a CSV file: the column of paths, and those of numbers
function kind.of(path, given)
  local o = of_kind:read(given)
  if type(path) ~= "string" then show.fail("path must be a string, got %s", type(path)) end
  local mode = files.kind(path) or show.fail("%s: no such file or folder", path)
  if known.recognise(path) then return "known" end
  if mode == "directory" then return extraction.is(path) and "extraction" or "folder" end
  local ending = (path:match "%.(%w+)$" or ""):lower()
  local of = endings[ending]
  if of == "columns" then return of_columns(path, o) end
  if of == "json" then return of_json(path) end
  return of or show.fail("%s is no folder, list (.csv), index (.json) or table (%s)", path,
    table.concat(require "moonlark_core".store.formats "columns", ", "))
end

return kind
