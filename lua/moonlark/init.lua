--- Moonlark: analysing music and sound from Lua.
---
---     local moonlark = require "moonlark"
---     local song = moonlark.audio.load "song.mp3"
---
--- Each module is loaded when its name is first used.
local warning = require "moonlark.base.warning"

local moonlark = {}

--- The folder of Moonlark's own modules.
moonlark.folder = debug.getinfo(1, "S").source:match "^@(.*)/init%.lua$"

--- The folder that holds lua/moonlark/, scripts and models; where LuaRocks installed the modules, theirs: it has models.
moonlark.home = moonlark.folder:match "^(.*)/lua/moonlark$" or moonlark.folder

-- Architectures are modules, too ("models.cnn"), to which a stock Lua's paths do not lead.
table.insert(package.searchers, function(name)
  local model = name:match "^models%.([%w_]+)$"
  local path = model and ("%s/models/%s.lua"):format(moonlark.home, model)
  local file = path and io.open(path)
  if not file then return path and ("\n\tno file '%s'"):format(path) end
  file:close()
  return assert(loadfile(path)), path
end)

--- The modules that the prompt offers as globals.
moonlark.modules = {
  "annotation", "audio", "augment", "classify", "cluster", "corpus", "dataset", "effects", "feature", "finetune", "hub",
  "library", "live", "metrics", "music", "nn", "optim", "plot", "predict", "pretrained", "regress", "run", "server",
  "signal", "torch", "train",
}

local is_module = {}
for _, name in ipairs(moonlark.modules) do is_module[name] = true end

--- The module of that name, loaded now if need be; nil when there is none.
---@param name string  one of moonlark.modules
---@return table?
function moonlark.module(name)
  if not is_module[name] then return nil end
  local full = "moonlark." .. name
  if package.loaded[full] == nil and not package.searchpath(full, package.path) then return nil end
  return require(full)
end

--- Warns: a line on standard error, the first time that a kind comes. All are counted, and kept in the folder of the
--- run that is open (run.json, report.md).
---     moonlark.warn("few-songs", "jazz has 3 songs")
---@param kind string  lower-case words with hyphens, the same for all warnings of one cause
---@param text string  one line
function moonlark.warn(kind, text) warning.say(kind, require("moonlark.base.show").name(text)) end

--- Sets what becomes of warnings: they are said, kept in silence, or made errors. Returns what it was before.
---     moonlark.warnings "error"
---@param policy "show"|"ignore"|"error"
---@return string
function moonlark.warnings(policy) return warning.policy(policy) end

-- moonlark.version is the engine's: it stands in CMakeLists.txt alone.
return setmetatable(moonlark, {__index = function(_, name)
  if name == "version" then return require "moonlark_core".system.version end
  return moonlark.module(name)
end})
