--- Panel: one pair of axes with what is drawn on them, as gnuplot commands for a given place.
---
--- All lengths are pixels of the figure (96 an inch). Margins are computed here from the texts, so that nothing
--- overlaps and panels line up.
local gnuplot = require "moonlark.plot.gnuplot"
local palette = require "moonlark.plot.palette"
local picture = require("moonlark_core").picture
local text = require "moonlark.plot.text"

---@class moonlark.plot.Element
---@field bytes string  float32 numbers, `columns` a point
---@field columns integer
---@field image table?  {rows, columns, x, y, dx, dy}: bytes are an image whose first cell has its centre at x, y
---@field style string  gnuplot's "with …"
---@field name string?  the element's entry in a legend that gnuplot draws (text terminals)

---@class moonlark.plot.Panel
---@field title string?
---@field xlabel string?
---@field ylabel string?
---@field x table  {low, high, ticks, rotate?, blank?}: blank ticks have no words
---@field y table  {low, high, ticks}
---@field grid boolean?
---@field frame boolean?  a line around the whole plot instead of left and below
---@field background string?  colour behind the plot
---@field note string?  small print below on the right
---@field colours table?  {palette, low, high, ticks, label, bar = true}
---@field elements moonlark.plot.Element[]
---@field words table[]?  texts on the plot: {text, x, y, size, colour}
---@field marks table[]?  straight lines: {x1, y1, x2, y2, colour, dash}
---@field legend table[]?  {name, kind = "point"|"line"|"box", colour, shape, dash}
local Panel = {}
Panel.__index = Panel

local panel = {}

local title_size, label_size, tick_size, note_size = 16, 13, 12, 10.5
local ink, faint, rule = "#222222", "#777777", "#e4e4e4"

--- Sizes of text in pixels.
panel.tick_size = tick_size

--- A panel of its fields.
function panel.new(fields) return setmetatable(fields, Panel) end

local function font(size)
  return ("font ',%s'"):format(gnuplot.number(size * 0.75)) -- points of 96 pixels an inch
end

local function widest(ticks)
  local most = 0
  for _, tick in ipairs(ticks) do most = math.max(most, text.width(text.clean(tick.text), tick_size)) end
  return most
end

-- The legend's lines are so high, its marks so wide.
local legend_line, legend_mark = 19, 30

