--- Run: one plugin over one song, in a process of its own.
local json = require "moonlark.base.json"
local libraries = require "moonlark.feature.vamp.libraries"
local options = require "moonlark.base.options"
local results = require "moonlark.feature.vamp.results"
local show = require "moonlark.base.show"

local run = {}

--- How a plugin is run.
run.options = {
  step_size = options.integer(nil, {least = 1, most = 1 << 24, unit = "samples", usual = "as the plugin wants it"},
    "from block to block"),
  block_size = options.integer(nil, {least = 1, most = 1 << 24, unit = "samples", usual = "as the plugin wants it"},
    "that it hears at once"),
  program = options.text(nil, "one of the plugin's sets of parameters", {usual = "none"}),
  timeout = options.number(300, {above = 0, unit = "s"}, "without a sign of life after which it is given up"),
  memory = options.integer(4096, {least = 64, most = 1 << 30, unit = "MB"}, "that its process may take, and its results"),
}

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

--- A plugin, and how it is to be run.
---@class moonlark.feature.vamp.Order
---@field path string  of its library
---@field key string  "library:plugin:output"
---@field plugin table
---@field output table
---@field words string[]  "parameter=value"
---@field how table  checked run.options

--- What a name, parameters and options come to. Errors: no such plugin, output, parameter or program, a value out of range.
---     local order = run.order("vamp-example-plugins:zerocrossing", nil, {timeout = 300, memory = 4096})
---@param name string
---@param parameters table<string, number|string|boolean>?
---@param how table  checked run.options
---@return moonlark.feature.vamp.Order
function run.order(name, parameters, how)
  local order = libraries.resolve(name)
  order.words, order.how = words_of(order.plugin, parameters), how
  if how.program then check_program(order.plugin, how.program) end
  return order
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

local function start(order, channels, rate)
  local how = order.how
  return libraries.start("run", how.memory, {order.path, order.plugin.id, order.output.id, ("%d"):format(rate),
    ("%d"):format(channels), ("%d"):format(how.step_size or 0), ("%d"):format(how.block_size or 0), how.program or "",
    table.unpack(order.words)}, how.timeout)
end

--- What a plugin finds in a song, and its output as it describes it once it runs. Errors: it refuses the song, crashed, or
--- was given up.
---@param order moonlark.feature.vamp.Order
---@param blocks fun(): moonlark.Tensor?  channels × samples
---@param channels integer
---@param rate integer  Hz
---@param at number  seconds at which the song starts
---@return moonlark.Signal|moonlark.Annotation
---@return table
function run.song(order, blocks, channels, rate, at)
  local session <close> = start(order, channels, rate)
  local fine, samples = pcall(feed, session, blocks)
  local why = fine and session:finish() or not fine and samples
  if why then show.fail("%s: %s", order.key, why) end
  local about = json.decode(session:said()[1])
  return results(session:results(), about, {rate = rate, start = at, duration = samples / rate}, {feature = "vamp",
    plugin = order.key, version = about.version, step_size = about.step, block_size = about.block,
    parameters = table.concat(order.words, " ")}), about
end

return run
