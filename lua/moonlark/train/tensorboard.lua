--- Event files as TensorBoard reads them: scalars and pictures over steps.
---
--- A file is a sequence of records (TensorFlow's TFRecord: length, checksum, bytes, checksum; checksums are CRC-32C,
--- masked), each a protocol buffer message Event of tensorflow/core/util/event.proto. A record is written whole and
--- flushed; TensorBoard ignores one that was cut.
local claim = require "moonlark.base.claim"
local files = require "moonlark.base.files"
local png = require "moonlark.base.png"
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

local function write(self, content)
  local event = varint(1 << 3 | 1) .. ("<d"):pack(os.time()) .. content
  local length = ("<I8"):pack(#event)
  local record = length .. ("<I4"):pack(masked_crc(length)) .. event .. ("<I4"):pack(masked_crc(event))
  local done, why = self.file:write(record)
  local flushed, later = self.file:flush()
  if done and flushed then return end
  why = tostring(why or later)
  local full = why:find("No space left", 1, true) or why:find("quota exceeded", 1, true) -- said as the engine says it
  show.fail(full and "no room left on the device: cannot write %s" or "cannot write %s: %s", self.path, why)
end

-- A value of a tag at a step.
local function write_value(self, tag, step, value)
  write(self, integer(2, step) .. bytes(5, bytes(1, bytes(1, tag) .. value)))
end

local EventFile = {}
EventFile.__index = EventFile

--- Begins a new event file in a folder, numbered after those that are there: TensorBoard joins them.
---@param folder string
---@param own? fun(name: string): string  told the file's name before it is made, gives its path
function tensorboard.open(folder, own)
  files.mkdirs(folder)
  local number, name = -1, nil
  repeat
    number = number + 1
    name = ("events.out.tfevents.%010d.moonlark.%d"):format(os.time(), number)
  until not claim.kind(files.join(folder, name))
  local path = own and own(name) or files.join(folder, name)
  local file, why = io.open(path, "wb")
  if not file then show.fail("cannot write %s", why) end
  local self = setmetatable({path = path, file = file}, EventFile)
  write(self, bytes(3, "brain.Event:2"))
  return self
end

--- A number at a step (an epoch). Tags are as "loss/train": what stands before the slash is the group.
function EventFile:scalar(tag, step, value)
  write_value(self, tag, step, varint(2 << 3 | 5) .. ("<f"):pack(value))
end

--- A picture at a step, from a PNG file.
function EventFile:image(tag, step, path)
  local content = files.read(path)
  local width, height, channels = png.size(content, path)
  local picture = integer(1, height) .. integer(2, width) .. integer(3, channels) .. bytes(4, content)
  write_value(self, tag, step, bytes(4, picture))
end

--- Closes the file.
function EventFile:close()
  if self.file then self.file:close() end
  self.file = nil
end

return tensorboard
