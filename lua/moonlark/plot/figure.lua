--- Figure: a picture that can be saved, shown and put on a page with others.
---
---@class moonlark.Figure
---@field width number  pixels of the figure, 96 an inch
---@field height number
---@field dpi number  pixels an inch of a PNG
---@field panels table[]  {panel, x, y, w, h}

local annotation = require "moonlark.annotation"
local core = require "moonlark_core"
local display = require "moonlark.base.display"
local files = require "moonlark.base.files"
local gnuplot = require "moonlark.plot.gnuplot"
local options = require "moonlark.base.options"
local over = require "moonlark.plot.over"
local panel = require "moonlark.plot.panel"
local png = require "moonlark.base.png"
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local terminal = require "moonlark.plot.terminal"
local text = require "moonlark.plot.text"

---@class moonlark.Figure
local Figure = {}
Figure.__index = Figure
Figure.__name = "moonlark.Figure"

local figure = {}

--- Numbers are thinned to this many for each pixel of the figure: sharp on today's screens and on paper.
figure.scale = 2

local family = "DejaVu Sans"
local screen_dpi, paper_dpi = 192, 300

local function new(fields) return setmetatable(fields, Figure) end

-- A copy with one field of its own.
local function with(object, name, value)
  local copy = {}
  for key, field in pairs(object) do copy[key] = field end
  copy[name] = value
  return setmetatable(copy, getmetatable(object))
end

--- A figure of one panel.
---@param one moonlark.plot.Panel
---@param width number
---@param height number
---@param dpi number?
---@return moonlark.Figure
function figure.new(one, width, height, dpi)
  return new {
    width = width, height = height, dpi = dpi or screen_dpi,
    panels = {{panel = one, x = 0, y = 0, w = width, h = height}},
  }
end

-- What the options say, else what the picture says by itself; false is none.
local function chosen(given, usual)
  if given == nil then return usual end
  return given or nil
end

-- Ticks that were asked for, at places of the axis.
local function place_ticks(axis, ticks)
  axis.ticks, axis.rotate = {}, nil
  local low, high = math.min(axis.low, axis.high), math.max(axis.low, axis.high)
  for _, tick in ipairs(ticks) do
    local at = axis.to and axis.to(tick.at) or tick.at
    if at >= low and at <= high then
      table.insert(axis.ticks, {at = at, text = tick.text or scale.number(tick.at)})
    end
  end
end

