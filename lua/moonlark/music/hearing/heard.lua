--- Heard: one song as all functions of music hear it, so that what they share is computed once.
---
--- A song is heard in pieces that overlap, so that a day of sound needs no more memory than four minutes. A curve is what
--- is kept of the whole song: numbers over time, computed piece by piece and joined where two pieces overlap. Meters hear
--- the recording as it was made, with all channels at its own rate, in the same pass. What is decided of the whole song
--- (beats, key …) is kept beside.
local annotation = require "moonlark.annotation"
local audio = require "moonlark.audio"
local pieces = require "moonlark.music.hearing.pieces"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local stream = require "moonlark.audio.stream"

local heard = {}

---@class moonlark.music.Heard
---@field source string|moonlark.Signal  what was given: with all of its channels at its own rate
---@field path string?
---@field rate integer  Hz, of what is heard
---@field package only moonlark.music.Piece?
---@field package length number?
---@field package joined table<string, moonlark.Signal>
---@field package measured table<string, table>
---@field package kept table<string, any>
local Heard = {}
Heard.__index = Heard

local rate = 22050
heard.piece_seconds, heard.overlap_seconds = 240, 48
heard.rate = rate

local curves, meters = {}, {} -- name -> function

--- Defines a curve: f gives it of a piece, as a Signal of rows × frames whose first frame lies where the piece begins.
--- A frame must not depend on what lies more than 24 s away, so pieces agree where they overlap.
---@param name string
---@param f fun(piece: moonlark.music.Piece): moonlark.Signal
function heard.curve(name, f)
  assert(not curves[name], name)
  curves[name] = f
end

--- Defines a meter: make(channels, rate) gives one, and its method `add` is called with the channels × samples of the
--- recording, block after block.
---     heard.meter("loudness", core.meter)
---@param name string
---@param make fun(channels: integer, rate: integer): table|userdata
function heard.meter(name, make)
  assert(not meters[name], name)
  meters[name] = make
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
  local self = {rate = rate, kept = {}, joined = {}, measured = {}, source = song}
  if type(song) == "string" then
    self.path = song
  elseif not (signal.is(song) and song.kind == "waveform") then
    show.fail("song must be a path or a waveform Signal, got %s",
      signal.is(song) and "a " .. song.kind .. " Signal" or type(song))
  end
  return setmetatable(self, Heard)
end

-- A waveform that was given, mono at the rate of all that is heard.
local function sound_of(self)
  if self.path then return nil end
  self.sound = self.sound or mono(self.source)
  return self.sound
end

-- The meters of these names, made for a recording. One that cannot be made of such a recording says so when it is asked
-- for.
local function made_of(names, channels, own_rate)
  local made = {}
  for _, name in ipairs(names) do
    local ok, meter = pcall(meters[name], channels, own_rate)
    made[name] = ok and {meter = meter, rate = own_rate} or {failure = meter}
  end
  return made
end

-- What lets them hear a block.
local function ears_of(made)
  return function(data)
    for _, one in pairs(made) do
      if one.meter then one.meter:add(data) end
    end
  end
end

-- What a pass over a long song left behind.
local function reclaim()
  collectgarbage()
  require "moonlark.torch".empty_cache()
end

-- The pieces, one after the other, and whether each is the last. A song of one piece is kept; of a longer one, a piece is
-- gone once the next is asked for. `ears` hear the file as it is decoded.
local function pieces_of(self, ears)
  if self.only then
    local given = false
    return function()
      if given then return nil end
      given = true
      return self.only, true
    end
  end
  local sound, before = sound_of(self), nil
  local following = sound and pieces.cut(sound, heard.piece_seconds, heard.overlap_seconds)
    or pieces.decode(self.path, rate, heard.piece_seconds, heard.overlap_seconds, ears)
  return function()
    local done = before and before ~= self.only
    if done then before:let_go() end
    local piece, last = following()
    if done then reclaim() end
    before = piece
    if not piece then return nil end
    if last then
      self.length = piece.waveform.start + piece.waveform:duration()
      if piece.number == 1 then self.only = piece end
    end
    return piece, last
  end
end

--- The pieces, one after the other, and whether each is the last. A song of one piece is kept; of a longer one, a piece
--- is gone once the next is asked for.
---     for piece in h:pieces() do print(piece.waveform) end
---@return fun(): moonlark.music.Piece?, boolean?
function Heard:pieces() return pieces_of(self) end

