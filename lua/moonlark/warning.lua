--- Warnings on standard error, a line each: what a person should know of something that went on all the same.
local warning = {}

--- Says one line.
---@param words string
function warning.say(words)
  io.stderr:write("warning: ", words, "\n")
end

--- Says something of a file.
---@param path string
---@param words string
function warning.of_file(path, words)
  warning.say(("%s: %s"):format(path, words))
end

return warning
