--- Genres of one's own: a few examples of each, and yes or no to what is suggested, make a classifier over embeddings.
---
---     local own = classify.genres()
---     own:say("song 1", "for cooking", true)
---     own:say("song 7", "for running", true)
---     own:fit(ids, embeddings)
---     for _, one in ipairs(own:ask(ids, embeddings)) do print("is it", one.genre, one.id) end
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"
local verdicts = require "moonlark.classify.verdicts"

---@class moonlark.classify
local genres = {}

--- What a person said of a song.
---@class moonlark.GenreAnswer
---@field id string  of the song
---@field genre string
---@field yes boolean  it is, or is not, of this genre
---@field time number  seconds since 1970

---@class moonlark.Genres
---@field answers moonlark.GenreAnswer[]  all of them, in the order in which they were given; plain, so that they can be kept
---@field fitted table?  what fit made
local Genres = {__name = "moonlark.Genres"}
Genres.__index = Genres

local function check_answer(answer, i)
  local fine = type(answer) == "table" and type(answer.id) == "string" and type(answer.genre) == "string"
    and answer.genre ~= "" and type(answer.yes) == "boolean" and type(answer.time) == "number"
  if not fine then show.fail("answer %d must have id, genre (strings), yes (true or false) and time (a number)", i) end
end

--- Genres of one's own, with the answers that were kept of them.
---     local own = classify.genres {{id = "a", genre = "dub", yes = true, time = os.time()}}
---@param answers moonlark.GenreAnswer[]?
---@return moonlark.Genres
function genres.genres(answers)
  if answers ~= nil and type(answers) ~= "table" then
    show.fail("answers must be a list, got %s", options.got(answers))
  end
  local self = setmetatable({answers = {}}, Genres)
  for i, answer in ipairs(answers or {}) do
    check_answer(answer, i)
    self.answers[i] = {id = answer.id, genre = answer.genre, yes = answer.yes, time = answer.time}
  end
  return self
end

