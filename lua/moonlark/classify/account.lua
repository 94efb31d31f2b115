--- Account: what run folders, pages and pictures say of an evaluation of tags or values.
---
--- An evaluation of classes has figures, tables and pictures of its own: account.of gives nil for it.
local plot = require "moonlark.plot"
local show = require "moonlark.base.show"

---@class moonlark.Account
---@field main string  the name of the main figure, in words
---@field figures fun(found: table): table<string, number>  by name, for metrics.json
---@field details fun(found: table): table  figures of each tag or target by name, for JSON
---@field tables fun(page: moonlark.Report, found: table, counted: string)
---@field pictures fun(found: table): {name: string, caption: string, draw: fun(): moonlark.Figure}[]
---@field worst fun(found: table, paths: string[]): string[], any[][]  the head and rows of what went wrong most

local MOST = 100 -- rows of a page's list

-- --- tags ----------------------------------------------------------------------------------

local tags = {main = "mean average precision"}

function tags.figures(found)
  return {map = found.map, auc = found.auc, f1_macro = found.macro.f1, f1_micro = found.micro.f1, lrap = found.lrap,
    coverage = found.coverage, ["map.mean"] = found.mean_map, ["map.std"] = found.std_map}
end

function tags.details(found)
  local by_name = {}
  for i, figures in ipairs(found.per_class) do by_name[found.classes[i]] = figures end
  return {tags = by_name}
end

function tags.tables(page, found, counted)
  local rows, with = {}, found.per_class[1].threshold
  for i, one in ipairs(found.per_class) do
    rows[i] = {found.classes[i], one.ap, one.auc, one.precision, one.recall, one.f1, one.support, one.threshold}
  end
  page:table({"tag", "average precision", "ROC AUC", "precision", "recall", "F1", counted, with and "threshold"}, rows)
  page:text(("Means over tags: average precision %.4f, ROC AUC %.4f, F1 %.4f. Of all decisions together: precision "
    .. "%.4f, recall %.4f, F1 %.4f. Label ranking average precision %.4f, coverage error %.2f of %d tags."):format(
    found.map, found.auc, found.macro.f1, found.micro.precision, found.micro.recall, found.micro.f1, found.lrap,
    found.coverage, #found.classes))
  if with then
    page:text("A tag is said from its threshold on: the one of the best F1 on the validation part, or without one on "
      .. "the training part; never on the test.")
  end
end

function tags.pictures(found)
  local aps = {}
  for i, one in ipairs(found.per_class) do aps[found.classes[i]] = one.ap == one.ap and one.ap or nil end
  if next(aps) == nil then return {} end -- no row has a tag
  return {{name = "tags", caption = "Average precision of each tag", draw = function()
    return plot.importance(aps, {most = 60, title = "Average precision of each tag", xlabel = "average precision"})
  end}}
end

-- The names of the tags of a row.
local function said(row, names)
  local list = {}
  for t, has in ipairs(row) do
    if has ~= 0 then list[#list + 1] = names[t] end
  end
  return table.concat(list, ", ")
end

function tags.worst(found, paths)
  local truth, predicted, rows = found.y:totable(), found.predicted:totable(), {}
  for i, path in ipairs(paths) do
    local wrong = 0
    for t, has in ipairs(truth[i]) do wrong = wrong + math.abs(has - predicted[i][t]) end
    if wrong > 0 then
      rows[#rows + 1] = {path, said(truth[i], found.classes), said(predicted[i], found.classes), math.tointeger(wrong)}
    end
  end
  table.sort(rows, function(a, b)
    if a[4] ~= b[4] then return a[4] > b[4] end
    return a[1] < b[1]
  end)
  return {"file", "has", "was given", "wrong tags"}, rows
end

-- --- values ----------------------------------------------------------------------------------

local values = {main = "R²"}

local measured = {"r2", "rmse", "mae", "pearson", "spearman", "ccc"}

function values.figures(found)
  local figures = {["r2.mean"] = found.mean_r2, ["r2.std"] = found.std_r2}
  for _, name in ipairs(measured) do figures[name] = found[name] end
  for t, one in ipairs(#found.targets > 1 and found.per_target or {}) do
    for _, name in ipairs(measured) do figures[name .. "." .. found.targets[t]] = one[name] end
  end
  return figures
end

function values.details(found)
  local by_name = {}
  for t, figures in ipairs(found.per_target) do by_name[found.targets[t]] = figures end
  return {targets = by_name}
end

function values.tables(page, found)
  local rows = {}
  for t, one in ipairs(found.per_target) do
    rows[t] = {found.targets[t], one.r2, one.rmse, one.mae, one.pearson, one.spearman, one.ccc}
  end
  page:table({"target", "R²", "RMSE", "MAE", "Pearson", "Spearman", "concordance"}, rows)
end

function values.pictures(found)
  local list = {}
  for t, name in ipairs(found.targets) do
    list[t] = {
      name = "predicted" .. (#found.targets > 1 and "-" .. t or ""),
      caption = show.format("Predicted and true %s", name),
      draw = function() return plot.predicted(found, {target = t - 1, title = name}) end,
    }
  end
  return list
end

function values.worst(found, paths)
  local n = #found.targets
  local truth, predicted = found.y:view {-1, n}:totable(), found.predicted:view {-1, n}:totable()
  local rows = {}
  for i, path in ipairs(paths) do
    for t, name in ipairs(found.targets) do
      local off = math.abs(truth[i][t] - predicted[i][t])
      rows[#rows + 1] = {path, name, truth[i][t], predicted[i][t], off, by = off / found.per_target[t].rmse}
    end
  end
  table.sort(rows, function(a, b) -- targets have units of their own: each is measured by its RMSE
    if a.by ~= b.by then return a.by > b.by end
    return a[1] < b[1]
  end)
  return {"file", "of", "is", "predicted", "off by"}, rows
end

local by_task = {tags = tags, values = values}

local account = {}

--- How an evaluation is told; nil for one of classes.
---@param found table
---@return moonlark.Account?
function account.of(found) return by_task[found.task] end

-- Of classes. The interval is that of all predictions together, as it is printed; of folds the accuracy is their mean.
local function figures_of_classes(found)
  local flat = found:figures()
  flat.accuracy = found.mean_accuracy or found.accuracy
  flat["accuracy.std"] = found.folds and #found.folds > 1 and found.std_accuracy or nil
  flat.segment_accuracy = found.segment_accuracy
  return flat
end

--- The figures of an evaluation by name, for metrics.json: the same names whether folds, a split or other data judged.
---@param found table
---@return table<string, number>
function account.figures(found)
  local how = by_task[found.task]
  if how then return how.figures(found) end
  return found.accuracy and figures_of_classes(found) or {}
end

--- Writes what a page says of an evaluation of tags or values: its table, pictures, and what went wrong most.
---@param page moonlark.Report
---@param found table
---@param paths string[]  of its rows
---@param counted string  what was judged: "sounds", "tracks"
---@param draw fun(name: string, caption: string, figure: fun(): moonlark.Figure)  puts a picture on the page
function account.write(page, found, paths, counted, draw)
  local how = by_task[found.task]
  how.tables(page, found, counted)
  for _, picture in ipairs(how.pictures(found)) do draw(picture.name, picture.caption, picture.draw) end
  local head, rows = how.worst(found, paths)
  if #rows == 0 then return end
  page:heading(found.task == "tags" and ("Rows with wrong tags (%d)"):format(#rows) or "Farthest off")
  page:table(head, table.move(rows, 1, math.min(#rows, MOST), 1, {}))
end

return account
