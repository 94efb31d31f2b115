--- Prediction: what a model says of one song, or of one row of a table.
local show = require "moonlark.base.show"

local prediction = {}

---@class moonlark.Prediction.Segment
---@field start number  s
---@field label string?
---@field probability number?
---@field probabilities table<string, number>?  of each class
---@field values table<string, number>?

---@class moonlark.Prediction
---@field path string  the file; of a table the path of the row, or its number
---@field label string?  the class or cluster, "noise" for a row of none; nil for models of tags and values
---@field probability number?  its probability; nil: the model has none
---@field probabilities table<string, number>?  of each class
---@field tags string[]?  those that apply, of a model of tags
---@field values table<string, number>?  of a model of values
---@field segments moonlark.Prediction.Segment[]?  when they were asked for
---@field top integer?  how many classes print names; default: the likeliest, or the tags that apply
local Prediction = {}
Prediction.__index = Prediction
Prediction.__name = "moonlark.Prediction"

--- Makes a Prediction of its fields.
---@param fields table
---@return moonlark.Prediction
function prediction.new(fields) return setmetatable(fields, Prediction) end

function Prediction:__tostring()
  local words = {}
  for i, one in ipairs(self:ranked()) do
    local number = one.probability and ("  %.3f"):format(one.probability) or one.value and ("  %.4g"):format(one.value)
    words[i] = show.name(one.label) .. (number or "")
  end
  if self.top then return table.concat(words, ", ", 1, math.min(self.top, #words)) end
  if self.tags then return table.concat(words, ", ", 1, #self.tags) end
  return self.values and table.concat(words, ", ") or words[1]
end

-- A table of numbers by name as a list under `key`, the largest first.
local function sorted(numbers, key)
  local list = {}
  for label, number in pairs(numbers) do list[#list + 1] = {label = label, [key] = number} end
  table.sort(list, function(a, b)
    if a[key] ~= b[key] then return a[key] > b[key] end
    return a.label < b.label
  end)
  return list
end

--- The classes of a prediction, the likeliest first; the label alone where there are no probabilities. Of a model of
--- tags those that apply come first, of values there are all.
---     for _, one in ipairs(prediction:ranked()) do print(one.label, one.probability) end
---@return {label: string, probability: number?, value: number?}[]
function Prediction:ranked()
  if self.values then return sorted(self.values, "value") end
  if not self.probabilities then return {{label = self.label}} end
  local list, first = sorted(self.probabilities, "probability"), {}
  for _, name in ipairs(self.tags or {self.label}) do first[name] = true end
  local ranked = {}
  for _, wanted in ipairs {true, false} do
    for _, one in ipairs(list) do
      if (first[one.label] or false) == wanted then ranked[#ranked + 1] = one end
    end
  end
  return ranked
end

return prediction
