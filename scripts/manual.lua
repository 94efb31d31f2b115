--- Writes the manual: pages on modules, functions, options and commands, for a browser.
local command = require "moonlark.shell.command"
local progress = require "moonlark.base.progress"
local show = require "moonlark.base.show"

local parser = command.parser("manual", "Writes the manual as a folder of pages: every function with its options and "
  .. "examples, made from the comments that the prompt shows, too.")
parser:epilog [[
  moonlark manual ~/moonlark-manual    then open index.html there in a browser

The folder appears whole or not at all. An earlier manual in it is replaced; a folder that holds anything else is refused.
Exit code: 0, 1 when the folder cannot be written, 2 for wrong usage.]]
parser:argument("folder", "Where to put it.")
local args = parser:parse()

local bar
local faults = require "moonlark.manual".write(args.folder, function(done, total)
  bar = bar or progress.new(total, "chapters")
  bar:update(done)
end)
if bar then bar:finish() end
for _, one in ipairs(faults) do io.stderr:write(show.format("the example of %s: %s\n", one.name, one.fault)) end
print(show.format("wrote %s/index.html", (args.folder:gsub("(.)/+$", "%1"))))
