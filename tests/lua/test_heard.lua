-- A song heard in pieces gives the curves of a song heard at once, from a file and from memory.
local lib = require "lib"
local lu = require "luaunit"
local audio = require "moonlark.audio"
local files = require "moonlark.base.files"
local frontend = require "moonlark.music.hearing.frontend"
local heard = require "moonlark.music.hearing.heard"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local folder, raises = lib.folder(), lib.fails

heard.curve("test loudness", function(piece)
  local mel = frontend.rhythm(piece)
  return mel:with {data = mel.data:mean {0}}
end)

local function noise(seconds)
  torch.manual_seed(1)
  return signal.new {data = 0.1 * torch.randn {1, math.floor(seconds * 22050)}, rate = 22050, kind = "waveform"}
end

-- f with pieces of 10 s that overlap by 4.
local function in_small_pieces(f)
  local long, wide = heard.piece_seconds, heard.overlap_seconds
  heard.piece_seconds, heard.overlap_seconds = 10, 4
  local ok, message = pcall(f)
  heard.piece_seconds, heard.overlap_seconds = long, wide
  if not ok then error(message, 0) end
end

-- Hears samples of all channels.
heard.meter("test meter", function(channels, rate)
  return {channels = channels, rate = rate, heard = {}, add = function(self, data) table.insert(self.heard, data:clone()) end}
end)

heard.meter("test mono meter", function(channels)
  if channels > 1 then error("one channel only", 0) end
  return {add = function() end}
end)

TestHeard = {}

function TestHeard:test_pieces_agree_with_the_whole()
  for _, seconds in ipairs {9, 10, 13, 16, 25.3, 40} do
    local song = noise(seconds)
    local path = files.join(folder, "noise.wav")
    audio.save(path, song, {subtype = "float"})
    local whole = heard.of(song):curve "test loudness"
    in_small_pieces(function()
      for _, source in ipairs {song, path} do
        local h = heard.of(source)
        local made = h:curve "test loudness"
        lu.assertEquals(made:frames(), whole:frames())
        lu.assertAlmostEquals((made.data - whole.data):abs():max():item(), 0, 1e-5)
        lu.assertAlmostEquals(h:seconds(), song:duration(), 1e-6)
        lu.assertEquals(made.start, 0)
      end
    end)
  end
end

function TestHeard:test_a_song_is_decoded_once()
  local path = files.join(folder, "once.wav")
  audio.save(path, noise(3))
  local h = heard.of(path)
  h:curve "test loudness"
  files.remove(path)
  local count = 0
  for piece in h:pieces() do
    count = count + 1
    lu.assertIs(frontend.rhythm(piece), frontend.rhythm(piece))
  end
  lu.assertEquals(count, 1)
  lu.assertIs(heard.of(h), h)
  lu.assertEquals(h:get("answer", function() return 42 end), 42)
  lu.assertEquals(h:get("answer", function() return 43 end), 42)
end

function TestHeard:test_channels_and_rates()
  local stereo = signal.new {data = torch.ones {2, 44100}, rate = 44100, start = 5, kind = "waveform"}
  for piece in heard.of(stereo):pieces() do
    lu.assertEquals(piece.waveform.data:shape(), {1, 22050})
    lu.assertEquals(piece.waveform.start, 0)
  end
end

function TestHeard:test_meters_hear_the_recording_in_the_same_pass()
  torch.manual_seed(2)
  local song = signal.new {data = 0.1 * torch.randn {2, 25 * 8000 + 11}, rate = 8000, kind = "waveform"}
  local path = files.join(folder, "stereo.wav")
  audio.save(path, song, {subtype = "float"})
  in_small_pieces(function()
    for _, source in ipairs {path, song} do
      for _, names in ipairs {{"test meter"}, {"test loudness", "test meter", "test loudness", "test mono meter"}} do
        local h = heard.of(source)
        h:prepare(names)
        os.rename(path, path .. ".away") -- all is heard by now
        local meter, rate = h:meter "test meter"
        os.rename(path .. ".away", path)
        lu.assertEquals({meter.channels, meter.rate, rate}, {2, 8000, 8000})
        lu.assertEquals(lib.distance(torch.cat(meter.heard, 1), song.data), 0)
        raises("one channel only", h.meter, h, "test mono meter")
      end
    end
  end)
  raises("song must have a rate of whole Hz, got 100.5", function()
    heard.of(signal.new {data = torch.ones {1, 300}, rate = 100.5, kind = "waveform"}):meter "test meter"
  end)
end

function TestHeard:test_errors()
  raises("song must be a path or a waveform Signal, got number", heard.of, 1)
  raises("song must be a path or a waveform Signal, got a mel Signal", heard.of,
    signal.new {data = torch.ones {2, 3}, rate = 1, kind = "mel"})
end

lib.run()