--- Notes an answer. Of two on the same song and genre the later counts; a song is of one genre: a later yes to another
--- takes an earlier one back. The next fit knows it.
---     own:say("song 3", "for running", false)
---@param id string
---@param genre string
---@param yes boolean?  default: true
---@param time number?  default: now
---@return moonlark.GenreAnswer
function Genres:say(id, genre, yes, time)
  local answer = {id = id, genre = genre, yes = yes ~= false, time = time or os.time()}
  check_answer(answer, #self.answers + 1)
  table.insert(self.answers, answer)
  return answer
end

-- What counts of each song: {yes = genre?, no = {genre = true}}.
local function standing(answers)
  local said = {}
  for _, answer in ipairs(answers) do
    local one = said[answer.id] or {no = {}}
    said[answer.id] = one
    if answer.yes then
      one.yes, one.no[answer.genre] = answer.genre, nil
    else
      one.no[answer.genre] = true
      if one.yes == answer.genre then one.yes = nil end
    end
  end
  return said
end

--- The genres that have an example, sorted.
---     print(table.concat(own:names(), ", "))
---@return string[]
function Genres:names()
  local names = {}
  for _, one in pairs(standing(self.answers)) do
    if one.yes then names[one.yes] = true end
  end
  return text.keys(names)
end

local function check_table(ids, x)
  local torch = require "moonlark.torch"
  if type(ids) ~= "table" then show.fail("ids must be a list of songs, got %s", options.got(ids)) end
  if not torch.is_tensor(x) or x:dim() ~= 2 or x:size(0) ~= #ids then
    show.fail("x must be a tensor with a row for each of %d songs, got %s", #ids, options.got(x))
  end
  if #ids == 0 then show.fail "there are no songs" end
  if not x:isfinite():all():item() then show.fail "x must be finite" end
end

-- Rows as the classifier takes them: standardised by the library, then all of the same length.
local function scaled(scale, x)
  local rows = (x:double() - scale.mean) / scale.deviation
  return rows / rows:norm(2, {1}, true):clamp(1e-12) * math.sqrt(x:size(1))
end

local function scale_of(x)
  local values = x:double()
  local deviation = values:std({0}, {correction = 0})
  return {mean = values:mean {0}, deviation = deviation:masked_fill(deviation:lt(1e-9), 1)}
end

-- Which songs were answered, and what is known of them: m × genres of 1 (it is), 0 (it is not) and -1 (nobody knows).
local function examples_of(self, ids, names)
  local torch = require "moonlark.torch"
  local said, rows, known = standing(self.answers), {}, {}
  for i, id in ipairs(ids) do
    local one, row, some = said[id], {}, false
    for j, name in ipairs(names) do
      row[j] = one and (one.yes == name and 1 or (one.no[name] or one.yes) and 0) or -1
      some = some or row[j] >= 0
    end
    if some then rows[#rows + 1], known[#known + 1] = i - 1, row end
  end
  return torch.tensor(rows, {dtype = "int64"}), torch.tensor(known, {dtype = "int64"}):reshape {#rows, #names}
end

local function check_examples(names, known)
  if #names < 2 then show.fail("genres need an example of two or more, got %d", #names) end
  for j, name in ipairs(names) do
    if not known:select(1, j - 1):eq(1):any():item() then
      show.fail("none of the songs is an example of %s", show.name(name))
    end
  end
end

--- Learns from the answers: for each genre a logistic regression over standardised embeddings, of the songs that are of
--- it and those that are not; a no to one genre says nothing of the others.
---
--- `x` are embeddings of the library, rows for the songs `ids`; those without an answer set the scale, which few examples
--- could not. How sure the classifier is, is set by examples that it did not see (where there are enough of them).
--- Errors: fewer than two genres with an example among `ids`.
---     own:fit(ids, embeddings)
---@param ids string[]
---@param x moonlark.Tensor  songs × numbers
---@return moonlark.Genres self
function Genres:fit(ids, x)
  check_table(ids, x)
  local names, scale = self:names(), scale_of(x)
  local rows, known = examples_of(self, ids, names)
  check_examples(names, known)
  local examples = scaled(scale, x:index_select(0, rows))
  local certain = known:eq(1):any(1):nonzero():flatten()
  self.fitted = {names = names, scale = scale, model = verdicts.fit(examples, known),
    sharpness = verdicts.sharpness(examples, known), examples = examples:index_select(0, certain)}
  return self
end

local function probabilities(self, x)
  local fitted = self.fitted
  if not fitted then show.fail "the genres are not fitted yet: call fit first" end
  if x:size(1) ~= fitted.scale.mean:size(0) then
    show.fail("x must have %d columns, as fitted, got %d", fitted.scale.mean:size(0), x:size(1))
  end
  local rows = scaled(fitted.scale, x)
  return verdicts.proba(fitted.model, rows, fitted.sharpness), rows
end

-- Probabilities without what a person has denied, which is not asked or suggested again.
local function allowed_of(said, names, row)
  local left, sum = {}, 0
  for j, name in ipairs(names) do
    left[j] = (said and said.no[name]) and 0 or row[j]
    sum = sum + left[j]
  end
  if sum <= 0 then return nil end
  for j = 1, #names do left[j] = left[j] / sum end
  return left
end

--- The genre of each song, as far as it can be told.
---
--- What a person said stands: `said` is true, and confidence 1. A genre that was denied is not suggested; a song that all
--- were denied of has none. Nothing is written anywhere. Errors: not fitted.
---     for _, one in ipairs(own:suggest(ids, embeddings)) do print(one.id, one.genre, one.confidence) end
---@param ids string[]
---@param x moonlark.Tensor  songs × numbers
---@return {id: string, genre: string?, confidence: number, probabilities: table<string, number>, said: boolean}[]
function Genres:suggest(ids, x)
  check_table(ids, x)
  local names, said, list = self.fitted and self.fitted.names, standing(self.answers), {}
  local rows = probabilities(self, x):totable()
  for i, id in ipairs(ids) do
    local one, out = said[id], {id = id, confidence = 0, probabilities = {}, said = false}
    local left = allowed_of(one, names, rows[i])
    for j, name in ipairs(names) do
      out.probabilities[name] = left and left[j] or 0
      if left and left[j] > out.confidence then out.genre, out.confidence = name, left[j] end
    end
    if one and one.yes then out.genre, out.confidence, out.said = one.yes, 1, true end
    list[i] = out
  end
  return list
end

local most_others = 2000 -- rows that stand for a library

local asking = options.describe("Genres:ask", {
  count = options.integer(5, {least = 1}, "questions"),
})

-- How much an answer tells: the entropy of yes and no, in bits.
local function doubt_of(p)
  if p <= 0 or p >= 1 then return 0 end
  return -(p * math.log(p, 2) + (1 - p) * math.log(1 - p, 2))
end

-- Songs without a yes, with what is asked of each: {id, genre, confidence, doubt, row}.
local function candidates_of(self, ids, proba)
  local said, names, list = standing(self.answers), self.fitted.names, {}
  for i, row in ipairs(proba:totable()) do
    local one = said[ids[i]]
    local left = not (one and one.yes) and allowed_of(one, names, row)
    if left then
      local best = 1
      for j = 2, #left do best = left[j] > left[best] and j or best end
      list[#list + 1] = {id = ids[i], genre = names[best], confidence = left[best], doubt = doubt_of(left[best]), row = i - 1}
    end
  end
  return list
end

-- How much each row is like the others, of which some stand for all: the mean of their cosines above 0.
local function density_of(rows)
  local step = math.max(1, rows:size(0) // most_others)
  local others = step > 1 and rows:slice(0, 0, rows:size(0), step) or rows
  return (rows:matmul(others:t()) / rows:size(1)):clamp(0):mean({1}):totable()
end

--- What to ask next: songs of which yes is as likely as no, that are like many others, but unlike those that are known and
--- each other (uncertainty weighed by density and distance: Settles, Active Learning Literature Survey, 2009). `say` takes
--- the answer.
---
--- Errors: not fitted.
---     for _, one in ipairs(own:ask(ids, embeddings, {count = 3})) do print(one.id, one.genre) end
---@param ids string[]
---@param x moonlark.Tensor  songs × numbers
---@param given moonlark.Genres.ask.Options?
---@return {id: string, genre: string, confidence: number}[]  the most telling first
function Genres:ask(ids, x, given)
  local count = asking:read(given).count
  check_table(ids, x)
  local proba, rows = probabilities(self, x)
  local list, asked = candidates_of(self, ids, proba), {}
  local width, density = x:size(1), density_of(rows)
  local nearest = (rows:matmul(self.fitted.examples:t()) / width):amax({1}) -- cosine with the nearest that is known
  while #asked < count and #list > 0 do
    local near, best, most = nearest:totable(), 1, -1
    for i, one in ipairs(list) do
      local telling = one.doubt * density[one.row + 1] * (1 - near[one.row + 1])
      if telling > most then best, most = i, telling end
    end
    local one = table.remove(list, best)
    asked[#asked + 1] = {id = one.id, genre = one.genre, confidence = one.confidence}
    nearest = nearest:maximum(rows:matmul(rows[one.row]) / width)
  end
  return asked
end

return genres
