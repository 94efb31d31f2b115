--- Dendrograms: how things were joined, two by two, until all were one.
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

local parameters = options.describe("plot.dendrogram", {
  labels = shared.list("names of the things that were joined", "their numbers from 0"),
  root = options.choice({"top", "left"}, options.none, "on which side the last joint stands; names are easier to read "
    .. "beside a tree than below it", {usual = '"left" with names that are long, else "top"'}),
  threshold = options.number(nil, {least = 0, usual = "0.7 of the last joint's height"},
    "joints below it have the colour of their cluster, those above are grey"),
}, style.colours, {
  line_width = options.number(nil, {above = 0, most = 50, unit = "points", usual = "1.1"}, "of the lines"),
}, shared.axes, shared.size(nil, nil, "by the number of leaves"))

-- The joints as {left, right, height}: children from 1, leaves 1..n first. Errors: no linkage.
local function joints_of(linkage)
  local array = data.read("linkage", linkage)
  local rank, rows, columns = data.shape("linkage", array)
  if rank ~= 2 or columns < 3 then
    show.fail("linkage must have rows of {first, second, height, count}, got %d × %d numbers", rows, columns)
  end
  local joints, taken = {}, {}
  for i, row in ipairs(data.list(array)) do
    local joint = {math.tointeger(row[1]), math.tointeger(row[2]), height = row[3]}
    for side = 1, 2 do
      local child = joint[side]
      if not child or child < 0 or child > rows + i - 1 or taken[child] then
        show.fail("linkage row %d must join two clusters 0..%d that no row before it joined, got %s", i - 1,
          rows + i - 1, tostring(row[side]))
      end
      taken[child], joint[side] = true, child + 1
    end
    if not (joint.height >= 0 and joint.height < math.huge) then
      show.fail("linkage row %d must have a height 0 or more, got %s", i - 1, tostring(row[3]))
    end
    joints[i] = joint
  end
  return joints, rows + 1
end

