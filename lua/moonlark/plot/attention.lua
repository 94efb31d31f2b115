--- Attention over a spectrogram: what a network looks at lies in the light.
local figure = require "moonlark.plot.figure"
local lines = require "moonlark.plot.lines".lines
local map = require "moonlark.plot.map".map
local options = require "moonlark.base.options"
local picture = require("moonlark_core").picture
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local view = require "moonlark.plot.view"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.attention", {
  contrast = options.number(0.85, {least = 0, most = 1}, "how dark it is where nobody looks; 0: as light as elsewhere"),
  curve = options.boolean(true, "also draw how much each moment is looked at, below"),
}, shared.title, shared.size(900, nil, "by the pictures"))

local most_columns = 1600

-- Where attention lies between the least and the most of nearly all moments, 0..1: a few peaks must not leave the rest
-- in the dark.
local function shares(values)
  local sorted = values:flatten():sort()
  local n = sorted:size(0)
  local low, high = sorted[0]:item(), sorted[math.min(n - 1, math.floor(0.99 * n))]:item()
  return ((values - low) / math.max(high - low, 1e-12)):clamp(0, 1)
end

-- Black that hides what is not looked at: red, green, blue and opacity of each cell.
local function veil(attention, panel, contrast)
  local torch = require "moonlark.torch"
  local values = attention.data:dim() == 1 and attention.data:unsqueeze(0) or attention.data
  local rows, columns = math.max(values:size(0), 60), math.min(values:size(1), most_columns)
  local light = shares(values)
  local function index(n, from) return (torch.arange(n, {dtype = "float32"}) * (from / n)):floor():long() end
  light = light:index_select(0, index(rows, values:size(0))):index_select(1, index(columns, values:size(1)))
  local opacity = (1 - light) * (255 * contrast)
  local cells = torch.stack({torch.zeros_like(opacity), torch.zeros_like(opacity), torch.zeros_like(opacity), opacity}, 2)
    :reshape {rows, 4 * columns}
  local bytes = picture.image(cells, {pool = "mean", rows = rows, columns = 4 * columns})
  local low = attention.start
  local dx = attention:duration() / columns
  local dy = (panel.y.high - panel.y.low) / rows
  return {kind = "veil", bytes = bytes,
    image = {rows = rows, columns = columns, x = low + dx / 2, y = panel.y.low + dy / 2, dx = dx, dy = dy}}
end

-- How much each moment is looked at, as a curve.
local function curve_of(attention, width)
  local values = attention.data
  if values:dim() == 2 then values = values:size(0) == 1 and values:select(0, 0) or values:mean {0} end
  return lines({attention:with {data = values, axis = false}}, {width = width, height = 160, ylabel = "looked at",
    legend = false})
end

-- The spectrogram under its veil.
local function lit(mel, attention, o, looks)
  local one = view.of(mel)
  local drawn = view.draw(one, view.range {one}, looks)
  local panel = drawn.panels[1].panel
  panel.elements[#panel.elements + 1] = veil(attention, panel, o.contrast)
  return drawn
end

--- A spectrogram in the light of attention: bright where a network looks (model:attention), dark where it does not; and
--- below how much each moment is looked at. Of a map with a row for each moment that looks (query = "all"), the map.
---     plot.attention(feature.mel(song), model:attention(song)):save "attention.png"
---@param mel moonlark.Signal  rows × frames
---@param attention moonlark.Signal  as model:attention gives
---@param given moonlark.plot.attention.Options?
---@return moonlark.Figure
function pictures.attention(mel, attention, given)
  local o = parameters:read(given)
  signal.check("mel", mel)
  if signal.check("attention", attention).kind ~= "attention" then
    show.fail("attention must be a Signal that model:attention gives, got a %s Signal", attention.kind)
  end
  if attention.axis and attention.axis.unit == "s" then
    return map(attention, {title = o.title, width = o.width or 720, height = o.height or 640, pool = "max"})
  end
  local looks = {title = o.title, width = o.width, height = o.height, width_mm = o.width_mm, height_mm = o.height_mm,
    font_size = o.font_size}
  if not o.curve then return lit(mel, attention, o, looks) end
  local above = lit(mel, attention, o, {title = false, width = o.width or 900, height = 300})
  looks.columns = 1
  return figure.grid({above, curve_of(attention, o.width or 900)}, looks)
end

return pictures
