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
}, style.colours, style.points, shared.legend(), shared.axes,
  shared.size(nil, nil, "600 and the legend's, and by the cloud"))

local function overlaps(a, b)
  return a[1] < b[3] and b[1] < a[3] and a[2] < b[4] and b[2] < a[4]
end

-- Boxes of pixels, left, top, right, bottom, that are taken; `free` says whether one overlaps none of them.
local function new_claims()
  local taken = {}
  return {
    take = function(box) taken[#taken + 1] = box end,
    free = function(box)
      for _, other in ipairs(taken) do
        if overlaps(box, other) then return false end
      end
      return true
    end,
  }
end

local function finite(x, y) return x - x == 0 and y - y == 0 end

-- A name right of its point, else left of it, where it covers neither points nor names before it; nil for no room.
-- `to` holds: unit (of the axes, a pixel), low and high (the ends of the x axis), zoom.
local function word_beside(x, y, name, claims, to)
  local size = panel.tick_size * 0.85
  local shown = text.shorten(text.clean(name), size * to.zoom, 150 * to.zoom)
  local width, half, gap = text.width(shown, size * to.zoom), size * to.zoom * 0.55, 6 * to.zoom
  local across, down = x / to.unit, -y / to.unit
  for _, side in ipairs {1, -1} do
    local from = across + side * gap + (side < 0 and -width or 0)
    local box = {from, down - half, from + width, down + half}
    if box[1] * to.unit >= to.low and box[3] * to.unit <= to.high and claims.free(box) then
      claims.take(box)
      return {text = shown, x = x + side * gap * to.unit, y = y, size = size, align = side > 0 and "left" or "right",
        colour = "#444444"}
    end
  end
end

-- The names beside their points, and how many have no room.
local function words_beside(x, y, names, to)
  local words, hidden, claims = {}, 0, new_claims()
  for i in ipairs(x) do
    local across, down = x[i] / to.unit, -y[i] / to.unit
    if finite(x[i], y[i]) then claims.take {across - 3, down - 3, across + 3, down + 3} end
  end
  for i, name in ipairs(names) do
    if name and name ~= "" and finite(x[i], y[i]) then
      local word = word_beside(x[i], y[i], name, claims, to)
      if word then words[#words + 1] = word else hidden = hidden + 1 end
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
---     plot.embedding(cluster.tsne():fit(X).embedding, X.y, {classes = X.classes}):save "songs.png"
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
  local x_axis, y_axis = drawn.x_axis, drawn.y_axis
  local shape = (y_axis.high - y_axis.low) / (x_axis.high - x_axis.low)
  local usual = 40 + 560 * math.max(0.55, math.min(1.25, shape)) -- as wide or as high as the cloud
  local _, tall = shared.measure(settings, 600, usual)
  local width, height = shared.measure(settings, cloud.width(settings, drawn.entries, tall), usual)
  local unit = math.max((x_axis.high - x_axis.low) / 570, (y_axis.high - y_axis.low) / (height - 40))
  local to = {unit = unit, low = x_axis.low, high = x_axis.high, zoom = zoom}
  local words, hidden = {}, 0
  if names then words, hidden = words_beside(data.list(drawn.x), data.list(drawn.y), names, to) end
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
