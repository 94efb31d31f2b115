--- The options that several pictures share, described once; each picture adds its own (moonlark.base.options). `usual`
--- says in words what nil means.
local data = require "moonlark.plot.data"
local options = require "moonlark.base.options"
local palette = require "moonlark.plot.palette"

local shared = {}

local function printable(value)
  local meta = debug.getmetatable(value)
  if type(value) == "string" or type(value) == "number" or meta and meta.__tostring then return value end
end

--- Words on the picture: a string, or what can be written as one.
function shared.words(default, help, usual)
  return options.value("string|number", "a string", printable, default, help, {usual = usual})
end

--- Width and height of the picture; nil depends on what is drawn.
function shared.size(width, height, usual)
  local facts = {least = 60, most = 10000, unit = "pixels", usual = usual}
  return {
    width = options.number(width, facts, "of the picture"), height = options.number(height, facts, "of the picture"),
  }
end

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

shared.title = {title = shared.words(nil, "above the picture")}

shared.axes = options.join(shared.title, {
  xlabel = shared.words(nil, "below the x axis", "what the axis shows"),
  ylabel = shared.words(nil, "beside the y axis", "what the axis shows"),
})

--- When the first number of a plain list stands: pictures of Signals know it.
shared.time = {
  rate = options.number(nil, {above = 0, unit = "Hz", usual = "the Signal's"}, "columns or samples a second"),
  start = options.number(0, {unit = "s"}, "time of the first one, for what is no Signal"),
}

return shared
