--- What commands that compute features share: a recipe from the words of a command line.
local command = require "moonlark.shell.command"
local engine = require "moonlark.feature.engine"
local guest = require "moonlark.feature.guest"
local options = require "moonlark.base.options"
local recipe = require "moonlark.feature.recipe"
local show = require "moonlark.base.show"

local arguments = {}

--- Adds --features, --set, --rate, --start, --duration, --pad, --channel and --partial to a parser.
---@param usual string?  the default features, separated by commas; nil: they must be named
function arguments.add(parser, usual)
  local features = parser:option("--features", "Features, separated by commas: mel,mfcc,chroma_cqt … "
    .. "(in Lua, feature.names() lists all).")
    :argname "<a,b>":convert(command.words)
  local names = engine.names()
  table.move(guest.names, 1, #guest.names, #names + 1, names)
  command.offer(features, names, true)
  if usual then features:default(usual) else features:count(1) end
  parser:option("--set", "A setting of a feature; may be given several times."):argname "<feature.name=value>":count "*"
  command.options(parser, options.described "feature.recipe", {"rate", "start", "duration", "pad"})
  command.reading(parser)
end

--- Adds --cache and --no-cache to a parser.
function arguments.add_cache(parser)
  parser:option("--cache", "A folder that keeps results between runs; default: the user's (moonlark cache).")
    :argname "<folder>"
  parser:flag("--no-cache", "Compute all anew and keep nothing.")
end

--- The cache folder that parsed arguments ask for, or nil.
function arguments.cache(args)
  if args.no_cache then return nil end
  return args.cache or require "moonlark.dataset.cache".folder()
end

--- The recipe that parsed arguments describe.
function arguments.recipe(args)
  local features = {}
  for _, name in ipairs(args.features) do features[name] = {} end
  for _, text in ipairs(args.set) do
    local feature, name, value = text:match "^([%w_]+)%.([%w_]+)=(.+)$"
    if not feature then show.fail("--set must look like mel.n_mels=64, got '%s'", text) end
    if not features[feature] then show.fail("--set %s: %s is not among --features", text, feature) end
    features[feature][name] = value ~= "nil" and command.value(options.any(), value) -- as settings write it
  end
  return recipe.new {features = features, rate = args.rate, start = args.start, duration = args.duration,
    pad = args.pad, pool = args.pool, channel = args.channel, partial = args.partial}
end

return arguments
