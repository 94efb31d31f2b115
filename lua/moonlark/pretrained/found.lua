--- Found: what lies in a folder or file of a model from elsewhere, before anybody knows which model it is.
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"
local store = require "moonlark_core".store
local text = require "moonlark.base.text"
local weights = require "moonlark.pretrained.weights"

---@class moonlark.pretrained.Found
---@field path string  as the person gave it
---@field folder string  where files beside the weights are looked for
---@field file string  the file of weights
---@field asked table  options of pretrained.open: what the person wants of the model
---@field tensors table<string, moonlark.Tensor>
---@field extra table  what else the file of weights holds, such as OpenAI's `dims`
---@field members moonlark.pretrained.Found[]?  of a folder with several files of weights: each of them; `tensors` are
--- then those of the first
---@field config table?  config.json
---@field front table?  settings of the front end: preprocessor_config.json, or feature_extractor of
--- processor_config.json
---@field front_file string?  the file that they are from
local Found = {}
Found.__index = Found

--- The path of a file beside the weights; nil where there is none.
---     local path = found:beside "labels.json"
---@param name string
---@return string?
function Found:beside(name)
  local path = files.join(self.folder, name)
  return files.exists(path) and path or nil
end

--- A JSON file beside the weights, read; nil where there is none.
---     local labels = found:json "labels.json"
---@param name string
---@return any
function Found:json(name)
  local path = self:beside(name)
  return path and json.decode(files.read(path), path) or nil
end

--- The shape of a tensor; nil where there is none of that name.
---     local shape = found:shape "fc.weight"       --> {521, 1024}
---@param name string
---@return integer[]?
function Found:shape(name) return self.tensors[name] and self.tensors[name]:shape() end

-- The files of weights: of an index those that it names.
local function weight_files(self)
  local list = {}
  for i, member in ipairs(self.members or {self}) do list[i] = member.file end
  if not self.file:find "%.index%.json$" then return list end
  local seen = {}
  for _, name in pairs(json.read(self.file).weight_map or {}) do
    local path = files.join((files.split(self.file)), name)
    if not seen[path] then list[#list + 1] = path end
    seen[path] = true
  end
  return text.sort(list)
end

--- A hash of all that decides which numbers the model gives: weights and settings, wherever they lie.
---     print(found:content())
---@return string
function Found:content()
  if self.hashed then return self.hashed end
  local hashes = {}
  for i, path in ipairs(weight_files(self)) do hashes[i] = store.hash_file(path) end
  for _, name in ipairs {"config.json", "preprocessor_config.json", "processor_config.json"} do
    local path = self:beside(name)
    hashes[#hashes + 1] = path and store.hash_file(path) or "none"
  end
  self.hashed = store.hash(table.concat(hashes, "\n"))
  return self.hashed
end

--- An error that names the path.
---     found:fail("its heads are %d", n)
---@param format string  as for show.format
---@param ... any
function Found:fail(format, ...) show.fail("%s: " .. format, self.path, ...) end

--- Whether config.json says this model_type.
---     if found:is "whisper" then print "Whisper" end
---@param kind string
---@return boolean
function Found:is(kind) return self.config ~= nil and self.config.model_type == kind end

-- A JSON object beside the weights; nil where there is none.
local function object(self, name)
  local value = self:json(name)
  if value == nil or type(value) == "table" and value[1] == nil then return value end
  self:fail("%s must hold an object", name)
end

-- The settings of the front end, and the file that they are from.
local function front_of(self)
  local name = "preprocessor_config.json"
  local old = object(self, name)
  if old then return old, name end
  name = "processor_config.json"
  local said = (object(self, name) or {}).feature_extractor
  return type(said) == "table" and said or nil, name
end

--- Names of the scores in a JSON file beside the weights: a list, or lists by the names of models, of which the longest
--- with which the file's name begins is meant. nil where there is none.
---     local names = found:labels "labels.json"
---@param name string
---@return string[]?
function Found:labels(name)
  local said, best = self:json(name), nil
  if type(said) ~= "table" or said[1] then return said end
  local _, file = files.split(self.file)
  for model in pairs(said) do
    if file:sub(1, #model) == model and #model > #(best or "") then best = model end
  end
  return best and said[best]
end

local found = {}

--- Looks at a path.
---@param path string  a folder or a file of weights
---@param asked moonlark.pretrained.open.Options?
---@return moonlark.pretrained.Found
function found.at(path, asked)
  local kind = files.kind(path)
  if not kind then show.fail("%s does not exist", path) end
  local self = setmetatable({path = path, folder = kind == "directory" and path or (files.split(path))}, Found)
  self.asked = asked or {}
  self.config = object(self, "config.json")
  self.front, self.front_file = front_of(self)
  local paths = kind == "directory" and weights.files_in(path) or {path}
  if #paths > 1 then
    self.members = {}
    for i, one in ipairs(paths) do self.members[i] = found.at(one, asked) end
  end
  local read = weights.read(paths[1])
  self.tensors, self.extra, self.file = read.tensors, read.extra, read.file
  return self
end

--- What a model's files said, without the files: enough for a family's front end.
---     local seen = found.described("whisper", config, settings)
---@param name string  for errors
---@param config table?  config.json
---@param settings table?  of the front end
---@return moonlark.pretrained.Found
function found.described(name, config, settings)
  return setmetatable({path = name, folder = "", file = "", asked = {}, tensors = {}, extra = {}, config = config,
    front = settings}, Found)
end

return found
