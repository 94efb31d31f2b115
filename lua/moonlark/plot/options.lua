--- The options that several pictures share, described once; each picture adds its own (moonlark.base.options). `usual`
--- says in words what nil means. What they say is carried out in one place: figure.of.
local data = require "moonlark.plot.data"
local options = require "moonlark.base.options"
local palette = require "moonlark.plot.palette"
local show = require "moonlark.base.show"

local shared = {}

local pixels_per_mm = 96 / 25.4

local function printable(value)
  local meta = debug.getmetatable(value)
  if type(value) == "string" or type(value) == "number" or meta and meta.__tostring then return value end
end

--- Words on the picture: a string, or what can be written as one.
function shared.words(default, help, usual)
  return options.value("string|number", "a string", printable, default, help, {usual = usual})
end

-- Words, or false for none.
local function words_or_none(help, usual)
  return options.either(nil, {shared.words(), options.choice {false}}, help .. "; false: none", {usual = usual})
end

--- Width and height of the picture; nil depends on what is drawn.
function shared.size(width, height, usual)
  local facts = {least = 60, most = 10000, unit = "pixels", usual = width and ("%d"):format(width) or usual}
  local high = {least = 60, most = 10000, unit = "pixels", usual = height and ("%d"):format(height) or usual}
  return {
    width = options.number(nil, facts, "of the picture; 96 an inch"),
    height = options.number(nil, high, "of the picture"),
    width_mm = options.number(nil, {least = 15, most = 2600, unit = "mm", usual = "by width"},
      "of the picture on paper: 85 fills a column"),
    height_mm = options.number(nil, {least = 15, most = 2600, unit = "mm", usual = "in proportion"}, "on paper"),
    font_size = options.number(nil, {least = 3, most = 60, unit = "points", usual = "9; 8 with width_mm"},
      "of the words at the ticks; titles and labels follow"),
  }
end

local annotation = options.record("annotations", {
  text = shared.words(options.required, "what stands there"),
  x = options.number(options.required, nil, "where, on the x axis"),
  y = options.number(options.required, nil, "where, on the y axis"),
  arrow = options.list(options.number(), nil, {length = 2}, "where an arrow from the words points"),
  colour = options.value("string", 'a colour such as "#d55e00"', palette.parse, nil, "of the words"),
}, nil, "words at a place")

shared.annotations = {
  annotations = options.list(annotation, nil, {usual = "none"},
    'words on the picture: {{text = "chorus", x = 42, y = 0.9, arrow = {40, 0.7}}}'),
}

--- The two ends, low and high, of `what` is drawn: "the axis".
function shared.ends(what, usual)
  return {
    low = options.number(nil, {usual = usual}, "where " .. what .. " begins"),
    high = options.number(nil, {usual = usual}, "where " .. what .. " ends"),
  }
end

--- The colours by name.
function shared.palette(default, usual)
  return options.choice(palette.names(), default, "the colours", {usual = usual})
end

--- A list of numbers or names; tensors become lists.
function shared.list(help, usual)
  return options.value("any[]|moonlark.Tensor", "a list or a tensor", data.as_list, nil, help, {usual = usual})
end

shared.title = {title = words_or_none("above the picture", "the picture's own, or none")}

-- Ticks as {at, text?}: numbers, pairs {number, name}, or names, which stand at 0, 1, 2 …
local function ticks_of(value)
  if type(value) ~= "table" or getmetatable(value) or #value == 0 and next(value) ~= nil then return nil end
  local ticks = {}
  for i, item in ipairs(value) do
    if type(item) == "string" then item = {i - 1, item} end
    if type(item) == "number" then item = {item} end
    if type(item) ~= "table" or type(item[1]) ~= "number" or item[1] - item[1] ~= 0 then return nil end
    if item[2] ~= nil and not printable(item[2]) then return nil end
    ticks[i] = {at = item[1], text = item[2] and tostring(item[2])}
  end
  return ticks
end

local function ticks(axis)
  local allowed = "a list of numbers, of names, or of pairs {number, name}"
  return options.value("(number|string|any[])[]", allowed, ticks_of, nil,
    ("ticks of the %s axis: numbers, {number, name}, or names, which stand at 0, 1, 2 …; {}: none"):format(axis),
    {usual = "at round numbers"})
end

shared.axes = options.join(shared.title, {
  xlabel = words_or_none("below the x axis", "what the axis shows"),
  ylabel = words_or_none("beside the y axis", "what the axis shows"),
  xticks = ticks "x", yticks = ticks "y",
}, shared.annotations)

local scales = {"linear", "log"}

--- Logarithmic axes. Numbers that are not positive are left out on them.
shared.xscale = {xscale = options.choice(scales, "linear", "how the x axis grows")}
shared.yscale = {yscale = options.choice(scales, "linear", "how the y axis grows")}

--- Where the legend stands.
function shared.legend(default, usual)
  return {legend = options.choice({"right", "below", "top left", "top right", "bottom left", "bottom right", false},
    default or options.none, "where the legend stands: beside, below, or in a corner of the picture; false: nowhere",
    {usual = usual or not default and '"right"' or nil})}
end

--- When the first number of a plain list stands: pictures of Signals know it.
shared.time = {
  rate = options.number(nil, {above = 0, unit = "Hz", usual = "the Signal's"}, "columns or samples a second"),
  start = options.number(0, {unit = "s"}, "time of the first one, for what is no Signal"),
}

--- How large the words are: 1 for nine points.
function shared.zoom(settings) return (settings.font_size or settings.width_mm and 8 or 9) / 9 end

--- Width and height in pixels from the options, and from what the picture would take by itself. On paper a narrow
--- picture keeps its proportions as far as it stays readable.
function shared.measure(settings, width, height)
  if settings.width and settings.width_mm then show.fail "width and width_mm say the same: give one of them" end
  if settings.height and settings.height_mm then show.fail "height and height_mm say the same: give one of them" end
  local wide = settings.width or settings.width_mm and settings.width_mm * pixels_per_mm or width
  local high = settings.height or settings.height_mm and settings.height_mm * pixels_per_mm
  if not high then
    high = height
    if settings.width_mm then high = math.max(height * wide / width, math.min(height, 0.72 * wide)) end
  end
  return wide, high
end

return shared
