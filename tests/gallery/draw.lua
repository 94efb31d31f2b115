-- Draws the gallery: moonlark tests/gallery/draw.lua FOLDER [NAME …]. Open the pictures and look at them after a change
-- of lua/moonlark/plot.
local files = require "moonlark.base.files"

local here = files.split(arg[0])
local gallery = dofile(here .. "/gallery.lua")
local folder, wanted = files.mkdirs(arg[1] or "runs/gallery"), {}
for i = 2, #arg do wanted[arg[i]] = true end
for _, entry in ipairs(gallery) do
  if #arg < 2 or wanted[entry.name] then entry.make():save(("%s/%s.png"):format(folder, entry.name)) end
end
print(("%d pictures in %s"):format(#gallery, folder))
