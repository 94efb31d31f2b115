--- Groups: classes of a model put together to those that a person asks for: {dog_bark = {"Dog", "Bark"}}.
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"
local torch = require "moonlark.torch"

---@class moonlark.pretrained.Groups
---@field names string[]  sorted
---@field places moonlark.Tensor[]  of each group its classes' columns, from 0
---@field join "sum"|"max"
local Groups = {}
Groups.__index = Groups

local groups = {}

-- Names are compared without case, spaces and punctuation: "dog_bark", "Dog bark".
local function plain(name) return (name:lower():gsub("[%s%p]+", " "):gsub("^ ", ""):gsub(" $", "")) end

-- Where each name stands, from 0: exactly, and however it is written.
local function index_of(names)
  local exact, similar = {}, {}
  for i, name in ipairs(names) do
    exact[name] = i - 1
    similar[plain(name)] = similar[plain(name)] or i - 1
  end
  return function(name) return exact[name] or similar[plain(name)] end
end

-- Some names of many.
local function some(names)
  local shown = {}
  for i = 1, math.min(8, #names) do shown[i] = show.name(names[i]) end
  return table.concat(shown, ", ") .. (#names > 8 and " …" or "")
end

local function make(names, of, join)
  local self = setmetatable({names = names, places = {}, join = join}, Groups)
  for i, name in ipairs(names) do self.places[i] = torch.tensor(of[name], {dtype = "int64"}) end
  return self
end

--- The groups that a table names. Errors: a group is empty, or names what the model does not tell.
---     local ten = groups.new({dog_bark = {"Dog", "Bark"}}, model.names)
---@param map table<string, string|string[]>|string  the groups, or the path of a JSON file with them
---@param names string[]  what the model tells
---@param join "sum"|"max"  how probabilities of a group become one
---@return moonlark.pretrained.Groups
function groups.new(map, names, join)
  local where, of, missing = index_of(names), {}, {}
  if type(map) == "string" then map = json.read(map) end
  for group, members in pairs(map) do
    if type(members) == "string" then members = {members} end
    if type(group) ~= "string" or type(members) ~= "table" or #members == 0 then
      show.fail("map must name classes for each group, such as {dog_bark = {\"Dog\", \"Bark\"}}; of '%s' it does not",
        group)
    end
    of[group] = {}
    for i, member in ipairs(members) do
      of[group][i] = where(tostring(member))
      if not of[group][i] then missing[#missing + 1] = tostring(member) end
    end
  end
  if #missing > 0 then
    table.sort(missing)
    show.fail("map names what the model does not tell: %s; it tells %s", table.concat(missing, ", "), some(names))
  end
  if not next(of) then show.fail "map names no group" end
  return make(text.keys(of), of, join)
end

--- Those of the model's classes that a dataset has, by their names, however they are written. Errors: the model does
--- not tell some of them, which are listed.
---@param wanted string[]  of the dataset
---@param names string[]  of the model
---@return moonlark.pretrained.Groups
function groups.named(wanted, names)
  local where, of, missing = index_of(names), {}, {}
  for _, name in ipairs(wanted) do
    of[name] = {where(name)}
    if #of[name] == 0 then missing[#missing + 1] = name end
  end
  if #missing > 0 then
    show.fail("%d of the data's %d labels are none of the model's: %s. The model tells %s. A map says which of its own "
      .. "each stands for: {\"%s\": [\"%s\"]}", #missing, #wanted, table.concat(missing, ", "), some(names), missing[1],
      names[1])
  end
  return make(wanted, of, "sum")
end

--- Probabilities of the groups: the sum, or the largest, of each one's classes.
---     local p = ten:of(torch.rand {4, 521})
---@param probabilities moonlark.Tensor  [n, classes]
---@return moonlark.Tensor  [n, groups]
function Groups:of(probabilities)
  local columns = {}
  for i, places in ipairs(self.places) do
    local members = probabilities:index_select(1, places)
    columns[i] = self.join == "max" and members:amax {1} or members:sum {1}
  end
  return torch.stack(columns, 1)
end

return groups
