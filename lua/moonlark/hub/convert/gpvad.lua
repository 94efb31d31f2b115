--- GPVAD (Dinkel et al., 2021): the network as it is, and the names of its classes out of a pickle of scikit-learn's,
--- whose texts are read and nothing else.
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local reader = require "moonlark.hub.convert.reader"
local show = require "moonlark.base.show"

local CLASSES = 527

-- The texts of a pickle: "X", their length, their bytes, and "q" or "r", which give them a number.
local function texts(path)
  local file, list = reader.open(path), {}
  local at = file.bytes:find("X", 1, true)
  while at do
    local length = at + 4 <= #file.bytes and file:number("<I4", at) or math.huge
    local stop = at + 5 + length
    if stop <= #file.bytes and file.bytes:sub(stop, stop):find "[qr]" then
      list[#list + 1] = file:slice(at + 4, length)
      at = stop
    end
    at = file.bytes:find("X", at + 1, true)
  end
  return list
end

--- Makes model.pth and gpv_labels.json.
---@param from string  the folder of what was fetched
---@param to string  the folder of the model
return function(from, to)
  local path, labels, within = files.join(from, "teacher.pth"), {}, false
  for _, text in ipairs(texts(path)) do
    if text == "classes_" then within = false end
    if within then labels[#labels + 1] = text end
    within = within or text == "_cached_dict" -- class -> number, in the order of the numbers
  end
  if #labels ~= CLASSES then show.fail("%s holds %d names of classes, not %d", path, #labels, CLASSES) end
  files.write(files.join(to, "gpv_labels.json"), json.encode(json.array(labels)))
  files.write(files.join(to, "model.pth"), files.read(files.join(from, "model.pth")))
end
