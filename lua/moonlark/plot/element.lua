--- Element: one thing that is drawn on a pair of axes, as data: gnuplot draws it in pictures, moonlark.plot.canvas in
--- text terminals.
---
--- Its numbers are float32, `columns` of them a point:
---
---     line      x y                       through the points; with a shape also a mark on each
---     points    x y
---     boxes     x y x1 x2 y1 y2           a filled rectangle each
---     bands     x y1 y2                   the area between two lines
---     vectors   x y dx dy                 a straight line each
---     polygon   x y                       one filled area
---     image     z                         cells by rows; image.x, image.y is the centre of the first
---     veil      r g b opacity             the same of colours that let shine through, 0..255 each
---@class moonlark.plot.Element
---@field kind "line"|"points"|"boxes"|"bands"|"vectors"|"polygon"|"image"|"veil"
---@field bytes string
---@field colour string?  "#rrggbb"
---@field alpha string?  two hexadecimal digits: how much shows through points
---@field fill number?  how dense boxes and bands are, 0..1
---@field edge string?  the colour of the edges of boxes and polygons
---@field pattern integer?  number of the series, for terminals without colours
---@field width number?  of lines, in pixels
---@field dash string?  gnuplot's dash type
---@field shape {number: integer, sign: string}?
---@field crowded boolean?  so many points that a character each would hide others
---@field size number?  of points, as gnuplot counts
---@field image {rows: integer, columns: integer, x: number, y: number, dx: number, dy: number}?
local element = {}

--- How many numbers a point has.
element.columns = {line = 2, points = 2, boxes = 6, bands = 3, vectors = 4, polygon = 2, image = 1, veil = 4}

local function border(e) return e.edge and ("border rgb '%s'"):format(e.edge) or "noborder" end

local styles = {
  line = function(e)
    local kind = e.shape and ("linespoints pt %d ps %g"):format(e.shape.number, e.size or 0.7) or "lines"
    return ("%s lw %g dt %s lc rgb '%s'"):format(kind, e.width or 1.8, e.dash or "solid", e.colour)
  end,
  points = function(e)
    return ("points pt %d ps %g lc rgb '#%s%s'"):format(e.shape.number, e.size, e.alpha or "", e.colour:sub(2))
  end,
  boxes = function(e)
    return ("boxxyerror lw 0.6 lc rgb '%s' fillstyle solid %g %s"):format(e.colour, e.fill or 0.9, border(e))
  end,
  bands = function(e)
    local how = (e.fill or 1) < 1 and "transparent " or ""
    return ("filledcurves lc rgb '%s' fillstyle %ssolid %g noborder"):format(e.colour, how, e.fill or 1)
  end,
  vectors = function(e) return ("vectors nohead lw %g lc rgb '%s'"):format(e.width or 1.4, e.colour) end,
  polygon = function(e)
    return ("filledcurves closed lw 1.5 lc rgb '%s' fillstyle solid 1 %s"):format(e.colour, border(e))
  end,
  image = function() return "image" end,
  veil = function() return "rgbalpha" end,
}

--- How gnuplot draws it: what follows "with".
function element.style(e) return styles[e.kind](e) end

--- The numbers of a list of points as bytes: {{1, 2}, {3, 4}}.
function element.pack(points)
  local parts = {}
  for i, point in ipairs(points) do parts[i] = ("<" .. ("f"):rep(#point)):pack(table.unpack(point)) end
  return table.concat(parts)
end

return element
