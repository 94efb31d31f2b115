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

return base64
