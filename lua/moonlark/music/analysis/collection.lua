--- Collection: many songs analysed one after the other: what was heard before is not heard again, a bad file is set aside.
local analysis = require "moonlark.music.analysis.analysis"
local background = require "moonlark.dataset.background"
local core = require "moonlark_core"
local kept = require "moonlark.music.analysis.kept"

local collection = {}

-- The content of each file as a hash; false where it cannot be read, of which the analysis says why.
local function contents(paths)
  local job <close> = core.extract.inspect(paths, "content", 0, -1, false)
  background.await(job)
  local hashes = {}
  for i, found in ipairs(core.extract.inspected(job)) do hashes[i] = found and found.hash or false end
  return hashes
end

-- Whether a file belongs to part i of n: by its content alone, as Dataset:shard has it.
local function is_in(hash, shard)
  return (hash and tonumber(hash:sub(1, 15), 16) or 0) % shard.n + 1 == shard.i
end

-- An error without the name of the file, which is told beside it.
local function reason_of(path, message)
  message = tostring(message)
  local said = message:sub(1, #path) == path and message:sub(#path + 1):match "^:? (.+)$"
  return said or message
end

--- Analyses songs, and hands each result on as plain data when it is there. Gives the files that could not be read, and
--- how many results came from the cache.
---     local rejected = collection.run(paths, {cache = true}, function(path, plain) print(path, plain.tempo) end)
---@param paths string[]
---@param o {parts: string[]?, model: string?, cache: string|true|nil, shard: {i: integer, n: integer}?}
---@param give fun(path: string, plain: table)
---@return {path: string, reason: string}[]
---@return integer cached
function collection.run(paths, o, give)
  local rejected, cached = {}, 0
  local asked = {parts = o.parts, model = o.model}
  local store <close> = not o.model and kept.open(o.cache, o.parts) or nil
  local hashes = (store or o.shard) and contents(paths) or {}
  for i, path in ipairs(paths) do
    if not o.shard or is_in(hashes[i], o.shard) then
      local plain = store and hashes[i] and store:read(hashes[i])
      if plain then
        plain.path, cached = path, cached + 1
        give(path, plain)
      else
        local fine, about = pcall(analysis.analyze, path, asked)
        if fine then
          plain = about:plain()
          if store and hashes[i] then store:write(hashes[i], plain) end
          give(path, plain)
        else
          if tostring(about):find "interrupted" then error(about, 0) end
          rejected[#rejected + 1] = {path = path, reason = reason_of(path, about)}
        end
      end
    end
  end
  return rejected, cached
end

return collection
