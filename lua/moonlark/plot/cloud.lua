--- Cloud: points in the plane with their classes: what scatters and embeddings draw.
local data = require "moonlark.plot.data"
local legend = require "moonlark.plot.legend"
local palette = require "moonlark.plot.palette"
local picture = require("moonlark_core").picture
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local style = require "moonlark.plot.style"
local text = require "moonlark.base.text"

local cloud = {}

-- Class ids from 0 for each point, and the classes' names. Labels that are strings become ids.
local function classes_of(labels, names)
  local array = data.read("labels", labels)
  if type(array) == "table" and type(array[1]) == "string" then
    local ids, known = {}, {}
    for _, label in ipairs(array) do known[label] = 0 end
    local list = text.keys(known)
    for i, label in ipairs(list) do known[label] = i - 1 end
    for i, label in ipairs(array) do ids[i] = known[label] end
    return ids, names or list
  end
  local _, least, most = picture.range(array)
  if not least or least < -1 or most ~= math.floor(most) then
    show.fail("labels must be class ids 0, 1, 2 … (−1: none) or names, got %g", least and least < -1 and least or most
      or 0 / 0)
  end
  local list = {}
  for id = 0, math.floor(most) do list[id + 1] = names and names[id + 1] or "class " .. id end
  for id = #list, names and #names - 1 or -1 do list[id + 1] = names[id + 1] end
  return array, list, least == -1
end

-- Size and transparency of points: where there are many, they are small and a little transparent.
local function point_style(count)
  if count <= 500 then return 1.1, "" end
  if count <= 3000 then return 0.8, "30" end
  return count <= 10000 and 0.5 or 0.4, "70"
end

-- The points of each class that has any, and the legend of all classes. Without labels there is one cloud. Points of no
-- class (−1, as of HDBSCAN) are grey crosses.
local function clouds(x, y, settings, count, ids, names, noise)
  local elements, entries = {}, {}
  local size, alpha = point_style(count)
  local function add(bytes, shape, colour)
    elements[#elements + 1] = {
      kind = "points", bytes = bytes, shape = shape, size = style.size_of(settings, size), alpha = alpha,
      crowded = count > 400, colour = colour,
    }
  end
  if not ids then
    add(picture.points {x, y}, style.shape_of(settings, 1), style.colour_of(settings, 1))
    return elements
  end
  local function class(id, name, shape, colour)
    local bytes, found = picture.points({x, y}, ids, id)
    if found > 0 then add(bytes, shape, colour) end
    entries[#entries + 1] = {name = name, kind = "point", colour = colour, shape = shape}
  end
  if noise then class(-1, "none", palette.shape "cross", "#999999") end
  for i, name in ipairs(names) do
    class(i - 1, name, style.shape_of(settings, i), style.colour_of(settings, i))
  end
  if noise then entries[#entries + 1] = table.remove(entries, 1) end -- drawn first, named last
  return elements, entries
end

-- The axis of a column, and how many of its numbers it can show.
local function axis_of(column, kind)
  local finite, low, high = picture.range(column)
  local axis = {log = kind == "log"}
  if axis.log then
    finite, low, high = data.positive(column)
    low, high = scale.widen_log(low, high)
  else
    low, high = scale.widen(low, high, 0.04)
  end
  axis.low, axis.high = low, high
  return axis, finite
end

--- The width of the picture: that of its plot and of the legend beside it.
function cloud.width(settings, entries, height)
  if not entries or settings.legend ~= nil and settings.legend ~= "right" then return 600 end
  return 600 + legend.room(entries, "right", 1000, height - 70, shared.zoom(settings))
end

--- What is drawn of two columns of points: elements, entries of the legend, ids of the classes, both columns and their
--- axes (without ticks' places), how many points there are and how many cannot be shown.
function cloud.parts(points, labels, settings, components)
  local array = data.read("points", points)
  local x, y = data.column("points", array, components[1]), data.column("points", array, components[2])
  local _, count = data.shape("points", array)
  local ids, names, noise
  if labels ~= nil then ids, names, noise = classes_of(labels, settings.classes) end
  local elements, entries = clouds(x, y, settings, count, ids, names, noise)
  local x_axis, x_finite = axis_of(x, settings.xscale)
  local y_axis, y_finite = axis_of(y, settings.yscale)
  return {
    elements = elements, entries = entries, ids = ids, x = x, y = y, x_axis = x_axis, y_axis = y_axis, count = count,
    missing = count - math.min(x_finite, y_finite),
  }
end

return cloud
