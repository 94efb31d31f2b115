--- Says what a trained model hears in songs, or reads in a table: one line a song or row.
local command = require "moonlark.shell.command"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local model = require "moonlark.model"
local options = require "moonlark.base.options"
local predict = require "moonlark.predict"
local show = require "moonlark.base.show"
local sounds = require "moonlark.shell.sounds"
local text = require "moonlark.base.text"

local parser = command.parser("predict", "Says what a trained model hears in songs, or reads in a table: one line a "
  .. "song or row.")
parser:epilog [[
  moonlark predict runs/mine song.mp3 more/*.flac       a run of classify, cluster or train
  moonlark predict runs/mine folder --json              or a list.csv, or an index (moonlark index)
  moonlark predict musicnn-msd song.mp3 --top 5         a model from elsewhere
  moonlark predict runs/t features.csv                  rows of a table with the columns that the run learnt from

Songs may have any length: networks hear them segment by segment, classical models compute the features that they
learnt from. Files that cannot be read are named on standard error; then the exit code is 3, and 1 when none can be
read.]]
parser:argument("model", "A run folder, a model's file; or one from elsewhere: a folder, a file, a name of moonlark models, "
  .. "or org/name on a hub.")
parser:argument("data", "Sound files, folders and lists of them; or one table of numbers."):args "+"
command.option(parser, "top", options.integer(1, {least = 1}, "how many classes to name; of tags at least those that apply"))
command.options(parser, options.described "predict.files", {"segments", "map", "join", "device", "offline"})
command.reading(parser, "as in the training")
command.models(parser)
command.workers(parser)
command.json(parser)
local args = parser:parse()

local opened = model.open(args.model, {device = args.device, offline = args.offline})

local function words(prediction)
  local parts = {show.name(prediction.path)}
  for i, one in ipairs(prediction:ranked()) do
    if i > math.max(args.top, prediction.tags and #prediction.tags or 1) and not prediction.values then break end
    local number = one.probability and (" %.3f"):format(one.probability) or one.value and (" %.4g"):format(one.value)
    parts[#parts + 1] = show.name(one.label) .. (number or "")
  end
  return table.concat(parts, "\t")
end

-- What a segment sounds like: the likeliest class or tag, or its values.
local function heard(segment)
  if not segment.values then
    return show.name(segment.label) .. (segment.probability and (" %.3f"):format(segment.probability) or "")
  end
  local parts = {}
  for i, name in ipairs(text.keys(segment.values)) do
    parts[i] = ("%s %.4g"):format(show.name(name), segment.values[name])
  end
  return table.concat(parts, "\t")
end

local function print_lines(list)
  for _, one in ipairs(list) do
    print(words(one))
    for _, segment in ipairs(one.segments or {}) do
      print(("\t%.1f s\t%s"):format(segment.start, heard(segment)))
    end
  end
end

local function print_json(list, rejected, partial)
  local out = {predictions = json.array {}, rejected = json.array {}, partial = json.array {}}
  for i, one in ipairs(list) do
    out.predictions[i] = {path = one.path, label = one.label, probability = one.probability,
      probabilities = one.probabilities, tags = one.tags and json.array(one.tags), values = one.values,
      segments = one.segments and json.array(one.segments)}
  end
  for i, bad in ipairs(rejected) do out.rejected[i] = {path = bad.path, reason = bad.reason} end
  for i, kept in ipairs(partial) do out.partial[i] = {path = kept.path, reason = kept.reason} end
  print(json.encode(out, "  "))
end

-- Whether the one argument is a table of numbers, or the folder of an extraction; a list that holds numbers, too, is
-- one for a model that reads tables.
local function is_table(path)
  local kind = #args.data == 1 and sounds.kind(path)
  return kind == "table" or kind == "extraction" or kind == "either" and opened.reads
end

-- Predictions for the rows of a table, of which the model's columns are read.
local function of_rows(path)
  if args.segments then error("--segments are those of songs: a table has none", 0) end
  local X = dataset.table(path, files.kind(path) == "file" and {columns = opened.card.columns, label = false} or nil)
  return predict.table(opened, X), X.rejected, {}
end

local function of_sounds()
  local songs, aside = sounds.of(args.data, "predict")
  local list, rejected, partial = predict.files(opened, songs, {segments = args.segments, workers = args.workers,
    map = args.map, join = args.join, progress = true, channel = args.channel, partial = args.partial})
  return list, table.move(rejected, 1, #rejected, #aside + 1, aside), partial
end

local list, rejected, partial = (is_table(args.data[1]) and of_rows or of_sounds)(args.data[1])
if args.json then print_json(list, rejected, partial) else print_lines(list) end
command.name_files("rejected", rejected)
if #rejected > 0 then os.exit(3, true) end
