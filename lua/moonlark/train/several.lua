--- Several trainings of one kind, by folds and seeds, and what they come to together.
local experiment = require "moonlark.train.experiment"
local files = require "moonlark.files"
local plot = require "moonlark.plot"
local report = require "moonlark.report"
local run = require "moonlark.run"

local several = {}

local function summary(values)
  local sum, squares = 0, 0
  for _, value in ipairs(values) do sum = sum + value end
  for _, value in ipairs(values) do squares = squares + (value - sum / #values) ^ 2 end
  return sum / #values, math.sqrt(squares / #values)
end

-- All folds' predictions of one seed as one report.
local function joined(results, classes)
  local torch = require "moonlark.torch"
  local y, predicted, folds = {}, {}, {}
  for i, fit in ipairs(results) do
    y[i], predicted[i] = fit.test.y, fit.test.predicted
    folds[i] = {accuracy = fit.test.accuracy, n = #fit.test.tracks}
  end
  return require "moonlark.classify.report"(torch.cat(y), torch.cat(predicted), classes, folds)
end

local function write_summary(whole, plan, args, seeds, rows)
  local accuracies, headers, table_rows = {}, {"seed"}, {}
  for i, row in ipairs(rows[1]) do headers[i + 1] = row.name end
  headers[#headers + 1] = "mean"
  for s, seed in ipairs(seeds) do
    local cells = {seed}
    for _, row in ipairs(rows[s]) do cells[#cells + 1] = row.accuracy end
    accuracies[s] = summary((function()
      local list = {}
      for i, row in ipairs(rows[s]) do list[i] = row.accuracy end
      return list
    end)())
    cells[#cells + 1] = accuracies[s]
    table_rows[s] = cells
  end
  local mean, deviation = summary(accuracies)
  print(("\naccuracy %.4f"):format(mean) .. (#seeds > 1 and (" ± %.4f over %d seeds"):format(deviation, #seeds) or "")
    .. (" (%d trainings each)"):format(#rows[1]))
  if not whole then return end
  whole:metrics {accuracy = mean, ["accuracy.std"] = deviation, seeds = #seeds, trainings = #seeds * #rows[1]}
  local page = report.new("Training of " .. plan.model .. " on " .. args.data)
  page:text(("%d trainings; accuracy over whole tracks of the test parts: **%.4f** ± %.4f over seeds."):format(
    #seeds * #rows[1], mean, deviation))
  page:table(headers, table_rows)
  local found = rows[1].joined
  if found then
    page:heading(("All folds of seed %d"):format(seeds[1]))
    page:figure(whole:plot("confusion", plot.confusion(found)), "Confusion matrix")
    local classes = {}
    for i, class in ipairs(found.per_class) do
      classes[i] = {found.classes[i], class.precision, class.recall, class.f1, class.support}
    end
    page:table({"class", "precision", "recall", "F1", "tracks"}, classes)
  end
  whole:report(page)
  whole:finish()
end

--- Trains on every division of the data, for every seed: a run folder each, and one above them.
---@param plan table
---@param args table
---@param divisions table[]
---@param songs table  what the divisions were made of
---@param settings table  for run.json
function several.fit(plan, args, divisions, songs, settings)
  local whole <close> = args.run and run.open(args.run, settings,
    {exists = args.resume and "resume" or "refuse", data = songs.hash and songs or nil}) or nil
  local seeds, rows = {}, {}
  for s = 1, args.seeds do
    local seed, results = args.seed + s - 1, {}
    seeds[s], rows[s] = seed, {}
    for i, division in ipairs(divisions) do
      local name = #divisions > 1 and "fold-" .. tostring(division.name or i) or nil
      local folder = args.run and files.join(args.run, args.seeds > 1 and "seed-" .. seed or "", name or "")
      io.stderr:write(("\n%s%s\n"):format(args.seeds > 1 and ("seed %d  "):format(seed) or "", name or ""))
      local fit = experiment.fit(plan, args, division, seed, folder)
      results[i] = fit
      rows[s][i] = {name = name or "accuracy", accuracy = fit.test.accuracy}
      print(("%s%s  accuracy %.4f"):format(args.seeds > 1 and ("seed %d  "):format(seed) or "", name or "", fit.test.accuracy))
      if whole then whole:log {seed = seed, fold = i, accuracy = fit.test.accuracy, epochs = #fit.history} end
      fit.net, fit.optimizer, fit.o = nil, nil, nil
    end
    rows[s].joined = joined(results, divisions[1].train.classes)
  end
  write_summary(whole, plan, args, seeds, rows)
end

return several
