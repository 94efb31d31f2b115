--- Curves: what a page draws of a song's sound, as bytes that fit into it.
local base64 = require "moonlark.base.base64"
local frontend = require "moonlark.music.hearing.frontend"
local heard = require "moonlark.music.hearing.heard"

local curves = {}

local most_columns = 1600
local envelope_frame = 441 -- samples: 50 frames a second, as the front end

-- The extremes of each 20 ms.
heard.curve("page envelope", function(piece)
  local torch = require "moonlark.torch"
  local data = piece.waveform.data:select(0, 0)
  local frames = math.max(1, data:size(0) // envelope_frame)
  if data:size(0) < envelope_frame then data = data:constant_pad_nd({0, envelope_frame - data:size(0)}, 0) end
  local cells = data:narrow(0, 0, frames * envelope_frame):reshape {frames, envelope_frame}
  return piece.waveform:with {data = torch.stack {cells:amin({1}), cells:amax({1})}, rate = 50, kind = "envelope"}
end)

-- Mel bands in decibels; of two neighbours the louder, five frames as one.
heard.curve("page mel", function(piece)
  local mel = frontend.rhythm(piece)
  local data = mel.data:expm1():add(1e-4):log10():mul(20)
  if data:size(1) < 5 then data = data:constant_pad_nd({0, 5 - data:size(1)}, -80) end
  local pooled = data:unsqueeze(0):max_pool2d({2, 5}):select(0, 0)
  return mel:with {data = pooled, rate = 10, unit = "dB"}
end)

--- The curves that a page needs.
curves.names = {"page envelope", "page mel"}

-- Columns that a page can show: the largest of those that fall together, or of a row's least ones the least.
local function columns_of(data, least)
  if data:size(-1) <= most_columns then return data end
  local x = least and -data or data
  x = x:unsqueeze(0):adaptive_max_pool1d(most_columns)
  if type(x) == "table" then x = x[1] end
  x = x:select(0, 0)
  return least and -x or x
end

--- Rows × columns as bytes 0..255 in base64, the values low..high spread over them.
---     local image = curves.image(chroma.data, 0, 1)
---@param data moonlark.Tensor  rows × frames
---@param low number
---@param high number
---@return {rows: integer, columns: integer, data: string}
function curves.image(data, low, high)
  local shown = columns_of(data:float())
  local bytes = shown:sub(low):mul(255 / math.max(high - low, 1e-9)):clamp(0, 255):nan_to_num(0):round()
  local rows = {}
  for i, row in ipairs(bytes:totable()) do
    for j, x in ipairs(row) do row[j] = string.char(math.floor(x)) end
    rows[i] = table.concat(row)
  end
  return {rows = #rows, columns = #rows[1], data = base64.encode(table.concat(rows))}
end

--- A waveform's extremes: two rows of bytes, 128 is silence.
---     local wave = curves.envelope(h)
---@param h moonlark.music.Heard
---@return {rows: integer, columns: integer, data: string}
function curves.envelope(h)
  local torch = require "moonlark.torch"
  local data = h:curve "page envelope".data
  local low, high = columns_of(data:narrow(0, 0, 1), true), columns_of(data:narrow(0, 1, 1))
  local most = math.max(data:abs():max():item(), 1e-6)
  return curves.image(torch.cat({low, high}, 0), -most, most)
end

--- The mel spectrogram, 60 dB under its loudest.
---     local mel = curves.mel(h)
---@param h moonlark.music.Heard
---@return {rows: integer, columns: integer, data: string}
function curves.mel(h)
  local data = h:curve "page mel".data
  local top = data:max():item()
  return curves.image(data, top - 60, top)
end

--- The chroma, each frame over its strongest class.
---     local classes = curves.chroma(h)
---@param h moonlark.music.Heard
---@return {rows: integer, columns: integer, data: string}
function curves.chroma(h)
  local data = h:curve "chroma".data
  local most = data:amax({0}, true)
  return curves.image(data / (most + 0.02 * data:max():item() + 1e-9), 0, 1)
end

return curves