-- Slants the names below the picture where they have no room side by side.
local function slant(fields, width)
  local room = (width - 90) / math.max(1, #fields.x.ticks)
  for _, tick in ipairs(fields.x.ticks) do
    if text.width(text.clean(tick.text), panel.tick_size * fields.zoom) > room then fields.x.rotate = true end
  end
end

-- The place of a number on an axis; one beyond its ends is an error, for words there would lie beside the picture.
local function place_on(axis, value, words)
  local at = axis.to and axis.to(value) or value
  local low, high = math.min(axis.low, axis.high), math.max(axis.low, axis.high)
  if at >= low and at <= high then return at end
  show.fail("annotations: '%s' lies beside the picture: the axis goes from %s to %s, got %s", tostring(words),
    scale.number(low), scale.number(high), scale.number(at))
end

local function place_annotations(fields, annotations)
  local words, marks = {table.unpack(fields.words or {})}, {table.unpack(fields.marks or {})}
  for _, one in ipairs(annotations or {}) do
    local x, y = place_on(fields.x, one.x, one.text), place_on(fields.y, one.y, one.text)
    words[#words + 1] = {text = tostring(one.text), x = x, y = y, colour = one.colour, boxed = not one.colour}
    if one.arrow then
      marks[#marks + 1] = {x1 = x, y1 = y, x2 = place_on(fields.x, one.arrow[1], one.text),
        y2 = place_on(fields.y, one.arrow[2], one.text), colour = one.colour or "#444444", beside = tostring(one.text)}
    end
  end
  fields.words, fields.marks = words, marks
end

--- A figure of one panel as the shared options say (moonlark.plot.options): these win over the fields that the picture
--- gives.
---@param settings table
---@param fields table  of a moonlark.plot.Panel
---@param width number
---@param height number
---@return moonlark.Figure
function figure.of(settings, fields, width, height)
  fields.zoom = shared.zoom(settings)
  for _, name in ipairs {"title", "xlabel", "ylabel"} do fields[name] = chosen(settings[name], fields[name]) end
  for _, name in ipairs {"title", "xlabel", "ylabel"} do fields[name] = fields[name] and tostring(fields[name]) end
  if settings.yticks then place_ticks(fields.y, settings.yticks) end
  if settings.xticks then
    place_ticks(fields.x, settings.xticks)
    slant(fields, width)
  end
  place_annotations(fields, settings.annotations)
  if settings.legend == false then fields.legend = nil end
  fields.legend_at = settings.legend or fields.legend_at
  return figure.new(panel.new(fields), width, height, settings.width_mm and paper_dpi)
end

local grid_parameters = options.describe("plot.grid", {
  columns = options.integer(nil, {least = 1, usual = "about as many as rows"}, "figures in a row"),
}, shared.size(nil, nil, "the figures' own"), shared.title)

-- Widths of the columns and heights of the rows: those of their largest figures.
local function cells_of(figures, columns)
  local widths, heights = {}, {}
  for i, item in ipairs(figures) do
    local c, r = (i - 1) % columns + 1, (i - 1) // columns + 1
    widths[c] = math.max(widths[c] or 0, item.width)
    heights[r] = math.max(heights[r] or 0, item.height)
  end
  return widths, heights
end

-- Puts the panels of a figure into a cell. They take the whole cell, so that neighbours line up.
local function place(page, item, x, y, width, height, zoom)
  local wide, high = width / item.width, height / item.height
  for _, part in ipairs(item.panels) do
    local one = part.panel
    if zoom then one = with(one, "zoom", zoom) end
    page.panels[#page.panels + 1] = {
      panel = one, x = x + part.x * wide, y = y + part.y * high, w = part.w * wide, h = part.h * high,
    }
  end
end

local function check_figures(figures)
  if type(figures) ~= "table" or #figures == 0 then
    show.fail("figures must be a list of one or more figures, got %s",
      type(figures) == "table" and "an empty table" or type(figures))
  end
  for i, item in ipairs(figures) do
    if getmetatable(item) ~= Figure then show.fail("figures[%d] must be a figure, got %s", i, type(item)) end
  end
end

local function densest(figures)
  local most = screen_dpi
  for _, item in ipairs(figures) do most = math.max(most, item.dpi) end
  return most
end

local function sum(list)
  local total = 0
  for _, value in ipairs(list) do total = total + value end
  return total
end

--- Several figures on one page, row by row, each in its own proportions; those above each other line up. A width alone
--- scales the height, too.
---     plot.grid({plot.waveform(song), plot.map(feature.chroma_cqt(song))}, {title = "One song"}):show()
---@param figures moonlark.Figure[]
---@param given moonlark.plot.grid.Options?
---@return moonlark.Figure
function figure.grid(figures, given)
  local settings = grid_parameters:read(given)
  check_figures(figures)
  local columns = math.min(#figures, settings.columns or (#figures <= 2 and 1 or math.ceil(math.sqrt(#figures))))
  local widths, heights = cells_of(figures, columns)
  local top = settings.title and 40 * shared.zoom(settings) or 0
  local own_width, own_height = sum(widths), sum(heights)
  local width, height = shared.measure(settings, own_width, own_height + top)
  local given_height = settings.height or settings.height_mm
  local wide = width / own_width
  local high = given_height and (height - top) / own_height or wide
  local zoom = (settings.font_size or settings.width_mm) and shared.zoom(settings)

  local page = new {
    panels = {}, title = settings.title or nil, zoom = zoom or 1, width = width, height = top + own_height * high,
    dpi = settings.width_mm and paper_dpi or densest(figures),
  }
  local x, y = 0, top
  for i, item in ipairs(figures) do
    local c, r = (i - 1) % columns + 1, (i - 1) // columns + 1
    place(page, item, x, y, widths[c] * wide, heights[r] * high, zoom)
    x = x + widths[c] * wide
    if c == columns then x, y = 0, y + heights[r] * high end
  end
  return page
end

-- The numbers of all panels, one after the other. `smoothed`: viewers of this kind of picture smooth images.
local function new_sidecar(smoothed)
  return {
    size = 0, parts = {}, smoothed = smoothed or false,
    add = function(self, bytes) self.parts[#self.parts + 1], self.size = bytes, self.size + #bytes end,
    bytes = function(self) return table.concat(self.parts) end,
  }
end

-- Panels one above the other get the widest margins among them, so that their axes line up.
local function align(parts)
  local columns = {}
  for _, part in ipairs(parts) do
    local key = ("%.1f %.1f"):format(part.x, part.w)
    local margin = part.panel:margins(part.w, part.h)
    local column = columns[key] or {left = 0, right = 0}
    column.left, column.right = math.max(column.left, margin.left), math.max(column.right, margin.right)
    columns[key], part.column = column, column
  end
  for _, part in ipairs(parts) do
    part.left, part.right, part.column = part.column.left, part.column.right, nil
  end
end

-- The script below its terminal line, and the sidecar's bytes.
local function body(self, kind)
  local sidecar = new_sidecar(kind == "svg")
  local parts = {}
  local several = #self.panels > 1
  if several then
    align(self.panels)
    local size = 19 * (self.zoom or 1)
    local title = self.title and text.shorten(text.clean(self.title), size, self.width - 30)
    parts[1] = "set multiplot"
      .. (title and (" title %s font ',%g'"):format(gnuplot.quote(title), size * 0.75) or "") .. "\n"
  end
  for _, part in ipairs(self.panels) do parts[#parts + 1] = part.panel:script(part, self, sidecar) end
  if several then parts[#parts + 1] = "unset multiplot\n" end
  return table.concat(parts), sidecar:bytes()
end

-- gnuplot's terminal for each kind of picture. Fonts are given in points; a point is 4/3 of our pixels.
local terminals = {
  png = function(self)
    local s = self.dpi / 96
    return ("pngcairo noenhanced rounded size %.0f,%.0f font '%s,9' fontscale %g linewidth %g pointscale %g"):format(
      self.width * s, self.height * s, family, s, s, s)
  end,
  svg = function(self)
    return ("svg noenhanced rounded size %.0f,%.0f font '%s,9' fontscale %g background rgb 'white'"):format(
      self.width, self.height, family, 4 / 3)
  end,
  pdf = function(self)
    return ("pdfcairo noenhanced rounded size %.4fin,%.4fin font '%s,9' fontscale 0.75 linewidth 1.5 pointscale 0.75")
      :format(self.width / 96, self.height / 96, family)
  end,
  sixel = function(self)
    return ("sixelgd noenhanced truecolor size %.0f,%.0f font '%s,9' background rgb 'white'"):format(
      self.width, self.height, family)
  end,
  x11 = function(self) return ("x11 noenhanced size %.0f,%.0f title 'Moonlark'"):format(self.width, self.height) end,
}
for _, name in ipairs {"qt", "wxt"} do
  terminals[name] = function(self)
    return ("%s noenhanced size %.0f,%.0f font '%s,9' title 'Moonlark'"):format(name, self.width, self.height, family)
  end
end

-- The whole script for a kind of picture, and its numbers.
local function script_for(self, kind)
  local commands, data = body(self, kind)
  return "set encoding utf8\nset terminal " .. terminals[kind](self) .. "\n" .. commands, data
end

--- The picture with an annotation over it: lines at beats and onsets (thicker ones at downbeats), boundaries and labels of
--- chords, sections and keys. Several can be laid over one another; each picture in a grid that has time below gets it.
---
--- Errors: no annotation; a picture without an axis of time.
---     plot.map(feature.chroma_cqt(song)):over(music.chords(song)):over(music.beats(song)):save "chords.png"
---@param a moonlark.Annotation
---@return moonlark.Figure
function Figure:over(a)
  annotation.check("annotation", a)
  local made, found = {}, false
  for i, place in ipairs(self.panels) do
    found = found or place.panel.x.time
    made[i] = with(place, "panel", over(place.panel, a, place.w))
  end
  if not found then show.fail "an annotation can be laid over a picture that has time below, such as plot.map of a Signal" end
  return with(self, "panels", made)
end

--- The gnuplot script of the picture, for the curious. It reads its numbers from "data.bin".
---     print(plot.map(mel):script())
---@return string
function Figure:script()
  return (script_for(self, "png"))
end

--- The picture's bytes: "png", "svg", "pdf" or "sixel".
---     local bytes = plot.map(mel):bytes "svg"
---@param kind string
---@return string
function Figure:bytes(kind)
  if kind ~= "png" and kind ~= "svg" and kind ~= "pdf" and kind ~= "sixel" then
    options.unknown("kind of picture", kind, {"png", "svg", "pdf", "sixel"})
  end
  local script, data = script_for(self, kind)
  if kind ~= "svg" then script = gnuplot.drawable(script) end
  local bytes = gnuplot.render(script, data)
  return png.is(bytes) and png.with_resolution(bytes, self.dpi) or bytes
end

--- The kind of picture that a path's ending names: "png", "svg" or "pdf"; any other is an error.
---@param path string
---@return string
function figure.kind_of(path)
  if type(path) ~= "string" then show.fail("path must be a string, got %s", type(path)) end
  local ending = (path:match "%.(%w+)$" or ""):lower()
  if ending ~= "png" and ending ~= "svg" and ending ~= "pdf" then
    show.fail("path must end in .png, .svg or .pdf, got %s", path)
  end
  return ending
end

local saving = options.describe("Figure:save", {
  dpi = options.number(nil, {least = 20, most = 2400, unit = "dots per inch", usual = "192; 300 with width_mm"},
    "of a PNG; SVG and PDF have lines"),
})

--- Writes the picture: PNG, SVG or PDF by the ending. The file appears whole or not at all.
---     plot.map(mel):save "mel.png"
---@param path string
---@param given moonlark.Figure.save.Options?
---@return moonlark.Figure self
function Figure:save(path, given)
  local settings, kind = saving:read(given), figure.kind_of(path)
  files.write(path, (settings.dpi and with(self, "dpi", settings.dpi) or self):bytes(kind))
  return self
end

--- The picture as text, in characters.
---     print(plot.map(mel):text(80, 20))
---@param width integer?  columns; default: the terminal's, or 80
---@param height integer?  lines for each panel, more for rows with names; default: 24, or what the terminal has
---@param colour boolean?  with ANSI colours; default: no
---@return string
function Figure:text(width, height, colour)
  local columns, rows = core.terminal.size()
  width = width or columns or 80
  height = height or math.max(10, math.min(30, (rows or 26) - 2))
  local parts = {self.title and #self.panels > 1 and text.clean(self.title) .. "\n" or ""}
  for i, part in ipairs(self.panels) do
    parts[i + 1] = terminal.draw(part.panel, width, height, colour or false)
  end
  return table.concat(parts)
end

local function window_kind()
  if not (os.getenv "DISPLAY" or os.getenv "WAYLAND_DISPLAY") then return nil end
  local has = gnuplot.terminals() or {}
  return has.qt and "qt" or has.wxt and "wxt" or has.x11 and "x11" or nil
end

--- Shows the picture: below the cell in a notebook, in a window where there is a display and gnuplot has windows, as
--- sixel graphics where the terminal says that it draws them, else as text as wide as the terminal.
---     plot.map(mel):show()
---@return moonlark.Figure self
function Figure:show()
  if display.place then
    display.show(self)
    return self
  end
  local kind = window_kind()
  if kind then
    local script, data = script_for(self, kind)
    -- A display that is named but not there (a stale ssh session) leaves the terminal.
    if pcall(gnuplot.window, script, data) then return self end
  end
  if core.terminal.sixel() and (gnuplot.terminals() or {}).sixelgd then
    io.stdout:write(self:bytes "sixel", "\n")
  else
    local colour = core.terminal.size() ~= nil and not os.getenv "NO_COLOR" and os.getenv "TERM" ~= "dumb"
    io.stdout:write(self:text(nil, nil, colour))
  end
  io.stdout:flush()
  return self
end

local LARGEST_SVG = 2 ^ 20 -- bytes; a notebook keeps pictures, and a browser draws each line of a larger one

-- In a notebook: lines for screens of any size, pixels for what shows no SVG.
function Figure:__display()
  local size = {width = math.floor(self.width), height = math.floor(self.height)}
  local svg = self:bytes "svg":gsub("^<%?xml.-%?>%s*", "") -- for pages; nbconvert refuses the declaration of a document
  return {["image/png"] = self:bytes "png", ["image/svg+xml"] = #svg <= LARGEST_SVG and svg or nil},
    {["image/png"] = size, ["image/svg+xml"] = size}
end

function Figure:__tostring()
  local count = #self.panels
  return ("figure  %.0f × %.0f  %d panel%s"):format(self.width, self.height, count, count == 1 and "" or "s")
end

return figure
