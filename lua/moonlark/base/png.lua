--- PNG pictures as bytes: how large they are, how large they are on paper, what they are put together of (ISO/IEC
--- 15948).
local show = require "moonlark.base.show"

local png = {}

local signature = "\137PNG\r\n\26\n"

-- CRC-32 of ISO 3309, byte by byte.
local crc_table = {}
for byte = 0, 255 do
  local crc = byte
  for _ = 1, 8 do crc = (crc & 1 == 1) and (crc >> 1) ~ 0xEDB88320 or crc >> 1 end
  crc_table[byte] = crc
end

local function crc32(bytes)
  local crc = 0xFFFFFFFF
  for i = 1, #bytes do crc = crc_table[(crc ~ bytes:byte(i)) & 0xFF] ~ (crc >> 8) end
  return crc ~ 0xFFFFFFFF
end

--- True for the bytes of a PNG picture.
---@param bytes string
---@return boolean
function png.is(bytes) return #bytes >= 33 and bytes:sub(1, 8) == signature end

--- Width and height in pixels, and how many colour channels there are.
--- Errors: the bytes are no PNG picture; `name` says which.
---     local width, height = png.size(files.read "mel.png", "mel.png")
---@param bytes string
---@param name string
---@return integer width
---@return integer height
---@return integer channels
function png.size(bytes, name)
  if not png.is(bytes) then show.fail("%s is no PNG picture", name) end
  local width, height = (">I4I4"):unpack(bytes, 17)
  return width, height, ({[0] = 1, [2] = 3, [3] = 3, [4] = 2, [6] = 4})[bytes:byte(26)] or 3
end

--- Its resolution in dots per inch (chunk pHYs); nil where it does not say.
---     print(png.resolution(files.read "mel.png"))
---@param bytes string
---@return number?
function png.resolution(bytes)
  local at = bytes:find("pHYs", 9, true)
  if not at or at > (bytes:find("IDAT", 9, true) or 0) or #bytes < at + 12 then return nil end
  local across, _, unit = (">I4I4B"):unpack(bytes, at + 4)
  return unit == 1 and across > 0 and across * 0.0254 or nil
end

-- A chunk: its length, its name, its data, the checksum of the last two.
local function chunk(name, data)
  local named = name .. data
  return (">I4"):pack(#data) .. named .. (">I4"):pack(crc32(named))
end

--- The chunk with the colours of a picture of indices: PLTE.
---     png.palette {{0, 0, 0}, {255, 255, 255}}
---@param colours integer[][]  red, green and blue, 0..255; at most 256 colours
---@return string
function png.palette(colours)
  local bytes = {}
  for i, colour in ipairs(colours) do bytes[i] = string.char(table.unpack(colour, 1, 3)) end
  return chunk("PLTE", table.concat(bytes))
end

--- A picture of indices, one byte a pixel, put together of what is there already.
---@param width integer
---@param height integer
---@param palette string  of png.palette
---@param pixels string  the chunk IDAT: rows from the top, compressed
---@return string
function png.indexed(width, height, palette, pixels)
  return signature .. chunk("IHDR", (">I4I4BBBBB"):pack(width, height, 8, 3, 0, 0, 0)) .. palette .. pixels
    .. chunk("IEND", "")
end

--- The picture with its resolution written into it (chunk pHYs), so that programs which set pages know its real size.
---     local bytes = png.with_resolution(plot.map(mel):bytes "png", 300)
---@param bytes string
---@param dpi number  dots per inch
---@return string
function png.with_resolution(bytes, dpi)
  local per_metre = math.floor(dpi / 0.0254 + 0.5)
  local header = 8 + 25 -- the signature and the first chunk, IHDR
  return bytes:sub(1, header) .. chunk("pHYs", (">I4I4B"):pack(per_metre, per_metre, 1)) .. bytes:sub(header + 1)
end

return png
