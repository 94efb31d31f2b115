--- Layer: how a class of layers is made, what its constructor is given, and kinds of arguments that several have.
local Module = require "moonlark.nn.module".Module
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local layer = {}

--- Reads PyTorch's arguments: in the order of their description, or by name in a last table.
---     local o = layer.read(linear, ...)      -- of nn.Linear(40, 10) or nn.Linear(40, {out_features = 10})
function layer.read(description, ...)
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

--- A class of layers, "nn.NAME". `methods` has forward and, for messages, expects and arguments. Its init(self, o) gets
--- the options as they were read; without an init they become fields of the layer, and tensors its buffers.
function layer.class(name, fields, methods)
  local Class, description = Module:extend(name), options.describe("nn." .. name, fields)
  for key, method in pairs(methods) do Class[key] = method end
  function Class:init(...)
    local o = layer.read(description, ...)
    if methods.init then return methods.init(self, o) end
    for _, it in ipairs(description.list) do
      local value = o[it.name]
      if torch.is_tensor(value) then self:register_buffer(it.name, value) else self[it.name] = value end
    end
  end
  return Class
end

--- A size that must be given: 1 or more.
function layer.size(help) return options.integer(options.required, {least = 1}, help) end

--- A probability.
function layer.probability(default, help) return options.number(default, {least = 0, most = 1}, help) end

--- A whole number for all of `axes` axes, or a list with one for each; layer.each_axis makes it a list. `more` is a
--- parameter that says what else it may be.
function layer.per_axis(axes, default, help, more, facts)
  local each = options.list(options.integer(), nil, {length = axes})
  return options.either(default, {options.integer(), each, more}, help, facts)
end

--- A number for each axis, from one or from a list.
function layer.each_axis(value, axes)
  if type(value) == "table" then return value end
  local list = {}
  for axis = 1, axes do list[axis] = value end
  return list
end

--- A list of numbers in words: "3", or "(3, 5)".
function layer.text(list)
  for i = 2, #list do
    if list[i] ~= list[1] then return "(" .. table.concat(list, ", ") .. ")" end
  end
  return tostring(list[1])
end

--- The shape of an input in time, in words.
function layer.in_time(self, width) return (self.batch_first and "[n, t, %d]" or "[t, n, %d]"):format(width) end

return layer
