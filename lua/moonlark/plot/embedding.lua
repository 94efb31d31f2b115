--- Embeddings: maps of many songs in the plane, where near ones are alike.
local cloud = require "moonlark.plot.cloud"
local data = require "moonlark.plot.data"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local panel = require "moonlark.plot.panel"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local style = require "moonlark.plot.style"
local text = require "moonlark.plot.text"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.embedding", {
  classes = shared.list("names of the classes by id", 'the labels, or "class 0", "class 1" …'),
  names = shared.list("a word beside each point, such as a song's name; false or \"\": none", "none"),
  centres = options.boolean(false, "write the classes' names at their middles, in place of the legend"),
}, style.colours, style.points, shared.legend(), shared.axes, shared.size(nil, 600, "600 and the legend's"))

local function overlaps(a, b)
  return a[1] < b[3] and b[1] < a[3] and a[2] < b[4] and b[2] < a[4]
end

-- A function that says whether a box of pixels, left, top, right, bottom, is free, and takes it if so.
local function new_claims()
  local taken = {}
  return function(...)
    local box = {...}
    for _, other in ipairs(taken) do
      if overlaps(box, other) then return false end
    end
    taken[#taken + 1] = box
    return true
  end
end

-- The names beside their points, and how many have no room: those that would lie over one before them.
local function words_beside(x, y, names, unit, zoom)
  local words, hidden, claim, size = {}, 0, new_claims(), panel.tick_size * 0.85
  for i, name in ipairs(names) do
    local shown = name and text.shorten(text.clean(name), size * zoom, 150 * zoom) or ""
    local at_x, at_y = x[i], y[i]
    if shown ~= "" and at_x and at_x - at_x == 0 and at_y - at_y == 0 then
      local left, middle = at_x / unit + 6 * zoom, -at_y / unit
      local half = size * zoom * 0.6
      if claim(left, middle - half, left + text.width(shown, size * zoom), middle + half) then
        words[#words + 1] = {text = shown, x = at_x + 6 * zoom * unit, y = at_y, size = size, align = "left",
          colour = "#444444"}
      else
        hidden = hidden + 1
      end
    end
  end
  return words, hidden
end

local function median(list)
  table.sort(list)
  local middle = (#list + 1) // 2
  return #list % 2 == 1 and list[middle] or (list[middle] + list[middle + 1]) / 2
end

-- The names of the classes at the medians of their points.
local function words_at_centres(x, y, ids, entries, zoom)
  local words = {}
  for i, entry in ipairs(entries) do
    local xs, ys = {}, {}
    for k, id in ipairs(ids) do
      if id == i - 1 and x[k] - x[k] == 0 and y[k] - y[k] == 0 then xs[#xs + 1], ys[#ys + 1] = x[k], y[k] end
    end
    if #xs > 0 then
      words[#words + 1] = {text = text.shorten(text.clean(entry.name), panel.tick_size * zoom, 200 * zoom),
        x = median(xs), y = median(ys), size = panel.tick_size * 1.1, boxed = true}
    end
  end
  return words
end

--- Points in the plane where only nearness counts, such as cluster.tsne and cluster.umap give: both axes have the same
--- unit and no numbers. `labels`, class ids from 0 or names, give each class a colour and a shape; `names` write beside
--- the points, as far as there is room.
---     plot.embedding(cluster.tsne(X), X.y, {classes = X.classes}):save "songs.png"
---@param points moonlark.Tensor|table  n × 2 (of more columns the first two)
---@param labels? moonlark.Tensor|table
---@param given moonlark.plot.embedding.Options?
---@return moonlark.Figure
function pictures.embedding(points, labels, given)
  if given == nil and type(labels) == "table" and next(labels) ~= nil and labels[1] == nil then
    labels, given = nil, labels -- embedding(points, {options})
  end
  local settings = parameters:read(given)
  local drawn = cloud.parts(points, labels, settings, {0, 1})
  local names = settings.names
  if names and #names ~= drawn.count then
    show.fail("names must be one for each of the %d points, got %d", drawn.count, #names)
  end
  if settings.centres and not drawn.entries then show.fail "centres needs labels: there are no classes" end
  if settings.centres and settings.legend == nil then settings.legend = false end
  local zoom = shared.zoom(settings)
  local _, tall = shared.measure(settings, 600, 600)
  local width, height = shared.measure(settings, cloud.width(settings, drawn.entries, tall), 600)
  local x_axis, y_axis = drawn.x_axis, drawn.y_axis
  local unit = math.max(x_axis.high - x_axis.low, y_axis.high - y_axis.low) / (height - 40)
  local words, hidden = {}, 0
  if names then words, hidden = words_beside(data.list(drawn.x), data.list(drawn.y), names, unit, zoom) end
  if settings.centres then
    local ids = data.list(drawn.ids)
    words = table.move(words_at_centres(data.list(drawn.x), data.list(drawn.y), ids, drawn.entries, zoom), 1, 100000,
      #words + 1, words)
  end
  x_axis.ticks, y_axis.ticks = {}, {}
  local notes = {}
  if drawn.missing > 0 then notes[1] = text.count(drawn.missing, "point") .. " left out: not finite" end
  if hidden > 0 then notes[#notes + 1] = "no room for " .. text.count(hidden, "name") end
  return figure.of(settings, {
    x = x_axis, y = y_axis, equal = true, frame = true, elements = drawn.elements, legend = drawn.entries,
    words = words,
    note = #notes > 0 and table.concat(notes, "; ") or nil,
  }, width, height)
end

return pictures
