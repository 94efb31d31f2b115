--- Maps: a matrix over time (or over its columns) in colours.
local data = require "moonlark.plot.data"
local figure = require "moonlark.plot.figure"
local options = require "moonlark.base.options"
local picture = require("moonlark_core").picture
local scale = require "moonlark.plot.scale"
local shared = require "moonlark.plot.options"
local show = require "moonlark.base.show"

---@class moonlark.plot
local pictures = {}

local parameters = options.describe("plot.map", {
  palette = shared.palette(options.none, "by what the numbers are"),
  bar = options.boolean(true, "draw the bar that explains the colours"),
  unit = shared.words(nil, "of the numbers, beside the colour bar", "the Signal's, dB with db"),
  db = options.either(nil, {options.boolean(), options.choice {"power", "amplitude"}},
    "show decibels under the largest number; true: of amplitudes for complex numbers, of powers for others"),
  top_db = options.number(80, {unit = "dB"}, "decibels reach so far down"),
  scale = options.choice(scale.names, options.none, "how the rows are spaced", {usual = "the Signal's"}),
  ticks = options.choice({"hz", "note"}, options.none, "what the ticks of the rows say", {usual = "by the rows"}),
  pool = options.choice({"max", "mean"}, options.none, "what stands for numbers that share a pixel",
    {usual = '"max" for decibels and frequencies, else "mean"'}),
  values = shared.list("what the rows are: names, or numbers (of Hz when scale is given)", "the Signal's"),
}, shared.ends("the range of colours", "the numbers' own"), shared.time, {
  xhigh = options.number(nil, {usual = "where the columns end"}, "right end of the x axis: pictures of one scale"),
}, shared.axes, shared.size(900, 420))

-- What the rows are: names, or numbers with a unit and a scale.
local function row_axis(signal, settings, rows)
  local axis = signal and signal.axis or {}
  local values = data.list(settings.values or axis.values or {})
  local labels = signal and signal:facts().labels or {}
  if not settings.values and #labels == rows then values = labels end
  if #values == 0 then values = nil end
  if values and #values ~= rows then show.fail("values must be one for each of the %d rows, got %d", rows, #values) end
  local unit = settings.values and settings.scale and "Hz" or axis.unit
  local scaling = settings.scale or unit == "Hz" and axis.scale or "linear"
  parameters.by_name.scale:check("plot.map", "scale", scaling) -- a Signal's own has not been looked at
  local named = values and type(values[1]) == "string"
  return {name = axis.name, unit = unit, values = values, named = named, scale = scaling}
end

-- Where the rows begin and end on the picture's axis: halfway between neighbours.
local function row_edges(axis, rows)
  local at = {}
  for i = 1, rows do
    local hz = axis.values[i]
    if axis.scale == "log" and hz <= 0 then hz = 0.87 * (axis.values[i + 1] or 1) end -- 0 Hz, drawn thin
    at[i] = scale.frequency(axis.scale, hz)
    if i > 1 and not (at[i] > at[i - 1]) then
      show.fail("the rows' values must ascend, got %g after %g", axis.values[i], axis.values[i - 1])
    end
  end
  if rows == 1 then return {at[1] - 0.5, at[1] + 0.5} end
  local edges = {at[1] - (at[2] - at[1]) / 2}
  for i = 2, rows do edges[i] = (at[i - 1] + at[i]) / 2 end
  edges[rows + 1] = at[rows] + (at[rows] - at[rows - 1]) / 2
  if axis.scale ~= "log" then edges[1] = math.max(edges[1], math.min(0, at[1])) end
  return edges
end