-- The leaves in the order in which no lines cross: the children of a joint stand beside each other.
local function order_of(joints, n)
  local order, stack = {}, {n + #joints}
  while #stack > 0 do
    local node = table.remove(stack)
    if node <= n then
      order[#order + 1] = node
    else
      local joint = joints[node - n]
      stack[#stack + 1], stack[#stack + 2] = joint[2], joint[1]
    end
  end
  return order
end

-- For each joint the number of the cluster below the threshold that it belongs to, in the order of the leaves; nil
-- above it.
local function clusters_of(joints, n, threshold)
  local cluster, count, stack = {}, 0, {{n + #joints}}
  while #stack > 0 do
    local node, of = table.unpack(table.remove(stack))
    local joint = joints[node - n]
    if joint then
      if not of and joint.height < threshold then count, of = count + 1, count + 1 end
      cluster[node - n] = of
      stack[#stack + 1], stack[#stack + 2] = {joint[2], of}, {joint[1], of}
    end
  end
  return cluster
end

-- The bracket of each joint as four points; places of leaves are 0, 1, 2 … by their order.
local function brackets_of(joints, order, n)
  local place, height, brackets = {}, {}, {}
  for i, leaf in ipairs(order) do place[leaf], height[leaf] = i - 1, 0 end
  for i, joint in ipairs(joints) do
    local a, b = joint[1], joint[2]
    brackets[i] = {{place[a], height[a]}, {place[a], joint.height}, {place[b], joint.height}, {place[b], height[b]}}
    place[n + i], height[n + i] = (place[a] + place[b]) / 2, joint.height
  end
  return brackets
end

-- The brackets of one colour as one line with gaps; with the root on the left the axes change places.
local function line_of(brackets, sideways, colour, width)
  local points, nan = {}, 0 / 0
  for _, bracket in ipairs(brackets) do
    for _, point in ipairs(bracket) do points[#points + 1] = sideways and {point[2], point[1]} or point end
    points[#points + 1] = {nan, nan}
  end
  return {kind = "line", bytes = element.pack(points), colour = colour, width = width}
end

local function elements_of(joints, order, n, threshold, sideways, settings)
  local brackets, cluster = brackets_of(joints, order, n), clusters_of(joints, n, threshold)
  local groups, elements, width = {}, {}, style.width_of(settings, 1.5)
  for i, bracket in ipairs(brackets) do
    local of = cluster[i] or 0
    groups[of] = groups[of] or {}
    table.insert(groups[of], bracket)
  end
  if groups[0] then elements[1] = line_of(groups[0], sideways, "#888888", width) end
  for of, list in ipairs(groups) do
    elements[#elements + 1] = line_of(list, sideways, style.colour_of(settings, of), width)
  end
  return elements
end

-- The axis of the leaves, with a tick for each where there are so many pixels for each; and whether there are none.
local function leaves_axis(order, names, pixels, zoom, turned)
  local axis, room = {low = -0.6, high = #order - 0.4, ticks = {}, names = true}, pixels / #order
  if turned then axis.low, axis.high = axis.high, axis.low end -- the first leaf on top
  if room < 9 * zoom then return axis, true end
  local widest = 0
  for i, leaf in ipairs(order) do
    local name = text.shorten(text.clean(names and names[leaf] or leaf - 1), panel.tick_size * zoom, 200 * zoom)
    widest = math.max(widest, text.width(name, panel.tick_size * zoom))
    axis.ticks[i] = {at = i - 1, text = name}
  end
  axis.rotate = not turned and widest > room - 3
  return axis, false
end

local function is_long(names)
  for _, name in ipairs(names or {}) do
    if #tostring(name) > 6 then return true end
  end
  return false
end

--- A dendrogram: leaves joined two by two, each joint at the height at which it was made. `linkage` is what
--- agglomerative clustering gives, and SciPy: a row {first, second, height, count} for each of n − 1 joints, clusters
--- counted from 0, those from n on being joints before it. Leaves that are too many for names have none.
---
--- Errors: rows that join what is not there, or has been joined before.
---     plot.dendrogram({{0, 1, 1.2, 2}, {2, 3, 3.4, 3}}, {labels = {"waltz", "polka", "techno"}}):show()
---@param linkage moonlark.Tensor|table  (n − 1) × 4
---@param given moonlark.plot.dendrogram.Options?
---@return moonlark.Figure
function pictures.dendrogram(linkage, given)
  local settings = parameters:read(given)
  local joints, n = joints_of(linkage)
  local names = settings.labels
  if names and #names ~= n then show.fail("labels must be one for each of the %d leaves, got %d", n, #names) end
  local sideways = (settings.root or is_long(names) and "left" or "top") == "left"
  local tall = math.max(0, joints[#joints].height)
  for _, joint in ipairs(joints) do tall = math.max(tall, joint.height) end
  local along = math.max(320, math.min(1500, 110 + 20 * n))
  local width, height = shared.measure(settings, sideways and 620 or along, sideways and along or 420)
  local zoom = shared.zoom(settings)
  local order = order_of(joints, n)
  local leaves, nameless = leaves_axis(order, names, (sideways and height or width) - 80, zoom, sideways)
  local top = tall > 0 and tall * 1.05 or 1
  local distances = {low = 0, high = top, ticks = scale.linear(0, top, (sideways and width - 200 or height - 100) / 60
    / zoom)}
  if sideways then distances.low, distances.high = top, 0 end
  return figure.of(settings, {
    x = sideways and distances or leaves, y = sideways and leaves or distances,
    xlabel = sideways and "distance" or nil, ylabel = not sideways and "distance" or nil, grid = false,
    elements = elements_of(joints, order, n, settings.threshold or 0.7 * tall, sideways, settings),
    note = nameless and ("%d leaves, too many for names"):format(n) or nil,
  }, width, height)
end

return pictures
