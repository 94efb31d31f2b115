--- Several trainings of one kind, by folds and seeds, and their joint result.
local account = require "moonlark.classify.account"
local claim = require "moonlark.base.claim"
local division = require "moonlark.shell.train.division"
local files = require "moonlark.base.files"
local metrics = require "moonlark.metrics"
local plot = require "moonlark.plot"
local report = require "moonlark.run.report"
local show = require "moonlark.base.show"
local task = require "moonlark.classify.task"

local several = {}

-- The predictions of one seed on all divisions as one evaluation.
local function joined(tests, songs)
  local torch = require "moonlark.torch"
  local asked = task.of {task = songs.task or "classes"}
  local y, found = {}, {predicted = {}, scores = {}, folds = {}, scores_are = tests[1].scores_are}
  for i, test in ipairs(tests) do
    y[i], found.predicted[i], found.scores[i] = test.y, test.predicted, test.scores
    found.folds[i] = {[asked.figure] = test[asked.figure], n = #test.tracks}
  end
  found.predicted, found.scores = torch.cat(found.predicted), #found.scores == #tests and torch.cat(found.scores) or nil
  local whole = {y = torch.cat(y), classes = songs.classes, targets = songs.targets}
  return asked.evaluation(whole, found), asked.figure
end

-- The tests of a seed's trainings, which run one after the other.
local function train_all(plan, args, divisions, seed, whole)
  local tests = {}
  local of_seed = args.seeds > 1 and "seed-" .. seed or ""
  for i, part in ipairs(divisions) do
    local name = #divisions > 1 and "fold-" .. tostring(part.name or i) or ""
    local folder = args.run and claim.mkdirs(args.run, files.join(of_seed, name))
    local title = of_seed .. (of_seed ~= "" and name ~= "" and " " or "") .. name
    io.stderr:write("\n", show.name(title), "\n")
    local fit = division.fit(plan, args, part, seed, folder)
    tests[i] = fit.test
    local figure, value = fit.task.figure, fit.test[fit.task.figure]
    print(show.format("%s  %s %.4f", title, figure, value))
    io.stdout:flush()
    if whole then
      whole:log {seed = seed, fold = name ~= "" and name or nil, [figure] = value, epochs = #fit.history}
    end
  end
  return tests
end

-- A row for each seed: the main figure of each division, and their mean.
local function figure_table(divisions, seeds, results, figure)
  local headers, rows = {"seed"}, {}
  for i, part in ipairs(divisions) do headers[i + 1] = "fold " .. tostring(part.name or i) end
  headers[#headers + 1] = "mean"
  for s, seed in ipairs(seeds) do
    rows[s] = {seed}
    for _, fold in ipairs(results[s].folds) do table.insert(rows[s], fold[figure]) end
    table.insert(rows[s], results[s]["mean_" .. figure])
  end
  return headers, rows
end

-- What the page says of the first seed.
local function write_first(whole, page, found, seed)
  local how = account.of(found)
  page:heading(("%s, all folds of seed %d"):format(how and how.main or "Classes", seed))
  if not how then
    whole:confusion(found)
    page:figure(whole:plot("confusion", plot.confusion, found), "Confusion matrix")
    page:classes(found, "tracks")
    return
  end
  how.tables(page, found, "tracks")
  for _, picture in ipairs(how.pictures(found)) do
    page:figure(whole:plot(picture.name, picture.draw), picture.caption)
  end
end

local function write_page(whole, plan, args, divisions, seeds, results, figure, mean, deviation)
  local page, how = report.new("Training of " .. plan.model .. " on " .. args.data), account.of(results[1])
  page:text(("%d trainings. %s over whole tracks of the test parts, the mean of folds: **%.4f**%s."):format(
    #seeds * #divisions, how and how.main:gsub("^%l", string.upper) or "Accuracy", mean,
    #seeds > 1 and (" ± %.4f over seeds"):format(deviation) or ""))
  page:table(figure_table(divisions, seeds, results, figure))
  write_first(whole, page, results[1], seeds[1])
  whole:report(page)
end

-- The figures of all seeds: their means, and of the main one how far seeds are apart.
local function figures_of(results, figure, means)
  local sums, flat = {}, {}
  for _, found in ipairs(results) do
    for name, value in pairs(account.figures(found)) do
      sums[name] = sums[name] or {}
      table.insert(sums[name], value)
    end
  end
  for name, values in pairs(sums) do flat[name] = metrics.spread(values) end
  flat[figure] = metrics.spread(means) -- of folds, for tasks whose figures are those of all tracks together
  if #results > 1 then
    flat[figure .. ".seeds.std"] = select(2, metrics.spread(means))
    flat[figure .. ".seeds.low"], flat[figure .. ".seeds.high"] = math.min(table.unpack(means)),
      math.max(table.unpack(means))
  end
  return flat
end

--- Raises an error where there are no test parts, by which several trainings are compared.
function several.check(plan, divisions)
  if not plan.supervised then error("--seeds and --folds compare accuracies: this model has none", 0) end
  for _, part in ipairs(divisions) do
    if not part.test or #part.test == 0 then
      error("--seeds and --folds compare accuracies on a test part: --split must leave one", 0)
    end
  end
end

--- Trains on every division of the data for every seed: each gets a run folder, and one stands above them.
---@param whole moonlark.Run?  the folder above the trainings' own
function several.fit(plan, args, divisions, whole)
  if whole then files.remove(whole:own "metrics.jsonl") end -- finished trainings say their lines again
  local seeds, results, means, figure = {}, {}, {}, nil
  for s = 1, args.seeds do
    seeds[s] = args.seed + s - 1
    results[s], figure = joined(train_all(plan, args, divisions, seeds[s], whole), divisions[1].train)
    means[s] = results[s]["mean_" .. figure]
  end
  local mean, deviation = metrics.spread(means)
  local low, high = math.min(table.unpack(means)), math.max(table.unpack(means))
  print()
  print(results[1])
  print(("\n%s %.4f, the mean of folds%s"):format(figure, mean, #seeds > 1 and
    (" and of %d seeds (%.4f to %.4f, deviation %.4f)"):format(#seeds, low, high, deviation) or ""))
  if not whole then return end
  whole:metrics(figures_of(results, figure, means))
  whole:metrics {seeds = #seeds, trainings = #seeds * #divisions}
  write_page(whole, plan, args, divisions, seeds, results, figure, mean, deviation)
  whole:finish()
  print("run folder: " .. show.name(args.run))
end

return several
