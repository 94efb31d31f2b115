--- Heard: one song as all functions of music hear it, so that what they share is computed once.
---
--- A song is heard in pieces that overlap, so that a day of sound needs no more memory than four minutes. A curve is what
--- is kept of the whole song: numbers over time, computed piece by piece and joined where two pieces overlap. What is
--- decided of the whole song (beats, key …) is kept beside.
local annotation = require "moonlark.annotation"
local audio = require "moonlark.audio"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

local heard = {}

---@class moonlark.music.Heard
---@field source string|moonlark.Signal  what was given: with all of its channels at its own rate
---@field path string?
---@field rate integer  Hz, of what is heard
local Heard = {}
Heard.__index = Heard

---@class moonlark.music.Piece
---@field waveform moonlark.Signal  mono, 22050 Hz
---@field number integer  from 1
local Piece = {}
Piece.__index = Piece

local rate = 22050
heard.piece_seconds, heard.overlap_seconds = 240, 48
heard.rate = rate
local block_seconds = 10 -- of a file are decoded at once

local curves = {} -- name -> function

--- Defines a curve: f gives it of a piece, as a Signal of rows × frames whose first frame lies where the piece begins.
--- A frame must not depend on what lies more than 24 s away, so pieces agree where they overlap.
---@param name string
---@param f fun(piece: moonlark.music.Piece): moonlark.Signal
function heard.curve(name, f)
  assert(not curves[name], name)
  curves[name] = f
end

--- Whether `value` is what heard.of returns.
---@param value any
---@return boolean
function heard.is(value) return getmetatable(value) == Heard end

local function mono(song)
  local data = signal.channels(song)
  data = data:size(0) > 1 and data:mean({0}, {keepdim = true}) or data
  return audio.resample(song:with {data = data, start = 0}, rate)
end

--- A song as the functions of music hear it: mono at 22 050 Hz. Times count from the beginning of the sound.
---
--- Errors: neither a path nor a waveform; a file that cannot be read.
---@param song string|moonlark.Signal|moonlark.music.Heard
---@return moonlark.music.Heard
function heard.of(song)
  if heard.is(song) then return song end
  local self = {rate = rate, kept = {}, joined = {}, source = song}
  if type(song) == "string" then
    self.path = song
  elseif signal.is(song) and song.kind == "waveform" then
    self.sound = mono(song)
  else
    show.fail("song must be a path or a waveform Signal, got %s",
      signal.is(song) and "a " .. song.kind .. " Signal" or type(song))
  end
  return setmetatable(self, Heard)
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

local function piece_of(waveform, number)
  return setmetatable({waveform = waveform, number = number, kept = {}}, Piece)
end

-- The pieces of a waveform in memory.
local function cut(sound)
  local step = heard.piece_seconds - heard.overlap_seconds
  local at, number, over = 0, 0, false
  return function()
    if over then return nil end
    local stop = at + heard.piece_seconds
    over = stop >= sound:duration()
    number = number + 1
    local piece = piece_of(sound:slice(at, not over and stop or nil), number)
    at = at + step
    return piece, over
  end
end

-- Sound of a file, read block by block into one buffer whose beginning can be let go.
local function buffer_of(path)
  local torch = require "moonlark.torch"
  local blocks = audio.blocks(path, {rate = rate, seconds = block_seconds})
  local room = math.ceil((heard.piece_seconds + heard.overlap_seconds + 2 * block_seconds) * rate)
  local self = {held = torch.empty {1, room}, filled = 0, at = 0, following = blocks()}
  -- Until so many samples are held, or the file is over.
  function self.fill(samples)
    while self.following and self.filled < samples do
      local data = self.following.data
      self.held:narrow(1, self.filled, data:size(1)):copy_(data)
      self.filled = self.filled + data:size(1)
      data:free()
      self.following = blocks()
    end
  end
  -- Lets go of so many samples: the rest moves to the front, in stretches that do not overlap with where they go.
  function self.drop(samples)
    self.filled, self.at = self.filled - samples, self.at + samples
    for from = 0, self.filled - 1, samples do
      local n = math.min(samples, self.filled - from)
      self.held:narrow(1, from, n):copy_(self.held:narrow(1, from + samples, n))
    end
  end
  return self
end

