--- Reading: the two options that say what of a sound file is taken, the same wherever files are read.
local options = require "moonlark.base.options"

local reading = {}

--- All channels, as the engine counts.
reading.all = -2

local numbers = {mix = -1, left = 0, right = 1} -- as the engine counts

--- Both, for options.describe.
reading.options = {
  channel = options.either(options.none, {
    options.choice({"mix", "left", "right"}, options.none), options.integer(options.none, {least = 0, most = 255}),
  }, "which channel to hear; numbers count from 0", {usual = '"mix", the mean of all'}),
  partial = options.choice({"refuse", "keep"}, options.none,
    "files that are damaged or end before their headers say: refuse them, or keep what is there",
    {usual = '"refuse"'}),
}

--- The number of a channel as the engine counts.
---@param value "mix"|"left"|"right"|integer|nil
---@return integer
function reading.channel(value) return numbers[value or "mix"] or value end

--- Whether a file that ends too early is kept.
---@param value "refuse"|"keep"|nil
---@return boolean
function reading.keeps_partial(value) return value == "keep" end

return reading
