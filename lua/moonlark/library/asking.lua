--- Asking: what models say of a library's songs, kept with the version of the model, so that only what is old is asked again.
local core = require "moonlark_core"
local embedding = require "moonlark.library.embedding"
local files = require "moonlark.base.files"
local hearing = require "moonlark.library.hearing"
local json = require "moonlark.base.json"
local makers = require "moonlark.library.makers"
local scan = require "moonlark.dataset.scan"

local asking = {}

local batch = 32 -- songs that a model is asked about at a time

--- The name that a model has in a library: its place from the root on, or that of a hub.
---     print(asking.name_of "runs/genres")
---@param model string
---@return string
function asking.name_of(model) return files.exists(model) and scan.absolute(model) or model end

-- What a model is made of, as a hash: another one says other things.
local function version_of(opened)
  local found = opened.learned.found
  if found then return found:content() end
  local inner = files.kind(opened.path) == "directory" and files.join(opened.path, "model.safetensors") or opened.path
  return core.store.hash_file(inner)
end

-- The predictions of paths, as plain data by path.
local function predictions(opened, paths, o)
  local made = {}
  local list, rejected = require "moonlark.predict".files(opened, paths, {workers = o.workers})
  for _, one in ipairs(list) do
    made[one.path] = {label = one.label, probability = one.probability, probabilities = one.probabilities,
      tags = one.tags and json.array(one.tags), values = one.values}
  end
  return made, rejected
end

-- The embeddings of paths, as bytes by path.
local function embeddings(opened, paths)
  local rows, rejected = opened.learned:embed(paths)
  local bad, made, at = {}, {}, 0
  for _, one in ipairs(rejected) do bad[one.path] = true end
  for _, path in ipairs(paths) do
    if not bad[path] then
      made[path] = embedding.bytes(rows:select(0, at))
      at = at + 1
    end
  end
  return made, rejected
end

-- What a model can be asked for: {maker, of}. One without classes gives embeddings alone.
local function questions(name, opened)
  local version, list = version_of(opened), {}
  local named, names = pcall(opened.names, opened)
  if named and names then
    list[1] = {maker = {kind = "prediction", name = name, version = version}, of = predictions}
  end
  if opened.learned.embed then
    list[#list + 1] = {maker = {kind = "embedding", name = name, version = version}, of = embeddings}
  end
  return list
end

-- Paths of some songs whose files are as the library knows them, and the songs by path.
local function paths_of(db, numbers)
  local paths, number_at = {}, {}
  for _, number in ipairs(numbers) do
    local file = hearing.file_of(db, number)
    if file then paths[#paths + 1], number_at[file.path] = file.path, number end
  end
  return paths, number_at
end

-- One batch of songs: what the model says of each is one transaction.
local function ask_batch(db, question, opened, numbers, o, seen)
  local paths, number_at = paths_of(db, numbers)
  if #paths == 0 then return end
  local made, rejected = question.of(opened, paths, o)
  for path, data in pairs(made) do
    local kept = type(data) == "string" and {blob = data} or data
    db:transaction(function() makers.keep(db, question.maker, number_at[path], kept) end)
    seen.asked = seen.asked + 1
  end
  table.move(rejected, 1, #rejected, #seen.rejected + 1, seen.rejected)
end

---@class moonlark.library.Asked
---@field asked integer  answers that were kept
---@field rejected {path: string, reason: string}[]

--- Opens a model and asks it about the songs that its present version has not been asked about.
---     asking.ask(db, "runs/genres", {workers = 0, device = "cpu"}, print)
---@param db moonlark.Database
---@param model string  as model.open takes it
---@param o {workers: integer, device: string, offline: boolean}
---@param tell fun(done: integer, total: integer)
---@return moonlark.library.Asked
function asking.ask(db, model, o, tell)
  local opened = require "moonlark.model".open(model, {device = o.device, offline = o.offline})
  local seen = {asked = 0, rejected = {}}
  for _, question in ipairs(questions(asking.name_of(model), opened)) do
    makers.enter(db, question.maker)
    local todo = hearing.pending(db, {question})
    for first = 1, #todo, batch do
      local numbers = table.move(todo, first, math.min(first + batch - 1, #todo), 1, {})
      ask_batch(db, question, opened, numbers, o, seen)
      tell(first + #numbers - 1, #todo)
    end
  end
  return seen
end

--- What models said of a song, by their names.
---     print(asking.predictions(db, 7)["/home/me/runs/genres"].label)
---@param db moonlark.Database
---@param number integer
---@return table<string, table>
function asking.predictions(db, number)
  local made = {}
  for row in db:each([[SELECT name, data FROM findings JOIN makers ON makers.id = maker
    WHERE song = ? AND kind = 'prediction']], {number}) do
    made[row.name] = json.decode(row.data)
  end
  return made
end

return asking
