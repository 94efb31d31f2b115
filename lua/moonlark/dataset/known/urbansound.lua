--- UrbanSound8K (Salamon, Jacoby, Bello 2014, "A dataset and taxonomy for urban sound research"):
--- metadata/UrbanSound8K.csv, audio/fold1 … fold10.
local csv = require "moonlark.base.csv"
local files = require "moonlark.base.files"
local layout = require "moonlark.dataset.known.layout"
local list = require "moonlark.dataset.list"

local urbansound = {name = "urbansound8k", title = "UrbanSound8K"}

--- The list of a path, if it is such a collection.
function urbansound.find(path)
  return layout.list(path, {"metadata/UrbanSound8K.csv", "UrbanSound8K.csv"}, "^slice_file_name,fsID,.*fold,.*class")
end

--- Ten classes, ten folds; slices of one recording are a group.
function urbansound.read(found)
  local root, tracks = layout.root(found, {"metadata"}), {}
  local audio = layout.first(root, {"audio"}, "directory") or root
  for i, row in ipairs((csv.read(found))) do
    tracks[i] = {path = files.join(audio, "fold" .. row.fold, row.slice_file_name), label = row.class,
      fold = list.fold(row.fold), group = row.fsID}
  end
  return layout.make(urbansound.title, tracks), "ten folds"
end

return urbansound
