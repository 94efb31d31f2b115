--- Vamp: features of other people's plugins.
---
--- A plugin runs in a process of its own: one that crashes, hangs or eats memory is an error, and no more. Finding out
--- what a library holds runs it, too: only those that are named, or all with vamp_plugins.
local json = require "moonlark.base.json"
local libraries = require "moonlark.feature.vamp.libraries"
local options = require "moonlark.base.options"
local results = require "moonlark.feature.vamp.results"
local show = require "moonlark.base.show"
local stream = require "moonlark.audio.stream"
local text = require "moonlark.base.text"

local vamp = {}

local of_vamp = options.describe("feature.vamp", {
  step_size = options.integer(nil, {least = 1, most = 1 << 24, unit = "samples", usual = "as the plugin wants it"},
    "from block to block"),
  block_size = options.integer(nil, {least = 1, most = 1 << 24, unit = "samples", usual = "as the plugin wants it"},
    "that it hears at once"),
  program = options.text(nil, "one of the plugin's sets of parameters", {usual = "none"}),
  timeout = options.number(300, {above = 0, unit = "s"}, "without a sign of life after which it is given up"),
  memory = options.integer(4096, {least = 64, most = 1 << 30, unit = "MB"}, "that its process may take"),
})

-- A value as the plugin has it: a number of its range, or the name of one.
local function value_of(parameter, value, what)
  if value == true or value == false then value = value and 1 or 0 end
  for i, name in ipairs(parameter.names or {}) do
    if name == value then return parameter.least + (i - 1) * parameter.quantum end
  end
  if type(value) ~= "number" or not (value >= parameter.least and value <= parameter.most) then
    local names = parameter.names and #parameter.names > 0 and (" or one of " .. table.concat(parameter.names, ", ")) or ""
    show.fail("%s must be %g..%g%s, got %s", what, parameter.least, parameter.most, names, options.got(value))
  end
  local steps = (value - parameter.least) / (parameter.quantum or 1)
  if parameter.quantum and math.abs(steps - math.floor(steps + 0.5)) > 1e-4 then
    show.fail("%s must be %g and steps of %g, got %g", what, parameter.least, parameter.quantum, value)
  end
  return value
end

-- "name=value" for each parameter that is given, in the order of the plugin's own.
local function words_of(plugin, given)
  if given ~= nil and type(given) ~= "table" then
    show.fail("parameters must be a table {name = value …}, got %s", type(given))
  end
  local known, words = {}, {}
  for _, parameter in ipairs(plugin.parameters) do
    known[parameter.id], known[#known + 1] = true, parameter.id
    local value = given and given[parameter.id]
    if value ~= nil then
      words[#words + 1] = ("%s=%.9g"):format(parameter.id, value_of(parameter, value, "parameters." .. parameter.id))
    end
  end
  for name in pairs(given or {}) do
    if not known[name] then options.unknown("parameter of " .. plugin.id, name, known) end
  end
  return words
end

local function check_program(plugin, program)
  for _, name in ipairs(plugin.programs) do
    if name == program then return end
  end
  show.fail("program must be one of %s, got %s",
    #plugin.programs > 0 and table.concat(plugin.programs, ", ") or "none: the plugin has no programs", options.got(program))
end

-- Feeds a song; how many samples it had.
local function feed(session, blocks)
  local samples = 0
  for block in blocks do
    session:feed(block)
    samples = samples + block:size(1)
  end
  return samples
end

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
  local o, found = of_vamp:read(given), libraries.resolve(plugin)
  local words = words_of(found.plugin, parameters)
  if o.program then check_program(found.plugin, o.program) end
  local blocks, channels, rate = stream(song)
  local order = {found.path, found.plugin.id, found.output.id, ("%d"):format(rate), ("%d"):format(channels),
    ("%d"):format(o.step_size or 0), ("%d"):format(o.block_size or 0), o.program or "", table.unpack(words)}
  local session <close> = libraries.start("run", o.memory, order, o.timeout)
  local fine, samples = pcall(feed, session, blocks)
  local why = fine and session:finish() or not fine and samples
  if why then show.fail("%s: %s", found.key, why) end
  local about = json.decode(session:said()[1])
  return results(session:results(), about, {rate = rate, start = type(song) == "table" and song.start or 0,
    duration = samples / rate}, {feature = "vamp", plugin = found.key, version = about.version, step_size = about.step,
    block_size = about.block, parameters = table.concat(words, " ")})
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
