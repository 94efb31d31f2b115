--- Bars, one group for each name, with error bars.
local data = require "moonlark.plot.data"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local palette = require "moonlark.plot.palette"
local panel = require "moonlark.plot.panel"
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local text = require "moonlark.plot.text"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.bars", {
  labels = shared.list("names of the bars", "the keys of values, or 1, 2, 3 …"),
  series = shared.list("names of the series in the legend", '"series 1", "series 2" …'),
  errors = shared.list("for each value a number, or {low, high}: whiskers", "none"),
  format = options.text(nil, "of the numbers on the bars, as for string.format", {usual = "three digits"}),
}, shared.ends("the axis", "by the bars, and zero"), shared.axes, shared.size(nil, 420, "by the number of bars"))

-- The values as a list of series, each a list with one number for each label; and the labels.
local function series_of(values, settings)
  local labels = settings.labels
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
      show.fail("values must have series of one length, got %d and %d numbers", #list[1], #one)
    end
    for i, value in ipairs(one) do
      if type(value) ~= "number" then
        show.fail("values must be numbers, number %d of series %d is %s", i, s, type(value))
      end
    end
  end
  if not labels then
    labels = {}
    for i = 1, #list[1] do labels[i] = tostring(i) end
  elseif #labels ~= #list[1] then
    show.fail("labels must be one for each of the %d bars, got %d", #list[1], #labels)
  end
  return list, labels
end

-- Ends of the error bar of a value: its error is a number on both sides, or {low, high} themselves.
local function error_ends(errors, s, i, several, value, keys)
  if not errors then return end
  local one
  if several then one = data.list(errors[s] or {})[i]
  elseif keys and errors[1] == nil then one = errors[keys[i]]
  else one = errors[i] end
  if type(one) == "number" then return value - one, value + one end
  if type(one) == "table" then return one.low or one[1], one.high or one[2] end
end

local function finite(value) return value == value and math.abs(value or 0) < math.huge end

-- {series, at, value, low, high} of each finite value, the last two the ends of its error bar or nil; and how many
-- values are not finite.
local function bars_of(list, errors, keys, wide)
  local found, missing = {}, 0
  for s, one in ipairs(list) do
    for i, value in ipairs(one) do
      if finite(value) then
        local low, high = error_ends(errors, s, i, #list > 1, value, keys)
        local whole = low and high and finite(low) and finite(high)
        found[#found + 1] = {
          series = s, at = i - 1.4 + (s - 0.5) * wide, value = value, low = whole and low, high = whole and high,
        }
      else
        missing = missing + 1
      end
    end
  end
  return found, missing
end

-- The boxes of one series.
local function boxes(found, series, wide)
  local parts, half = {}, 0.46 * wide
  for _, bar in ipairs(found) do
    if bar.series == series then
      parts[#parts + 1] = ("<ffffff"):pack(bar.at, bar.value, bar.at - half, bar.at + half, math.min(0, bar.value),
        math.max(0, bar.value))
    end
  end
  return table.concat(parts)
end

-- Error bars: a line and two caps each, as x, y and their changes.
local function whiskers(found, wide)
  local parts, cap = {}, 0.08 * wide
  for _, bar in ipairs(found) do
    if bar.low then
      parts[#parts + 1] = ("<ffffffffffff"):pack(bar.at, bar.low, 0, bar.high - bar.low,
        bar.at - cap, bar.low, 2 * cap, 0, bar.at - cap, bar.high, 2 * cap, 0)
    end
  end
  return table.concat(parts)
end

-- The ends of the axis: they hold zero and all bars, with room for the numbers on these.
local function limits(found, settings)
  local low, high = 0, 0
  for _, bar in ipairs(found) do
    low, high = math.min(low, bar.value, bar.low or 0), math.max(high, bar.value, bar.high or 0)
  end
  local bottom, top = settings.low or low, settings.high or high
  if bottom >= top then bottom, top = scale.widen(bottom, bottom) end
  local room = 0.09 * (top - bottom)
  return settings.low or (low < 0 and bottom - room or bottom), settings.high or (high > 0 and top + room or top)
end

-- The numbers on the bars; none when one of them is wider than its bar.
local function words_on(found, bottom, top, format, pixels)
  local words = {}
  for _, bar in ipairs(found) do
    local shown = format and format:format(bar.value) or ("%.3g"):format(bar.value):gsub("%-", "−")
    if text.width(shown, 11) > 1.15 * pixels then return {} end
    local room = 0.035 * (top - bottom)
    local y = bar.value < 0 and math.min(bar.value, bar.low or 0) - room
      or math.max(bar.value, bar.high or bar.value) + room
    if y > bottom and y < top then
      words[#words + 1] = {text = shown, x = bar.at, y = y, size = 11, colour = "#444444"}
    end
  end
  return words
end

-- The ticks that name the bars, slanted where they have no room side by side.
local function names_axis(labels, width)
  local widest, shown = 0, {}
  for i, label in ipairs(labels) do
    shown[i] = text.shorten(text.clean(label), panel.tick_size, 160)
    widest = math.max(widest, text.width(shown[i], panel.tick_size))
  end
  return {
    low = -0.6, high = #labels - 0.4, ticks = scale.names_ticks(shown, (width - 100) / 16),
    rotate = widest > (width - 120) / #labels - 8,
  }
end

--- Bars: a list of numbers, a table from name to number, or a list of such lists (several series side by side). Errors
--- are drawn as whiskers.
---     plot.bars({svm = 0.84, knn = 0.79}, {errors = {svm = 0.02, knn = 0.03}}):show()
---@param values table|moonlark.Tensor
---@param given moonlark.plot.bars.Options?
---@return moonlark.Figure
function pictures.bars(values, given)
  local settings = parameters:read(given)
  local list, labels, keys = series_of(values, settings)
  local wide = 0.8 / #list
  local width = settings.width or math.max(420, math.min(1400, 180 + #labels * math.max(34 * #list, 48)))
  local found, missing = bars_of(list, settings.errors, keys, wide)

  local elements, legend = {}, {}
  local function add(bytes, columns, style, name)
    if bytes ~= "" then elements[#elements + 1] = {bytes = bytes, columns = columns, style = style, name = name} end
  end
  for s = 1, #list do
    local colour = palette.colour(s)
    local name = settings.series and settings.series[s]
    add(boxes(found, s, wide), 6, ("with boxxyerror lc rgb '%s' fillstyle solid 0.9 noborder"):format(colour), name)
    legend[s] = {name = name or "series " .. s, kind = "box", colour = colour}
  end
  add(whiskers(found, wide), 4, "with vectors nohead lw 1.4 lc rgb '#333333'")

  local x = names_axis(labels, width)
  local bottom, top = limits(found, settings)
  return figure.new(panel.new {
    title = settings.title, xlabel = settings.xlabel, ylabel = settings.ylabel, x = x,
    y = {low = bottom, high = top, ticks = scale.linear(bottom, top, (settings.height - 100) / 45)},
    grid = true, elements = elements,
    words = words_on(found, bottom, top, settings.format, (width - 120) / #labels * wide),
    marks = bottom < 0 and top > 0 and {{x1 = x.low, y1 = 0, x2 = x.high, y2 = 0, colour = "#888888"}} or nil,
    legend = (settings.series or #list > 1) and legend or nil,
    note = missing > 0 and ("%d bars are not finite numbers"):format(missing) or nil,
  }, width, settings.height)
end

return pictures
