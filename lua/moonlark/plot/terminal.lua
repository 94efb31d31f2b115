--- Pictures in a text terminal. gnuplot draws lines and points with characters; maps and matrices are drawn here, as
--- coloured half blocks or in shades of characters.
local core = require "moonlark_core"
local gnuplot = require "moonlark.plot.gnuplot"
local palette = require "moonlark.plot.palette"
local scale = require "moonlark.plot.scale"
local text = require "moonlark.plot.text"

local terminal = {}

local shades = {" ", "·", ":", "-", "=", "+", "*", "#", "%", "@"}

local function shorten(s, length)
  s = text.clean(s)
  if utf8.len(s) <= length then return s end
  return s:sub(1, utf8.offset(s, math.max(1, length)) - 1) .. "…"
end

-- The place in the colour map (0..1) of each cell, by rows from the top; nil where the number is not finite.
local function pixels(panel, rows, columns)
  local element = panel.elements[1]
  local bytes = core.picture.image({bytes = element.bytes, rows = element.image.rows, columns = element.image.columns},
    {pool = "max", rows = rows, columns = columns})
  local downwards = panel.y.low > panel.y.high
  local low, span = panel.colours.low, panel.colours.high - panel.colours.low
  return function(row, column) -- both from 0, row 0 on top
    local source = downwards and row or rows - 1 - row
    local value = ("<f"):unpack(bytes, 4 * (source * columns + column) + 1)
    if value ~= value then return nil end
    return math.max(0, math.min(1, (value - low) / span))
  end
end

local function rgb(panel, place) return place and palette.rgb(panel.colours.palette, place) or "128;128;128" end

-- Lines of the map's cells: two pixels a character in colour, one shade a character without.
local function cells(panel, rows, columns, colour)
  local lines = {}
  local at = pixels(panel, colour and 2 * rows or rows, columns)
  for row = 0, rows - 1 do
    local parts = {}
    for column = 0, columns - 1 do
      if colour then
        parts[#parts + 1] = ("\27[38;2;%s;48;2;%sm▀"):format(rgb(panel, at(2 * row, column)),
          rgb(panel, at(2 * row + 1, column)))
      else
        local place = at(row, column)
        parts[#parts + 1] = place and shades[math.floor(place * (#shades - 1) + 1.5)] or "?"
      end
    end
    lines[row + 1] = parts
  end
  return lines
end

-- Where a position of an axis falls among `count` cells, from 1.
local function cell_of(axis, at, count)
  local place = (at - axis.low) / (axis.high - axis.low)
  return math.max(1, math.min(count, math.floor(place * count) + 1))
end

-- Puts the words of a panel over its cells.
local function write_words(panel, lines, rows, columns, colour)
  for _, word in ipairs(panel.words or {}) do
    local row = rows + 1 - cell_of(panel.y, word.y, rows)
    local column = cell_of(panel.x, word.x, columns) - utf8.len(word.text) // 2
    for _, code in utf8.codes(word.text) do
      if lines[row][column] then lines[row][column] = (colour and "\27[0m" or "") .. utf8.char(code) end
      column = column + 1
    end
  end
end

-- The labels below, as far as they have room.
local function labels_below(axis, columns)
  local parts, used = {}, -1
  for _, tick in ipairs(axis.ticks) do
    local label = shorten(tick.text, 12)
    local from = cell_of(axis, tick.at, columns) - (utf8.len(label) + 1) // 2
    from = math.max(0, math.min(columns - utf8.len(label), from))
    if from > used then
      parts[#parts + 1] = (" "):rep(from - used - 1) .. label
      used = from + utf8.len(label)
    end
  end
  return table.concat(parts, " ")
end

local function draw_map(panel, width, height, colour)
  local left = 0
  for _, tick in ipairs(panel.y.ticks) do left = math.max(left, utf8.len(shorten(tick.text, 16))) end
  local rows, columns = math.max(4, height - 4), math.max(8, width - left - 3)
  local lines = cells(panel, rows, columns, colour)
  write_words(panel, lines, rows, columns, colour)

  local out, names, indent = {}, {}, (" "):rep(left + 2)
  if panel.title then out[1] = indent .. shorten(panel.title, columns) end
  for _, tick in ipairs(panel.y.ticks) do
    local row = rows + 1 - cell_of(panel.y, tick.at, rows)
    names[row] = names[row] or shorten(tick.text, 16)
  end
  for row = 1, rows do
    local name = names[row] or ""
    out[#out + 1] = (" "):rep(left - utf8.len(name)) .. name .. (names[row] and " ┤" or " │")
      .. table.concat(lines[row]) .. (colour and "\27[0m" or "")
  end
  out[#out + 1] = (" "):rep(left + 1) .. "└" .. ("─"):rep(columns)
  out[#out + 1] = indent .. labels_below(panel.x, columns)
  local unit = panel.colours.label and " " .. panel.colours.label or ""
  out[#out + 1] = indent .. shorten(("%s; %s to %s%s"):format(panel.xlabel or "",
    scale.number(panel.colours.low), scale.number(panel.colours.high), unit), columns)
  return table.concat(out, "\n") .. "\n"
end

local function draw_plot(panel, width, height, colour, sidecar)
  local script = ("set encoding utf8\nset terminal dumb noenhanced size %d,%d %s\n"):format(width, height,
    colour and "ansi256" or "mono") .. panel:text_script(sidecar, width)
  return (gnuplot.render(script, sidecar:bytes()):gsub("^\f", ""):gsub(" +\n", "\n"))
end

--- A panel as text of a width and height in characters.
function terminal.draw(panel, width, height, colour, sidecar)
  if panel.elements[1] and panel.elements[1].image then return draw_map(panel, width, height, colour) end
  return draw_plot(panel, width, height, colour, sidecar)
end

return terminal
