--- Columns: the spectrum as it goes on, a byte for each band.
local core = require "moonlark_core".live
local feature = require "moonlark.feature"

local LOW = -80 -- dB under a sine at full scale: 0; that sine: 255
local rate, n_fft, hop = 22050, 2048, 1024

local Columns = {rate = rate}
Columns.__index = Columns

local function said_of(self, mel, say)
  local db = feature.power_to_db(mel.data, {ref = (n_fft / 4) ^ 2, top_db = false, amin = 1e-3})
  say {kind = "columns", time = mel.start, feature = "mel", rows = self.rows, columns = mel:frames(),
    seconds_per_column = hop / rate, low = LOW, high = 0, data = core.shades(db, LOW, 0)}
end

--- Hears a piece, mono.
function Columns:hear(piece, say)
  local mel = self.stream:push(piece.mono).mel
  if mel then said_of(self, mel, say) end
end

--- The columns at the end.
function Columns:finish(say)
  local mel = self.stream:finish().mel
  if mel then said_of(self, mel, say) end
end

--- What gives columns of a mel spectrogram: events {kind = "columns", time (of the first one's middle), feature = "mel",
--- rows, columns, seconds_per_column, low, high (dB), data}: rows × columns bytes, column after column, lowest band first.
return function(_, o)
  local mel = {n_mels = o.rows, n_fft = n_fft, hop_length = hop, norm = "none", fmin = 30}
  return setmetatable({rows = o.rows, stream = feature.stream {features = {mel = mel}, rate = rate}}, Columns)
end
