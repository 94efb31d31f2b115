--- Several trainings of one kind, by folds and seeds, and their joint result.
local claim = require "moonlark.base.claim"
local division = require "moonlark.shell.train.division"
local evaluation = require "moonlark.classify.evaluation"
local files = require "moonlark.base.files"
local metrics = require "moonlark.metrics"
local plot = require "moonlark.plot"
local report = require "moonlark.run.report"
local show = require "moonlark.base.show"

local several = {}

-- The predictions of one seed on all divisions as one evaluation.
local function joined(tests, classes)
  local torch = require "moonlark.torch"
  local y, predicted, folds = {}, {}, {}
  for i, test in ipairs(tests) do
    y[i], predicted[i] = test.y, test.predicted
    folds[i] = {accuracy = test.accuracy, n = #test.tracks}
  end
  return evaluation(torch.cat(y), torch.cat(predicted), classes, {folds = folds})
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
    print(show.format("%s  accuracy %.4f", title, fit.test.accuracy))
    io.stdout:flush()
    if whole then
      whole:log {seed = seed, fold = name ~= "" and name or nil, accuracy = fit.test.accuracy, epochs = #fit.history}
    end
  end
  return tests
end

-- A row for each seed: the accuracy of each division, and their mean.
local function accuracy_table(divisions, seeds, results)
  local headers, rows = {"seed"}, {}
  for i, part in ipairs(divisions) do headers[i + 1] = "fold " .. tostring(part.name or i) end
  headers[#headers + 1] = "mean"
  for s, seed in ipairs(seeds) do
    rows[s] = {seed}
    for _, fold in ipairs(results[s].folds) do table.insert(rows[s], fold.accuracy) end
    table.insert(rows[s], results[s].mean_accuracy)
  end
  return headers, rows
end

local function write_page(whole, plan, args, divisions, seeds, results, mean, deviation)
  local page = report.new("Training of " .. plan.model .. " on " .. args.data)
  page:text(("%d trainings. Accuracy over whole tracks of the test parts, the mean of folds: **%.4f**%s."):format(
    #seeds * #divisions, mean, #seeds > 1 and (" ± %.4f over seeds"):format(deviation) or ""))
  page:table(accuracy_table(divisions, seeds, results))
  page:heading(("Classes, all folds of seed %d"):format(seeds[1]))
  page:figure(whole:plot("confusion", plot.confusion, results[1]), "Confusion matrix")
  page:classes(results[1], "tracks")
  whole:report(page)
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
  local seeds, results, means = {}, {}, {}
  for s = 1, args.seeds do
    seeds[s] = args.seed + s - 1
    results[s] = joined(train_all(plan, args, divisions, seeds[s], whole), divisions[1].train.classes)
    means[s] = results[s].mean_accuracy
  end
  local mean, deviation = metrics.spread(means)
  local low, high = math.min(table.unpack(means)), math.max(table.unpack(means))
  print()
  print(results[1])
  print(("\naccuracy %.4f, the mean of folds%s"):format(mean, #seeds > 1 and
    (" and of %d seeds (%.4f to %.4f, deviation %.4f)"):format(#seeds, low, high, deviation) or ""))
  if not whole then return end
  whole:metrics {accuracy = mean, ["accuracy.std"] = deviation, ["accuracy.low"] = low, ["accuracy.high"] = high,
    seeds = #seeds, trainings = #seeds * #divisions}
  write_page(whole, plan, args, divisions, seeds, results, mean, deviation)
  whole:finish()
  print("run folder: " .. show.name(args.run))
end

return several
