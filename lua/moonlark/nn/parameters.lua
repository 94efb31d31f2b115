--- What constructors are given: PyTorch's arguments in order, or by name in a last table.
local options = require "moonlark.base.options"

local arguments = {}

--- Reads the arguments of a constructor: `names` in order, of which those without a default must be given.
---
---     local o = arguments.read("Linear", {"in_features", "out_features", "bias"}, {bias = true}, ...)
---@param owner string
---@param names string[]
---@param defaults table<string, any>
---@param ... any
---@return table
function arguments.read(owner, names, defaults, ...)
  local given, count = {...}, select("#", ...)
  local named = {}
  local last = given[count]
  if type(last) == "table" and #last == 0 and getmetatable(last) == nil then
    named, count = last, count - 1
  end
  if count > #names then error(("%s takes %d arguments at most, got %d"):format(owner, #names, count), 0) end
  local all, known = {}, {}
  for i, name in ipairs(names) do
    known[name] = true
    if i <= count then all[name] = given[i] end
  end
  for key, value in pairs(named) do
    if not known[key] then options.unknown("argument of " .. owner, key, names) end
    if all[key] ~= nil then error(("%s: %s is given twice"):format(owner, key), 0) end
    all[key] = value
  end
  for _, name in ipairs(names) do
    if all[name] == nil then
      local default = defaults[name]
      if default == nil then error(("%s needs %s"):format(owner, name), 0) end
      if default ~= options.none then all[name] = default end
    end
  end
  return all
end

--- A positive whole number.
---@param owner string
---@param name string
---@param value any
---@return integer
function arguments.size(owner, name, value)
  local whole = type(value) == "number" and math.tointeger(value)
  if not whole or whole < 1 then
    error(("%s: %s must be a whole number, 1 or more, got %s"):format(owner, name, tostring(value)), 0)
  end
  return whole
end

--- A number from 0 to 1.
---@param owner string
---@param name string
---@param value any
---@return number
function arguments.probability(owner, name, value)
  if type(value) ~= "number" or not (value >= 0 and value <= 1) then
    error(("%s: %s must be 0..1, got %s"):format(owner, name, tostring(value)), 0)
  end
  return value
end

--- A number for each of `axes` axes, from one or from a list.
---@param owner string
---@param name string
---@param value integer|integer[]
---@param axes integer
---@return integer[]
function arguments.each_axis(owner, name, value, axes)
  local list = {}
  for axis = 1, axes do
    list[axis] = math.tointeger(type(value) == "table" and value[axis] or type(value) == "number" and value)
  end
  if #list ~= axes or type(value) == "table" and #value ~= axes then
    error(("%s: %s must be a whole number or %d, got %s"):format(owner, name, axes, tostring(value)), 0)
  end
  return list
end

--- A list of numbers in words: "3", or "(3, 5)".
---@param list integer[]
---@return string
function arguments.text(list)
  for i = 2, #list do
    if list[i] ~= list[1] then return "(" .. table.concat(list, ", ") .. ")" end
  end
  return tostring(list[1])
end

return arguments
