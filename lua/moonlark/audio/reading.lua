--- Reading: the two options that say what of a sound file is taken, the same wherever files are read.
---
--- channel: "mix" (the default) is the mean of all channels; "left" is channel 0, "right" channel 1, and a number is
--- that channel, counted from 0 as the rows of a tensor are.
--- partial: "refuse" (the default) makes a file that is damaged, or ends before its header says, an error; "keep"
--- takes what is there, with a warning.
local options = require "moonlark.base.options"

local reading = {}

-- The engine's numbers of channels that are none.
local MIX, ALL = -1, -2

local numbers = {mix = MIX, left = 0, right = 1}

local channel = options.either(options.none, {
  options.choice({"mix", "left", "right"}, options.none), options.integer(options.none, {least = 0, most = 255}),
}, "which channel to hear; numbers count from 0", {usual = '"mix", the mean of all'})

local partial = options.choice({"refuse", "keep"}, options.none,
  "files that are damaged or end before their headers say: refuse them, or keep what is there",
  {usual = '"refuse"'})

--- Both, for options.describe.
reading.options = {channel = channel, partial = partial}

--- The number of a channel as the engine counts.
---@param value "mix"|"left"|"right"|integer|nil
---@return integer
function reading.channel(value)
  return value == nil and MIX or numbers[value] or value
end

--- All channels, as the engine counts.
reading.all = ALL

--- Whether a file that ends too early is kept.
---@param value "refuse"|"keep"|nil
---@return boolean
function reading.keeps_partial(value)
  return value == "keep"
end

return reading
