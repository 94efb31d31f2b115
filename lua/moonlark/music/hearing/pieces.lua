--- Pieces: a song's sound cut into parts that overlap, so that a day of sound needs no more memory than four minutes.
local audio = require "moonlark.audio"
local signal = require "moonlark.signal"

local pieces = {}

---@class moonlark.music.Piece
---@field waveform moonlark.Signal  mono, 22050 Hz
---@field number integer  from 1
local Piece = {}
Piece.__index = Piece

local block_seconds = 10 -- of a file are decoded at once

local function piece_of(waveform, number)
  return setmetatable({waveform = waveform, number = number, kept = {}}, Piece)
end

--- What f gives, computed at the first call with this key.
---     local mel = piece:get("mel", function(p) return feature.mel(p.waveform) end)
---@param key string
---@param f fun(piece: moonlark.music.Piece): any
---@return any
function Piece:get(key, f)
  if self.kept[key] == nil then self.kept[key] = f(self) end
  return self.kept[key]
end

--- Gives its memory back: it is done with.
---     piece:let_go()
function Piece:let_go()
  self.waveform, self.kept = nil, {}
end

--- The pieces of a waveform in memory, and whether each is the last.
---     for piece in pieces.cut(sound, 240, 48) do print(piece.waveform) end
---@param sound moonlark.Signal
---@param seconds number  of a piece
---@param shared number  seconds that two pieces share
---@return fun(): moonlark.music.Piece?, boolean?
function pieces.cut(sound, seconds, shared)
  local at, number, over = 0, 0, false
  return function()
    if over then return nil end
    local stop = at + seconds
    over = stop >= sound:duration()
    number = number + 1
    local piece = piece_of(sound:slice(at, not over and stop or nil), number)
    at = at + seconds - shared
    return piece, over
  end
end

-- Sound of a file, read block by block into one buffer whose beginning can be let go. `listen` hears the file itself.
local function buffer_of(path, rate, samples, listen)
  local torch = require "moonlark.torch"
  local blocks = audio.blocks(path, {rate = rate, seconds = block_seconds, own = listen ~= nil})
  local room = samples + 2 * block_seconds * rate
  local self = {held = torch.empty {1, room}, filled = 0, at = 0}
  local function follow()
    local own
    self.following, own = blocks()
    if own then
      listen(own.data)
      own.data:free()
    end
  end
  -- Until so many samples are held, or the file is over.
  function self.fill(wanted)
    while self.following and self.filled < wanted do
      local data = self.following.data
      self.held:narrow(1, self.filled, data:size(1)):copy_(data)
      self.filled = self.filled + data:size(1)
      data:free()
      follow()
    end
  end
  -- Lets go of so many samples: the rest moves to the front, in stretches that do not overlap with where they go.
  function self.drop(count)
    self.filled, self.at = self.filled - count, self.at + count
    for from = 0, self.filled - 1, count do
      local n = math.min(count, self.filled - from)
      self.held:narrow(1, from, n):copy_(self.held:narrow(1, from + count, n))
    end
  end
  follow()
  return self
end

--- The pieces of a file, decoded as they are needed, and whether each is the last; what two pieces share is kept from one
--- to the next. A rest shorter than the overlap would make a piece of little else: it belongs to the one before.
---     for piece in pieces.decode("day.wav", 22050, 240, 48) do print(piece.waveform) end
---@param path string
---@param rate integer  Hz
---@param seconds number  of a piece
---@param shared number  seconds that two pieces share
---@param listen fun(own: moonlark.Tensor)?  hears what is decoded as it lies in the file
---@return fun(): moonlark.music.Piece?, boolean?
function pieces.decode(path, rate, seconds, shared, listen)
  local whole, common = math.floor(seconds * rate), math.floor(shared * rate)
  local buffer, number, last = buffer_of(path, rate, whole + common, listen), 0, false
  return function()
    if last then
      if number > 1 then buffer.held:free() end -- of a file of one piece, the piece lies there
      return nil
    end
    if number > 0 then buffer.drop(whole - common) end
    buffer.fill(whole + common + 1)
    number, last = number + 1, buffer.filled <= whole + common
    local data = buffer.held:narrow(1, 0, last and buffer.filled or whole)
    return piece_of(signal.new {data = data, rate = rate, start = buffer.at / rate, kind = "waveform"}, number), last
  end
end

return pieces
