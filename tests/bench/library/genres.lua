-- Genres of one's own from few examples: accuracy, calibration and what asking brings, on embeddings of composed songs.
--
--     moonlark tests/bench/library/genres.lua FILE.safetensors [TABLE] [DRAWS]
--
-- The file holds a table of embeddings (songs × numbers) and `y`, the class of each song. In each draw some songs of each
-- class are examples, all others are judged.
local classify = require "moonlark.classify"
local core = require "moonlark_core".system
local torch = require "moonlark.torch"

local file = torch.load(arg[1])
local x, y, draws = file[arg[2] or "pooled"], file.y:totable(), tonumber(arg[3] or 20)
local n, classes = #y, 0
local ids, names = {}, {}
for i = 1, n do
  ids[i], classes = tostring(i), math.max(classes, y[i] + 1)
  names[i] = "genre " .. y[i]
end

local function shuffled()
  local order = torch.randperm(n):totable()
  for i = 1, n do order[i] = math.tointeger(order[i]) + 1 end
  return order
end

-- Examples: the first `count` songs of each class in this order.
local function examples(order, count)
  local own, seen, taken = classify.genres(), {}, {}
  for _, i in ipairs(order) do
    seen[y[i]] = (seen[y[i]] or 0) + 1
    if seen[y[i]] <= count then
      own:say(ids[i], names[i], true, 0)
      taken[i] = true
    end
  end
  return own, taken
end

local function judge(own, left_out)
  local right, all, bins = 0, 0, {}
  for i, one in ipairs(own:suggest(ids, x)) do
    if not left_out[i] then
      local hit, bin = one.genre == names[i], math.min(9, math.floor(one.confidence * 10))
      right, all = right + (hit and 1 or 0), all + 1
      local b = bins[bin] or {n = 0, hits = 0, sure = 0}
      b.n, b.hits, b.sure, bins[bin] = b.n + 1, b.hits + (hit and 1 or 0), b.sure + one.confidence, b
    end
  end
  local error = 0
  for _, b in pairs(bins) do error = error + math.abs(b.hits - b.sure) / all end
  return right / all, error
end

local function spread(values)
  local t = torch.tensor(values, {dtype = "float64"})
  return ("%.1f ± %.1f %%"):format(100 * t:mean():item(), 100 * t:std({0}):item())
end

for _, count in ipairs {1, 3, 5, 10} do
  torch.manual_seed(1)
  local accuracies, errors, seconds = {}, {}, {}
  for draw = 1, draws do
    local own, taken = examples(shuffled(), count)
    local from = core.clock()
    own:fit(ids, x)
    seconds[draw] = core.clock() - from
    accuracies[draw], errors[draw] = judge(own, taken)
  end
  table.sort(seconds)
  print(("%2d examples of each of %d: right %s, calibration error %s, fitted in %.2f s"):format(count, classes,
    spread(accuracies), spread(errors), seconds[#seconds // 2 + 1]))
end

-- One example of each, then rounds of ten questions that are answered yes or no; judged on a half that is never asked.
local function rounds(pick, draw)
  torch.manual_seed(draw)
  local order = shuffled()
  local own = examples(order, 1)
  local asked_ids, asked_rows, left_out = {}, {}, {}
  for place, i in ipairs(order) do
    if place % 2 == 0 then
      asked_ids[#asked_ids + 1], asked_rows[#asked_rows + 1] = ids[i], i - 1
      left_out[i] = true
    end
  end
  for _, answer in ipairs(own.answers) do left_out[tonumber(answer.id)] = true end
  local pool = x:index_select(0, torch.tensor(asked_rows, {dtype = "int64"}))
  local curve = {}
  for round = 0, 5 do
    own:fit(ids, x)
    curve[round + 1] = judge(own, left_out)
    for _, one in ipairs(pick(own, asked_ids, pool)) do own:say(one.id, one.genre, names[tonumber(one.id)] == one.genre, 0) end
  end
  return curve
end

local ways = {
  {"asked by ask", function(own, some, rows) return own:ask(some, rows, {count = 10}) end},
  {"asked at random", function(own, some, rows)
    local list, said = {}, {}
    for _, answer in ipairs(own.answers) do said[answer.id] = answer.yes or said[answer.id] end
    local suggested = own:suggest(some, rows)
    for _, i in ipairs(torch.randperm(#some):totable()) do
      local one = suggested[math.tointeger(i) + 1]
      if not said[one.id] and one.genre and #list < 10 then list[#list + 1] = one end
    end
    return list
  end},
}
for _, way in ipairs(ways) do
  local curves = {}
  for draw = 1, draws do
    for round, accuracy in ipairs(rounds(way[2], draw)) do
      curves[round] = curves[round] or {}
      table.insert(curves[round], accuracy)
    end
  end
  for round, values in ipairs(curves) do print(("%s, after %d questions: %s"):format(way[1], 10 * (round - 1), spread(values))) end
end
