--- Panel: one pair of axes with what is drawn on them, as gnuplot commands for a given place.
---
--- All lengths are pixels of the figure (96 an inch). Margins are computed here from the texts
--- themselves rather than left to gnuplot, so that nothing overlaps and panels line up.
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
---@param fields table
---@return moonlark.plot.Panel
function panel.new(fields)
  fields.elements = fields.elements or {}
  return setmetatable(fields, Panel)
end

local function font(size)
  return ("font ',%s'"):format(gnuplot.number(size * 0.75)) -- points of 96 pixels an inch
end

local function widest(ticks)
  local most = 0
  for _, tick in ipairs(ticks) do most = math.max(most, text.width(text.clean(tick.text), tick_size)) end
  return most
end

-- The legend: entries in one or more columns to the right of the plot.
local legend_line, legend_mark = 19, 30

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
---@param legend table[]
---@param height number
---@return number
function panel.legend_width(legend, height)
  if #legend == 0 then return 0 end
  local _, columns, width = legend_columns({legend = legend}, height)
  return columns * width
end

--- Where the plot itself lies within w × h pixels: margins left, right, top, bottom.
function Panel:margins(w, h)
  local margin = {left = 10, right = 14, top = 12, bottom = 8}
  self.title_lines = self.title and text.wrap(text.clean(self.title), title_size, w - 24, 2) or {}
  margin.top = margin.top + #self.title_lines * 21
  margin.bottom = margin.bottom + 7 + (self.xlabel and 22 or 0) + (self.note and 16 or 0)
  self.x_room = widest(self.x.ticks)
  if self.x.rotate then
    margin.bottom = margin.bottom + self.x_room * 0.71 + 12
  elseif #self.x.ticks > 0 then
    margin.bottom = margin.bottom + (self.x.blank and 0 or 16)
    local last = self.x.ticks[#self.x.ticks]
    margin.right = math.max(margin.right, text.width(text.clean(last.text), tick_size) / 2 + 6)
  end
  self.y_room = widest(self.y.ticks)
  margin.left = margin.left + self.y_room + 8 + (self.ylabel and 22 or 0)
  if self.colours and self.colours.bar then
    margin.right = 14 + 14 + 9 + widest(self.colours.ticks) + (self.colours.label and 24 or 0) + 10
  end
  if self.legend then
    local _, columns, width = legend_columns(self, h - margin.top - margin.bottom)
    margin.right = 14 + columns * width
  end
  if self.x.rotate then -- slanted labels reach to the left of their ticks
    local inside = w - margin.left - margin.right
    for _, tick in ipairs(self.x.ticks) do
      local at = (tick.at - self.x.low) / (self.x.high - self.x.low) * inside
      margin.left = math.max(margin.left, text.width(text.clean(tick.text), tick_size) * 0.71 - at + 10)
    end
  end
  return margin
end

local function tick_list(ticks, blank)
  local items = {}
  for i, tick in ipairs(ticks) do
    items[i] = ("%s %s"):format(gnuplot.quote_tick(blank and "" or tick.text), gnuplot.number(tick.at))
  end
  return "(" .. table.concat(items, ", ") .. ")"
end

-- What is the same for pictures and text terminals: ranges, ticks, colours.
local function axes(self, put)
  local n = gnuplot.number
  put("set xrange [%s:%s]", n(self.x.low), n(self.x.high))
  put("set yrange [%s:%s]", n(self.y.low), n(self.y.high))
  put("unset key")
  if self.colours then
    put("%s", palette.define(self.colours.palette))
    put("set cbrange [%s:%s]", n(self.colours.low), n(self.colours.high))
  end
  put("unset colorbox")
end

-- An image of few cells with each of them repeated: what smooths it when it is enlarged, as browsers
-- do, then leaves the cells as they are.
local function magnified(element)
  local image = element.image
  local high, wide = math.max(1, 800 // image.rows), math.max(1, 1600 // image.columns)
  local rows, columns = image.rows * high, image.columns * wide
  local cells = {bytes = element.bytes, rows = image.rows, columns = image.columns}
  local bytes = picture.image(cells, nil, "mean", rows, columns)
  return {
    bytes = bytes, style = element.style, columns = 1, name = element.name,
    image = {
      rows = rows, columns = columns, dx = image.dx / wide, dy = image.dy / high,
      x = image.x - image.dx * (1 - 1 / wide) / 2, y = image.y - image.dy * (1 - 1 / high) / 2,
    },
  }
end

-- The plot command, its numbers appended to the sidecar.
local function plot(self, put, sidecar, with_names)
  local n = gnuplot.number
  local parts = {}
  for _, element in ipairs(self.elements) do
    local source
    if element.image and sidecar.smoothed then element = magnified(element) end
    if element.image then
      local image = element.image
      source = ("binary skip=%d array=(%d,%d) format='%%float32' origin=(%s,%s) dx=%s dy=%s"):format(
        sidecar.size, image.columns, image.rows, n(image.x), n(image.y), n(image.dx), n(image.dy))
    else
      local columns = {}
      for i = 1, element.columns do columns[i] = i end
      source = ("binary skip=%d record=%d format='%s' using %s"):format(sidecar.size,
        #element.bytes // (4 * element.columns), ("%float32"):rep(element.columns), table.concat(columns, ":"))
    end
    local name = with_names and element.name and gnuplot.quote(element.name)
    parts[#parts + 1] = ("'%s' %s %s %s"):format(gnuplot.sidecar, source, element.style,
      name and "title " .. name or "notitle")
    sidecar:add(element.bytes)
  end
  put("plot %s", #parts > 0 and table.concat(parts, ", \\\n     ") or "NaN notitle")
end

--- The commands that draw the panel in a rectangle of a figure; the numbers go to the sidecar.
---@param place table  {x, y, w, h}: pixels from the figure's top left corner; left, right: least margins
---@param figure table  {width, height}
---@param sidecar table
---@return string
function Panel:script(place, figure, sidecar)
  local lines = {"reset"}
  local function put(format, ...) lines[#lines + 1] = format:format(...) end
  local n, quote = gnuplot.number, gnuplot.quote
  local function across(x) return n(x / figure.width) end
  local function up(y) return n(1 - y / figure.height) end

  local margin = self:margins(place.w, place.h)
  local left = place.x + math.max(margin.left, place.left or 0)
  local right = place.x + place.w - math.max(margin.right, place.right or 0)
  local top, bottom = place.y + margin.top, place.y + place.h - margin.bottom
  right, bottom = math.max(right, left + 10), math.max(bottom, top + 10)
  put("set lmargin at screen %s\nset rmargin at screen %s\nset tmargin at screen %s\nset bmargin at screen %s",
    across(left), across(right), up(top), up(bottom))
  axes(self, put)

  put("set border %d %s lc rgb '%s' lw 1", self.frame and 15 or 3, self.frame and "front" or "back",
    self.frame and "#555555" or "#888888")
  put("set tics nomirror out scale 0.6 textcolor rgb '%s' %s", ink, font(tick_size))
  put("set xtics %s%s", self.x.rotate and "rotate by 45 right " or "", tick_list(self.x.ticks, self.x.blank))
  put("set ytics %s", tick_list(self.y.ticks))
  if self.grid then put("set grid xtics ytics back lt 1 lw 0.8 lc rgb '%s'", rule) end
  if self.background then
    put("set object rectangle from graph 0,0 to graph 1,1 behind fillcolor rgb '%s' fillstyle solid noborder",
      self.background)
  end

  local function word(s, x, y, size, how)
    put("set label %s at screen %s,%s %s front", quote(s), across(x), up(y), how .. " " .. font(size))
  end
  local middle = (left + right) / 2
  for i, line in ipairs(self.title_lines) do
    local centre = middle
    local half = text.width(line, title_size) / 2
    centre = math.max(place.x + half + 4, math.min(place.x + place.w - half - 4, centre))
    word(line, centre, place.y + 15 + (i - 1) * 21, title_size, ("centre textcolor rgb '%s'"):format(ink))
  end
  local low_end = place.y + place.h
  if self.note then
    word(text.shorten(text.clean(self.note), note_size, place.w - 20), place.x + place.w - 10, low_end - 10, note_size,
      ("right textcolor rgb '%s'"):format(faint))
    low_end = low_end - 16
  end
  if self.xlabel then
    word(text.shorten(text.clean(self.xlabel), label_size, place.w - 20), middle, low_end - 14, label_size,
      ("centre textcolor rgb '%s'"):format(ink))
  end
  if self.ylabel then
    word(text.shorten(text.clean(self.ylabel), label_size, place.h - 10), place.x + 14, (top + bottom) / 2, label_size,
      ("centre rotate by 90 textcolor rgb '%s'"):format(ink))
  end

  local colours = self.colours
  if colours and colours.bar then
    put("set colorbox vertical user origin screen %s,%s size screen %s,%s", across(right + 14), up(bottom),
      n(14 / figure.width), n((bottom - top) / figure.height))
    put("set cbtics nomirror out scale 0.5 textcolor rgb '%s' %s %s", ink, font(tick_size), tick_list(colours.ticks))
    if colours.label then
      word(text.shorten(text.clean(colours.label), label_size, place.h - 10), place.x + place.w - 14,
        (top + bottom) / 2, label_size, ("centre rotate by 90 textcolor rgb '%s'"):format(ink))
    end
  end

  if self.legend then
    local rows, _, width = legend_columns(self, bottom - top)
    for i, entry in ipairs(self.legend) do
      local x = right + 14 + (i - 1) // rows * width
      local y = top + 9 + (i - 1) % rows * legend_line
      if entry.kind == "point" then
        put("set label '' at screen %s,%s point pt %d ps 1.1 lc rgb '%s' front", across(x + 14), up(y), entry.shape,
          entry.colour)
      elseif entry.kind == "line" then
        put("set arrow from screen %s,%s to screen %s,%s nohead lw 2 dt %s lc rgb '%s' front", across(x), up(y),
          across(x + 24), up(y), panel.dash(entry.dash), entry.colour)
      else
        put("set object rectangle from screen %s,%s to screen %s,%s fillcolor rgb '%s' fillstyle solid noborder front",
          across(x + 6), up(y + 5), across(x + 22), up(y - 5), entry.colour)
      end
      word(entry.shown, x + legend_mark, y, tick_size, ("left textcolor rgb '%s'"):format(ink))
    end
  end

  for _, mark in ipairs(self.marks or {}) do
    put("set arrow from %s,%s to %s,%s nohead lw 1.2 dt %s lc rgb '%s' %s", n(mark.x1), n(mark.y1), n(mark.x2),
      n(mark.y2), panel.dash(mark.dash), mark.colour, mark.behind and "back" or "front")
  end
  for _, item in ipairs(self.words or {}) do
    put("set label %s at %s,%s centre textcolor rgb '%s' %s front", quote(item.text), n(item.x), n(item.y),
      item.colour, font(item.size))
  end
  plot(self, put, sidecar, false)
  return table.concat(lines, "\n") .. "\n"
end

-- Every second, third … tick, so that words of up to `longest` characters fit into a line.
local function thinned(ticks, longest, columns)
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
  local lines = {"reset"}
  local function put(format, ...) lines[#lines + 1] = format:format(...) end
  axes(self, put)
  if self.title then put("set title %s", gnuplot.quote(self.title)) end
  if self.xlabel then put("set xlabel %s", gnuplot.quote(self.xlabel)) end
  if self.ylabel then put("set ylabel %s", gnuplot.quote(self.ylabel)) end
  if self.legend then put("set key outside below") end
  put("set tics nomirror out")
  local longest = 0
  for _, tick in ipairs(self.x.ticks) do longest = math.max(longest, utf8.len(text.clean(tick.text))) end
  put("set xtics %s%s", self.x.rotate and "rotate by 90 right " or "",
    tick_list(self.x.rotate and self.x.ticks or thinned(self.x.ticks, longest, columns - 12)))
  put("set ytics %s", tick_list(self.y.ticks))
  for _, item in ipairs(self.words or {}) do
    put("set label %s at %s,%s centre front", gnuplot.quote(item.text), gnuplot.number(item.x), gnuplot.number(item.y))
  end
  plot(self, put, sidecar, true)
  return table.concat(lines, "\n") .. "\n"
end

--- gnuplot's word for a dash pattern of the palette.
---@param dash string?
---@return string
function panel.dash(dash)
  return dash or "solid"
end

return panel
