--- Event files as TensorBoard reads them: scalars and pictures over steps.
---
--- A file is a sequence of records (TensorFlow's TFRecord: length, checksum, bytes, checksum; checksums are CRC-32C,
--- masked), each a protocol buffer message Event of tensorflow/core/util/event.proto. A record is written whole and
--- flushed; TensorBoard ignores one that was cut.
local claim = require "moonlark.base.claim"
local files = require "moonlark.base.files"
local show = require "moonlark.base.show"

local tensorboard = {}

-- CRC-32C (Castagnoli), byte by byte.
local crc_table = {}
for byte = 0, 255 do
  local crc = byte
  for _ = 1, 8 do crc = (crc & 1 == 1) and (crc >> 1) ~ 0x82F63B78 or crc >> 1 end
  crc_table[byte] = crc
end

--- The checksum of a text (RFC 3720, appendix B.4).
---@param bytes string
---@return integer
function tensorboard.crc32c(bytes)
  local crc = 0xFFFFFFFF
  for i = 1, #bytes do crc = crc_table[(crc ~ bytes:byte(i)) & 0xFF] ~ (crc >> 8) end
  return crc ~ 0xFFFFFFFF
end

local function masked_crc(bytes)
  local crc = tensorboard.crc32c(bytes)
  return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
end

-- Protocol buffer fields.
local function varint(n)
  local bytes = {}
  repeat
    local low = n & 0x7F
    n = n >> 7
    bytes[#bytes + 1] = string.char(n > 0 and low | 0x80 or low)
  until n == 0
  return table.concat(bytes)
end

local function integer(field, value) return varint(field << 3) .. varint(value) end
local function bytes(field, value) return varint(field << 3 | 2) .. varint(#value) .. value end
local function float(field, value) return varint(field << 3 | 5) .. ("<f"):pack(value) end
local function double(field, value) return varint(field << 3 | 1) .. ("<d"):pack(value) end

local function write(self, event)
  local length = ("<I8"):pack(#event)
  local record = length .. ("<I4"):pack(masked_crc(length)) .. event .. ("<I4"):pack(masked_crc(event))
  local done, why = self.file:write(record)
  local flushed, later = self.file:flush()
  if not (done and flushed) then files.fail_write(self.path, why or later) end
end

local function event(self, step, tag, value)
  write(self, double(1, os.time()) .. integer(2, step) .. bytes(5, bytes(1, bytes(1, tag) .. value)))
end

---@class moonlark.EventFile
---@field path string
local EventFile = {}
EventFile.__index = EventFile

--- Begins a new event file in a folder, numbered after those that are there: TensorBoard joins them.
---@param folder string
---@param own? fun(name: string): string  told the file's name before it is made, gives its path
---@return moonlark.EventFile
function tensorboard.open(folder, own)
  files.mkdirs(folder)
  local number = 0
  local name
  repeat
    name = ("events.out.tfevents.%010d.moonlark.%d"):format(os.time(), number)
    number = number + 1
  until not claim.kind(files.join(folder, name))
  local path = own and own(name) or files.join(folder, name)
  local file, why = io.open(path, "wb")
  if not file then show.fail("cannot write %s", why) end
  local self = setmetatable({path = path, file = file}, EventFile)
  write(self, double(1, os.time()) .. bytes(3, "brain.Event:2"))
  return self
end

--- A number at a step (an epoch).
---@param tag string  "loss/train"; what stands before the slash is the group
---@param step integer
---@param value number
function EventFile:scalar(tag, step, value)
  event(self, step, tag, float(2, value))
end

--- A picture at a step, from a PNG file.
---@param tag string
---@param step integer
---@param path string
function EventFile:image(tag, step, path)
  local png = files.read(path)
  if png:sub(1, 8) ~= "\137PNG\r\n\26\n" or #png < 26 then show.fail("%s is no PNG picture", path) end
  local width, height = (">I4I4"):unpack(png, 17)
  local channels = ({[0] = 1, [2] = 3, [3] = 3, [4] = 2, [6] = 4})[png:byte(26)] or 3
  event(self, step, tag, bytes(4, integer(1, height) .. integer(2, width) .. integer(3, channels) .. bytes(4, png)))
end

--- Closes the file.
function EventFile:close()
  if self.file then self.file:close() end
  self.file = nil
end
EventFile.__close = EventFile.close

return tensorboard