-- Rows, columns and the width of a column of the legend, which stands to the right of the plot.
local function legend_columns(self, height)
  local rows = math.max(1, math.min(#self.legend, math.floor(height / legend_line)))
  local width = 0
  for _, entry in ipairs(self.legend) do
    entry.shown = text.shorten(text.clean(entry.name), tick_size, 170)
    width = math.max(width, text.width(entry.shown, tick_size))
  end
  return rows, math.ceil(#self.legend / rows), legend_mark + width + 12
end

--- The width that a legend takes beside a plot of some height.
function panel.legend_width(legend, height)
  local _, columns, width = legend_columns({legend = legend}, height)
  return columns * width
end

-- The left margin with slanted labels, which reach to the left of their ticks.
local function left_of_slanted(x, margin, w)
  local left, inside = margin.left, w - margin.left - margin.right
  for _, tick in ipairs(x.ticks) do
    local at = (tick.at - x.low) / (x.high - x.low) * inside
    left = math.max(left, text.width(text.clean(tick.text), tick_size) * 0.71 - at + 10)
  end
  return left
end

--- Where the plot itself lies within w × h pixels: margins left, right, top, bottom.
function Panel:margins(w, h)
  local margin = {left = 10, right = 14, top = 12, bottom = 8}
  self.title_lines = self.title and text.wrap(text.clean(self.title), title_size, w - 24, 2) or {}
  margin.top = margin.top + #self.title_lines * 21
  margin.bottom = margin.bottom + 7 + (self.xlabel and 22 or 0) + (self.note and 16 or 0)
  if self.x.rotate then
    margin.bottom = margin.bottom + widest(self.x.ticks) * 0.71 + 12
  elseif #self.x.ticks > 0 then
    margin.bottom = margin.bottom + (self.x.blank and 0 or 16)
    local last = self.x.ticks[#self.x.ticks]
    margin.right = math.max(margin.right, text.width(text.clean(last.text), tick_size) / 2 + 6)
  end
  margin.left = margin.left + widest(self.y.ticks) + 8 + (self.ylabel and 22 or 0)
  if self.colours and self.colours.bar then
    margin.right = 14 + 14 + 9 + widest(self.colours.ticks) + (self.colours.label and 24 or 0) + 10
  end
  if self.legend then
    local _, columns, width = legend_columns(self, h - margin.top - margin.bottom)
    margin.right = 14 + columns * width
  end
  if self.x.rotate then margin.left = left_of_slanted(self.x, margin, w) end
  return margin
end

local function tick_list(ticks, blank)
  local items = {}
  for i, tick in ipairs(ticks) do
    items[i] = ("%s %s"):format(gnuplot.quote_tick(blank and "" or tick.text), gnuplot.number(tick.at))
  end
  return "(" .. table.concat(items, ", ") .. ")"
end

-- The growing commands of one panel. For pictures they know where in the figure the panel lies, too.
local Canvas = {}
Canvas.__index = Canvas

local function new_canvas(fields)
  fields.lines = {"reset"}
  return setmetatable(fields, Canvas)
end

function Canvas:put(format, ...) self.lines[#self.lines + 1] = format:format(...) end

function Canvas:script() return table.concat(self.lines, "\n") .. "\n" end

-- Pixels from the figure's top left corner as gnuplot's parts of the screen.
function Canvas:across(x) return gnuplot.number(x / self.figure.width) end
function Canvas:up(y) return gnuplot.number(1 - y / self.figure.height) end

-- A text at a place of the figure.
function Canvas:word(s, x, y, size, how, colour)
  self:put("set label %s at screen %s,%s %s textcolor rgb '%s' %s front", gnuplot.quote(s), self:across(x), self:up(y),
    how, colour or ink, font(size))
end

-- The same, cut to so many pixels.
function Canvas:label(s, limit, x, y, how)
  self:word(text.shorten(text.clean(s), label_size, limit), x, y, label_size, how)
end

-- What pictures and text terminals share: ranges and colours.
local function axes(self, canvas)
  local n = gnuplot.number
  canvas:put("set xrange [%s:%s]", n(self.x.low), n(self.x.high))
  canvas:put("set yrange [%s:%s]", n(self.y.low), n(self.y.high))
  canvas:put "unset key"
  if self.colours then
    canvas:put("%s", palette.define(self.colours.palette))
    canvas:put("set cbrange [%s:%s]", n(self.colours.low), n(self.colours.high))
  end
  canvas:put "unset colorbox"
end

-- An image of few cells with each of them repeated: programs that smooth an enlarged image, as browsers do, then leave
-- the cells as they are.
local function magnified(element)
  local image = element.image
  local high, wide = math.max(1, 800 // image.rows), math.max(1, 1600 // image.columns)
  local rows, columns = image.rows * high, image.columns * wide
  local cells = {bytes = element.bytes, rows = image.rows, columns = image.columns}
  local bytes = picture.image(cells, {pool = "mean", rows = rows, columns = columns})
  return {
    bytes = bytes, style = element.style, columns = 1, name = element.name,
    image = {
      rows = rows, columns = columns, dx = image.dx / wide, dy = image.dy / high,
      x = image.x - image.dx * (1 - 1 / wide) / 2, y = image.y - image.dy * (1 - 1 / high) / 2,
    },
  }
end

-- How gnuplot finds an element's numbers in the sidecar.
local function source_of(element, skip)
  local n, image = gnuplot.number, element.image
  if image then
    return ("binary skip=%d array=(%d,%d) format='%%float32' origin=(%s,%s) dx=%s dy=%s"):format(
      skip, image.columns, image.rows, n(image.x), n(image.y), n(image.dx), n(image.dy))
  end
  local columns = {}
  for i = 1, element.columns do columns[i] = i end
  return ("binary skip=%d record=%d format='%s' using %s"):format(skip, #element.bytes // (4 * element.columns),
    ("%float32"):rep(element.columns), table.concat(columns, ":"))
end

-- The plot command; its numbers go to the sidecar.
local function plot(self, canvas, sidecar, with_names)
  local parts = {}
  for _, element in ipairs(self.elements) do
    if element.image and sidecar.smoothed then element = magnified(element) end
    local name = with_names and element.name and gnuplot.quote(element.name)
    parts[#parts + 1] = ("'%s' %s %s %s"):format(gnuplot.sidecar, source_of(element, sidecar.size), element.style,
      name and "title " .. name or "notitle")
    sidecar:add(element.bytes)
  end
  canvas:put("plot %s", #parts > 0 and table.concat(parts, ", \\\n     ") or "NaN notitle")
end

-- The canvas of a panel: its rectangle in the figure, and in it the plot's own, between the margins.
local function canvas_at(self, place, figure)
  local margin = self:margins(place.w, place.h)
  local left, top = place.x + math.max(margin.left, place.left or 0), place.y + margin.top
  local right = math.max(place.x + place.w - math.max(margin.right, place.right or 0), left + 10)
  local bottom = math.max(place.y + place.h - margin.bottom, top + 10)
  return new_canvas {figure = figure, place = place, left = left, right = right, top = top, bottom = bottom}
end

-- Border, ticks, grid and what lies behind the plot.
local function draw_frame(self, canvas)
  canvas:put("set border %d %s lc rgb '%s' lw 1", self.frame and 15 or 3, self.frame and "front" or "back",
    self.frame and "#555555" or "#888888")
  canvas:put("set tics nomirror out scale 0.6 textcolor rgb '%s' %s", ink, font(tick_size))
  canvas:put("set xtics %s%s", self.x.rotate and "rotate by 45 right " or "", tick_list(self.x.ticks, self.x.blank))
  canvas:put("set ytics %s", tick_list(self.y.ticks))
  if self.grid then canvas:put("set grid xtics ytics back lt 1 lw 0.8 lc rgb '%s'", rule) end
  if self.background then
    canvas:put("set object rectangle from graph 0,0 to graph 1,1 behind fillcolor rgb '%s' fillstyle solid noborder",
      self.background)
  end
end

-- Title, note and the names of the axes.
local function draw_words(self, canvas)
  local place = canvas.place
  local middle, low_end = (canvas.left + canvas.right) / 2, place.y + place.h
  for i, line in ipairs(self.title_lines) do
    local half = text.width(line, title_size) / 2
    local centre = math.max(place.x + half + 4, math.min(place.x + place.w - half - 4, middle))
    canvas:word(line, centre, place.y + 15 + (i - 1) * 21, title_size, "centre")
  end
  if self.note then
    local note = text.shorten(text.clean(self.note), note_size, place.w - 20)
    canvas:word(note, place.x + place.w - 10, low_end - 10, note_size, "right", faint)
    low_end = low_end - 16
  end
  if self.xlabel then canvas:label(self.xlabel, place.w - 20, middle, low_end - 14, "centre") end
  if self.ylabel then
    canvas:label(self.ylabel, place.h - 10, place.x + 14, (canvas.top + canvas.bottom) / 2, "centre rotate by 90")
  end
end

local function draw_colour_bar(colours, canvas)
  local n, place, height = gnuplot.number, canvas.place, canvas.bottom - canvas.top
  canvas:put("set colorbox vertical user origin screen %s,%s size screen %s,%s", canvas:across(canvas.right + 14),
    canvas:up(canvas.bottom), n(14 / canvas.figure.width), n(height / canvas.figure.height))
  canvas:put("set cbtics nomirror out scale 0.5 textcolor rgb '%s' %s %s", ink, font(tick_size),
    tick_list(colours.ticks))
  if colours.label then
    canvas:label(colours.label, place.h - 10, place.x + place.w - 14, (canvas.top + canvas.bottom) / 2,
      "centre rotate by 90")
  end
end

-- The mark of an entry of the legend at x, y: as a point, a line or a box, like what it names.
local function draw_mark(entry, canvas, x, y)
  if entry.kind == "point" then
    canvas:put("set label '' at screen %s,%s point pt %d ps 1.1 lc rgb '%s' front", canvas:across(x + 14),
      canvas:up(y), entry.shape, entry.colour)
  elseif entry.kind == "line" then
    canvas:put("set arrow from screen %s,%s to screen %s,%s nohead lw 2 dt %s lc rgb '%s' front", canvas:across(x),
      canvas:up(y), canvas:across(x + 24), canvas:up(y), entry.dash or "solid", entry.colour)
  else
    canvas:put("set object rectangle from screen %s,%s to screen %s,%s fillcolor rgb '%s' %s", canvas:across(x + 6),
      canvas:up(y + 5), canvas:across(x + 22), canvas:up(y - 5), entry.colour, "fillstyle solid noborder front")
  end
end

local function draw_legend(self, canvas)
  local rows, _, width = legend_columns(self, canvas.bottom - canvas.top)
  for i, entry in ipairs(self.legend) do
    local x = canvas.right + 14 + (i - 1) // rows * width
    local y = canvas.top + 9 + (i - 1) % rows * legend_line
    draw_mark(entry, canvas, x, y)
    canvas:word(entry.shown, x + legend_mark, y, tick_size, "left")
  end
end

-- Lines and texts at positions of the axes.
local function draw_over(self, canvas)
  local n = gnuplot.number
  for _, mark in ipairs(self.marks or {}) do
    canvas:put("set arrow from %s,%s to %s,%s nohead lw 1.2 dt %s lc rgb '%s' %s", n(mark.x1), n(mark.y1),
      n(mark.x2), n(mark.y2), mark.dash or "solid", mark.colour, mark.behind and "back" or "front")
  end
  for _, item in ipairs(self.words or {}) do
    canvas:put("set label %s at %s,%s centre textcolor rgb '%s' %s front", gnuplot.quote(item.text), n(item.x),
      n(item.y), item.colour, font(item.size))
  end
end

--- The commands that draw the panel in a rectangle of a figure; the numbers go to the sidecar.
---@param place table  {x, y, w, h}: pixels from the figure's top left corner; left, right: least margins
---@param figure table  {width, height}
---@param sidecar table
---@return string
function Panel:script(place, figure, sidecar)
  local canvas = canvas_at(self, place, figure)
  canvas:put("set lmargin at screen %s\nset rmargin at screen %s\nset tmargin at screen %s\nset bmargin at screen %s",
    canvas:across(canvas.left), canvas:across(canvas.right), canvas:up(canvas.top), canvas:up(canvas.bottom))
  axes(self, canvas)
  draw_frame(self, canvas)
  draw_words(self, canvas)
  if self.colours and self.colours.bar then draw_colour_bar(self.colours, canvas) end
  if self.legend then draw_legend(self, canvas) end
  draw_over(self, canvas)
  plot(self, canvas, sidecar, false)
  return canvas:script()
end

-- Every second, third … tick, so that their words fit into a line.
local function thinned(ticks, columns)
  local longest = 0
  for _, tick in ipairs(ticks) do longest = math.max(longest, utf8.len(text.clean(tick.text))) end
  local every = math.max(1, math.ceil(#ticks * (longest + 1) / math.max(1, columns)))
  local kept = {}
  for i = 1, #ticks, every do kept[#kept + 1] = ticks[i] end
  return kept
end

--- The commands for a text terminal, where gnuplot itself places everything.
---@param sidecar table
---@param columns integer  the terminal's width in characters
---@return string
function Panel:text_script(sidecar, columns)
  local canvas, quote = new_canvas {}, gnuplot.quote
  axes(self, canvas)
  if self.title then canvas:put("set title %s", quote(self.title)) end
  if self.xlabel then canvas:put("set xlabel %s", quote(self.xlabel)) end
  if self.ylabel then canvas:put("set ylabel %s", quote(self.ylabel)) end
  if self.legend then canvas:put "set key outside below" end
  canvas:put "set tics nomirror out"
  canvas:put("set xtics %s%s", self.x.rotate and "rotate by 90 right " or "",
    tick_list(self.x.rotate and self.x.ticks or thinned(self.x.ticks, columns - 12)))
  canvas:put("set ytics %s", tick_list(self.y.ticks))
  for _, item in ipairs(self.words or {}) do
    canvas:put("set label %s at %s,%s centre front", quote(item.text), gnuplot.number(item.x), gnuplot.number(item.y))
  end
  plot(self, canvas, sidecar, true)
  return canvas:script()
end

return panel
