--- Judges a trained model on labelled songs: accuracy, figures of each class, confusion matrix.
local account = require "moonlark.classify.account"
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local model = require "moonlark.model"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local source = require "moonlark.shell.source"

local parser = command.parser("evaluate", "Judges a trained model on labelled songs.")
parser:epilog [[
  moonlark evaluate runs/c                    the test part that the run set aside (splits.json)
  moonlark evaluate runs/c other/genres       songs of the same classes, one folder a class
  moonlark evaluate runs/t other.csv --label genre    rows of a table with the columns that the run learnt from]]
parser:argument("model", "A run folder of train or classify, or a model's .safetensors file.")
source.arguments(parser, {args = "?", help = "Labelled songs (folder, list, index), a table of numbers, or a split, of "
  .. "which the test part is taken; default: the run's test part."})
parser:option("--plot", "Where to draw the confusion matrix, tags or values: .png, .svg or .pdf."):argname "<file>"
command.options(parser, options.described "model.open", {"device", "offline"})
command.options(parser, options.described "Model:evaluate", {"map", "join"})
command.reading(parser, "as in the training")
command.models(parser)
command.workers(parser)
command.json(parser)
local args = parser:parse()
if args.plot then require "moonlark.plot.figure".kind_of(args.plot) end -- refused before the work

-- The songs, or the rows of a table, to judge on: of a split its test part.
local function test_data()
  local folder = files.kind(args.model) == "directory" and args.model or (files.split(args.model))
  if not args.data and not files.exists(files.join(folder, "splits.json")) then
    show.fail("%s set no test part aside: name the data to judge on", args.model)
  end
  local given = options.join(args, {data = args.data or files.join(folder, "splits.json")})
  local opened = source.open(given)
  local data, division = opened.features or opened.songs, opened.division
  if args.data and opened.words then io.stderr:write(opened.words, "\n") end
  if division then
    if not division.test then show.fail("%s has no test part", given.data) end
    data = opened.features and opened.features:divide(division).test or division.test
  end
  if #data.classes == 0 and not data.task then show.fail("%s has no labels", given.data) end
  return data
end

-- What is to be said of each class.
local function of_classes(found)
  local classes = {}
  for i, class in ipairs(found.per_class) do classes[found.classes[i]] = class end
  return {macro = found.macro, classes = classes, confusion = found.confusion:totable()}
end

local function print_json(found)
  local how, partial = account.of(found), json.array {}
  for i, kept in ipairs(found.partial) do partial[i] = {path = kept.path, reason = kept.reason} end
  print(json.encode(options.join(account.figures(found), how and how.details(found) or of_classes(found),
    {loss = found.loss, tracks = #found.tracks, partial = partial}), "  "))
end

local function draw(found, path)
  local how = account.of(found)
  local pictures = how and how.pictures(found)
  if pictures then
    return #pictures > 0 and pictures[1].draw():save(path) or error("no row has a tag: there is nothing to draw", 0)
  end
  require "moonlark.plot".confusion(found):save(path)
end

local opened = model.open(args.model, {device = args.device, offline = args.offline})
opened:names() -- one that tells nothing apart says so before the data is looked for
local found = opened:evaluate(test_data(), {workers = args.workers, map = args.map, join = args.join,
  channel = args.channel, partial = args.partial})
if args.json then
  print_json(found)
else
  print(found)
  if #found.partial > 0 then print(("%d tracks%s"):format(#found.tracks, command.in_part(found.partial))) end
end
if args.plot then -- after the figures: a picture that fails does not cost them
  local drawn, why = pcall(draw, found, args.plot)
  if not drawn then io.stderr:write(show.format("moonlark evaluate: %s left out: %s\n", args.plot, why)) end
end
if found.heard and found.heard.said then io.stderr:write(found.heard.said, "\n") end
command.name_files("rejected", found.rejected)
if #found.rejected > 0 then os.exit(3, true) end
