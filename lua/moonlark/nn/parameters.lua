--- What constructors are given: PyTorch's arguments in order, or by name in a last table; and kinds of arguments that
--- several of them have.
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local parameters = {}

--- Reads what a constructor was given, in the order of its description.
---
---     local linear = options.describe("nn.Linear", {in_features = …, out_features = …, bias = …})
---     local o = parameters.read(linear, ...)      -- of nn.Linear(40, 10) or nn.Linear(40, {out_features = 10})
---@param description moonlark.Description
---@param ... any
---@return table
function parameters.read(description, ...)
  local values, count, given = {...}, select("#", ...), {}
  local owner, last = description.owner, values[count]
  if type(last) == "table" and #last == 0 and getmetatable(last) == nil then
    given, count = options.join(last), count - 1
  end
  if count > #description.list then
    show.fail("%s takes %d arguments at most, got %d", owner, #description.list, count)
  end
  for i, parameter in ipairs(description.list) do
    local name, value = parameter.name, nil
    if i <= count then value = values[i] end
    if value ~= nil and given[name] ~= nil then show.fail("%s: %s is given twice", owner, name) end
    if value ~= nil then given[name] = value end
    if parameter.required and given[name] == nil then show.fail("%s needs %s", owner, name) end
  end
  return description:read(given)
end

--- A size that must be given: 1 or more.
---@param help string
---@return moonlark.Parameter
function parameters.size(help) return options.integer(options.required, {least = 1}, help) end

--- A probability.
---@param default number
---@param help string
---@return moonlark.Parameter
function parameters.probability(default, help) return options.number(default, {least = 0, most = 1}, help) end

--- A whole number for all of `axes` axes, or a list with one for each; parameters.each_axis makes it a list.
---@param axes integer
---@param default integer|table
---@param help string
---@param more moonlark.Parameter?  what else it may be
---@param facts {usual?: string}?
---@return moonlark.Parameter
function parameters.per_axis(axes, default, help, more, facts)
  local each = options.list(options.integer(), nil, {length = axes})
  return options.either(default, {options.integer(), each, more}, help, facts)
end

--- A number for each axis, from one or from a list.
---@param value integer|integer[]
---@param axes integer
---@return integer[]
function parameters.each_axis(value, axes)
  if type(value) == "table" then return value end
  local list = {}
  for axis = 1, axes do list[axis] = value end
  return list
end

--- A list of numbers in words: "3", or "(3, 5)".
---@param list integer[]
---@return string
function parameters.text(list)
  for i = 2, #list do
    if list[i] ~= list[1] then return "(" .. table.concat(list, ", ") .. ")" end
  end
  return tostring(list[1])
end

return parameters
