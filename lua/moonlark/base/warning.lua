--- Warnings on standard error, a line each: what a person should know of something that went on all the same.
local show = require "moonlark.base.show"

local warning = {}

--- Says one line. What the words quote must be fit to be shown: see show.name.
---@param words string
function warning.say(words)
  io.stderr:write("warning: ", words, "\n")
end

--- Says something of a file, whatever its name is.
---@param path string
---@param words string
function warning.of_file(path, words)
  warning.say(show.format("%s: %s", path, words))
end

return warning
