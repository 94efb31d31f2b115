--- Damages a file the ways that files are damaged: bits, fields, lengths, pieces lost, doubled, out of place.
local random = require "random"

local mutate = {}

-- Half of the damage falls where headers are.
local function place(dice, bytes)
  local n = #bytes
  if dice:below(2) == 0 then n = math.min(n, 200) end
  return 1 + dice:below(math.max(n, 1))
end

local function replace(bytes, at, new)
  return (bytes:sub(1, at - 1) .. new .. bytes:sub(at + #new)):sub(1, math.max(#bytes, 1))
end

local numbers = {0, 1, -1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 44100,
  1 << 40, math.maxinteger, math.mininteger}

local ways = {
  function(dice, bytes) -- a bit
    local at = place(dice, bytes)
    return replace(bytes, at, string.char((bytes:byte(at) or 0) ~ (1 << dice:below(8))))
  end,
  function(dice, bytes) -- a byte
    return replace(bytes, place(dice, bytes), dice:bytes(1))
  end,
  function(dice, bytes) -- a field that holds a number at the edge of something
    local size = dice:pick {2, 4, 8}
    local value = dice:pick(numbers)
    if size < 8 then value = value & ((1 << size * 8) - 1) end
    return replace(bytes, place(dice, bytes), string.pack(dice:pick {"<", ">"} .. "I" .. size, value))
  end,
  function(dice, bytes) -- cut short
    return bytes:sub(1, dice:below(#bytes + 1))
  end,
  function(dice, bytes) -- a piece lost
    local at = place(dice, bytes)
    return bytes:sub(1, at - 1) .. bytes:sub(at + 1 + dice:below(dice:pick {4, 64, 4000}))
  end,
  function(dice, bytes) -- a piece twice
    local at = place(dice, bytes)
    local piece = bytes:sub(at, at + dice:below(dice:pick {4, 64, 4000}))
    return bytes:sub(1, at - 1) .. piece .. bytes:sub(at)
  end,
  function(dice, bytes) -- something put in
    local at = place(dice, bytes)
    return bytes:sub(1, at - 1) .. dice:bytes(1 + dice:below(100)) .. bytes:sub(at)
  end,
  function(dice, bytes) -- a hole, as a disk leaves it
    local at = place(dice, bytes)
    return replace(bytes, at, ("\0"):rep(math.min(1 + dice:below(dice:pick {16, 4096}), #bytes - at + 1)))
  end,
  function(dice, bytes, other) -- goes on as another file
    return bytes:sub(1, dice:below(#bytes + 1)) .. other:sub(1 + dice:below(#other + 1))
  end,
  function(dice, bytes, other) -- another file behind it
    return bytes .. dice:pick {other, bytes, "TAG" .. ("\0"):rep(125), dice:bytes(300)}
  end,
}

--- The mutant with that name, "FORMAT:NUMBER"; number 0 is the file as it was. `other` is what pieces of a
--- second file are taken from.
---@param name string
---@param bytes string
---@param other string
---@return string
function mutate.bytes(name, bytes, other)
  if name:match ":0$" then return bytes end
  local dice = random.new(name)
  for _ = 1, dice:pick {1, 1, 1, 2, 3, 6} do
    if bytes == "" then break end
    bytes = dice:pick(ways)(dice, bytes, other)
  end
  return bytes
end

return mutate
