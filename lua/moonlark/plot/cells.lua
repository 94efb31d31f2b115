--- Cells: the picture of a matrix whose rows and columns have names; row 0 lies on top. Confusion matrices and heat
--- maps.
local data = require "moonlark.plot.data"
local figure = require "moonlark.plot.figure"
local panel = require "moonlark.plot.panel"
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local text = require "moonlark.plot.text"

local cells = {}

-- The names, cut to the room that there is, and the width in pixels of the longest.
local function shortened(names, zoom)
  local labels, widest, size = {}, 0, panel.tick_size * zoom
  for i, name in ipairs(names) do
    labels[i] = text.shorten(text.clean(name), size, 150 * zoom)
    widest = math.max(widest, text.width(labels[i], size))
  end
  return labels, widest
end

-- The numbers as an image.
local function image_of(values)
  local rows, columns, numbers = #values, #values[1], {}
  for r = 1, rows do
    for c = 1, columns do numbers[#numbers + 1] = ("<f"):pack(values[r][c]) end
  end
  local bytes, image = table.concat(numbers), {rows = rows, columns = columns, x = 0, y = 0, dx = 1, dy = 1}
  -- gnuplot draws no image of a single row or column: each cell is then made of several.
  if rows == 1 then bytes, image.rows, image.y, image.dy = bytes .. bytes, 2, -0.25, 0.5 end
  if columns == 1 then
    bytes, image.columns, image.x, image.dx = bytes:gsub("....", "%0%0"), 2, -0.25, 0.5
  end
  return {kind = "image", bytes = bytes, image = image}
end

-- Thin lines between the cells, while there are few. They end a little before the frame: `wide` and `high` are the
-- pixels of a cell.
local function lines_between(rows, columns, wide, high)
  local marks = {}
  if rows > 25 or columns > 25 then return marks end
  local x, y = 0.5 - 1.5 / wide, 0.5 - 1.5 / high
  for c = 1, columns - 1 do
    marks[#marks + 1] = {x1 = c - 0.5, y1 = -y, x2 = c - 0.5, y2 = rows - 1 + y, colour = "#e8e8e8"}
  end
  for r = 1, rows - 1 do
    marks[#marks + 1] = {x1 = -x, y1 = r - 0.5, x2 = columns - 1 + x, y2 = r - 0.5, colour = "#e8e8e8"}
  end
  return marks
end

--- Names of `count` rows or columns: those given, else what `usual` makes of each number from 0.
function cells.names(given, count, usual)
  local list, names = given and data.list(given) or {}, {}
  for i = 1, count do names[i] = list[i] == nil and usual(i - 1) or tostring(list[i]) end
  return names
end

--- The figure. `it` holds values (rows of numbers), rows and columns (their names), what a panel takes (title, xlabel,
--- ylabel, colours, note, background), and words(cell, wide), a function that knows how many pixels a cell
--- has, and gives a function (r, c) that gives the texts of a cell: a list of {text, dy, size, colour}.
function cells.figure(settings, it)
  local rows, columns, zoom = #it.values, #it.values[1], shared.zoom(settings)
  local row_labels = shortened(it.rows, zoom)
  local column_labels, widest = shortened(it.columns, zoom)
  local largest = math.max(16, math.min(84, 620 / math.max(rows, columns))) -- a label has a line of its own
  local fields = {
    title = it.title, xlabel = it.xlabel, ylabel = it.ylabel, frame = true, colours = it.colours, note = it.note,
    background = it.background, elements = {image_of(it.values)},
    x = {low = -0.5, high = columns - 0.5, ticks = scale.names_ticks(column_labels, columns),
      rotate = widest > largest - 6},
    y = {low = rows - 0.5, high = -0.5, ticks = scale.names_ticks(row_labels, rows), names = true},
  }
  local margin = figure.of(settings, fields, 1000, 1000).panels[1].panel:margins(1000, 1000)
  local across, along = margin.left + margin.right, margin.top + margin.bottom
  local width, height = shared.measure(settings, math.max(300, across + largest * columns),
    math.max(220, along + largest * rows))
  if settings.width_mm and not (settings.height or settings.height_mm) then -- cells stay square
    height = math.max(20, width - across) * rows / columns + along
  end
  local wide, high = (width - across) / columns, (height - along) / rows
  fields.x.rotate = fields.x.rotate or widest > wide - 6
  fields.words, fields.marks = {}, lines_between(rows, columns, math.max(wide, 4), math.max(high, 4))
  local words_of = it.words(math.min(wide, high) / zoom, wide / zoom)
  for r = 1, rows do
    for c = 1, columns do
      for _, word in ipairs(words_of(r, c)) do
        fields.words[#fields.words + 1] = {text = word.text, x = c - 1, y = r - 1 + (word.dy or 0), size = word.size,
          colour = word.colour}
      end
    end
  end
  return figure.of(settings, fields, width, height)
end

return cells
