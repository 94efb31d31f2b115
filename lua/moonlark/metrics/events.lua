--- Events: what metrics of times share: reading them, and pairing those of two lists that lie close together.
local annotation = require "moonlark.annotation"
local show = require "moonlark.base.show"
local warning = require "moonlark.base.warning"

local events = {}

--- Times in seconds, of an Annotation, a list or a tensor. Errors: anything else; times that are not finite or do not
--- ascend.
---     local times = events.times("reference", beats)
---@param name string  the argument's name
---@param value moonlark.Annotation|number[]|moonlark.Tensor
---@return number[]
function events.times(name, value)
  if annotation.is(value) then return value.times end
  if type(value) == "userdata" and value.totable then value = value:flatten():totable() end
  if type(value) ~= "table" then
    show.fail("%s must be an Annotation or a list of seconds, got %s", name, type(value))
  end
  for i, time in ipairs(value) do
    if type(time) ~= "number" or time ~= time or math.abs(time) == math.huge then
      show.fail("%s must be seconds, got %s as number %d", name, tostring(time), i)
    end
    if i > 1 and time < value[i - 1] then show.fail("%s must ascend, got %g as number %d", name, time, i) end
  end
  return value
end

--- Warns, as mir_eval does, where there is nothing to compare, so that the figures say nothing.
---     events.warn_if_empty(reference, estimate, "beats")
---@param reference table  a list
---@param estimate table  a list
---@param what string  what they are lists of
function events.warn_if_empty(reference, estimate, what)
  if #reference == 0 then warning.say("empty-reference", ("the reference has no %s: there is nothing to find"):format(what)) end
  if #estimate == 0 then warning.say("empty-estimate", ("the estimate has no %s"):format(what)) end
end

--- How many of the events can be paired, each with one of the other list that lies no further than `window` away: a largest
--- matching. Both lists ascend, so taking the earliest that fits is the best.
---     print(events.matches({1, 2, 3}, {1.04, 2.5}, 0.07))     -- 1
---@param a number[]
---@param b number[]
---@param window number  seconds
---@return integer
function events.matches(a, b, window)
  local i, j, count = 1, 1, 0
  while a[i] and b[j] do
    if a[i] >= b[j] - window and a[i] <= b[j] + window then -- rounded as mir_eval rounds
      count, i, j = count + 1, i + 1, j + 1
    elseif a[i] < b[j] then
      i = i + 1
    else
      j = j + 1
    end
  end
  return count
end

--- Harmonic mean of precision and recall.
---     print(events.f_measure(0.5, 1))
---@param precision number
---@param recall number
---@return number
function events.f_measure(precision, recall)
  return precision + recall > 0 and 2 * precision * recall / (precision + recall) or 0
end

--- F-measure, precision and recall of matched events; 0 where one list is empty.
---     print(events.score({1, 2}, {1}, 0.05))
---@param reference number[]
---@param estimate number[]
---@param window number  seconds
---@return number f
---@return number precision
---@return number recall
function events.score(reference, estimate, window)
  if #reference == 0 or #estimate == 0 then return 0, 0, 0 end
  local count = events.matches(reference, estimate, window)
  local precision, recall = count / #estimate, count / #reference
  return events.f_measure(precision, recall), precision, recall
end

return events
