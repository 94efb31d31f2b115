--- Pictures: maps, waveforms, lines, scatters, confusion matrices, bars, histograms, curves.
---
--- Every function returns a figure: `:save "x.png"` (.png, .svg, .pdf), `:show()`.
local figure = require "moonlark.plot.figure"

local plot = {}

plot.map = require "moonlark.plot.map"
plot.waveform = require "moonlark.plot.waveform"
plot.lines = require "moonlark.plot.lines"
plot.scatter = require "moonlark.plot.scatter"
plot.confusion = require "moonlark.plot.confusion"
plot.bars = require "moonlark.plot.bars"
plot.histogram = require "moonlark.plot.histogram"
plot.curves = require "moonlark.plot.curves"
plot.grid = figure.grid

return plot
