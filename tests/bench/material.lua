-- What compare.py measures with:
--   moonlark corpus FOLDER/corpus --clips 1 --seconds 30 --styles blues,classical,country,hiphop,jazz,rock
--   moonlark tests/bench/material.lua FOLDER SONGS
-- FOLDER/clip.wav: 30 s, mono, 22 050 Hz; song.ogg and song.mp3: 30 s, stereo, 44 100 Hz; songs/STYLE/*.mp3: SONGS
-- files like song.mp3. Synthetic music, the same on every machine. What is there already is kept.
local audio = require "moonlark.audio"
local lfs = require "lfs"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local folder, count = arg[1], tonumber(arg[2])
local styles = {"blues", "classical", "country", "hiphop", "jazz", "rock"}

local function exists(path)
  return lfs.attributes(path, "mode") ~= nil
end

-- Two channels that differ, and something above the 11 kHz that the synthesiser ends at.
local function stereo(song)
  local wide = audio.resample(song, 44100)
  local n = wide.data:numel()
  local both = wide.data:reshape {1, n}:expand {2, n} * 0.9 + torch.randn {2, n} * 0.003
  return signal.new {data = both:contiguous(), rate = 44100, kind = "waveform", start = 0}
end

local function copy(from, to)
  local source <close> = assert(io.open(from, "rb"))
  local target <close> = assert(io.open(to, "wb"))
  target:write(source:read "a")
end

torch.manual_seed(1)
local corpus, songs = folder .. "/corpus", folder .. "/songs"
lfs.mkdir(songs)
for i, style in ipairs(styles) do
  local song = audio.load(("%s/%s/%s.00000.wav"):format(corpus, style, style), {duration = 30})
  local first = ("%s/%s/%s.00.mp3"):format(songs, style, style)
  lfs.mkdir(songs .. "/" .. style)
  if not exists(first) then audio.save(first, stereo(song)) end
  for n = 1, math.ceil(count / #styles) - 1 do
    local path = ("%s/%s/%s.%02d.mp3"):format(songs, style, style, n)
    if not exists(path) then copy(first, path) end
  end
  if i == #styles and not exists(folder .. "/clip.wav") then
    audio.save(folder .. "/song.ogg", stereo(song))
    copy(first, folder .. "/song.mp3")
    audio.save(folder .. "/clip.wav", song, {subtype = "float"})
  end
end
