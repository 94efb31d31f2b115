--- Pies: shares of a whole.
local data = require "moonlark.plot.data"
local element = require "moonlark.plot.element"
local figure = require "moonlark.plot.figure"
local legend = require "moonlark.plot.legend"
local options = require "moonlark.base.options"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local style = require "moonlark.plot.style"
local text = require "moonlark.base.text"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.pie", {
  labels = shared.list("names of the slices", "the keys of values, or 1, 2, 3 …"),
  format = options.text("%.0f %%", "of the percentages, as for string.format"),
}, style.colours, shared.legend(), shared.title, shared.annotations, shared.size(nil, 400, "400 and the legend's"))

-- Names and numbers of the slices; those of a table by name, the largest first.
local function slices_of(values, labels)
  local names, list = {}, {}
  if type(values) == "table" and #values == 0 and next(values) ~= nil then
    local keyed = {}
    for name, value in pairs(values) do keyed[tostring(name)] = value end
    names = text.keys(keyed)
    table.sort(names, function(a, b)
      local x, y = keyed[a], keyed[b]
      if type(x) == "number" and type(y) == "number" and x ~= y then return x > y end
      return a < b
    end)
    for i, name in ipairs(names) do list[i] = keyed[name] end
  else
    list = data.list((data.read("values", values)))
    for i = 1, #list do names[i] = tostring(labels and labels[i] or i) end
  end
  if labels and #labels ~= #list then
    show.fail("labels must be one for each of the %d slices, got %d", #list, #labels)
  end
  return names, list
end

local function sum_of(names, list)
  local sum = 0
  for i, value in ipairs(list) do
    if type(value) ~= "number" or not (value >= 0 and value < math.huge) then
      show.fail("values must be numbers 0 or more, %s is %s", names[i], tostring(value))
    end
    sum = sum + value
  end
  if sum == 0 then show.fail("values must not all be 0: there is no whole to share") end
  return sum
end

-- The outline of a slice between two parts of the turn, clockwise from the top.
local function outline(from, to)
  local points = to - from < 1 and {{0, 0}} or {}
  local steps = math.max(2, math.ceil((to - from) * 180))
  for i = 0, steps do
    local angle = 2 * math.pi * (from + (to - from) * i / steps)
    points[#points + 1] = {math.sin(angle), math.cos(angle)}
  end
  points[#points + 1] = points[1]
  return element.pack(points)
end

local function lightness(colour)
  local r, g, b = colour:match "(%x%x)(%x%x)(%x%x)"
  return (0.299 * tonumber(r, 16) + 0.587 * tonumber(g, 16) + 0.114 * tonumber(b, 16)) / 255
end

-- The slices, the percentages in those that have room for them, and the legend.
local function drawn(names, list, sum, settings)
  local elements, words, entries, from = {}, {}, {}, 0
  for i, value in ipairs(list) do
    local share, colour = value / sum, style.colour_of(settings, i)
    local percent = settings.format:format(100 * share)
    if share > 0 then
      elements[#elements + 1] = {kind = "polygon", bytes = outline(from, from + share), colour = colour,
        edge = "#ffffff", pattern = i}
    end
    if share >= 0.04 then
      local angle, reach = 2 * math.pi * (from + share / 2), share < 1 and 0.72 or 0
      words[#words + 1] = {text = percent, x = reach * math.sin(angle), y = reach * math.cos(angle),
        colour = lightness(colour) < 0.55 and "#ffffff" or "#222222"}
    end
    entries[i] = {name = ("%s  %s"):format(names[i], percent), kind = "box", colour = colour, pattern = i}
    from = from + share
  end
  return elements, words, entries
end

--- Shares of a whole as slices, clockwise from the top: how many songs each genre has. `values` is a list of numbers
--- or a table from name to number, which is sorted by size. For more than a handful bars are easier to read.
---
--- Errors: negative numbers; nothing to share.
---     plot.pie({jazz = 40, rock = 110, folk = 12}, {title = "Songs"}):save "songs.png"
---@param values table|moonlark.Tensor
---@param given moonlark.plot.pie.Options?
---@return moonlark.Figure
function pictures.pie(values, given)
  local settings = parameters:read(given)
  local names, list = slices_of(values, settings.labels)
  local elements, words, entries = drawn(names, list, sum_of(names, list), settings)
  local _, tall = shared.measure(settings, 400, 400)
  local beside = settings.legend == nil or settings.legend == "right"
  local room = beside and legend.room(entries, "right", 1000, tall - 40, shared.zoom(settings)) or 0
  local width, height = shared.measure(settings, 400 + room, 400)
  return figure.of(settings, {
    x = {low = -1.05, high = 1.05, ticks = {}}, y = {low = -1.05, high = 1.05, ticks = {}}, bare = true, equal = true,
    elements = elements, words = words, legend = entries,
  }, width, height)
end

return pictures
