--- Curves of a training: how losses and scores went from epoch to epoch.
local figure = require "moonlark.plot.figure"
local lines = require "moonlark.plot.lines".lines
local options = require "moonlark.base.options"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local style = require "moonlark.plot.style"
local text = require "moonlark.base.text"

---@class moonlark.plot
local pictures = {}

local function is_loss(measure) return measure:find "loss" ~= nil end

local function names_of(value)
  if type(value) ~= "table" or getmetatable(value) then return nil end
  for key, name in pairs(value) do
    if type(key) ~= "string" or type(name) ~= "string" then return nil end
  end
  return value
end

local parameters = options.describe("plot.curves", {
  x = options.text(nil, "the key to draw against", {usual = "epoch, else the row"}),
  names = options.value("table<string, string>", "a table of words by the names in the rows", names_of, nil,
    'titles of the panels: {accuracy = "accuracy by track"}', {usual = "the names themselves"}),
  measures = options.list(options.text(nil), nil, {least = 1},
    'only these, in this order: {"loss", "accuracy"}; with validation and test where they are there', {usual = "all"}),
  training = options.text("training", "what the training's own curve is called"),
}, style.lines, style.points, shared.legend(nil, "in the corner that such curves leave free"),
  shared.yscale, shared.title, shared.size(nil, 380, "450 for each panel of a row"))

-- What is handed on to the lines of each panel.
local passed = {"colours", "styles", "line_width", "markers", "marker_size", "legend", "yscale", "font_size"}

-- The panel of a measure: its options, but for the size.
local function looks_of(measure, settings, x_label, best)
  local own = {
    title = (settings.names or {})[measure.name] or measure.name:gsub("_", " "), xlabel = x_label, counted = true,
    marks = best and {best} or nil,
  }
  for _, name in ipairs(passed) do own[name] = settings[name] end
  if own.legend == nil then own.legend = is_loss(measure.name) and "top right" or "bottom right" end
  return own
end

-- Names of what counts rows and measures nothing.
local counters = {epoch = true, step = true, fold = true, time = true, seconds = true, lr = true}

-- The names that hold numbers to draw, sorted.
local function keys_of(rows, x_key)
  local seen = {}
  for _, row in ipairs(rows) do
    for key, value in pairs(row) do
      local measured = type(key) == "string" and type(value) == "number" and not counters[key]
      if measured and key ~= x_key then seen[key] = true end
    end
  end
  local keys = text.keys(seen)
  if #keys == 0 then error("metrics must hold numbers by name besides the epoch, got none", 0) end
  return keys
end

-- The measures, losses first, each with its keys: {name, keys}. "valid_loss" and "train_loss" are both of "loss".
local function measures_of(keys)
  local measures, by_name = {}, {}
  for _, key in ipairs(keys) do
    local name = key:gsub("^train[_.]", ""):gsub("^valid[_.]", ""):gsub("^val[_.]", ""):gsub("^test[_.]", "")
    if not by_name[name] then
      by_name[name] = {name = name, keys = {}}
      measures[#measures + 1] = by_name[name]
    end
    table.insert(by_name[name].keys, key)
  end
  table.sort(measures, function(a, b)
    if is_loss(a.name) ~= is_loss(b.name) then return is_loss(a.name) end
    return a.name < b.name
  end)
  return measures
end

-- Those of the measures that are asked for.
local function chosen(measures, names)
  local by_name, known, list = {}, {}, {}
  for i, measure in ipairs(measures) do by_name[measure.name], known[i] = measure, measure.name end
  for i, name in ipairs(names) do list[i] = by_name[name] or options.unknown("measure", name, known) end
  return list
end

-- One key over the rows as a series, and where it is best.
local function series_of(rows, key, x_key, lower_is_better, training)
  local x, y, best, best_x = {}, {}, nil, nil
  for i, row in ipairs(rows) do
    local value = row[key]
    x[i], y[i] = x_key and row[x_key] or i, value or 0 / 0
    local better = value and (not best or lower_is_better and value < best or not lower_is_better and value > best)
    if better then best, best_x = value, x[i] end
  end
  local rank = key:find "^val" and 2 or key:find "^test" and 3 or 1
  return {x = x, y = y, label = ({training, "validation", "test"})[rank], rank = rank}, best_x
end

-- All series of a measure, and where the validation is best.
local function panel_of(rows, measure, x_key, training)
  local series, best = {}, nil
  for i, key in ipairs(measure.keys) do
    local best_x
    series[i], best_x = series_of(rows, key, x_key, is_loss(measure.name), training)
    if key:find "^val" then best = best_x end
  end
  table.sort(series, function(a, b) return a.rank < b.rank end)
  return series, best
end

--- Losses and scores over the epochs, a panel for each measure, training and validation together. `metrics` is a list
--- of rows such as {epoch = 1, loss = 0.7, valid_loss = 0.8} (the lines of metrics.jsonl), or what train.fit returns. A
--- dotted line marks the best validation.
---     plot.curves(train.fit(net, {train = batches, valid = others})):save "curves.png"
---@param metrics table
---@param given moonlark.plot.curves.Options?
---@return moonlark.Figure
function pictures.curves(metrics, given)
  local settings = parameters:read(given)
  local rows = type(metrics) == "table" and (metrics.history or metrics)
  if type(rows) ~= "table" or #rows == 0 then
    show.fail("metrics must be a list of rows such as {epoch = 1, loss = 0.7}, got %s",
      type(rows) == "table" and "an empty table" or type(metrics))
  end
  local known_best = metrics.history and metrics.best and metrics.best.epoch
  local x_key = settings.x or (rows[1].epoch and "epoch")
  local measures = measures_of(keys_of(rows, x_key))
  if settings.measures then measures = chosen(measures, settings.measures) end
  local figures, columns = {}, math.min(#measures, 3)
  for i, measure in ipairs(measures) do
    local series, best = panel_of(rows, measure, x_key, settings.training)
    local own = looks_of(measure, settings, x_key or "row", best and (known_best or best))
    own.width, own.height = 450, 380
    figures[i] = lines(series, own)
  end
  return figure.grid(figures, {columns = columns, title = settings.title, width = settings.width,
    height = settings.height, width_mm = settings.width_mm, height_mm = settings.height_mm,
    font_size = settings.font_size})
end

return pictures
