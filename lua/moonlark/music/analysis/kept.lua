--- Kept: analyses that were made before, found again in the cache by the content of the file and what was asked.
local caches = require "moonlark.dataset.cache"
local core = require "moonlark_core"
local json = require "moonlark.base.json"
local parts = require "moonlark.music.analysis.parts"

local kept = {}

local Kept = {}
Kept.__index = Kept

--- When what an analysis says of the same sound changes, this number does.
kept.numbers = 3

--- The analyses that a cache folder keeps; nil where nothing can be kept.
---     local store = kept.open(true, {"tempo", "key"})
---@param folder string|true|nil  true: the user's own
---@param names string[]?  the parts that are asked for; default: all
function kept.open(folder, names)
  folder = caches.usable(folder)
  if not folder then return nil end
  local asked = table.concat(names or parts.names, " ")
  return setmetatable({cache = core.cache.open(folder),
    words = ("analysis %d %s\n%s"):format(kept.numbers, core.system.version, asked)}, Kept)
end

-- The cache holds numbers: a text is kept as those of its bytes.

local function packed(text)
  local torch, list = require "moonlark.torch", {}
  for from = 1, #text, 4096 do
    list[#list + 1] = torch.tensor({text:byte(from, from + 4095)}, {dtype = "float32"})
  end
  return torch.cat(list, 0):unsqueeze(0)
end

local function unpacked(data)
  local list = data:flatten():totable()
  for i, byte in ipairs(list) do list[i] = string.char(math.floor(byte)) end
  return table.concat(list)
end

--- What music.analyze said of the file with this content, as plain data; nil where it was not asked.
---     local plain = store:read(hash)
---@param content string  hash
---@return table?
function Kept:read(content)
  local entry = core.cache.read(self.cache, self.words .. "\n" .. content)
  return entry and json.decode(unpacked(entry.data)) or nil
end

--- Keeps what it said.
---     store:write(hash, about:plain())
---@param content string
---@param plain table
function Kept:write(content, plain)
  core.cache.write(self.cache, self.words .. "\n" .. content, {data = packed(json.encode(plain)), rate = 0, start = 0})
end

function Kept:close() self.cache:close() end
Kept.__close = Kept.close

return kept
