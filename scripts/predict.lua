--- Says what a trained model hears in songs: one line a song.
local command = require "moonlark.shell.command"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local model = require "moonlark.model"
local options = require "moonlark.base.options"
local predict = require "moonlark.predict"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local parser = command.parser("predict", "Says what a trained model hears in songs: one line a song.")
parser:epilog [[
  moonlark predict runs/mine song.mp3 more/*.flac       a run of classify, cluster or train
  moonlark predict runs/mine folder --json
  moonlark predict runs/t features.csv                  rows of a table, which the run learnt from

Songs may have any length: networks hear them segment by segment, classical models compute the features that they
learnt from. Files that cannot be read are named on standard error; then the exit code is 3, and 1 when none can be
read.]]
parser:argument("model", "A run folder, or a model's .safetensors file.")
parser:argument("data", "Sound files, or folders of them; or one table of numbers."):args "+"
command.option(parser, "top", options.integer(1, {least = 1}, "how many classes to name"))
command.options(parser, options.described "predict.files", {"segments", "device"})
command.reading(parser, "as in the training")
command.models(parser)
command.workers(parser)
command.json(parser)
local args = parser:parse()

-- The sounds that the arguments name, and what could not be read in folders.
local function sound_files()
  local list, aside = {}, {}
  for _, path in ipairs(args.data) do
    if files.kind(path) == "directory" then
      local inside, bad = scan.sounds(path)
      table.move(bad, 1, #bad, #aside + 1, aside)
      if #inside == 0 then io.stderr:write(show.format("%s holds no sound files\n", path)) end
      for _, name in ipairs(inside) do list[#list + 1] = scan.join(path, name) end
    else
      list[#list + 1] = path
    end
  end
  if #list == 0 then error("there are no songs to predict", 0) end
  return list, aside
end

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

-- Whether the one argument is a table of numbers, or the folder of an extraction.
local function is_table(path)
  if #args.data > 1 or not files.kind(path) then return false end
  local known, kind = pcall(dataset.kind, path) -- sounds are none of its kinds
  return known and (kind == "table" or kind == "extraction" or kind == "either")
end

-- Predictions for the rows of a table, of which the model's columns are read.
local function of_rows(path)
  local columns = model.open(args.model, {device = args.device}).card.columns
  local X = dataset.table(path, files.kind(path) == "file" and {columns = columns, label = false} or nil)
  return predict.table(args.model, X), X.rejected, {}
end

local function of_sounds()
  local songs, aside = sound_files()
  local list, rejected, partial = predict.files(args.model, songs, {segments = args.segments, device = args.device,
    workers = args.workers, progress = true, channel = args.channel, partial = args.partial})
  return list, table.move(rejected, 1, #rejected, #aside + 1, aside), partial
end

local list, rejected, partial = (is_table(args.data[1]) and of_rows or of_sounds)(args.data[1])
if args.json then print_json(list, rejected, partial) else print_lines(list) end
command.name_files("rejected", rejected)
if #rejected > 0 then os.exit(3, true) end
