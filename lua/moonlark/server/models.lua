--- Models: those that a service offers, loaded once, by the names under which clients ask for them.
local files = require "moonlark.base.files"
local model = require "moonlark.model"
local show = require "moonlark.base.show"

local models = {}

---@class moonlark.server.Models
---@field package list {name: string, model: moonlark.Model?, failure: string?}[]
local Models = {}
Models.__index = Models

-- A path's last part, which says what it is; of a file without its ending.
local function name_of(path)
  local _, name = files.split((path:gsub("/+$", "")))
  return files.kind(path) == "file" and files.stem(name) or name
end

-- Two models of the same name are told apart by numbers.
local function unlike(name, taken)
  local given, count = name, 1
  while taken[given] do
    count = count + 1
    given = ("%s-%d"):format(name, count)
  end
  taken[given] = true
  return given
end

--- Opens models. One that cannot be opened is listed with the reason.
---     local opened = models.open({"runs/genres"}, {device = "cpu"})
---@param paths string[]  what model.open takes
---@param o {device: string, offline: boolean}
---@return moonlark.server.Models
function models.open(paths, o)
  local list, taken = {}, {}
  for i, path in ipairs(paths) do
    local fine, opened = pcall(model.open, path, {device = o.device, offline = o.offline})
    list[i] = {name = unlike(name_of(path), taken), model = fine and opened or nil,
      failure = not fine and tostring(opened) or nil}
  end
  return setmetatable({list = list}, Models)
end

--- The model of a name; the first without one. Errors: there is none of this name.
---     local genres = opened:get "genres"
---@param name string?
---@return moonlark.Model
function Models:get(name)
  for _, one in ipairs(self.list) do
    if not name or one.name == name then
      if one.model then return one.model end
      error({status = 503, kind = "model-failed", detail = one.failure}, 0)
    end
  end
  error({status = 404, kind = "no-model", detail = name and show.format("there is no model %s here", name)
    or "this service was started without a model"}, 0)
end

--- What clients are told of them.
---     send(opened:plain())
---@return table[]
function Models:plain()
  local plain = {}
  for i, one in ipairs(self.list) do
    local opened = one.model
    local named, names = pcall(function() return opened and opened:names() end)
    plain[i] = {name = one.name, failure = one.failure, kind = opened and opened.kind, task = opened and opened:task(),
      classes = named and names or nil, embeds = opened and opened.learned.embeddings ~= nil or nil}
  end
  return plain
end

return models
