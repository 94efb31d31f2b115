--- Reader: numbers and texts out of the bytes of a file, never beyond its end.
local files = require "moonlark.base.files"
local show = require "moonlark.base.show"

---@class moonlark.hub.Reader
---@field path string
---@field bytes string
---@field at integer  the place of the next, from 0
local Reader = {}
Reader.__index = Reader

local reader = {}

--- Opens a file of at most 2 GB, or the bytes that are given.
---@param path string  also what errors say
---@param bytes string?
---@return moonlark.hub.Reader
function reader.open(path, bytes)
  return setmetatable({path = path, bytes = bytes or files.read(path), at = 0}, Reader)
end

--- An error that names the file.
---     file:fail("a block has %d restarts", n)
---@param format string  as for show.format
---@param ... any
function Reader:fail(format, ...) show.fail("%s is damaged: " .. format, self.path, ...) end

--- Refuses a stretch that does not lie in the file.
---     file:check(start, 4 * count)
---@param at integer
---@param length integer
function Reader:check(at, length)
  if at < 0 or length < 0 or length > #self.bytes or at > #self.bytes - length then
    self:fail("it leads to byte %d, and has %d", at + length, #self.bytes)
  end
end

--- The number at a place, as string.pack writes it: "<I4".
---     local count = file:number("<I4", 16)
---@param form string
---@param at integer
---@return number
function Reader:number(form, at)
  self:check(at, string.packsize(form))
  return (string.unpack(form, self.bytes, at + 1))
end

--- Bytes of a stretch.
---     local magic = file:slice(4, 4)
---@param at integer
---@param length integer
---@return string
function Reader:slice(at, length)
  self:check(at, length)
  return self.bytes:sub(at + 1, at + length)
end

--- The next number.
---     local version = file:take "<I4"
---@param form string
---@return number
function Reader:take(form)
  local value = self:number(form, self.at)
  self.at = self.at + string.packsize(form)
  return value
end

--- The next bytes.
---     local name = file:text(length)
---@param length integer
---@return string
function Reader:text(length)
  local value = self:slice(self.at, length)
  self.at = self.at + length
  return value
end

--- The next number of seven bits a byte, the low ones first (LEB128), as protocol buffers have it.
---     local tag = file:varint()
---@return integer
function Reader:varint()
  local value = 0
  for shift = 0, 63, 7 do
    local byte = self:take "B"
    value = value | (byte & 127) << shift
    if byte < 128 then return value end
  end
  self:fail("a number has no end at byte %d", self.at)
end

return reader
