--- Pictures: maps, waveforms, lines, scatters, confusion matrices, bars, histograms, curves.
---
---     plot.map(mel, {title = "Mel"}):save "mel.png"       -- .png, .svg or .pdf
---     plot.scatter(z, X.y, {classes = X.classes}):show()  -- a window, else the terminal
---
--- Every function takes Signals, tensors or plain tables of numbers and returns a figure, drawn by gnuplot
--- when it is saved or shown. Numbers that are not finite are left out, and the picture says so.
local draw_map = require "moonlark.plot.map"
local draw_waveform = require "moonlark.plot.waveform"
local draw_lines = require "moonlark.plot.lines"
local draw_scatter = require "moonlark.plot.scatter"
local draw_confusion = require "moonlark.plot.confusion"
local draw_bars = require "moonlark.plot.bars"
local draw_histogram = require "moonlark.plot.histogram"
local draw_curves = require "moonlark.plot.curves"
local figure = require "moonlark.plot.figure"

local plot = {}

--- A matrix in colours: a spectrogram, chroma, tonnetz, any Signal of rows × frames, or a plain
--- matrix (tensor or table of rows). Row 0 lies at the bottom. A Signal brings its own axes: time in
--- min:s, its rows in Hz on their own scale, as notes or by name. What is finer than the picture is
--- pooled. Numbers that are not finite are left grey, and a note says so.
---@param signal moonlark.Signal|moonlark.Tensor|table
---@param given moonlark.plot.map.Options?
---@return moonlark.Figure
function plot.map(signal, given) return draw_map(signal, given) end

--- A waveform over time, a lane for each channel: the light band spans the extremes, the dark one
--- the root mean square. A plain list, or channels × samples, needs a `rate`.
---@param signal moonlark.Signal|moonlark.Tensor|table
---@param given moonlark.plot.waveform.Options?
---@return moonlark.Figure
function plot.waveform(signal, given) return draw_waveform(signal, given) end

--- Lines through one or more series. A series is a list of numbers, a tensor, a Signal (then x is
--- time), {y = …, x = …, label = …}, or each row of a matrix. Numbers that are not finite leave a gap.
---@param series any
---@param given moonlark.plot.lines.Options?
---@return moonlark.Figure
function plot.lines(series, given) return draw_lines(series, given) end

--- Points in the plane. `points` is n × d (a tensor or a table of rows), of which two columns are
--- drawn; `labels`, class ids from 0 or names, give each class a colour and a shape.
---@param points moonlark.Tensor|table
---@param labels? moonlark.Tensor|table
---@param given moonlark.plot.scatter.Options?
---@return moonlark.Figure
function plot.scatter(points, labels, given) return draw_scatter(points, labels, given) end

--- A confusion matrix: a row for each true class, a column for each predicted one. Colours tell the
--- rate within the true class; cells tell counts and rates while there is room for them.
---@param confusion table|moonlark.Tensor  a report of classify.cross_validate, or a k × k matrix of counts
---@param given moonlark.plot.confusion.Options?
---@return moonlark.Figure
function plot.confusion(confusion, given) return draw_confusion(confusion, given) end

--- Bars: a list of numbers, a table from name to number, or a list of such lists (several series side
--- by side). Errors are drawn as whiskers.
---@param values table|moonlark.Tensor
---@param given moonlark.plot.bars.Options?
---@return moonlark.Figure
function plot.bars(values, given) return draw_bars(values, given) end

--- How often the numbers of a Signal, a tensor or a list fall into each of equal intervals.
---@param values moonlark.Signal|moonlark.Tensor|table
---@param given moonlark.plot.histogram.Options?
---@return moonlark.Figure
function plot.histogram(values, given) return draw_histogram(values, given) end

--- Losses and scores over the epochs, a panel for each measure, training and validation together.
--- `metrics` is a list of rows such as {epoch = 1, loss = 0.7, valid_loss = 0.8} (the lines of
--- metrics.jsonl), or what train.fit returns (its `history`). A dotted line marks the best validation.
---@param metrics table
---@param given moonlark.plot.curves.Options?
---@return moonlark.Figure
function plot.curves(metrics, given) return draw_curves(metrics, given) end

--- Several figures on one page, row by row; those above each other line up.
---@param figures moonlark.Figure[]
---@param given moonlark.plot.grid.Options?
---@return moonlark.Figure
function plot.grid(figures, given) return figure.grid(figures, given) end

return plot