-- The pieces of a file, decoded as they are needed; what two pieces share is kept from one to the next. A rest shorter
-- than the overlap would make a piece of little else: it belongs to the one before.
local function decode(path)
  local whole = math.floor(heard.piece_seconds * rate)
  local shared = math.floor(heard.overlap_seconds * rate)
  local buffer, number, last = buffer_of(path), 0, false
  return function()
    if last then return nil end
    if number > 0 then buffer.drop(whole - shared) end
    buffer.fill(whole + shared + 1)
    number, last = number + 1, buffer.filled <= whole + shared
    local data = buffer.held:narrow(1, 0, last and buffer.filled or whole)
    return piece_of(signal.new {data = data, rate = rate, start = buffer.at / rate, kind = "waveform"}, number), last
  end
end

--- The pieces, one after the other, and whether each is the last. A song of one piece is kept; of a longer one, a piece
--- is gone once the next is asked for.
---     for piece in h:pieces() do print(piece.waveform) end
---@return fun(): moonlark.music.Piece?, boolean?
function Heard:pieces()
  if self.only then
    local given = false
    return function()
      if given then return nil end
      given = true
      return self.only, true
    end
  end
  local following, before = self.sound and cut(self.sound) or decode(self.path), nil
  return function()
    if before and before ~= self.only then
      before.waveform, before.kept = nil, {}
      collectgarbage() -- what was made of it is done with
      require "moonlark.torch".empty_cache()
    end
    local piece, last = following()
    before = piece
    if not piece then return nil end
    if last then
      self.length = piece.waveform.start + piece.waveform:duration()
      if piece.number == 1 then self.only = piece end
    end
    return piece, last
  end
end

-- Joins a curve's parts in the middle of what each two share.
local function join(parts)
  if #parts == 1 then return parts[1] end
  local torch, pieces, from = require "moonlark.torch", {}, 0
  for i, part in ipairs(parts) do
    local after, offset = parts[i + 1], math.floor(part.start * part.rate + 0.5)
    local to = offset + part:frames()
    if after then to = (math.floor(after.start * after.rate + 0.5) + to) // 2 end
    pieces[i] = part.data:narrow(-1, from - offset, to - from):clone()
    from = to
  end
  return parts[1]:with {data = torch.cat(pieces, -1)}
end

--- Makes several curves while the song is decoded once.
---     h:prepare {"chroma", "flux"}
---@param names string[]
function Heard:prepare(names)
  local wanted, parts = {}, {}
  for _, name in ipairs(names) do
    if not self.joined[name] then
      assert(curves[name], name)
      wanted[#wanted + 1], parts[name] = name, {}
    end
  end
  if #wanted == 0 then return end
  for piece in self:pieces() do
    for _, name in ipairs(wanted) do
      local made = curves[name](piece)
      table.insert(parts[name], made:with {start = piece.waveform.start})
    end
  end
  for _, name in ipairs(wanted) do self.joined[name] = join(parts[name]) end
end

--- A curve of the whole song, by the name that it was defined under.
---     local chroma = h:curve "chroma"
---@param name string
---@return moonlark.Signal
function Heard:curve(name)
  self:prepare {name}
  return self.joined[name]
end

--- What f gives, computed at the first call with this key.
---     local beats = h:get("beats", function() return decode(h) end)
---@param key string
---@param f fun(h: moonlark.music.Heard): any
---@return any
function Heard:get(key, f)
  if self.kept[key] == nil then self.kept[key] = f(self) end
  return self.kept[key]
end

--- Seconds. Of a file it is known when the file was heard.
---     print(h:seconds())
---@return number
function Heard:seconds()
  if self.sound then return self.sound:duration() end
  if not self.length then
    for _ in self:pieces() do end -- as long as it is
  end
  return self.length
end

--- The whole sound, mono at 22 050 Hz.
---     plot.waveform(h:waveform()):show()
---@return moonlark.Signal
function Heard:waveform()
  if self.only then return self.only.waveform end
  return self.sound or audio.load(self.path, {rate = rate})
end

--- An annotation of this song.
---     return h:annotation("beats", {{start = 0.5, position = 1}})
---@param kind string
---@param fields table  its items and further fields
---@return moonlark.Annotation
function Heard:annotation(kind, fields)
  fields.kind, fields.duration, fields.sound = kind, self:seconds(), self.path
  return annotation.new(fields)
end

return heard
