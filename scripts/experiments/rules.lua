--- Genre by rules alone: conditions on features that a person wrote down, nothing learnt, judged honestly.
local core = require "moonlark_core"
local evaluation = require "moonlark.classify.evaluation"
local feature = require "moonlark.feature"
local plot = require "moonlark.plot"
local report = require "moonlark.run.report"
local show = require "moonlark.base.show"
local study = require "moonlark.shell.study"
local text = require "moonlark.base.text"
local torch = require "moonlark.torch"

local parser = study.parser("rules", "Says the genre by what is commonly said of it: loud, bright, noisy, percussive, "
  .. "uneven, measured against the collection's own mean. Labels are looked at only to judge. "
  .. "Genres without rules are left out, and named.")
study.seconds(parser, 30)
local args = parser:parse()

-- What a person would say of a sound, and the columns that tell it.
local traits = {
  {name = "loud", columns = {"rms_mean"}}, {name = "bright", columns = {"spectral_centroid_mean"}},
  {name = "noisy", columns = {"spectral_flatness_mean", "zero_crossing_rate_mean"}},
  {name = "percussive", columns = {"onset_strength_mean", "onset_strength_std"}},
  {name = "uneven", columns = {"rms_std"}},
}

-- What each genre is known for: 1 more than others, -1 less, 0 like the others. The rules come from what is commonly
-- said of the genres, not from any data: change them, and see.
local rules = {
  --            loud bright noisy percussive uneven
  blues     = {    0,    -1,   -1,         0,     1},
  bossa     = {   -1,    -1,   -1,         0,    -1},
  classical = {   -1,    -1,   -1,        -1,     1},
  country   = {    0,     1,   -1,         1,     0},
  disco     = {    1,     1,    0,         1,    -1},
  hiphop    = {    1,    -1,    0,         1,     1},
  house     = {    1,     0,    0,         1,     0},
  jazz      = {   -1,     0,   -1,         0,     1},
  metal     = {    1,     1,    1,         1,    -1},
  pop       = {    1,     1,    0,         0,    -1},
  reggae    = {    0,    -1,   -1,         1,     1},
  rock      = {    1,     0,    1,         0,    -1},
}

local songs, run <close> = study.open("rules", args)
local unknown = {}
for _, name in ipairs(songs.classes) do
  if not rules[name:lower()] then unknown[#unknown + 1] = name end
end
songs = songs:filter(function(track) return rules[track.label:lower()] ~= nil end)
if #songs.classes < 2 then
  show.fail("there are rules for %s; %s has %s", table.concat(text.keys(rules), ", "), args.data,
    table.concat(unknown, ", "))
end

local recipe = feature.recipe {
  features = {rms = {}, spectral_centroid = {}, spectral_flatness = {}, zero_crossing_rate = {},
    onset_strength = {}},
  pool = {"mean", "std"}, duration = args.seconds,
}
local X = songs:extract(recipe, {workers = args.workers, cache = study.cache(args)})

-- How far each column of each song lies from the collection's mean, in its deviations.
local mean, variance = core.classify.moments(X.x)
local z = ((X.x:double() - mean) / variance:sqrt():clamp_min(1e-12)):totable()

local place = {}
for i, name in ipairs(X.names) do place[name] = i end

-- The traits of a song, in deviations from the collection's mean.
local function traits_of(row)
  local values = {}
  for i, trait in ipairs(traits) do
    values[i] = 0
    for _, column in ipairs(trait.columns) do values[i] = values[i] + row[place[column]] / #trait.columns end
  end
  return values
end

-- How alike the directions of two lists of numbers are: their cosine.
local function likeness(a, b)
  local product, squares_a, squares_b = 0, 0, 0
  for i = 1, #a do
    product, squares_a, squares_b = product + a[i] * b[i], squares_a + a[i] ^ 2, squares_b + b[i] ^ 2
  end
  return product / math.sqrt(squares_a * squares_b + 1e-12)
end

-- The genre whose rule a song is most like.
local function genre_of(row)
  local song, best, most = traits_of(row), nil, -math.huge
  for id, name in ipairs(X.classes) do
    local found = likeness(song, rules[name:lower()])
    if found > most then best, most = id - 1, found end
  end
  return best
end

local ids = {}
for i, row in ipairs(z) do ids[i] = genre_of(row) end
local found = evaluation(X.y, torch.tensor(ids), X.classes)
print(found)

-- What one reaches without listening: the most frequent genre, and drawing genres as often as they occur.
local most, squares = 0, 0
for _, class in ipairs(found.per_class) do
  most = math.max(most, class.support / #X)
  squares = squares + (class.support / #X) ^ 2
end

local page = report.new("Genre by rules: " .. args.data)
page:text(("%d songs of %d genres. Nothing was learnt; the labels only judge."):format(#X, #X.classes))
page:table({"", "accuracy", "95 % from", "to"}, {
  {"rules", found.accuracy, found.interval.low, found.interval.high}, {"the most frequent genre", most},
  {"chance", squares},
})
local clear = found.interval.low > math.max(most, squares)
page:text(clear and "The rules are better than both by more than chance explains."
  or "**The rules are not clearly better than guessing.**")
page:text("The rules see level, brightness, noise and attacks, but no melody, harmony or instrument; what a classifier "
  .. "learns from features is in `moonlark experiment workflow`.")
if #unknown > 0 then page:text("Without rules, left out: " .. report.escape(table.concat(unknown, ", ")) .. ".") end
page:heading "By genre":classes(found, "songs")
page:figure(run:plot("confusion", plot.confusion, found, {title = "Rules"}), "Confusion matrix")
page:heading "The rules"
local headers, rows = {"genre"}, {}
for i, trait in ipairs(traits) do headers[i + 1] = trait.name end
for i, name in ipairs(X.classes) do rows[i] = {name, table.unpack(rules[name:lower()])} end
page:table(headers, rows)
page:files("Left out", X.rejected)
study.finish(run, page, {
  accuracy = found.accuracy, ["accuracy.low"] = found.interval.low, ["accuracy.high"] = found.interval.high,
  f1 = found.macro.f1, most_frequent = most, chance = squares, n = #X, classes = #X.classes,
  without_rules = #unknown,
})
