--- Remixing: parts of a song in another order.
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

---@class moonlark.effects
local remix = {}

local parameters = options.describe("effects.remix", {
  align_zeros = options.boolean(true, "move cuts to where the wave crosses zero"),
})

-- The sample numbers at which a song, mixed down, changes its sign; the first one and the end among them.
local function zero_crossings(song)
  local torch, n = require "moonlark.torch", song:frames()
  local below = song.data:reshape {-1, n}:mean(0):lt(-1e-10) -- smaller numbers count as zero, and zero as positive
  local crossings = below:narrow(0, 1, n - 1):ne(below:narrow(0, 0, n - 1)):nonzero():squeeze(1) + 1
  return torch.cat({torch.tensor({0}, {dtype = "int64"}), crossings, torch.tensor({n}, {dtype = "int64"})}, 0)
end

-- Of ascending numbers the nearest to a number; of two as near, the larger.
local function nearest(numbers, number)
  local low, high = 1, #numbers
  while low < high do
    local middle = (low + high) // 2
    if numbers[middle] < number then low = middle + 1 else high = middle end
  end
  local before = numbers[low - 1]
  return before and math.abs(number - before) < math.abs(numbers[low] - number) and before or numbers[low]
end

-- The seconds that a part stands for.
local function span(part, i)
  local from, to
  if signal.is(part) then
    from, to = part.start, part.start + part:duration()
  elseif type(part) == "table" then
    from, to = part[1], part[2]
  end
  if type(from) ~= "number" or type(to) ~= "number" or not (from <= to) then
    show.fail("parts[%d] must be {from, to} in seconds, from <= to, or a Signal", i)
  end
  return from, to
end

--- Parts of a song in another order, such as beats backwards or a chorus twice: a waveform of all parts in a row.
---
--- A part is a pair of seconds as song:slice takes them, or a Signal, such as effects.split gives, which stands for the
--- seconds that it covers. With align_zeros, cuts move to the nearest change of sign (of the mean of the channels), so
--- that they do not click. Source: librosa.effects.remix.
---     local twice = effects.remix(song, {{0, 10}, {15, 25}, {15, 25}})
---@param song moonlark.Signal  waveform
---@param parts (number[]|moonlark.Signal)[]
---@param given moonlark.effects.remix.Options?
---@return moonlark.Signal
function remix.remix(song, parts, given)
  local o = parameters:read(given)
  signal.check("song", song, "waveform")
  if type(parts) ~= "table" or #parts == 0 then
    local got = type(parts) == "table" and "none" or type(parts)
    show.fail("parts must be a list of {from, to} in seconds, got %s", got)
  end
  local n, data = song:frames(), song.data
  local zeros = o.align_zeros and n > 0 and zero_crossings(song):totable()
  local function sample(time)
    local at = math.max(0, math.min(n, math.floor((time - song.start) * song.rate + 0.5)))
    return zeros and nearest(zeros, at) or at
  end
  local cut = {}
  for i, part in ipairs(parts) do
    local from, to = span(part, i)
    local first = sample(from)
    cut[i] = data:narrow(-1, first, sample(to) - first)
  end
  return song:with {data = require "moonlark.torch".cat(cut, -1), start = 0}
end

return remix
