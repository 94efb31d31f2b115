--- Reading: the two options that say what of a sound file is taken, the same wherever files are read.
---
--- channel: "mix" (the default) is the mean of all channels; "left" is channel 0, "right" channel 1, and a number is
--- that channel, counted from 0 as the rows of a tensor are.
--- partial: "refuse" (the default) makes a file that is damaged, or ends before its header says, an error; "keep"
--- takes what is there, with a warning.
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local reading = {}

-- The engine's numbers of channels that are none.
local MIX, ALL = -1, -2

local numbers = {mix = MIX, left = 0, right = 1}

--- Defaults of both for options.read: nil, which means the default above.
reading.defaults = {channel = options.none, partial = options.none}

--- The number of a channel as the engine counts.
---@param value "mix"|"left"|"right"|integer|nil
---@return integer
function reading.channel(value)
  if value == nil then return MIX end
  local number = numbers[value] or math.tointeger(value)
  if number and (number >= 0 or value == "mix") and number < 256 then return number end
  show.fail('channel must be "mix", "left", "right" or a number from 0, got %s', tostring(value))
end

--- All channels, as the engine counts.
reading.all = ALL

--- Whether a file that ends too early is kept.
---@param value "refuse"|"keep"|nil
---@return boolean
function reading.keeps_partial(value)
  if value == nil or value == "refuse" then return false end
  if value == "keep" then return true end
  show.fail('partial must be "refuse" or "keep", got %s', tostring(value))
end

return reading
