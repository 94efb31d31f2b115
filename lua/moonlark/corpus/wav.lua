--- 16-bit WAV text of samples in a Lua table. The corpus needs no tensor, so it does not wait for libtorch.
local wav = {}

local CHUNK = 200 -- values that string.pack takes at once
local format = "<" .. ("i2"):rep(CHUNK)

--- A whole mono WAV file; samples beyond ±1 are clipped.
function wav.encode(samples, rate)
  local n, words = #samples, {}
  for i = 1, n do
    local word = math.floor(samples[i] * 32767 + 0.5)
    words[i] = word > 32767 and 32767 or word < -32768 and -32768 or word
  end
  local parts = {string.pack("<c4I4c4c4I4I2I2I4I4I2I2c4I4",
    "RIFF", 36 + 2 * n, "WAVE", "fmt ", 16, 1, 1, rate, 2 * rate, 2, 16, "data", 2 * n)}
  local whole = n - n % CHUNK
  for i = 1, whole, CHUNK do
    parts[#parts + 1] = format:pack(table.unpack(words, i, i + CHUNK - 1))
  end
  parts[#parts + 1] = ("<" .. ("i2"):rep(n - whole)):pack(table.unpack(words, whole + 1, n))
  return table.concat(parts)
end

return wav
