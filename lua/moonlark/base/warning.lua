--- Warnings on standard error, a line each: what a person should know although the work went on.
local show = require "moonlark.base.show"

local warning = {}

--- Says one line. Names in it must have gone through show.name.
---@param words string
function warning.say(words)
  io.stderr:write("warning: ", words, "\n")
end

--- Says something about a file.
---@param path string
---@param words string
function warning.of_file(path, words)
  warning.say(show.format("%s: %s", path, words))
end

return warning
