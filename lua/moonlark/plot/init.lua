--- Pictures: maps, waveforms, lines, bars, histograms, pies and heat maps; scatters, embeddings and dendrograms;
--- confusion matrices, ROC, precision and recall, calibration, predictions, importances; curves of training and of
--- learning.
---
---     plot.map(mel, {title = "Mel"}):save "mel.png"       -- .png, .svg or .pdf
---     plot.scatter(z, X.y, {classes = X.classes}):show()  -- a window, else the terminal
---
--- Every function takes Signals, tensors or plain tables of numbers and returns a figure. gnuplot draws it when it is
--- saved or shown in a window; a terminal shows it in characters. Numbers that are not finite are left out, and the
--- picture says so.
---
--- All pictures take a title (false: none), labels and ticks of the axes, annotations, a font size in points, and their
--- size in pixels or in millimetres, as they will stand on paper; those of series take colours, dashes, line widths,
--- marks, and the place of the legend.
---     plot.lines(loss, {width_mm = 85, yscale = "log", legend = "top right"}):save("loss.png", {dpi = 600})
---@class moonlark.plot
local plot = {grid = require "moonlark.plot.figure".grid}

for _, part in ipairs {"map", "waveform", "lines", "scatter", "confusion", "bars", "histogram", "curves", "pie", "heat",
  "roc", "precision_recall", "calibration", "predicted", "dendrogram", "embedding", "learning_curve", "importance",
  "signal", "songs", "attention"} do
  plot[part] = require("moonlark.plot." .. part)[part]
end

return plot
