--- View: what is drawn of a Signal where nobody says how: spectra in decibels, other rows in colours, a curve as a
--- line.
local after = require "moonlark.feature.after"
local data = require "moonlark.plot.data"
local lines = require "moonlark.plot.lines".lines
local map = require "moonlark.plot.map".map
local picture = require("moonlark_core").picture
local scale = require "moonlark.plot.scale"
local waveform = require "moonlark.plot.waveform".waveform

local view = {}

--- Heights in pixels by style.
view.heights = {waveform = 180, lines = 200, map = 300}

local top_db = 80

-- Spectra by what their numbers are; those that are logarithms already are not among them.
local scales = {spectrogram = "power", mel = "power", stft = "amplitude", cqt = "amplitude", vqt = "amplitude"}

--- What is drawn of a Signal: {signal, style = "waveform"|"lines"|"map"}. Spectra become decibels over 1.
function view.of(from)
  if from.kind == "waveform" then return {signal = from, style = "waveform"} end
  local decibels = from.unit == nil and not from.made.db and scales[from.kind]
  if decibels == "power" then
    from = after.power_to_db(from, {top_db = false})
  elseif decibels then
    from = after.amplitude_to_db(from, {top_db = false})
  elseif from.data:dtype():find "^complex" then
    from = from:with {data = from.data:abs()}
  end
  local shape = from.data:shape()
  local curve = #shape == 1 or shape[#shape - 1] == 1
  return {signal = from, style = curve and "lines" or "map", decibels = decibels ~= nil and decibels}
end

-- Least and most of what sets the picture's range, nil without a finite number. A few rows of another size, as those of
-- an MFCC, are left aside as plot.map does.
local function range_of(one)
  local array, apart = one.signal.data, one.signal:facts().apart or 0
  local shape = array:shape()
  if one.style == "map" and apart > 0 and shape[#shape - 1] > apart + 1 then array = data.rows_from(array, apart) end
  local finite, low, high = picture.range(array)
  if finite == 0 then return nil end
  return low, high
end

--- The range that is wide enough for several views of one kind, as options of their pictures.
function view.range(views)
  local low, high
  for _, one in ipairs(views) do
    local least, most = range_of(one)
    if least then low, high = math.min(low or least, least), math.max(high or most, most) end
  end
  if not low then return {} end
  local first = views[1]
  if first.style == "waveform" then
    local most = math.max(math.abs(low), math.abs(high))
    return {limit = most > 0 and 1.05 * most or nil}
  end
  if first.decibels then
    low = math.max(low, high - top_db)
    return {low = low, high = low < high and high or low + top_db} -- silence is all the same, and dark
  end
  local spectrum = first.signal.axis and first.signal.axis.unit == "Hz"
  if first.style == "map" and scale.signed(low, high) and first.signal.unit ~= "dB" and not spectrum then
    local most = math.max(-low, high)
    return {low = -most, high = most, palette = "diverging"}
  end
  if low == high then return {} end
  local room = first.style == "lines" and 0.05 * (high - low) or 0
  return {low = low - room, high = high + room}
end

local drawers = {waveform = waveform, lines = lines, map = map}

--- The figure of a view, with options for its range and its looks.
function view.draw(one, range, looks)
  local given = {}
  for _, fields in ipairs {range, looks} do
    for key, value in pairs(fields) do given[key] = value end
  end
  if one.style == "lines" then
    given.ylabel, given.markers = one.signal.unit or false, one.signal:frames() == 1
    if given.xhigh then given.xlow = one.signal.start end
  end
  return drawers[one.style](one.signal, given)
end

return view
