--- The folder that an extraction leaves: the features, features.json (what came from where), rejected.csv (which files
--- were set aside, and why) and partial.csv (which were kept in part). The parts of a sharded extraction lie in one
--- folder until they are merged.
local claim = require "moonlark.base.claim"
local class = require "moonlark.dataset.class"
local core = require "moonlark_core"
local csv = require "moonlark.base.csv"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local shape = require "moonlark.base.shape"
local show = require "moonlark.base.show"

local results = {}

-- "" of a whole, "-3-of-16" of a part.
local function mark(shard) return shard and ("-%d-of-%d"):format(shard.i, shard.n) or "" end

--- The path of the pooled table; `shard` is nil, or {i, n} of a part, whose table is .safetensors in any case.
function results.table_path(folder, format, shard)
  return ("%s/features%s.%s"):format(folder, mark(shard), shard and "safetensors" or format)
end

-- Adds the names of a hidden list to a set.
local function read_list(path, known)
  if claim.kind(path) ~= "file" then return end
  for name in files.read(path):gmatch "[^\0]+" do known[name] = true end
end

-- The names of the files that extractions into a folder have written or were about to: by the hidden lists that they
-- keep there, and by features.json where an older Moonlark kept none: "features.*" where that one pooled.
local function written(folder)
  local known = {}
  for _, name in ipairs(files.list(folder)) do
    if name:find "^features.*%.json$" and files.kind(files.join(folder, name)) == "file" then
      local ok, made = pcall(json.decode, files.read(files.join(folder, name)))
      if ok and type(made) == "table" and type(made.recipe) == "string" and type(made.tracks) == "table" then
        known[name] = true
        for _, list in ipairs {"rejected", "partial"} do
          known[name:gsub("^features", list):gsub("%.json$", ".csv")] = true
        end
        if type(made.columns) == "table" and #made.columns > 0 then known[name:gsub("json$", "*")] = true end
        for _, track in ipairs(made.tracks) do known[type(track) == "table" and track.file or ""] = true end
      end
    end
  end
  for name in require "lfs".dir(folder) do
    if name:find "^%.features.*%.list$" then read_list(files.join(folder, name), known) end
  end
  return known
end

