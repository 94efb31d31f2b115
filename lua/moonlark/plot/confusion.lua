--- Confusion matrices, from three classes to fifty.
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

local parameters = options.describe("plot.confusion", {
  classes = shared.list("names of the classes by id", 'the report\'s, or "class 0", "class 1" …'),
  palette = shared.palette "blues",
}, shared.title, {
  xlabel = shared.words("predicted", "below the x axis"), ylabel = shared.words("true", "beside the y axis"),
}, shared.size(nil, nil, "by the number of classes"))

local function rows_of(matrix)
  local array = data.read("confusion", matrix)
  local rank, rows, columns = data.shape("confusion", array)
  if rank ~= 2 or rows ~= columns then show.fail("confusion must be a square matrix, got %d × %d", rows, columns) end
  local list = data.list(array)
  for r = 1, rows do
    for c = 1, rows do
      if not (list[r][c] >= 0 and list[r][c] < math.huge) then
        show.fail("confusion must hold counts, row %d column %d is %s", r - 1, c - 1, list[r][c])
      end
    end
  end
  return list, rows
end

-- Adds the texts of one cell: count and rate where there is room, else the count, else nothing.
local function cell_words(words, count, rate, x, y, cell, map)
  if count == 0 then
    if cell >= 44 then words[#words + 1] = {text = "0", x = x, y = y, size = 11, colour = "#aaaaaa"} end
    return
  end
  local colour = palette.lightness(map, rate) < 0.55 and "#ffffff" or "#222222"
  local shown, percent = ("%g"):format(count), ("%.0f %%"):format(100 * rate)
  if cell >= 44 then
    words[#words + 1] = {text = shown, x = x, y = y - 0.13, size = math.min(14, cell / 4), colour = colour}
    words[#words + 1] = {text = percent, x = x, y = y + 0.21, size = math.min(11, cell / 5), colour = colour}
  elseif cell >= 17 then
    local size = math.min(12, cell / 2.2)
    while size >= 6.5 and text.width(shown, size) > cell - 3 do size = size - 0.5 end
    if size >= 6.5 then words[#words + 1] = {text = shown, x = x, y = y, size = size, colour = colour} end
  end
end

-- The classes' names, cut to the room that there is, and the width in pixels of the longest.
local function labels_of(names, k)
  local labels, widest = {}, 0
  for i = 1, k do
    local name = names and data.list(names)[i]
    labels[i] = text.shorten(text.clean(name == nil and "class " .. (i - 1) or name), panel.tick_size, 150)
    widest = math.max(widest, text.width(labels[i], panel.tick_size))
  end
  return labels, widest
end

-- The rates within each true class as an image, and the words of the cells.
local function image_of(rows, k, cell, map)
  local numbers, words = {}, {}
  for r = 1, k do
    local total = 0
    for c = 1, k do total = total + rows[r][c] end
    for c = 1, k do
      local rate = total > 0 and rows[r][c] / total or 0
      numbers[#numbers + 1] = ("<f"):pack(rate)
      cell_words(words, rows[r][c], rate, c - 1, r - 1, cell, map)
    end
  end
  local image = {rows = k, columns = k, x = 0, y = 0, dx = 1, dy = 1}
  if k == 1 then -- gnuplot draws no image of one cell
    numbers, image = {numbers[1]:rep(4)}, {rows = 2, columns = 2, x = -0.25, y = -0.25, dx = 0.5, dy = 0.5}
  end
  return {bytes = table.concat(numbers), columns = 1, style = "with image", image = image}, words
end

-- Thin lines between the cells, while there are few.
local function lines_between(k)
  local marks = {}
  for i = 1, k <= 25 and k - 1 or 0 do
    marks[#marks + 1] = {x1 = i - 0.5, y1 = -0.5, x2 = i - 0.5, y2 = k - 0.5, colour = "#e8e8e8"}
    marks[#marks + 1] = {x1 = -0.5, y1 = i - 0.5, x2 = k - 0.5, y2 = i - 0.5, colour = "#e8e8e8"}
  end
  return marks
end

local rate_ticks = {}
for i = 0, 5 do rate_ticks[i + 1] = {at = 20 * i / 100, text = 20 * i .. " %"} end

--- A confusion matrix: a row for each true class, a column for each predicted one. Colours show the rate within the
--- true class; cells show counts and rates while there is room for them.
---     plot.confusion(classify.cross_validate(model, X)):save "confusion.png"
---@param confusion table|moonlark.Tensor  a report of classify.cross_validate, or a k × k matrix of counts
---@param given moonlark.plot.confusion.Options?
---@return moonlark.Figure
function pictures.confusion(confusion, given)
  local settings = parameters:read(given)
  local report = type(confusion) == "table" and confusion.confusion ~= nil and confusion or nil
  local rows, k = rows_of(report and report.confusion or confusion)
  local labels, widest = labels_of(settings.classes or report and report.classes, k)
  local cell = math.max(16, math.min(84, 620 / k)) -- never so small that a label has no line of its own
  local element, words = image_of(rows, k, cell, settings.palette)
  local title = settings.title
  if not title and report and report.accuracy then title = ("accuracy %.1f %%"):format(100 * report.accuracy) end
  local shown = panel.new {
    title = title, xlabel = settings.xlabel, ylabel = settings.ylabel, frame = true,
    x = {low = -0.5, high = k - 0.5, ticks = scale.names_ticks(labels, k), rotate = widest > cell - 6},
    y = {low = k - 0.5, high = -0.5, ticks = scale.names_ticks(labels, k)},
    colours = {
      palette = settings.palette, low = 0, high = 1, ticks = rate_ticks, label = "rate of the true class", bar = true,
    },
    words = words, marks = lines_between(k), elements = {element},
  }
  local margin = shown:margins(1000, 1000)
  return figure.new(shown, settings.width or math.max(300, margin.left + margin.right + cell * k),
    settings.height or math.max(220, margin.top + margin.bottom + cell * k))
end

return pictures
