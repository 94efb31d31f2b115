-- Genres of one's own: learnt from a few examples, corrected by yes and no, asked for what is not known.
local lib = require "lib"
local lu = require "luaunit"
local classify = require "moonlark.classify"
local json = require "moonlark.base.json"
local torch = require "moonlark.torch"

-- Songs in clouds, one for each genre; the first of each are examples.
local names, each = {"calm", "dance", "noise"}, 30
local function library(width)
  torch.manual_seed(4)
  local centers, ids, rows, truth = torch.randn {3, 12}, {}, {}, {}
  for i = 0, 3 * each - 1 do
    ids[i + 1], truth[i + 1] = "song " .. i, names[i % 3 + 1]
    rows[i + 1] = centers[i % 3] * 2 + torch.randn {12} * width + 5
  end
  return ids, torch.stack(rows), truth
end

local function taught(ids, truth, count)
  local own = classify.genres()
  for i = 1, 3 * count do own:say(ids[i], truth[i], true, i) end
  return own
end

TestGenres = {}

function TestGenres:test_a_few_examples_are_enough_for_clouds()
  local ids, x, truth = library(0.8)
  local own = taught(ids, truth, 3):fit(ids, x)
  lu.assertEquals(own:names(), names)
  local right = 0
  for i, one in ipairs(own:suggest(ids, x)) do
    local sum = 0
    for _, p in pairs(one.probabilities) do sum = sum + p end
    lu.assertEquals(one.id, ids[i])
    lu.assertAlmostEquals(sum, 1, 1e-9)
    lu.assertEquals(one.said, i <= 9)
    lu.assertTrue(i <= 9 and one.confidence == 1 or one.confidence == one.probabilities[one.genre])
    if one.genre == truth[i] then right = right + 1 end
  end
  lu.assertTrue(right >= 0.95 * #ids)
end

function TestGenres:test_a_class_is_the_logistic_regression_of_its_examples()
  local verdicts = require "moonlark.classify.verdicts"
  local _, x = library(1.5)
  x = (x - x:mean {0}) / x:std {0}
  local known = torch.full({90, 2}, -1, {dtype = "int64"})
  known:narrow(0, 0, 40):select(1, 0):copy_(torch.arange(40):remainder(3):eq(0):to "int64")
  known:narrow(0, 20, 50):select(1, 1):copy_(torch.arange(50):remainder(2):eq(0):to "int64")
  local model = verdicts.fit(x, known)
  local alone = classify.logistic {C = 1, class_weight = "balanced"}
    :fit(x:narrow(0, 0, 40), torch.arange(40):remainder(3):eq(0):to "int64")
  lu.assertTrue((model.weights:select(1, 0) - alone.weights:flatten()):abs():max():item() < 1e-9)
  lu.assertAlmostEquals(model.intercepts[0]:item(), alone.intercepts[0]:item(), 1e-9)
end

function TestGenres:test_no_is_heeded_at_once_and_learnt()
  local ids, x, truth = library(2.5)
  local own = taught(ids, truth, 2):fit(ids, x)
  local wrong
  for i, one in ipairs(own:suggest(ids, x)) do
    if one.genre ~= truth[i] then wrong = {i = i, genre = one.genre} end
  end
  own:say(ids[wrong.i], wrong.genre, false)
  local one = own:suggest(ids, x)[wrong.i]
  lu.assertTrue(one.genre ~= wrong.genre and one.probabilities[wrong.genre] == 0)
  local before = own.fitted.model.weights
  own:fit(ids, x)
  lu.assertTrue((own.fitted.model.weights - before):abs():max():item() > 1e-3)
  for _, name in ipairs(names) do own:say(ids[wrong.i], name, false) end
  one = own:suggest(ids, x)[wrong.i]
  lu.assertNil(one.genre)
  lu.assertEquals(one.confidence, 0)
  for _, question in ipairs(own:ask(ids, x, {count = 100})) do lu.assertTrue(question.id ~= ids[wrong.i]) end
end

function TestGenres:test_the_latest_answer_counts()
  local own = classify.genres()
  own:say("a", "calm", true, 1)
  own:say("a", "dance", true, 2)
  own:say("b", "calm", true, 3)
  lu.assertEquals(own:names(), {"calm", "dance"})
  own:say("b", "calm", false, 4)
  lu.assertEquals(own:names(), {"dance"})
  own:say("b", "calm", true, 5)
  lu.assertEquals(own:names(), {"calm", "dance"})
  lu.assertEquals(#own.answers, 5)
end

function TestGenres:test_answers_are_plain_and_can_be_kept()
  local ids, x, truth = library(1.5)
  local own = taught(ids, truth, 4)
  own:say(ids[40], names[1], false)
  local again = classify.genres(json.decode(json.encode(own.answers)))
  lu.assertEquals(again.answers, own.answers)
  lu.assertTrue(math.abs(own.answers[13].time - os.time()) < 5)
  lu.assertEquals(again:fit(ids, x):suggest(ids, x), own:fit(ids, x):suggest(ids, x))
end

function TestGenres:test_questions_are_about_what_is_not_known()
  local ids, x, truth = library(2)
  local own = taught(ids, truth, 2)
  own:fit(ids, x)
  local asked, seen = own:ask(ids, x, {count = 12}), {}
  lu.assertEquals(#asked, 12)
  for i, one in ipairs(asked) do
    lu.assertNil(seen[one.id])
    seen[one.id] = true
    lu.assertTrue(tonumber(one.id:match "%d+") >= 6) -- examples are not asked
    lu.assertTrue(one.confidence > 0 and one.confidence <= 1, i)
  end
  lu.assertEquals(#own:ask(ids, x), 5)
  lu.assertEquals(#own:ask(ids, x, {count = 1000}), 84)
end

function TestGenres:test_questions_bring_more_than_chance()
  local function after(pick)
    local ids, x, truth = library(2.2)
    local own, number = taught(ids, truth, 1), {}
    for i, id in ipairs(ids) do number[id] = i end
    for _ = 1, 4 do
      own:fit(ids, x)
      for _, one in ipairs(pick(own, ids, x)) do own:say(one.id, one.genre, truth[number[one.id]] == one.genre) end
    end
    local right = 0
    for i, one in ipairs(own:fit(ids, x):suggest(ids, x)) do right = right + (one.genre == truth[i] and 1 or 0) end
    return right
  end
  local taught_by_asking = after(function(own, ids, x) return own:ask(ids, x) end)
  local taught_by_the_sure = after(function(own, ids, x) -- what is suggested anyway
    local list = {}
    for _, one in ipairs(own:suggest(ids, x)) do
      if not one.said and one.genre then list[#list + 1] = one end
    end
    table.sort(list, function(a, b)
      if a.confidence ~= b.confidence then return a.confidence > b.confidence end
      return a.id < b.id
    end)
    return {table.unpack(list, 1, 5)}
  end)
  lu.assertTrue(taught_by_asking > taught_by_the_sure, taught_by_asking .. " " .. taught_by_the_sure)
end

function TestGenres:test_odd_tables()
  local own = classify.genres()
  own:say("a", "x", true)
  own:say("b", "y", true)
  local ids = {"a", "b", "c"}
  for _, x in ipairs {torch.zeros {3, 4}, torch.ones {3, 4} * 1e30, torch.tensor {{1.0, 0}, {2, 0}, {3, 0}}} do
    for _, one in ipairs(own:fit(ids, x):suggest(ids, x)) do
      lu.assertTrue(one.confidence >= 0.3 and one.confidence <= 1)
    end
    lu.assertEquals(own:ask(ids, x)[1].id, "c")
  end
end

function TestGenres:test_what_is_refused()
  local ids, x, truth = library(1)
  local own = classify.genres()
  lu.assertErrorMsgContains("an example of two or more, got 0", own.fit, own, ids, x)
  own:say(ids[1], "calm")
  lu.assertErrorMsgContains("an example of two or more, got 1", own.fit, own, ids, x)
  own:say("elsewhere", "dance")
  lu.assertErrorMsgContains("none of the songs is an example of dance", own.fit, own, ids, x)
  lu.assertErrorMsgContains("not fitted yet", own.suggest, own, ids, x)
  own = taught(ids, truth, 2):fit(ids, x)
  lu.assertErrorMsgContains("x must have 12 columns, as fitted, got 3", own.suggest, own, {"a"}, torch.ones {1, 3})
  lu.assertErrorMsgContains("a row for each of 90 songs", own.ask, own, ids, torch.ones {2, 12})
  lu.assertErrorMsgContains("x must be finite", own.suggest, own, {"a"}, torch.full({1, 12}, 0 / 0))
  lu.assertErrorMsgContains("ids must be a list of songs, got nil", own.suggest, own)
  lu.assertErrorMsgContains("answer 1 must have id, genre", classify.genres, {{id = "a", genre = 3}})
  lu.assertErrorMsgContains("answers must be a list, got 3", classify.genres, 3)
  lu.assertErrorMsgContains("answer 7 must have id", own.say, own, 3, "calm")
end

lib.run()