-- Adds names to a list, each once, with zero bytes between: also before the first, should a killed process have left
-- half a name.
local function keep_list(path, names)
  local had, more = {}, {}
  read_list(path, had)
  for _, name in ipairs(names) do
    if not had[name] then more[#more + 1] = name .. "\0" end
  end
  core.store.append(path, "\0" .. table.concat(more))
end

--- Takes a folder for an extraction, making it where needed, before any work: an error when another process extracts
--- the same part into it, or when a file that would be written is there already and no extraction wrote it. Closing
--- what it gives lets the folder go. The files are known to be an extraction's from now on, finished or not.
---
--- `outputs` are the files of frames or the table, as seen from the folder; `features` are names, for some formats
--- (.npy) hold one of them in a file.
function results.claim(folder, outputs, shard, features)
  files.mkdirs(folder)
  local lock = claim.lock(folder, (".features%s.lock"):format(mark(shard)))
  local names, output_of, known = {}, {}, nil
  for i, name in ipairs {"features%s.json", "rejected%s.csv", "partial%s.csv"} do
    names[i] = name:format(mark(shard))
  end
  for _, output in ipairs(outputs) do
    for _, name in ipairs(core.store.frame_files(output, features or {})) do
      names[#names + 1], output_of[name] = name, output
    end
  end
  for _, name in ipairs(names) do
    local path = files.join(folder, name)
    if claim.kind(path) then
      known = known or written(folder)
      if not (known[name] or known[output_of[name]] or known[name:gsub("%w+$", "*")]) then
        lock:close()
        show.fail("%s is there already, and no extraction wrote it: name another folder, or move it", path)
      end
    end
  end
  keep_list(files.join(folder, (".features%s.list"):format(mark(shard))), names)
  return lock
end

-- The fields of each item that files keep.
local function stored(list, fields)
  local kept = json.array {}
  for i, item in ipairs(list) do
    kept[i] = {}
    for _, field in ipairs(fields) do kept[i][field] = item[field] end
    if item.labels then kept[i].labels = json.array {table.unpack(item.labels)} end
  end
  return kept
end

-- A list of files and reasons as NAME.csv, or no such file, not even an earlier run's, when it is empty.
local function write_list(folder, name, shard, list)
  local path = ("%s/%s%s.csv"):format(folder, name, mark(shard))
  if #list > 0 then csv.write(path, {"path", "reason"}, list) else files.remove(path) end
end

--- Writes features.json, rejected.csv when something was set aside, and partial.csv when something was kept in part.
--- All lists of `made`, {recipe = text, settings (where the text is not enough), columns, classes, tracks, rejected, partial}, are in the data's order; of a
--- part, {i, n, format}, each item knows its `place` in the whole. Gives the path of features.json.
function results.write(folder, made, shard)
  local path = ("%s/features%s.json"):format(folder, mark(shard))
  local place = shard and "place" or nil
  write_list(folder, "rejected", shard, made.rejected)
  write_list(folder, "partial", shard, made.partial)
  files.write(path, json.encode({
    recipe = made.recipe, settings = made.settings, columns = json.array(made.columns), classes = json.array(made.classes),
    task = made.task, targets = made.targets,
    tracks = stored(made.tracks, {"path", "label", "labels", "values", "group", "fold", "part", "file", place}),
    rejected = stored(made.rejected, {"path", "reason", place}),
    partial = stored(made.partial, {"path", "reason", place}), shard = shard,
  }, " ") .. "\n")
  return path
end

local notes = shape.list {path = "string", reason = "string", place = "integer"}

-- What the JSON of a part holds. Its table's format becomes the ending of a file: one of those that are written.
local part_form = {
  recipe = "string", settings = shape.maybe "object", columns = shape.list "string", classes = shape.list "string",
  task = shape.maybe(shape.word {"classes", "tags", "values"}), targets = shape.maybe(shape.list "string"),
  tracks = shape.list {
    path = "string", label = shape.maybe "string", labels = shape.maybe(shape.list "string"),
    values = shape.maybe "any", part = shape.maybe "string", group = shape.maybe "string", file = shape.maybe "string",
    fold = shape.maybe(shape.either("a number or a string", "integer", "number", "string")), place = shape.integer(1),
  },
  rejected = notes, partial = shape.maybe(notes),
  shard = {i = shape.integer(1), n = shape.integer(1), format = shape.word(core.store.formats())},
}

local function read_part(path, i, n)
  local part = json.read(path, part_form)
  if part.shard.i ~= i or part.shard.n ~= n then
    show.fail("%s says that it is part %d of %d: was it renamed?", path, part.shard.i, part.shard.n)
  end
  local known = {}
  for _, label in ipairs(part.classes) do known[label] = true end
  for k, track in ipairs(part.tracks) do
    local labelled = track.label ~= nil or track.labels ~= nil
    if (#part.classes > 0) ~= labelled or track.label and not known[track.label] then
      show.fail("%s: tracks[%d].label is not among the classes", path, k)
    end
  end
  return part
end

-- How a name counts parts: a whole number from 1, as extract writes it; nil for any other text.
local function count_of(text)
  local count = math.tointeger(tonumber(text))
  return count and count >= 1 and tostring(count) == text and count or nil
end

-- Paths of the parts' files by number, and how many parts there are to be.
local function find_parts(folder)
  local paths, n, found = {}, nil, 0
  for _, name in ipairs(files.list(folder)) do
    local first, second = name:match "^features%-(%d+)%-of%-(%d+)%.json$"
    if first then
      local i, of, path = count_of(first), count_of(second), files.join(folder, name)
      if not i or not of or i > of then show.fail("%s cannot be: no part has such a number", path) end
      if n and n ~= of then show.fail("%s holds parts of %d and of %d: merge each apart", folder, n, of) end
      n, found, paths[i] = of, found + 1, path
    end
  end
  if not n then show.fail("%s holds no parts: moonlark extract --shard 1/2 … makes them", folder) end
  return paths, n, found
end

-- An error that names the first of the parts that are not there.
local function check_complete(folder, paths, n, found)
  if found == n then return end
  local missing = {}
  for i = 1, n do
    if not paths[i] then missing[#missing + 1] = tostring(i) end
    if #missing == 10 then break end
  end
  local more = n - found - #missing
  show.fail("%s lacks the parts %s%s of %d", folder, table.concat(missing, ", "),
    more > 0 and (" and %d more"):format(more) or "", n)
end

-- The parts that lie in a folder, in order; an error unless all of one extraction do.
local function read_parts(folder)
  local paths, n, found = find_parts(folder)
  check_complete(folder, paths, n, found)
  local parts = {}
  for i = 1, n do
    parts[i] = read_part(paths[i], i, n)
    for _, key in ipairs {"recipe", "columns", "classes"} do
      if json.encode {parts[i][key]} ~= json.encode {parts[1][key]} then
        show.fail("%s and %s were made with other %s", paths[1], paths[i], key == "recipe" and "recipes" or key)
      end
    end
  end
  return parts, n
end

-- Items of all parts in the order of the whole, each with the number of its `shard`.
local function gather(parts, list)
  local all = {}
  for i, part in ipairs(parts) do
    for _, item in ipairs(part[list] or {}) do
      item.shard = i
      all[#all + 1] = item
    end
  end
  table.sort(all, function(a, b) return a.place < b.place end)
  for k = 2, #all do
    if all[k].place == all[k - 1].place then
      show.fail("%s is in the parts %d and %d", all[k].path, all[k - 1].shard, all[k].shard)
    end
  end
  return all
end

-- The rows of the parts' tables, in one.
local function merge_tables(folder, format, made, n)
  local shards = {}
  for i = 1, n do shards[i] = {file = results.table_path(folder, format, {i = i, n = n}), places = {}} end
  for row, track in ipairs(made.tracks) do table.insert(shards[track.shard].places, row) end
  local filled = class.select_from(shards, function(shard) return #shard.places > 0 end)
  local songs = class.make(made.tracks, {classes = made.classes, task = made.task, targets = made.targets})
  core.extract.merge_tables(filled, #made.tracks, results.table_path(folder, format),
    require "moonlark.dataset.extract".about(songs, made.columns, made.recipe))
end

--- Joins the parts of a sharded extraction: what the folder then holds is, to the byte, what extracting the whole
--- would have left. `format` of the table is what extract was asked for unless it is given. Gives {tracks, rejected,
--- partial …} and the path of features.json.
function results.merge(folder, format)
  local parts, n = read_parts(folder)
  local made = {
    recipe = parts[1].recipe, settings = parts[1].settings, columns = parts[1].columns, classes = parts[1].classes, task = parts[1].task,
    targets = parts[1].targets,
    tracks = gather(parts, "tracks"), rejected = gather(parts, "rejected"), partial = gather(parts, "partial"),
  }
  local whole = results.table_path(folder, format or parts[1].shard.format)
  local held <close> = results.claim(folder, #made.columns > 0 and {select(2, files.split(whole))} or {})
  if #made.columns > 0 and #made.tracks > 0 then merge_tables(folder, format or parts[1].shard.format, made, n) end
  return made, results.write(folder, made)
end

return results
