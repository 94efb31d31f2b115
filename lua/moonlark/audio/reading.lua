--- Reading: the two options that say what of a sound file is taken, the same wherever files are read.
local options = require "moonlark.base.options"

local reading = {}

local numbers = {all = -2, mix = -1, left = 0, right = 1} -- as the engine counts

--- Both, for options.describe.
reading.options = {
  channel = options.either(options.none, {
    options.choice({"mix", "left", "right"}, options.none), options.integer(options.none, {least = 0, most = 255}),
  }, "which channel to hear; numbers count from 0", {usual = '"mix", the mean of all'}),
  partial = options.choice({"refuse", "keep"}, options.none,
    "files that are damaged or end before their headers say: refuse them, or keep what is there",
    {usual = '"refuse"'}),
}

--- The number of a channel as the engine counts; nil is the mean of all.
---@param value "all"|"mix"|"left"|"right"|integer|nil
---@return integer
function reading.channel(value) return numbers[value or "mix"] or value end

return reading
