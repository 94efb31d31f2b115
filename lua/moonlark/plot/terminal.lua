--- Pictures in a text terminal: maps as coloured half blocks or in shades of characters, all else in Braille dots
--- (moonlark.plot.canvas). No gnuplot is needed.
local canvas = require "moonlark.plot.canvas"
local core = require "moonlark_core"
local palette = require "moonlark.plot.palette"
local scale = require "moonlark.plot.scale"
local strokes = require "moonlark.plot.strokes"
local text = require "moonlark.plot.text"

local terminal = {}

local shades = {" ", "·", ":", "-", "=", "+", "*", "#", "%", "@"}

local function shorten(s, length) return text.cut(text.clean(s), math.max(1, length)) end

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

-- Cells of a map: two pixels a character in colour, one shade a character without.
local function shaded(panel, rows, columns, colour)
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
  return math.max(1, math.min(count, math.floor(strokes.place(axis, at) * count) + 1))
end

-- Writes a text over cells from a column on; what is beyond them is left out.
local function overwrite(line, column, words, colour)
  for _, code in utf8.codes(words) do
    local wide = text.columns_of(code)
    if line[column] and line[column + wide - 1] then
      line[column] = (colour and "\27[0m" or "") .. utf8.char(code)
      if wide == 2 then line[column + 1] = "" end
    end
    column = column + wide
  end
end

-- Puts the words of a panel over its cells.
local function write_words(panel, lines, rows, columns, colour)
  for _, word in ipairs(panel.words or {}) do
    local row = rows + 1 - cell_of(panel.y, word.y, rows)
    local shown = text.clean(word.text)
    local column, width = cell_of(panel.x, word.x, columns), text.columns(shown)
    if word.align == "right" then column = column - width + 1
    elseif word.align ~= "left" then column = column - width // 2 end
    overwrite(lines[row], column, shown, colour)
  end
end

-- The labels below, as far as they have room.
local function labels_below(axis, columns)
  local parts, used = {}, -1
  local ticks = axis.blank and {} or {table.unpack(axis.ticks)}
  table.sort(ticks, function(a, b) return strokes.place(axis, a.at) < strokes.place(axis, b.at) end)
  for _, tick in ipairs(ticks) do
    local label = shorten(tick.text, 12)
    local from = cell_of(axis, tick.at, columns) - (text.columns(label) + 1) // 2
    from = math.max(0, math.min(columns - text.columns(label), from))
    if from > used then
      parts[#parts + 1] = (" "):rep(from - used - 1) .. label
      used = from + text.columns(label)
    end
  end
  return table.concat(parts, " ")
end

local dashed = {["(24,10)"] = "╍", ["(6,8)"] = "┈", ["(24,8,6,8)"] = "┅", ["(48,12)"] = "╌"}

local filled = {"■", "▒", "░", "▤", "▥"} -- as the patterns of moonlark.plot.strokes

-- The mark of an entry of the legend; without colours, boxes have the pattern of what they name.
local function mark_of(entry, colour)
  if entry.kind == "point" then return entry.shape.sign end
  if entry.kind == "box" then return filled[not colour and strokes.pattern_of(entry.pattern) or 1] end
  return dashed[entry.dash] or "━"
end

-- The legend in lines of `columns` characters, each name after its mark.
local function legend_lines(panel, columns, colour)
  local lines, line, used = {}, {}, 0
  for _, entry in ipairs(panel.legend or {}) do
    local name = shorten(entry.name, math.max(4, columns - 3))
    local mark = mark_of(entry, colour)
    local width = 4 + text.columns(name)
    if used > 0 and used + width - 2 > columns then
      lines[#lines + 1] = table.concat(line, "  ")
      line, used = {}, 0
    end
    line[#line + 1], used = (colour and canvas.paint(mark, entry.colour) or mark) .. " " .. name, used + width
  end
  if #line > 0 then lines[#lines + 1] = table.concat(line, "  ") end
  return lines
end

-- What stands below the axis: what the axes show, the range of a map's colours, the note.
local function captions(panel, columns)
  local words = {panel.xlabel or nil}
  if panel.ylabel and not panel.colours then words[#words + 1] = "↑ " .. panel.ylabel end
  if panel.colours then
    words[#words + 1] = ("%s to %s%s"):format(scale.number(panel.colours.low), scale.number(panel.colours.high),
      panel.colours.label and " " .. panel.colours.label or "")
  end
  words[#words + 1] = panel.note
  return #words > 0 and shorten(table.concat(words, "; "), columns) or nil
end

-- Rows of cells with the axis on the left: the names of ticks and a line.
local function put_rows(out, panel, lines, rows, left, colour)
  local names = {}
  for _, tick in ipairs(panel.y.ticks) do
    local row = rows + 1 - cell_of(panel.y, tick.at, rows)
    names[row] = names[row] or shorten(tick.text, 16)
  end
  for row = 1, rows do
    local name = names[row] or ""
    local axis = panel.bare and "  " or names[row] and " ┤" or " │"
    local cells = table.concat(lines[row]) .. (colour and "\27[0m" or "")
    out[#out + 1] = ((" "):rep(left - text.columns(name)) .. name .. axis .. cells):gsub(" +$", "")
  end
end

-- The panel with its axes as they are on so many characters, whose dots are square.
local function in_dots(panel, columns, rows)
  local x, y = panel:axes(2 * columns, 4 * rows)
  return setmetatable({x = x, y = y}, {__index = panel})
end

-- So many rows that have names get a line each, however high the picture is to be.
local most_names = 60

--- A panel as text of a width and height in characters. Rows with names may make it higher.
function terminal.draw(panel, width, height, colour)
  local left = 0
  for _, tick in ipairs(panel.y.ticks) do left = math.max(left, text.columns(shorten(tick.text, 16))) end
  local columns = math.max(8, width - left - 3)
  local legend = legend_lines(panel, columns, colour)
  local rows = math.max(4, height - 4 - #legend, panel.y.names and math.min(#panel.y.ticks, most_names) or 0)
  panel = in_dots(panel, columns, rows)
  local is_map = panel.elements[1] and panel.elements[1].image
  local lines = is_map and shaded(panel, rows, columns, colour)
    or strokes.draw(panel, canvas.new(columns, rows), colour):cells(colour)
  write_words(panel, lines, rows, columns, colour)

  local out, indent = {}, (" "):rep(left + 2)
  if panel.title then out[1] = indent .. shorten(panel.title, columns) end
  put_rows(out, panel, lines, rows, left, colour)
  if not panel.bare then
    out[#out + 1] = (" "):rep(left + 1) .. "└" .. ("─"):rep(columns)
    local labels = labels_below(panel.x, columns)
    if labels ~= "" then out[#out + 1] = indent .. labels end
  end
  local caption = captions(panel, columns)
  if caption then out[#out + 1] = indent .. caption end
  for _, line in ipairs(legend) do out[#out + 1] = indent .. line end
  return table.concat(out, "\n") .. "\n"
end

return terminal