local function evenly_spaced(edges)
  local step = (edges[#edges] - edges[1]) / (#edges - 1)
  for i = 2, #edges do
    if math.abs(edges[i] - edges[i - 1] - step) > 0.02 * step then return false end
  end
  return true
end

-- The axis of what is only numbered: 0, 1, 2 …
local function index_axis(n, count)
  return {low = -0.5, high = n - 0.5, ticks = n == 1 and {{at = 0, text = "0"}} or scale.whole(0, n - 1, count)}
end

-- An axis of frequencies: in Hz, or in notes where the rows are evenly spaced on a logarithmic scale.
local function frequency_axis(axis, rows, settings, count)
  local edges = row_edges(axis, rows)
  local first, last, even = axis.values[1], axis.values[rows], evenly_spaced(edges)
  local y, label = {low = edges[1], high = edges[#edges]}, nil
  local notes = settings.ticks == "note" or settings.ticks == nil and first > 0 and rows > 1 and even
  if notes and axis.scale == "log" and last > first then
    y.ticks, label = scale.note_ticks(first, last, count), "pitch"
  else
    local low = axis.scale == "log" and 2 ^ y.low or math.max(first, 0)
    y.ticks, label = scale.frequency_ticks(axis.scale, low, last, count), "frequency (Hz)"
  end
  if rows == 1 then y.ticks = {{at = (y.low + y.high) / 2, text = scale.number(first)}} end
  y.to = function(hz) return scale.frequency(axis.scale, hz) end
  return y, label, not even and edges or nil
end

-- The y axis: {low, high, ticks}, its label, and edges where the rows are not of one height.
local function y_axis(axis, rows, settings, height)
  local count = height / 34
  if axis.named then
    return {low = -0.5, high = rows - 0.5, ticks = scale.names_ticks(axis.values, height / 15)}, axis.name
  end
  if axis.values and axis.unit == "Hz" then return frequency_axis(axis, rows, settings, count) end
  if axis.values and axis.unit and axis.scale == "linear" and rows > 1 then -- lags in seconds, tempi in BPM
    local first, last = axis.values[1], axis.values[rows]
    local half = (last - first) / (rows - 1) / 2
    local y = {low = first - half, high = last + half}
    if axis.name == "time" and axis.unit == "s" then -- of time by time: both axes in the same words
      local label
      y.ticks, label = scale.time(first, last, count)
      return y, label
    end
    y.ticks = scale.linear(first, last, count)
    return y, ("%s (%s)"):format(axis.name, axis.unit)
  end
  return index_axis(rows, count), axis.name or "row"
end

-- The x axis: seconds for Signals and where a rate is given, else the columns' numbers.
local function x_axis(signal, settings, columns, width)
  local rate = settings.rate or signal and signal.rate
  if not rate then return index_axis(columns, width / 70), "column" end
  local start = signal and signal.start or settings.start
  local x, label = {low = start - 0.5 / rate, high = start + (columns - 0.5) / rate, time = true}, nil
  x.ticks, label = scale.time(math.max(x.low, math.min(start, 0)), settings.xhigh or x.high, width / 75)
  return x, label
end

-- Range, palette and label of the colours for what the map's numbers are. Zero is no middle of decibels, nor of other
-- logarithms of spectra, such as the inputs of Whisper.
local function colouring(signal, settings, low, high, unit, spectrum)
  local signed = low and scale.signed(low, high) and unit ~= "dB" and not spectrum
  local name = settings.palette or signed and "diverging" or unit == "dB" and "magma"
    or signal and signal:facts().palette or "viridis"
  if signed and name == "diverging" then low, high = math.min(low, -high), math.max(-low, high) end
  low, high = settings.low or low, settings.high or high
  if settings.low and settings.high and not (low < high) then
    show.fail("low must be less than high (%g), got %g", high, low)
  end
  low, high = scale.widen(low, high)
  if not (low < high) then low, high = high - 1, high end
  return {palette = name, low = low, high = high, label = unit, bar = settings.bar}
end

-- The matrix in no more cells than the picture has pixels: gnuplot's element, and its range: finite, low, high.
local function image_of(array, rows, columns, x, y, how)
  local most_rows, most_columns = math.floor(how.height * figure.scale), math.floor(how.width * figure.scale)
  local out_rows = math.max(2, how.edges and most_rows or math.min(rows, most_rows))
  local out_columns = math.max(2, math.min(columns, most_columns))
  local bytes, finite, low, high = picture.image(array, {
    edges = how.edges, pool = how.pool, rows = out_rows, columns = out_columns, top_db = how.top_db,
    db_factor = how.decibels and (how.decibels == "power" and 10 or 20) or nil,
  })
  local dx, dy = (x.high - x.low) / out_columns, (y.high - y.low) / out_rows
  return {kind = "image", bytes = bytes, image = {
    rows = out_rows, columns = out_columns, x = x.low + dx / 2, y = y.low + dy / 2, dx = dx, dy = dy,
  }}, {finite = finite, missing = out_rows * out_columns - finite, low = low, high = high}
end

-- Takes the range from the other rows where the first ones are of another size, as the first two coefficients of an
-- MFCC are: with those in the range all others would look alike. Returns whether there are such rows.
local function leave_apart(range, signal, array, rows, settings)
  local apart = signal and signal:facts().apart or 0
  if apart == 0 or rows <= apart + 1 or settings.low or settings.high then return false end
  local others, least, most = picture.range(data.rows_from(array, apart))
  if others > 0 then range.low, range.high = least, most end
  return true
end

--- A matrix in colours: a spectrogram, chroma, tonnetz, any Signal of rows × frames, or a plain matrix (a tensor or a
--- table of rows). Row 0 lies at the bottom. A Signal brings its own axes: time in min:s; its rows in Hz on their own
--- scale, as notes or by name. What is finer than the picture is pooled. Numbers that are not finite are grey, and a
--- note says so.
---     plot.map(feature.power_to_db(feature.mel(song)), {title = "Mel", unit = "dB"}):save "mel.png"
---@param signal moonlark.Signal|moonlark.Tensor|table
---@param given moonlark.plot.map.Options?
---@return moonlark.Figure
function pictures.map(signal, given)
  local settings = parameters:read(given)
  local array, from, complex = data.read("signal", signal)
  local _, rows, columns = data.shape("signal", array)
  local axis = row_axis(from, settings, rows)
  local decibels = settings.db == true and (complex and "amplitude" or "power") or settings.db
  local unit = settings.unit or decibels and "dB" or from and (from.unit or from.made.unit) or nil
  local pool = settings.pool or ((decibels or unit == "dB" or axis.unit == "Hz") and "max" or "mean")

  local full_width, full_height = shared.measure(settings, 900, 420)
  local zoom = shared.zoom(settings)
  local width = math.max(40, full_width - 150 * zoom) -- of the matrix itself
  local height = math.max(30, full_height - 90 * zoom)
  local x, xlabel = x_axis(from, settings, columns, width / zoom)
  local y, ylabel, edges = y_axis(axis, rows, settings, height / zoom)
  local element, range = image_of(array, rows, columns, x, y,
    {width = width, height = height, edges = edges, pool = pool, decibels = decibels, top_db = settings.top_db})
  x.high = settings.xhigh or x.high
  if not (x.low < x.high) then show.fail("xhigh must be above %g, where the columns begin, got %g", x.low, x.high) end
  local beyond = leave_apart(range, from, array, rows, settings)
  local colours = colouring(from, settings, range.low, range.high, unit, axis.unit == "Hz")
  colours.ticks = scale.linear(colours.low, colours.high, height / 45 / zoom)
  return figure.of(settings, {
    xlabel = xlabel, ylabel = ylabel, x = x, y = y, frame = true, colours = colours,
    background = range.missing > 0 and "#c8c8c8" or nil, elements = {element},
    note = range.finite == 0 and "no finite number" or range.missing > 0 and "grey: not a finite number"
      or beyond and "coefficients 0 and 1 may lie beyond the colours" or nil,
  }, full_width, full_height)
end

return pictures
