--- Bars, one group for each name, with error bars.
local data = require "moonlark.plot.data"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.options"
local palette = require "moonlark.plot.palette"
local panel = require "moonlark.plot.panel"
local scale = require "moonlark.plot.scale"
local text = require "moonlark.plot.text"

local defaults = {
  title = options.none, xlabel = options.none, ylabel = options.none, width = options.none, height = 420,
  labels = options.none, series = options.none, errors = options.none, low = options.none, high = options.none,
  format = options.none,
}

-- The values as a list of series, each a list with one number for each label; and the labels.
local function series_of(values, settings)
  local labels = settings.labels and data.list(settings.labels)
  if type(values) == "table" and #values == 0 and next(values) ~= nil then -- {svm = 0.8, knn = 0.7}
    local names, list = {}, {}
    for name in pairs(values) do names[#names + 1] = tostring(name) end
    table.sort(names)
    for i, name in ipairs(names) do list[i] = values[name] end
    return {list}, labels or names, names
  end
  local list = data.list(data.read("values", values))
  if type(list[1]) ~= "table" then list = {list} end
  for s, one in ipairs(list) do
    if #one ~= #list[1] then
      error(("values must have series of one length, got %d and %d numbers"):format(#list[1], #one), 0)
    end
    for i, value in ipairs(one) do
      if type(value) ~= "number" then
        error(("values must be numbers, number %d of series %d is %s"):format(i, s, type(value)), 0)
      end
    end
  end
  if not labels then
    labels = {}
    for i = 1, #list[1] do labels[i] = tostring(i) end
  elseif #labels ~= #list[1] then
    error(("labels must be one for each of the %d bars, got %d"):format(#list[1], #labels), 0)
  end
  return list, labels
end

-- Ends of the error bar of a value: its error is a number on both sides, or {low, high} themselves.
local function error_ends(errors, s, i, several, value, keys)
  if not errors then return end
  local list = data.list(errors)
  local one
  if several then one = data.list(list[s] or {})[i]
  elseif keys and list[1] == nil then one = list[keys[i]]
  else one = list[i] end
  if type(one) == "number" then return value - one, value + one end
  if type(one) == "table" then return one.low or one[1], one.high or one[2] end
end

local function finite(value)
  return value == value and math.abs(value or 0) < math.huge
end

-- Explained at plot.bars.
local function bars(values, given)
  local settings = options.read("bars", given, defaults)
  data.check_numbers(settings, {"low", "high", "width"})
  local list, labels, keys = series_of(values, settings)
  local n, k = #labels, #list
  local elements, legend, words, whiskers = {}, {}, {}, {}
  local low, high = 0, 0
  local wide = 0.8 / k
  local missing, crowded = 0, false
  local width = settings.width or math.max(420, math.min(1400, 180 + n * math.max(34 * k, 48)))
  local bar_pixels = (width - 120) / n * wide

  for s, one in ipairs(list) do
    local boxes = {}
    for i, value in ipairs(one) do
      local at = i - 1 - 0.4 + (s - 0.5) * wide
      if not finite(value) then
        missing = missing + 1
      else
        local gap = wide * 0.46
        boxes[#boxes + 1] = ("<ffffff"):pack(at, value, at - gap, at + gap, math.min(0, value), math.max(0, value))
        low, high = math.min(low, value), math.max(high, value)
        local from, to = error_ends(settings.errors, s, i, k > 1, value, keys)
        if from and to and finite(from) and finite(to) then
          local cap = wide * 0.08
          whiskers[#whiskers + 1] = ("<ffffffffffff"):pack(at, from, 0, to - from, at - cap, from, 2 * cap, 0,
            at - cap, to, 2 * cap, 0)
          low, high = math.min(low, from), math.max(high, to)
        end
        local shown = settings.format and settings.format:format(value) or ("%.3g"):format(value):gsub("%-", "−")
        crowded = crowded or text.width(shown, 11) > bar_pixels * 1.15
        words[#words + 1] = {text = shown, x = at, y = math.max(value, to or value), below = value < 0,
          size = 11, colour = "#444444", least = math.min(value, from or value)}
      end
    end
    local colour = palette.colour(s)
    local name = settings.series and data.list(settings.series)[s]
    elements[#elements + 1] = {
      bytes = table.concat(boxes), columns = 6, name = name,
      style = ("with boxxyerror lc rgb '%s' fillstyle solid 0.9 noborder"):format(colour),
    }
    legend[s] = {name = name or "series " .. s, kind = "box", colour = colour}
  end
  if #whiskers > 0 then
    elements[#elements + 1] = {
      bytes = table.concat(whiskers), columns = 4, style = "with vectors nohead lw 1.4 lc rgb '#333333'",
    }
  end
  for i = #elements, 1, -1 do
    if elements[i].bytes == "" then table.remove(elements, i) end
  end

  local bottom, top = settings.low or low, settings.high or high
  if bottom >= top then bottom, top = scale.widen(bottom, bottom) end
  local span = top - bottom
  if not settings.high and high > 0 then top = top + 0.09 * span end
  if not settings.low and low < 0 then bottom = bottom - 0.09 * span end
  local kept = {}
  for _, word in ipairs(crowded and {} or words) do
    local up = word.below and -1 or 1
    word.y = (word.below and word.least or word.y) + up * 0.035 * (top - bottom)
    if word.y > bottom and word.y < top then kept[#kept + 1] = word end
  end

  local widest, shown = 0, {}
  for i, label in ipairs(labels) do
    shown[i] = text.shorten(text.clean(label), panel.tick_size, 160)
    widest = math.max(widest, text.width(shown[i], panel.tick_size))
  end
  local marks = {}
  if low < 0 then marks[1] = {x1 = -0.6, y1 = 0, x2 = n - 0.4, y2 = 0, colour = "#888888"} end
  return figure.new(panel.new {
    title = settings.title, xlabel = settings.xlabel, ylabel = settings.ylabel,
    x = {low = -0.6, high = n - 0.4, ticks = scale.names_ticks(shown, (width - 100) / 16),
      rotate = widest > (width - 120) / n - 8},
    y = {low = bottom, high = top, ticks = scale.linear(bottom, top, (settings.height - 100) / 45)},
    grid = true, elements = elements, words = kept, marks = marks,
    legend = (settings.series or k > 1) and legend or nil,
    note = missing > 0 and ("%d bars are not finite numbers"):format(missing) or nil,
  }, width, settings.height)
end

return bars
