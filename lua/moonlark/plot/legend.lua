--- Legend: the names of what is drawn, each with its mark: beside the plot, below it, or in one of its corners.
---
--- Entries are {name, kind = "point"|"line"|"box", colour, shape?, dash?, width?, pattern?}; lengths are pixels, `zoom`
--- is how large the words are (moonlark.plot.options).
local text = require "moonlark.plot.text"

local legend = {}

local size, line, mark, gap, most = 12, 19, 30, 12, 170

-- Rows, columns and the width of a column, where there are `wide` and `high` pixels.
local function grid_of(entries, at, wide, high, zoom)
  local width = 0
  for _, entry in ipairs(entries) do
    entry.shown = text.shorten(text.clean(entry.name), size * zoom, math.max(40, math.min(most * zoom, wide - 60)))
    width = math.max(width, text.width(entry.shown, size * zoom))
  end
  width = (mark + gap) * zoom + width
  local rows
  if at == "below" then
    rows = math.ceil(#entries / math.max(1, math.floor(wide / width)))
  else
    rows = math.max(1, math.min(#entries, math.floor(high / (line * zoom))))
  end
  return rows, math.ceil(#entries / rows), width
end

--- What the legend takes of a plot's surroundings: pixels to the right and below, 0 in a corner.
function legend.room(entries, at, wide, high, zoom)
  local rows, columns, width = grid_of(entries, at, wide, high, zoom)
  if at == "right" then return columns * width, 0 end
  if at == "below" then return 0, rows * line * zoom + 6 end
  return 0, 0
end

local function draw_mark(entry, canvas, x, y, zoom)
  if entry.kind == "point" then
    canvas:put("set label '' at screen %s,%s point pt %d ps %g lc rgb '%s' front", canvas:across(x + 14 * zoom),
      canvas:up(y), entry.shape.number, 1.1 * zoom, entry.colour)
  elseif entry.kind == "line" then
    canvas:put("set arrow from screen %s,%s to screen %s,%s nohead lw %g dt %s lc rgb '%s' front", canvas:across(x),
      canvas:up(y), canvas:across(x + 24 * zoom), canvas:up(y), entry.width or 2, entry.dash or "solid", entry.colour)
  else
    canvas:put("set object rectangle from screen %s,%s to screen %s,%s fillcolor rgb '%s' %s",
      canvas:across(x + 6 * zoom), canvas:up(y + 5 * zoom), canvas:across(x + 22 * zoom), canvas:up(y - 5 * zoom),
      entry.colour, "fillstyle solid noborder front")
  end
end

-- The legend's top left corner, and the same of its first mark.
local function corner(at, canvas, wide, high, zoom)
  if at == "right" then return canvas.right + 14, canvas.top end
  if at == "below" then
    local middle = (canvas.left + canvas.right) / 2
    return math.max(canvas.place.x + 6, middle - wide / 2), canvas.legend_top
  end
  local x = at:find "left" and canvas.left + 8 * zoom or canvas.right - wide - 4 * zoom
  local y = at:find "top" and canvas.top + 6 * zoom or canvas.bottom - high - 6 * zoom
  return x, y
end

--- Draws it on a canvas of moonlark.plot.panel.
function legend.draw(entries, at, canvas, zoom)
  local place, high = canvas.place, canvas.bottom - canvas.top - (at ~= "right" and 12 or 0)
  local rows, columns, width = grid_of(entries, at, at == "right" and place.w or place.w - 20, high, zoom)
  local wide, tall = columns * width, rows * line * zoom
  local left, top = corner(at, canvas, wide, tall, zoom)
  if at ~= "right" and at ~= "below" then
    canvas:put("set object rectangle from screen %s,%s to screen %s,%s fillcolor rgb '#ffffff' %s",
      canvas:across(left - 4), canvas:up(top - 2), canvas:across(left + wide - 4), canvas:up(top + tall + 2),
      "fillstyle transparent solid 0.85 noborder front")
  end
  for i, entry in ipairs(entries) do
    local x = left + (i - 1) // rows * width
    local y = top + (9 + (i - 1) % rows * line) * zoom
    draw_mark(entry, canvas, x, y, zoom)
    canvas:word(entry.shown, x + mark * zoom, y, size * zoom, "left")
  end
end

return legend
