--- The engine: the C module of this name, told where its tensors come from; recipes, where embeddings do; annotations, who
--- compares them.
---
--- Lua looks for this file before it looks for the C module. The engine itself knows nobody who makes tensors: its
--- first tensor calls the function below, so that libtorch is loaded no earlier.
local file, why = package.searchpath("moonlark_core", package.cpath)
local open
if file then open, why = package.loadlib(file, "luaopen_moonlark_core") end
if not open then error("the engine could not be loaded: " .. why, 0) end
local core = open()
core.system.load_tensors_by(function() require "moonlark.torch" end)
core.vamp.host = file:gsub("[^/]*$", "moonlark-vamp") -- the program in which Vamp plugins run
core.process.decoder = file:gsub("[^/]*$", "moonlark-decode") -- the one in which files of strangers are decoded
core.process.program = file:gsub("lib/moonlark/[^/]*$", "bin/moonlark") -- and the one that runs Lua
core.embeddings = function() return require "moonlark.pretrained.feature" end -- for recipes; models lie above them
core.comparison = function() return require "moonlark.metrics.comparison" end -- for annotations; metrics lie above them
return core
