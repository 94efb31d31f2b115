--- Maps: pictures of a whole song over time, made by a worker into a file that tiles are read from (tiles.lua).
---
---     maps.make("song.wav", "mel", "song.mel.map")      -- an hour: seconds, and no more memory than four minutes
---
--- A song is computed in pieces that overlap by 24 s, of which the middle is kept: no transform here reaches further,
--- so the pieces are the whole. Numbers become 256 levels of a fixed range (half a decibel each); which of them are
--- shown in which colour is decided when a tile is asked for, by the loudest of the song.
local core = require "moonlark_core".pyramid
local feature = require "moonlark.feature"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local pieces = require "moonlark.music.hearing.pieces"

local maps = {}

local rate, hop = 22050, 512
local whole_frames, shared_frames = 8192, 1024 -- of a piece, and of two neighbours

local decibels = {low = -80, high = 47.5}

-- By kind: rows × frames of a piece, how numbers become levels, and what the rows are. `o`: what holds for the whole
-- song.
local kinds = {
  mel = {levels = decibels, db_factor = 10, unit = "dB", axis = "hz", compute = function(wave)
    return feature.mel(wave, {hop_length = hop})
  end},
  cqt = {levels = decibels, db_factor = 20, unit = "dB", axis = "note", compute = function(wave)
    local found = feature.cqt(wave, {hop_length = hop, bins_per_octave = 24, n_bins = 192})
    return found:with {data = found.data:abs()}
  end},
  chroma = {levels = {low = 0, high = 1}, axis = "pitch class", tuned = true, compute = function(wave, o)
    return feature.chroma_cqt(wave, {hop_length = hop, tuning = o.tuning})
  end},
  tonnetz = {levels = {low = -1, high = 1}, axis = "tonnetz", tuned = true, compute = function(wave, o)
    return feature.tonnetz(wave, {hop_length = hop, tuning = o.tuning})
  end},
}

--- The kinds of maps.
maps.kinds = {"mel", "cqt", "chroma", "tonnetz"}

--- The name of a map's file in the folder of its song.
---@param kind string
---@return string
function maps.file(kind) return kind .. ".map" end

-- Which columns of a piece are kept: its first and last, or to the middle of what it shares.
local function kept(piece, frames, last)
  return piece.number == 1 and 0 or shared_frames // 2, last and frames or whole_frames - shared_frames // 2
end

local function about_of(kind, found)
  local values = found.axis and found.axis.values
  if type(values) == "userdata" then values = values:totable() end
  return {kind = kind, seconds_per_column = hop / rate, levels = {kinds[kind].levels.low, kinds[kind].levels.high},
    axis = {kind = kinds[kind].axis, values = values}, unit = kinds[kind].unit}
end

-- Half a sample more, so that what is rounded down is this number of frames.
local function seconds(frames) return (frames * hop + 0.5) / rate end

--- Makes the map of a song: mono, 22 050 Hz, a column every 512 samples. The file appears when it is whole.
--- Errors: a file that cannot be read.
---@param path string  the song
---@param kind "mel"|"cqt"|"chroma"|"tonnetz"
---@param place string  where the map goes
---@param report fun(seconds: number)?  told after each piece how much of the song is done
---@return integer columns
function maps.make(path, kind, place, report)
  local how = kinds[kind] or options.unknown("kind of map", kind, maps.kinds)
  local o, pyramid, about = {}, nil, nil
  for piece, last in pieces.decode(path, rate, seconds(whole_frames), seconds(shared_frames)) do
    if piece.number == 1 and how.tuned then
      o.tuning = feature.estimate_tuning(piece.waveform, {bins_per_octave = 36}) -- of all: by the first piece
    end
    local found = how.compute(piece.waveform, o)
    local data = found.data:dim() == 3 and found.data:select(0, 0) or found.data
    if not pyramid then
      about = about_of(kind, found)
      pyramid = core.new(place, data:size(0), how.levels.low, how.levels.high, how.db_factor or 0)
    end
    pyramid:add(data:contiguous(), kept(piece, data:size(1), last))
    if report then report(piece.waveform.start + piece.waveform:duration()) end
    data:free()
    piece:let_go()
    collectgarbage()
  end
  local columns = pyramid:finish(json.encode(about))
  pyramid:close()
  return columns
end

return maps
