--- Stream: a song, a file or a waveform, block after block, in bounded memory.
local audio = require "moonlark.audio"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

local seconds = 10

local function of_waveform(song)
  local data, at = signal.channels(song), 0
  local whole = song:with {data = data, start = 0}
  return function()
    if at >= whole:duration() then return nil end
    at = at + seconds
    return signal.channels(whole:slice(at - seconds, at)):contiguous()
  end, data:size(0), math.tointeger(song.rate)
end

local function of_file(path, given)
  local info = audio.info(path)
  local o = options.join({rate = "native", mono = false, seconds = seconds}, given)
  local blocks = audio.blocks(path, o)
  return function()
    local block = blocks()
    return block and signal.channels(block):contiguous()
  end, (o.mono or o.channel) and 1 or info.channels, o.rate == "native" and info.rate or o.rate
end

--- The blocks of a song, tensors of channels × samples; how many channels it has, and its rate. All channels, at the song's
--- own rate, unless options of audio.blocks say otherwise of a file. Errors: it is neither a path nor a waveform of a whole
--- number of Hz; the file cannot be read.
---     for block in stream "song.mp3" do print(block:size(1)) end
---@param song string|moonlark.Signal
---@param given moonlark.audio.blocks.Options?
---@return fun(): moonlark.Tensor?, integer, integer
return function(song, given)
  if type(song) == "string" then return of_file(song, given) end
  if not signal.is(song) or song.kind ~= "waveform" then
    show.fail("song must be a path or a waveform Signal, got %s",
      signal.is(song) and "a " .. song.kind .. " Signal" or type(song))
  end
  if math.tointeger(song.rate) == nil then show.fail("song must have a rate of whole Hz, got %g", song.rate) end
  return of_waveform(song)
end
