-- Songs for the measurement of fingerprints (fingerprint.lua), and others that are like them and are not them:
--
--     moonlark tests/bench/library/compose.lua FOLDER [SONGS OF EACH STYLE] [SONGS OF EACH STYLE WITH LIKE ONES]
--
-- FOLDER/STYLE.NN.song.wav, and of some .melody.wav (the same band plays the same, but another melody on top), .key.wav
-- (two semitones higher), .tempo.wav (6 % faster) and .take.wav (the same notes by other instruments, mixed anew).
local compose = require "moonlark.corpus.compose"
local corpus = require "moonlark.corpus"
local files = require "moonlark.base.files"
local mix = require "moonlark.corpus.mix"
local random = require "moonlark.corpus.random"
local styles = require "moonlark.corpus.styles"
local wav = require "moonlark.corpus.wav"

local folder, songs, with_likes = arg[1], tonumber(arg[2] or 24), tonumber(arg[3] or 8)
local seed, seconds = 16, 30

-- Notes of the melody, each moved by a step or two of its own.
local function other_melody(piece, rng)
  for _, event in ipairs(piece.events) do
    if event.part == "lead" then
      for i, pitch in ipairs(event.pitches) do event.pitches[i] = pitch + rng:pick {-5, -3, -2, 2, 3, 5} end
    end
  end
end

local function other_key(piece)
  for _, event in ipairs(piece.events) do
    for i, pitch in ipairs(event.pitches or {}) do event.pitches[i] = pitch + 2 end
  end
end

local function other_tempo(piece)
  for _, event in ipairs(piece.events) do event.at, event.length = event.at / 1.06, event.length / 1.06 end
end

local likes = {song = function() end, melody = other_melody, key = other_key, tempo = other_tempo, take = function() end}

local function write(style, index, like)
  local path = files.join(folder, ("%s.%02d.%s.wav"):format(style, index, like))
  if files.exists(path) then return end
  local rng = random.new(seed, style, index)
  local piece = compose.piece(styles[style], rng:fork "score", seconds)
  likes[like](piece, rng:fork(like))
  local sound = rng:fork(like == "take" and "another sound" or "sound")
  files.write(path, wav.encode(mix.play(piece, styles[style], sound, corpus.rate), corpus.rate))
end

files.mkdirs(folder)
for index = 0, songs - 1 do
  for _, style in ipairs(corpus.styles()) do
    write(style, index, "song")
    if index < with_likes then
      for _, like in ipairs {"melody", "key", "tempo", "take"} do write(style, index, like) end
    end
  end
end