-- Where each part of a curve is the curve: to the middle of what two share. Calls f(part, its first frame in the curve,
-- the part's own first frame, frames); gives the frames of all.
local function each_part(parts, f)
  local from = 0
  for i, part in ipairs(parts) do
    local after, offset = parts[i + 1], math.floor(part.start * part.rate + 0.5)
    local to = offset + part:frames()
    if after then to = (math.floor(after.start * after.rate + 0.5) + to) // 2 end
    f(part, from, from - offset, to - from)
    from = to
  end
  return from
end

-- Joins a curve's parts, which are freed.
local function join(parts)
  if #parts == 1 then return parts[1] end
  local frames, shape = each_part(parts, function() end), parts[1].data:shape()
  shape[#shape] = frames
  local whole = require "moonlark.torch".empty(shape, {dtype = parts[1].data:dtype()})
  each_part(parts, function(part, from, first, count)
    whole:narrow(-1, from, count):copy_(part.data:narrow(-1, first, count))
  end)
  for _, part in ipairs(parts) do part.data:free() end
  return parts[1]:with {data = whole}
end

-- Which of the names are of curves that are not made yet, and of meters that have not heard the song.
local function missing(self, names)
  local of_curves, of_meters, seen = {}, {}, {}
  for _, name in ipairs(names) do
    assert(curves[name] or meters[name], name)
    if curves[name] and not self.joined[name] and not seen[name] then of_curves[#of_curves + 1] = name end
    if meters[name] and not self.measured[name] and not seen[name] then of_meters[#of_meters + 1] = name end
    seen[name] = true
  end
  return of_curves, of_meters
end

local function make_curves(self, names, ears, say)
  local parts = {}
  for _, name in ipairs(names) do parts[name] = {} end
  for piece, last in pieces_of(self, ears) do
    for i, name in ipairs(names) do
      if say then say(piece.waveform.start + piece.waveform:duration() * (i - 1) / #names, name) end
      local made = curves[name](piece)
      table.insert(parts[name], made:with {start = piece.waveform.start})
      if not (last and piece.number == 1) then require "moonlark.torch".empty_cache() end
    end
  end
  for _, name in ipairs(names) do
    self.joined[name] = join(parts[name])
    parts[name] = nil
  end
end

-- Lets meters hear a recording by themselves.
local function measure(source, names)
  local blocks, channels, own_rate = stream(source)
  local made = made_of(names, channels, own_rate)
  local ears = ears_of(made)
  for data in blocks do ears(data) end
  return made
end

--- Makes several curves and hears with several meters while the song is decoded once.
---     h:prepare {"chroma", "flux", "loudness"}
---@param names string[]
---@param say fun(seconds: number, curve: string)?  is told how much of the song was heard, and what is computed now
function Heard:prepare(names, say)
  local of_curves, of_meters = missing(self, names)
  local measured = {}
  if #of_meters > 0 and #of_curves > 0 and self.path and not self.only then
    local info = audio.info(self.path)
    measured = made_of(of_meters, info.channels, info.rate)
    make_curves(self, of_curves, ears_of(measured), say)
  else
    if #of_curves > 0 then make_curves(self, of_curves, nil, say) end
    if #of_meters > 0 then measured = measure(self.source, of_meters) end
  end
  for name, one in pairs(measured) do self.measured[name] = one end
  self:tidy()
end

--- Gives back what was used up on the way, if the song is long: its memory is bounded.
---     h:tidy()
function Heard:tidy()
  if self.length and not self.only then reclaim() end
end

--- A curve of the whole song, by the name that it was defined under.
---     local chroma = h:curve "chroma"
---@param name string
---@return moonlark.Signal
function Heard:curve(name)
  self:prepare {name}
  return self.joined[name]
end

--- The meter of a name after it has heard the recording, and the recording's rate. Errors: those of making it.
---     print(h:meter("loudness"):result())
---@param name string
---@return table|userdata
---@return integer
function Heard:meter(name)
  self:prepare {name}
  local measured = self.measured[name]
  if measured.failure then error(measured.failure, 0) end
  return measured.meter, measured.rate
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
  if not self.path then return sound_of(self):duration() end
  if not self.length then
    for _ in self:pieces() do end -- as long as it is
  end
  return self.length
end

--- Seconds, as far as they are known before the song is heard.
---     print(h:expected())
---@return number?
function Heard:expected()
  if self.length or not self.path then return self:seconds() end
  return audio.info(self.path).duration
end

--- The whole sound, mono at 22 050 Hz.
---     plot.waveform(h:waveform()):show()
---@return moonlark.Signal
function Heard:waveform()
  if self.only then return self.only.waveform end
  return sound_of(self) or audio.load(self.path, {rate = rate})
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
