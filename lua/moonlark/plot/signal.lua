--- Any Signal as it is usually looked at.
local options = require "moonlark.base.options"
local shared = require "moonlark.plot.options"
local signal = require "moonlark.signal"
local view = require "moonlark.plot.view"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.signal", shared.title, shared.size(900, nil, "by the kind"))

--- A Signal as it is usually looked at: a waveform; a curve such as loudness as a line; chroma, tonnetz, MFCC in
--- colours; spectra in decibels, 80 down from the loudest. plot.waveform, plot.lines and plot.map have more options.
---     plot.signal(feature.mel(song)):show()
---@param from moonlark.Signal
---@param given moonlark.plot.signal.Options?
---@return moonlark.Figure
function pictures.signal(from, given)
  local settings = parameters:read(given)
  local one = view.of(signal.check("signal", from))
  settings.height = settings.height or not (settings.width_mm or settings.height_mm) and view.heights[one.style] or nil
  return view.draw(one, one.decibels and view.range {one} or {}, settings)
end

return pictures
