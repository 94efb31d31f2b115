--- Style: the colour, line and mark of each series or class, from the options that pictures of series share.
local options = require "moonlark.base.options"
local palette = require "moonlark.plot.palette"

local style = {}

local colour = options.value("string", 'a colour: "#rrggbb", ' .. table.concat(palette.colours, ", ", 1,
  #palette.colours - 1) .. " or " .. palette.colours[#palette.colours], palette.parse)
colour.many = 'colours ("#rrggbb" or a name such as "blue")'

--- One colour.
style.colour = {colour = colour:but {optional = true, help = "as #rrggbb or by name", usual = "blue"}}

--- A colour for each series or class.
style.colours = {
  colours = options.list(colour, nil, {single = true, least = 1,
      usual = "twenty; the first ten are told apart by colour-blind people, too"},
    "of the series, one after the other; they repeat"),
}

--- Colours and lines.
style.lines = options.join(style.colours, {
  styles = options.list(options.choice(palette.dashes), nil, {single = true, least = 1, usual = "one for each series"},
    "dashes of the lines"),
  line_width = options.number(nil, {above = 0, most = 50, unit = "points", usual = "1.4"}, "of the lines"),
})

--- Points: their shapes and size.
style.points = {
  markers = options.either(nil, {
    options.boolean(), options.list(options.choice(palette.shapes), nil, {single = true, least = 1}),
  }, "shapes of the points; true: one for each series, false: none", {usual = "where there are few"}),
  marker_size = options.number(nil, {above = 0, most = 100, unit = "points", usual = "by how many there are"},
    "of the points"),
}

local function item(list, i) return list[(i - 1) % #list + 1] end

--- The colour of series `i`, counted from 1.
function style.colour_of(settings, i)
  return settings.colours and item(settings.colours, i) or palette.colour(i)
end

--- gnuplot's dash type of series `i` of `count`: a single line is solid.
function style.dash_of(settings, i, count)
  if settings.styles then return palette.dash(item(settings.styles, i)) end
  return palette.dash(count > 1 and i or 1)
end

--- The shape of the points of series `i`: {name, number, sign}.
function style.shape_of(settings, i)
  return palette.shape(type(settings.markers) == "table" and item(settings.markers, i) or i)
end

--- The width of lines in pixels.
function style.width_of(settings, default)
  return settings.line_width and settings.line_width * 96 / 72 or default
end

--- The size of points as gnuplot counts it: 1 is a disc of about 6 points.
function style.size_of(settings, default)
  return settings.marker_size and settings.marker_size / 6 or default
end

return style
