--- Class weights: what the mistakes of each class count in learning, where classes are of unlike size.
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local weights = {}

-- "jazz=2,pop=0.5", as people type it.
local function read(words)
  local given = {}
  for part in (words .. ","):gmatch "([^,]*)," do
    local class, weight = part:match "^%s*(.-)%s*=%s*([^=]-)%s*$"
    if not class or class == "" then return nil end
    given[class] = tonumber(weight) or false
  end
  return given
end

-- {jazz = 2, [3] = 0.5}: finite weights above 0 by class, the keys as text, so that files of models hold them.
local function by_class(value)
  if type(value) == "string" then value = read(value) end
  if type(value) ~= "table" or next(value) == nil or getmetatable(value) then return nil end
  local clean = {}
  for class, weight in pairs(value) do
    local is_weight = type(weight) == "number" and weight > 0 and weight < math.huge
    if type(class) ~= "string" and math.type(class) ~= "integer" or not is_weight then return nil end
    clean[tostring(class)] = weight
  end
  return clean
end

--- The option class_weight.
weights.option = options.either(nil, {
  options.choice {"balanced"},
  options.value("table<string|integer, number>", "a table of weights above 0 by class, or text such as jazz=2,pop=0.5",
    by_class),
}, 'what the mistakes of each class count: "balanced" is rows / (classes · rows of the class); classes that a table '
  .. "leaves out count 1", {usual = "1 each"})

-- The class that a key of the table means, by its name or its id.
local function id_of(key, names)
  for i, name in ipairs(names or {}) do
    if name == key then return i - 1 end
  end
  local id = math.tointeger(tonumber(key))
  if id and id >= 0 and (not names or id < #names) then return id end
  if not names then
    show.fail("class_weight names the class '%s', but these labels are ids without names", key)
  end
  options.unknown("class of class_weight", key, names)
end

--- The weight of each class; nil where all count the same.
---@param setting "balanced"|table<string, number>|nil  as the option gives it
---@param counts integer[]  the rows of each class, each 1 or more
---@param ids integer[]  their class ids
---@param names string[]?  of all classes by id
---@return number[]?
function weights.of(setting, counts, ids, names)
  if not setting then return nil end
  local list, rows = {}, 0
  for _, count in ipairs(counts) do rows = rows + count end
  if setting == "balanced" then
    for i, count in ipairs(counts) do list[i] = rows / (#counts * count) end
    return list
  end
  local given = {}
  for key, weight in pairs(setting) do given[id_of(key, names)] = weight end
  for i, id in ipairs(ids) do list[i] = given[id] or 1 end
  return list
end

return weights
