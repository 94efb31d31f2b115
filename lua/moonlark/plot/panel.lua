--- Panel: one pair of axes with what is drawn on them, as gnuplot commands for a given place.
---
--- All lengths are pixels of the figure (96 an inch). Margins are computed here from the texts, so that nothing
--- overlaps and panels line up.
local element = require "moonlark.plot.element"
local gnuplot = require "moonlark.plot.gnuplot"
local legend = require "moonlark.plot.legend"
local palette = require "moonlark.plot.palette"
local picture = require("moonlark_core").picture
local text = require "moonlark.plot.text"

---@class moonlark.plot.Panel
---@field title string?
---@field xlabel string?
---@field ylabel string?
---@field x table  {low, high, ticks, log?, rotate?, blank?, to?, names?}: blank ticks have no words; to: from numbers
---  to places; names: the ticks are names, which a terminal shows all; time: seconds, on which an annotation can lie
---@field y table
---@field grid boolean?
---@field frame boolean?  a line around the whole plot instead of left and below
---@field bare boolean?  no line at all
---@field equal boolean?  a unit is as long on one axis as on the other
---@field background string?  colour behind the plot
---@field note string?  small print below on the right
---@field colours table?  {palette, low, high, ticks, label, bar = true}
---@field elements moonlark.plot.Element[]
---@field words table[]?  texts on the plot: {text, x, y, size, colour, align, boxed}; size: pixels at zoom 1
---@field marks table[]?  straight lines: {x1, y1, x2, y2, colour, dash, behind}; beside: an arrow from these words
---@field legend table[]?  entries of moonlark.plot.legend
---@field legend_at string?  "right", "below", "top left" …
---@field zoom number?  how large the words are
local Panel = {}
Panel.__index = Panel

local panel = {}

local title_size, label_size, tick_size, note_size = 16, 13, 12, 10.5
local ink, faint, rule = "#222222", "#777777", "#e4e4e4"

--- The size of ticks in pixels, at zoom 1.
panel.tick_size = tick_size

--- A panel of its fields.
function panel.new(fields)
  fields.zoom = fields.zoom or 1
  fields.legend_at = fields.legend_at or "right"
  return setmetatable(fields, Panel)
end

local function font(size)
  return ("font ',%s'"):format(gnuplot.number(size * 0.75)) -- points of 96 pixels an inch
end

local function widest(self, ticks)
  local most = 0
  for _, tick in ipairs(ticks) do
    most = math.max(most, text.width(text.clean(tick.text), tick_size * self.zoom))
  end
  return most
end

-- The left margin with slanted labels, which reach to the left of their ticks.
local function left_of_slanted(self, margin, w)
  local left, inside, x = margin.left, w - margin.left - margin.right, self.x
  for _, tick in ipairs(x.ticks) do
    local at = (tick.at - x.low) / (x.high - x.low) * inside
    left = math.max(left, text.width(text.clean(tick.text), tick_size * self.zoom) * 0.71 - at + 10)
  end
  return left
end

local function bottom_margin(self)
  local zoom, x = self.zoom, self.x
  local height = 15 + (self.xlabel and 22 * zoom or 0) + (self.note and 16 * zoom or 0)
  if #x.ticks == 0 or x.blank then return height end
  return height + (x.rotate and widest(self, x.ticks) * 0.71 + 12 or 16 * zoom)
end

