--- Pictures: maps, waveforms, lines, scatters, confusion matrices, bars, histograms, curves.
---
---     plot.map(mel, {title = "Mel"}):save "mel.png"       -- .png, .svg or .pdf
---     plot.scatter(z, X.y, {classes = X.classes}):show()  -- a window, else the terminal
---
--- Every function takes Signals, tensors or plain tables of numbers and returns a figure. gnuplot draws it when it is
--- saved or shown. Numbers that are not finite are left out, and the picture says so.
---@class moonlark.plot
local plot = {grid = require "moonlark.plot.figure".grid}

for _, part in ipairs {"map", "waveform", "lines", "scatter", "confusion", "bars", "histogram", "curves"} do
  plot[part] = require("moonlark.plot." .. part)[part]
end

return plot
