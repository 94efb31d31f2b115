--- Vamp: features of other people's plugins.
---
--- A plugin runs in a process of its own: one that crashes, hangs or eats memory is an error, and no more. Finding out
--- what a library holds runs it, too: only those that are named, or all with vamp_plugins.
local libraries = require "moonlark.feature.vamp.libraries"
local options = require "moonlark.base.options"
local run = require "moonlark.feature.vamp.run"
local show = require "moonlark.base.show"
local stream = require "moonlark.audio.stream"
local text = require "moonlark.base.text"

---@class moonlark.feature
local vamp = {}

local of_vamp = options.describe("feature.vamp", run.options)

--- What a Vamp plugin finds in a song: a Signal, bins × frames, where the output has values at a steady rate (NaN where it
--- gave none), else an annotation, whose items have `start`, `stop`, `label`, `value` (and `values`) as the plugin says.
--- Plugins lie in the folders of VAMP_PATH, or in those that are usual. They hear the song at its own rate; a plugin of one
--- channel hears the mean of all. Blocks, windows and times are those of the Vamp SDK's host. Errors: no such plugin,
--- output or parameter; a value out of its range; the plugin refuses the song, crashed, or was given up.
---     local onsets = feature.vamp("vamp-example-plugins:percussiononsets:onsets", "song.mp3", {threshold = 4})
---     plot.map(feature.mel(song)):over(onsets):show()
---@param plugin string  "library:plugin:output"; without an output, the first
---@param song string|moonlark.Signal  a path, which is read block by block, or a waveform
---@param parameters table<string, number|string|boolean>?  the plugin's, by their identifiers; a value may be given by name
---@param given moonlark.feature.vamp.Options?
---@return moonlark.Signal|moonlark.Annotation
function vamp.vamp(plugin, song, parameters, given)
  if type(plugin) ~= "string" then show.fail("plugin must be text, got %s", type(plugin)) end
  local o = of_vamp:read(given)
  local order = run.order(plugin, parameters, o)
  local blocks, channels, rate = stream(song)
  return (run.song(order, blocks, channels, rate, type(song) == "table" and song.start or 0))
end

local Plugins = {}

-- "library:plugin  its name", its outputs and its parameters.
function Plugins:__tostring()
  local lines = {}
  for _, one in ipairs(self) do
    lines[#lines + 1] = ("%s  %s"):format(one.id, one.name)
    local outputs = {}
    for i, output in ipairs(one.outputs) do outputs[i] = output.id end
    lines[#lines + 1] = "  gives " .. table.concat(outputs, ", ")
    for _, p in ipairs(one.parameters) do
      lines[#lines + 1] = ("  %s = %g  %g..%g %s  %s"):format(p.id, p.usual or 0, p.least or 0, p.most or 0, p.unit, p.name)
    end
  end
  for path, why in pairs(self.faults) do lines[#lines + 1] = ("%s cannot be used: %s"):format(path, why) end
  if #lines == 0 then lines[1] = "no Vamp plugins in " .. table.concat(libraries.folders(), ", ") end
  return table.concat(lines, "\n")
end

--- The Vamp plugins that are there: a list, which prints itself, of {id = "library:plugin", name, about, maker, version,
--- path, outputs, parameters, programs}; `faults` says why of a library that cannot be used. Each library is opened in a
--- process of its own to ask it.
---     print(feature.vamp_plugins())
---@return table
function vamp.vamp_plugins()
  local list, paths = {faults = {}}, libraries.found()
  for _, name in ipairs(text.sort(text.keys(paths))) do
    local plugins, why = libraries.plugins(paths[name])
    for _, plugin in ipairs(plugins) do
      list[#list + 1] = options.join(plugin, {id = name .. ":" .. plugin.id, path = paths[name]})
    end
    list.faults[paths[name]] = why
  end
  return setmetatable(list, Plugins)
end

return vamp
