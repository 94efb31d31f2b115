--- Embeds many sound files with a model from elsewhere and writes what it makes of them to a folder.
local command = require "moonlark.shell.command"
local extraction = require "moonlark.shell.extraction"
local options = require "moonlark.base.options"
local recipe = require "moonlark.feature.recipe"
local source = require "moonlark.shell.source"

local parser = command.parser("embed", "Embeds many sound files with a model from elsewhere and writes what it makes "
  .. "of them to a folder.")
parser:epilog [[
  moonlark embed models/yamnet genres --out embeddings             a table, a row for each sound
  moonlark embed models/whisper genres --out e --layer 4 --pool false    files of frames
  moonlark classify embeddings                                     learns from it

It is moonlark extract with one feature, embedding, and leaves the same files. What is done is kept (moonlark cache):
after an interruption only the rest is computed. Files that cannot be read are set aside and named.
Exit code: 0, 3 when some files were set aside, 1 when none is left, 2 for wrong usage.]]
parser:argument("model", "A folder or file of weights, a name of moonlark models, or org/name on a hub.")
parser:argument("data", "A folder with one folder for each class, a list.csv, or an index that moonlark index wrote.")
source.known_arguments(parser)
require "moonlark.feature.embedder" -- which describes it
local described = options.described "feature.embedding"
local passed = {"layer", "window", "hop", "precision", "pca", "device", "batch_size"}
command.options(parser, described, passed)
parser:option("--pool", "Statistics over the time of a song: mean, std, min, max, median, p0 … p100; false: a file of "
  .. "frames for each sound."):argname "<a,b|false>":default "mean":convert(function(text)
  return text == "false" and {} or command.words(text)
end)
command.options(parser, options.described "feature.recipe", {"start", "duration", "pad"})
command.reading(parser)
extraction.arguments(parser)
local args = parser:parse()

local settings = {model = args.model}
for _, name in ipairs(passed) do settings[name] = args[name] end
extraction.run(parser, args, recipe.new {features = {embedding = settings}, start = args.start,
  duration = args.duration, pad = args.pad, channel = args.channel, partial = args.partial,
  pool = #args.pool > 0 and args.pool or nil})
