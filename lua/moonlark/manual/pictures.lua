--- Pictures: the images of a manual, and its sounds, each once however many pages show it.
---
---     local name, width, height = pictures:add(bytes)         -- "pictures/0001.png"
local png = require "moonlark.base.png"

local Pictures = {}
Pictures.__index = Pictures

--- Keeps a picture.
---@param bytes string  PNG
---@param ending string?  of a sound: ".ogg"
---@return string name  below the manual's folder
---@return integer? width  as it is shown: pixels of which an inch has 96
---@return integer? height
function Pictures:add(bytes, ending)
  local name = self.names[bytes]
  if not name then
    self.count = self.count + 1
    name = ("%s/%04d%s"):format(ending and "sounds" or "pictures", self.count, ending or ".png")
    self.names[bytes], self.files[name] = name, bytes
  end
  if ending then return name end
  local width, height = png.size(bytes, name)
  local scale = 96 / (png.resolution(bytes) or 96)
  return name, math.floor(width * scale + 0.5), math.floor(height * scale + 0.5)
end

--- An empty collection.
---@param files table<string, string>  where the pictures go: bytes by name
---@return table
return function(files) return setmetatable({names = {}, files = files, count = 0}, Pictures) end