local function right_margin(self)
  local zoom, last = self.zoom, self.x.ticks[#self.x.ticks]
  if self.colours and self.colours.bar then
    return 14 + 14 + 9 + widest(self, self.colours.ticks) + (self.colours.label and 24 * zoom or 0) + 10
  end
  if not last or self.x.rotate then return 14 end
  return math.max(14, text.width(text.clean(last.text), tick_size * zoom) / 2 + 6)
end

--- Where the plot itself lies within w × h pixels: margins left, right, top, bottom.
function Panel:margins(w, h)
  local zoom = self.zoom
  self.title_lines = self.title and text.wrap(text.clean(self.title), title_size * zoom, w - 24, 2) or {}
  local margin = {
    left = 18 + widest(self, self.y.ticks) + (self.ylabel and 22 * zoom or 0), right = right_margin(self),
    top = 12 + #self.title_lines * 21 * zoom, bottom = bottom_margin(self),
  }
  if self.legend then
    local right, below = legend.room(self.legend, self.legend_at, self.legend_at == "right" and w or w - 20,
      h - margin.top - margin.bottom, zoom)
    if right > 0 then margin.right = 14 + right end
    margin.legend = below
    margin.bottom = margin.bottom + below
  end
  if self.x.rotate then margin.left = left_of_slanted(self, margin, w) end
  return margin
end

local function tick_list(ticks, blank)
  local items = {}
  for i, tick in ipairs(ticks) do
    items[i] = ("%s %s"):format(gnuplot.quote_tick(blank and "" or tick.text), gnuplot.number(tick.at))
  end
  return "(" .. table.concat(items, ", ") .. ")"
end

-- The growing commands of one panel, which know where in the figure it lies.
local Canvas = {}
Canvas.__index = Canvas

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

-- The name of an axis or of the colours, cut to so many pixels.
function Canvas:label(s, limit, x, y, how)
  local size = label_size * self.zoom
  self:word(text.shorten(text.clean(s), size, limit), x, y, size, how)
end

-- An axis of so many pixels, each of which is so many units, around the same middle.
local function stretched(axis, pixels, unit)
  local copy, middle = {}, (axis.low + axis.high) / 2
  for key, value in pairs(axis) do copy[key] = value end
  copy.low, copy.high = middle - unit * pixels / 2, middle + unit * pixels / 2
  return copy
end

--- Both axes in a plot of so many pixels: with equal units the shorter one grows on both sides.
function Panel:axes(wide, high)
  local x, y = self.x, self.y
  if not self.equal then return x, y end
  local unit = math.max((x.high - x.low) / wide, (y.high - y.low) / high)
  return stretched(x, wide, unit), stretched(y, high, unit)
end

local function axes(self, canvas)
  local n = gnuplot.number
  local x, y = self:axes(canvas.right - canvas.left, canvas.bottom - canvas.top)
  canvas:put("set xrange [%s:%s]", n(x.low), n(x.high))
  canvas:put("set yrange [%s:%s]", n(y.low), n(y.high))
  for _, name in ipairs {"x", "y"} do
    if self[name].log then canvas:put("set logscale %s", name) end
  end
  canvas:put "unset key"
  if self.colours then
    canvas:put("%s", palette.define(self.colours.palette))
    canvas:put("set cbrange [%s:%s]", n(self.colours.low), n(self.colours.high))
  end
  canvas:put "unset colorbox"
end

-- An image of few cells with each of them repeated: programs that smooth an enlarged image, as browsers do, then leave
-- the cells as they are.
local function magnified(e)
  local image = e.image
  local high, wide = math.max(1, 800 // image.rows), math.max(1, 1600 // image.columns)
  local rows, columns = image.rows * high, image.columns * wide
  local cells = {bytes = e.bytes, rows = image.rows, columns = image.columns}
  return {
    bytes = picture.image(cells, {pool = "mean", rows = rows, columns = columns}), kind = e.kind,
    image = {
      rows = rows, columns = columns, dx = image.dx / wide, dy = image.dy / high,
      x = image.x - image.dx * (1 - 1 / wide) / 2, y = image.y - image.dy * (1 - 1 / high) / 2,
    },
  }
end

-- How gnuplot finds an element's numbers in the sidecar.
local function source_of(e, skip)
  local n, image, count = gnuplot.number, e.image, element.columns[e.kind]
  local columns = {}
  for i = 1, count do columns[i] = i end
  if image then
    return ("binary skip=%d array=(%d,%d) format='%s' origin=(%s,%s) dx=%s dy=%s using %s"):format(skip, image.columns,
      image.rows, ("%float32"):rep(count), n(image.x), n(image.y), n(image.dx), n(image.dy),
      table.concat(columns, ":"))
  end
  return ("binary skip=%d record=%d format='%s' using %s"):format(skip, #e.bytes // (4 * count),
    ("%float32"):rep(count), table.concat(columns, ":"))
end

-- The plot command; its numbers go to the sidecar.
local function plot(self, canvas, sidecar)
  local parts = {}
  for _, e in ipairs(self.elements) do
    if e.kind == "image" and sidecar.smoothed then e = magnified(e) end
    parts[#parts + 1] = ("'%s' %s with %s notitle"):format(gnuplot.sidecar, source_of(e, sidecar.size),
      element.style(e))
    sidecar:add(e.bytes)
  end
  canvas:put("plot %s", #parts > 0 and table.concat(parts, ", \\\n     ") or "NaN notitle")
end

-- The canvas of a panel: its rectangle in the figure, and in it the plot's own, between the margins.
local function canvas_at(self, place, figure)
  local margin = self:margins(place.w, place.h)
  local left, top = place.x + math.max(margin.left, place.left or 0), place.y + margin.top
  local right = math.max(place.x + place.w - math.max(margin.right, place.right or 0), left + 10)
  local bottom = math.max(place.y + place.h - margin.bottom, top + 10)
  return setmetatable({
    lines = {"reset"}, figure = figure, place = place, zoom = self.zoom, left = left, right = right, top = top,
    bottom = bottom, legend_top = place.y + place.h - (margin.legend or 0),
  }, Canvas)
end

-- Where a number of an axis lies in pixels, from the axis' beginning; the axis is so many pixels long.
local function pixel(axis, at, pixels)
  local low, high = axis.low, axis.high
  if axis.log then at, low, high = math.log(at), math.log(low), math.log(high) end
  return (at - low) / (high - low) * pixels
end

-- Every tick, or every second, third … so that no two labels touch. `extent` gives the pixels that a label takes.
local function fitting(axis, pixels, extent)
  local function touches(every)
    local last_at, last_half
    for i = 1, #axis.ticks, every do
      local at, half = pixel(axis, axis.ticks[i].at, pixels), extent(axis.ticks[i]) / 2
      if last_at and math.abs(at - last_at) < half + last_half then return true end
      last_at, last_half = at, half
    end
  end
  local every = 1
  while every < #axis.ticks and touches(every) do every = every + 1 end
  local kept = {}
  for i = 1, #axis.ticks, every do kept[#kept + 1] = axis.ticks[i] end
  return kept
end

local function draw_ticks(self, canvas)
  local size = tick_size * self.zoom
  local function across(tick) return self.x.rotate and size or text.width(text.clean(tick.text), size) + 3 end
  local x = fitting(self.x, canvas.right - canvas.left, across)
  local y = fitting(self.y, canvas.bottom - canvas.top, function() return 0.85 * size end)
  canvas:put("set tics nomirror out scale 0.6 textcolor rgb '%s' %s", ink, font(size))
  canvas:put(#x > 0 and "set xtics %s%s" or "unset xtics", self.x.rotate and "rotate by 45 right " or "",
    tick_list(x, self.x.blank))
  canvas:put(#y > 0 and "set ytics %s" or "unset ytics", tick_list(y))
end

-- Border, ticks, grid and what lies behind the plot.
local function draw_frame(self, canvas)
  canvas:put("set border %d %s lc rgb '%s' lw 1", self.bare and 0 or self.frame and 15 or 3,
    self.frame and "front" or "back", self.frame and "#555555" or "#888888")
  draw_ticks(self, canvas)
  if self.grid then canvas:put("set grid xtics ytics back lt 1 lw 0.8 lc rgb '%s'", rule) end
  if self.background then
    canvas:put("set object rectangle from graph 0,0 to graph 1,1 behind fillcolor rgb '%s' fillstyle solid noborder",
      self.background)
  end
end

-- Title, note and the names of the axes.
local function draw_words(self, canvas)
  local place, zoom = canvas.place, self.zoom
  local middle, low_end = (canvas.left + canvas.right) / 2, canvas.legend_top
  for i, line in ipairs(self.title_lines) do
    local half = text.width(line, title_size * zoom) / 2
    local centre = math.max(place.x + half + 4, math.min(place.x + place.w - half - 4, middle))
    canvas:word(line, centre, place.y + (15 + (i - 1) * 21) * zoom, title_size * zoom, "centre")
  end
  if self.note then
    local note = text.shorten(text.clean(self.note), note_size * zoom, place.w - 20)
    canvas:word(note, place.x + place.w - 10, low_end - 10 * zoom, note_size * zoom, "right", faint)
    low_end = low_end - 16 * zoom
  end
  if self.xlabel then canvas:label(self.xlabel, place.w - 20, middle, low_end - 14 * zoom, "centre") end
  if self.ylabel then
    canvas:label(self.ylabel, place.h - 10, place.x + 14 * zoom, (canvas.top + canvas.bottom) / 2,
      "centre rotate by 90")
  end
end

local function draw_colour_bar(colours, canvas)
  local n, place, height = gnuplot.number, canvas.place, canvas.bottom - canvas.top
  canvas:put("set colorbox vertical user origin screen %s,%s size screen %s,%s", canvas:across(canvas.right + 14),
    canvas:up(canvas.bottom), n(14 / canvas.figure.width), n(height / canvas.figure.height))
  canvas:put("set cbtics nomirror out scale 0.5 textcolor rgb '%s' %s %s", ink, font(tick_size * canvas.zoom),
    tick_list(colours.ticks))
  if colours.label then
    canvas:label(colours.label, place.h - 10, place.x + place.w - 14 * canvas.zoom, (canvas.top + canvas.bottom) / 2,
      "centre rotate by 90")
  end
end

-- An arrow in pixels: it begins beside the words from which it points.
local function draw_arrow(self, canvas, mark)
  local wide, high = canvas.right - canvas.left, canvas.bottom - canvas.top
  local x1, y1 = canvas.left + pixel(self.x, mark.x1, wide), canvas.bottom - pixel(self.y, mark.y1, high)
  local x2, y2 = canvas.left + pixel(self.x, mark.x2, wide), canvas.bottom - pixel(self.y, mark.y2, high)
  local size = tick_size * self.zoom
  local room_x, room_y = text.width(text.clean(mark.beside), size) / 2 + 4, size * 0.75
  local begin = math.min(room_x / math.max(1e-9, math.abs(x2 - x1)), room_y / math.max(1e-9, math.abs(y2 - y1)), 0.9)
  canvas:put("set arrow from screen %s,%s to screen %s,%s head size screen %s,20 filled lw 1.2 lc rgb '%s' front",
    canvas:across(x1 + begin * (x2 - x1)), canvas:up(y1 + begin * (y2 - y1)), canvas:across(x2), canvas:up(y2),
    gnuplot.number(9 * self.zoom / canvas.figure.width), mark.colour)
end

-- Lines and texts at positions of the axes.
local function draw_over(self, canvas)
  local n = gnuplot.number
  for _, mark in ipairs(self.marks or {}) do
    if mark.beside then
      draw_arrow(self, canvas, mark)
    else
      canvas:put("set arrow from %s,%s to %s,%s nohead lw 1.2 dt %s lc rgb '%s' %s", n(mark.x1), n(mark.y1),
        n(mark.x2), n(mark.y2), mark.dash or "solid", mark.colour, mark.behind and "back" or "front")
    end
  end
  canvas:put "set style textbox opaque fillcolor rgb '#40ffffff' noborder margins 0.6,0.6"
  for _, item in ipairs(self.words or {}) do
    canvas:put("set label %s at %s,%s %s textcolor rgb '%s' %s front%s", gnuplot.quote(item.text), n(item.x),
      n(item.y), item.align or "centre", item.colour or ink, font((item.size or tick_size) * self.zoom),
      item.boxed and " boxed" or "")
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
  if self.legend then legend.draw(self.legend, self.legend_at, canvas, self.zoom) end
  draw_over(self, canvas)
  plot(self, canvas, sidecar)
  return canvas:script()
end

return panel
