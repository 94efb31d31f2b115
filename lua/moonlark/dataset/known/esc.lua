--- ESC-50 and ESC-10 (Piczak 2015, "ESC: Dataset for environmental sound classification"): meta/esc50.csv, audio/.
local csv = require "moonlark.base.csv"
local files = require "moonlark.base.files"
local layout = require "moonlark.dataset.known.layout"
local list = require "moonlark.dataset.list"

local esc = {name = "esc", title = "ESC-50", subsets = {"esc50", "esc10"}}

--- The list of a path, if it is such a collection.
function esc.find(path)
  return layout.list(path, {"meta/esc50.csv", "esc50.csv"}, "^\"?filename\"?,\"?fold\"?,.*category.*esc10")
end

--- 50 classes, or ten with subset = "esc10"; five folds; clips of one source recording are a group.
function esc.read(found, o)
  local root, tracks = layout.root(found, {"meta"}), {}
  local audio = layout.first(root, {"audio"}, "directory") or root
  for _, row in ipairs((csv.read(found))) do
    if o.subset ~= "esc10" or row.esc10:lower() == "true" then
      tracks[#tracks + 1] = {path = files.join(audio, row.filename), label = row.category, fold = list.fold(row.fold),
        group = row.src_file ~= "" and row.src_file or nil}
    end
  end
  return layout.make(esc.title, tracks), o.subset == "esc10" and "its ten classes of ESC-10, five folds" or "five folds"
end

return esc
