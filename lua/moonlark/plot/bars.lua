--- Bars, one group for each name, with error bars.
local data = require "moonlark.plot.data"
local element = require "moonlark.plot.element"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local panel = require "moonlark.plot.panel"
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local style = require "moonlark.plot.style"
local text = require "moonlark.plot.text"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.bars", {
  labels = shared.list("names of the bars", "the keys of values, or 1, 2, 3 …"),
  series = shared.list("names of the series in the legend", '"series 1", "series 2" …'),
  errors = shared.list("for each value a number, or {low, high}: whiskers", "none"),
  format = options.text(nil, "of the numbers on the bars, as for string.format", {usual = "three digits"}),
}, shared.ends("the axis", "by the bars, and zero"), style.colours, shared.legend(), shared.yscale, shared.axes,
  shared.size(nil, 420, "by the number of bars"))

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

-- The boxes of one series, which stand on `base`.
local function boxes(found, series, wide, base)
  local points, half = {}, 0.46 * wide
  for _, bar in ipairs(found) do
    if bar.series == series then
      points[#points + 1] = {bar.at, bar.value, bar.at - half, bar.at + half, math.min(base, bar.value),
        math.max(base, bar.value)}
    end
  end
  return element.pack(points)
end

-- Error bars: a line and two caps each, as x, y and their changes.
local function whiskers(found, wide, least)
  local points, cap = {}, 0.08 * wide
  for _, bar in ipairs(found) do
    if bar.low and bar.high > least then
      local low = math.max(bar.low, least)
      points[#points + 1] = {bar.at, low, 0, bar.high - low}
      points[#points + 1] = {bar.at - cap, low, 2 * cap, 0}
      points[#points + 1] = {bar.at - cap, bar.high, 2 * cap, 0}
    end
  end
  return element.pack(points)
end

-- The ends of a logarithmic axis.
local function log_limits(found, settings)
  local least, most = math.huge, 0
  for _, bar in ipairs(found) do
    if bar.value > 0 then least, most = math.min(least, bar.value), math.max(most, bar.value, bar.high or 0) end
  end
  if most == 0 then least, most = 1, 10 end
  local bottom, top = settings.low or 10.0 ^ math.floor(math.log(least * 0.8, 10)), settings.high or 1.5 * most
  if bottom <= 0 then show.fail("plot.bars: low must be above 0 on a logarithmic axis, got %g", bottom) end
  return bottom, math.max(top, bottom * 1.01)
end

-- The ends of the axis: they hold zero and all bars, with room for the numbers on these.
local function limits(found, settings)
  if settings.yscale == "log" then return log_limits(found, settings) end
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
local function words_on(found, y, format, pixels)
  local words, log = {}, y.log
  for _, bar in ipairs(found) do
    local shown = format and format:format(bar.value) or scale.short(bar.value)
    if text.width(shown, 11) > pixels then return {} end
    local room = log and (y.high / y.low) ^ 0.035 or 0.035 * (y.high - y.low)
    local top = math.max(bar.value, bar.high or bar.value)
    local at = log and top * room or bar.value < 0 and math.min(bar.value, bar.low or 0) - room or top + room
    if at > y.low and at < y.high then
      words[#words + 1] = {text = shown, x = bar.at, y = at, size = 11, colour = "#444444"}
    end
  end
  return words
end

-- The ticks that name the bars, slanted where they have no room side by side.
local function names_axis(labels, width, zoom)
  local widest, shown, size = 0, {}, panel.tick_size * zoom
  for i, label in ipairs(labels) do
    shown[i] = text.shorten(text.clean(label), size, 160 * zoom)
    widest = math.max(widest, text.width(shown[i], size))
  end
  return {
    low = -0.6, high = #labels - 0.4, ticks = scale.names_ticks(shown, (width - 100) / 16 / zoom),
    rotate = widest > (width - 120) / #labels - 8,
  }
end

-- The bars and whiskers of all series, and their legend.
local function drawn(list, found, settings, wide, y)
  local elements, entries = {}, {}
  local base = y.log and y.low or 0
  local function add(kind, bytes, colour, pattern)
    if bytes == "" then return end
    elements[#elements + 1] = {kind = kind, bytes = bytes, colour = colour, pattern = pattern}
  end
  for s = 1, #list do
    local colour = style.colour_of(settings, s)
    add("boxes", boxes(found, s, wide, base), colour, s)
    entries[s] = {name = settings.series and settings.series[s] or "series " .. s, kind = "box", colour = colour,
      pattern = s}
  end
  add("vectors", whiskers(found, wide, y.log and y.low or -math.huge), "#333333")
  return elements, (settings.series or #list > 1) and entries or nil
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
  local width, height = shared.measure(settings,
    math.max(420, math.min(1400, 180 + #labels * math.max(34 * #list, 48))), 420)
  local zoom = shared.zoom(settings)
  local found, missing = bars_of(list, settings.errors, keys, wide)
  local bottom, top = limits(found, settings)
  local x = names_axis(labels, width, zoom)
  local y = {low = bottom, high = top, log = settings.yscale == "log",
    ticks = scale.ticks(settings.yscale, bottom, top, (height - 100) / 45 / zoom)}
  local elements, entries = drawn(list, found, settings, wide, y)
  return figure.of(settings, {
    x = x, y = y, grid = true, elements = elements, legend = entries,
    words = words_on(found, y, settings.format, (width - 120) / #labels * (#list > 1 and wide or 0.95) / zoom),
    marks = bottom < 0 and top > 0 and {{x1 = x.low, y1 = 0, x2 = x.high, y2 = 0, colour = "#888888"}} or nil,
    note = missing > 0 and text.count(missing, "bar") .. " left out: not finite" or nil,
  }, width, height)
end

return pictures
