--- Curves of a training: how losses and scores went from epoch to epoch.
local figure = require "moonlark.plot.figure"
local lines = require "moonlark.plot.lines"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local defaults = {title = options.none, width = 900, height = 380, x = options.none}

-- Names that count the rows rather than measure anything.
local counters = {epoch = true, step = true, fold = true, time = true, seconds = true, lr = true}

-- The measure that a key belongs to: "valid_loss" and "train_loss" are both "loss".
local function measure_of(key)
  return (key:gsub("^train[_.]", ""):gsub("^valid[_.]", ""):gsub("^val[_.]", ""):gsub("^test[_.]", ""))
end

-- Explained at plot.curves.
local function curves(metrics, given)
  local settings = options.read("curves", given, defaults)
  local rows = type(metrics) == "table" and (metrics.history or metrics)
  local known_best = rows and metrics.history and metrics.best and metrics.best.epoch
  if type(rows) ~= "table" or #rows == 0 then
    show.fail("metrics must be a list of rows such as {epoch = 1, loss = 0.7}, got %s",
      type(rows) == "table" and "an empty table" or type(metrics))
  end
  local x_key = settings.x or (rows[1].epoch and "epoch")
  local keys, seen = {}, {}
  for _, row in ipairs(rows) do
    for key, value in pairs(row) do
      if type(key) == "string" and type(value) == "number" and not counters[key] and key ~= x_key and not seen[key] then
        seen[key] = true
        keys[#keys + 1] = key
      end
    end
  end
  table.sort(keys)
  if #keys == 0 then error("metrics must hold numbers by name besides the epoch, got none", 0) end

  local measures, by_measure = {}, {}
  for _, key in ipairs(keys) do
    local measure = measure_of(key)
    if not by_measure[measure] then
      by_measure[measure] = {}
      measures[#measures + 1] = measure
    end
    table.insert(by_measure[measure], key)
  end
  table.sort(measures, function(a, b)
    local a_loss, b_loss = a:find "loss" ~= nil, b:find "loss" ~= nil
    if a_loss ~= b_loss then return a_loss end
    return a < b
  end)

  local figures = {}
  local columns = math.min(#measures, 2)
  for _, measure in ipairs(measures) do
    local series, best = {}, nil
    for _, key in ipairs(by_measure[measure]) do
      local x, y = {}, {}
      local best_value
      for i, row in ipairs(rows) do
        x[i], y[i] = x_key and row[x_key] or i, row[key] or 0 / 0
        local better = row[key] and (not best_value or (measure:find "loss" and row[key] < best_value)
          or (not measure:find "loss" and row[key] > best_value))
        if better and key:find "^val" then best_value, best = row[key], x[i] end
      end
      local label = key:find "^val" and "validation" or key:find "^test" and "test" or "training"
      series[#series + 1] = {x = x, y = y, label = label}
    end
    table.sort(series, function(a, b) return a.label < b.label end)
    figures[#figures + 1] = lines(series, {
      title = (measure:gsub("_", " ")), xlabel = x_key or "row", width = settings.width / columns,
      height = settings.height, marks = best and {known_best or best} or nil,
    })
  end
  if #figures == 1 and not settings.title then return figures[1] end
  return figure.grid(figures, {columns = columns, title = settings.title})
end

return curves
