--- Answers: JSON Schemas of what the service sends, by the names that its document gives them.
local schema = require "moonlark.server.schema"

local any, integer, list, named, number = schema.any_object, schema.integer, schema.list, schema.named, schema.number
local object, one_of, text = schema.object, schema.one_of, schema.text

local answers = {}

local hex = {pattern = "^[0-9a-f]{32}$"}

answers.Song = object({
  id = text("of its content", hex),
  name = text "as its owner calls it",
  bytes = integer "of the file",
  upload = schema.boolean "it was sent, and can be removed",
  state = one_of({"new", "decoding", "ready"}, "whether it is decoded"),
  added = integer "seconds since 1970",
  ["duration?"] = number "seconds",
  ["rate?"] = integer "Hz",
  ["channels?"] = integer(),
  ["frames?"] = integer "samples of a channel",
  ["format?"] = text(),
  ["codec?"] = text(),
  ["partial?"] = text "how much of a damaged file was kept",
  ["tags?"] = any "title, artist …, as the file has them",
  ["tempo?"] = number "BPM, once it was analysed",
  ["key?"] = text "once it was analysed",
  ["mood?"] = one_of({"calm", "happy", "sad", "tense"}, "by valence and arousal, once it was analysed"),
  ["genre?"] = text "once it was predicted",
  ["own_genre?"] = text "of genres of one's own",
  ["confidence?"] = number "that it is of this genre, 0..1",
  ["said?"] = schema.boolean "a person said so",
  ["similarity?"] = number "to the song that others were compared with, -1..1",
}, "a sound that the service holds")

answers.Job = object({
  id = text("nobody can guess it", hex),
  kind = one_of {"analyses", "predictions", "features", "embeddings"},
  status = one_of {"queued", "running", "done", "failed", "cancelled"},
  progress = number("how far it is", {minimum = 0, maximum = 1}),
  href = text "where it is asked about",
  ["stage?"] = text "what is done now",
  ["song?"] = text("the song's id", hex),
  ["result?"] = any "what came of it",
  ["problem?"] = named "Problem",
}, "work that takes longer than an answer")

answers.Map = object({
  kind = one_of {"mel", "cqt", "chroma", "tonnetz"},
  columns = integer "of zoom 0",
  rows = integer(),
  zooms = integer "each halves the columns",
  tile = integer "columns of a tile",
  seconds_per_column = number "of zoom 0",
  ["unit?"] = text(),
  range = list(number(), "what is shown darkest and lightest"),
  axis = object {
    kind = one_of {"hz", "note", "pitch class", "tonnetz"},
    ["values?"] = list({}, "of the rows, the lowest first"),
  },
}, "a picture over a whole song")

answers.Model = object({
  name = text "by which it is asked",
  ["classes?"] = list(text(), "that it tells apart"),
  ["rate?"] = number "Hz",
  ["kind?"] = text(),
}, "a model that the service has loaded")

answers.Run = object({
  name = text "of its folder",
  status = text "running, finished, failed …",
  ["kind?"] = text "the model or architecture",
  ["started?"] = text "UTC",
  ["finished?"] = text "UTC",
  ["epochs?"] = integer(),
  ["accuracy?"] = number(),
}, "an experiment's folder")

answers.RunDetail = object({
  name = text "of its folder",
  status = text(),
  settings = any "what it was told",
  metrics = any "its figures in the end",
  curves = any "by name a list of numbers, one for each epoch or fold; null where there is none",
  ["confusion?"] = object {
    classes = list(text()),
    matrix = list(list(number()), "rows: the truth; columns: what was said"),
  },
}, "what a run has noted")

--- A list of these under a name, and how many there are in all.
---@param name string
---@param item string  of a schema here
---@return table
function answers.page(name, item)
  return object {[name] = list(named(item)), total = integer "how many there are, shown or not"}
end

--- The schemas by their names.
---@return table<string, table>
function answers.schemas()
  local made = {}
  for name, value in pairs(answers) do
    if type(value) == "table" then made[name] = value end
  end
  return made
end

return answers
