--- Base64 (RFC 4648): bytes as letters, for what can hold text alone.
local base64 = {}

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- The two letters of each twelve bits.
local pairs_of = {}
for n = 0, 4095 do
  local high, low = n >> 6, n & 63
  pairs_of[n] = alphabet:sub(high + 1, high + 1) .. alphabet:sub(low + 1, low + 1)
end

local function three(a, b, c)
  local n = a << 16 | b << 8 | c
  return pairs_of[n >> 12] .. pairs_of[n & 4095]
end

--- The letters for some bytes.
---     print(base64.encode "any bytes")
---@param bytes string
---@return string
function base64.encode(bytes)
  local parts, whole = {}, #bytes - #bytes % 3
  for at = 1, whole, 3 do parts[#parts + 1] = three(bytes:byte(at, at + 2)) end
  local a, b = bytes:byte(whole + 1, #bytes)
  if b then
    parts[#parts + 1] = three(a, b, 0):sub(1, 3) .. "="
  elseif a then
    parts[#parts + 1] = three(a, 0, 0):sub(1, 2) .. "=="
  end
  return table.concat(parts)
end

local numbers = {}
for n = 0, 63 do numbers[alphabet:byte(n + 1)] = n end

--- The bytes that some letters stand for; nil where they are no base64.
---     print(base64.decode "bW9vbg==")
---@param letters string
---@return string?
function base64.decode(letters)
  local body, padding = letters:match "^([A-Za-z0-9+/]*)(=?=?)$"
  if not body or (#body + #padding) % 4 ~= 0 then return nil end
  local parts, bits, held = {}, 0, 0
  for at = 1, #body do
    held, bits = held << 6 | numbers[body:byte(at)], bits + 6
    if bits >= 8 then
      bits = bits - 8
      parts[#parts + 1] = string.char(held >> bits)
      held = held & (1 << bits) - 1
    end
  end
  return table.concat(parts)
end

return base64
