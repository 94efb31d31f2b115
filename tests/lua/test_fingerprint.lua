-- Fingerprints of recordings: in other encodings, cut, quieter, at other rates; and of what is another recording.
local lib = require "lib"
local lu = require "luaunit"
local audio = require "moonlark.audio"
local corpus = require "moonlark.corpus"
local music = require "moonlark.music"
local torch = require "moonlark.torch"

local function clip(style, index, seconds)
  local samples = corpus.clip(style, index, {seed = 5, seconds = seconds or 14})
  return lib.waveform(torch.tensor(samples):reshape {1, -1}, corpus.rate)
end

local songs = {}
for i, style in ipairs {"jazz", "rock", "blues"} do songs[i] = clip(style, i) end
local prints = {}
for i, song in ipairs(songs) do prints[i] = music.fingerprint(song) end

TestFingerprint = {}
lib.in_folder {TestFingerprint}

function TestFingerprint:test_a_file_in_another_encoding_is_the_same_recording()
  for _, name in ipairs {"a.wav", "a.flac", "a.ogg", "a.mp3"} do
    local path = self.folder .. "/" .. name
    local ok = pcall(audio.save, path, songs[1]:slice(3.21) * 0.2)
    if ok then
      local found = music.same_recording(prints[1], music.fingerprint(path))
      lu.assertTrue(found.same, name .. ": " .. tostring(found))
      lu.assertAlmostEquals(found.offset, 3.21, 0.09, name)
      lu.assertAlmostEquals(found.overlap, 14 - 3.21, 0.3, name)
    else
      lu.assertStrContains(name, "mp3") -- the one that may be missing
    end
  end
end

function TestFingerprint:test_other_rates_and_channels_are_the_same_recording()
  local stereo = audio.resample(songs[2], 44100)
  stereo = stereo:with {data = torch.cat({stereo.data:reshape {1, -1}, stereo.data:reshape {1, -1} * 0.5}, 0)}
  for _, other in ipairs {audio.resample(songs[2], 8000), stereo} do
    local found = music.same_recording(music.fingerprint(other), prints[2])
    lu.assertTrue(found.same, tostring(found))
    lu.assertAlmostEquals(found.offset, 0, 0.09)
  end
end

function TestFingerprint:test_other_recordings_are_not()
  for i = 1, #prints do
    for j = 1, #prints do
      local found = music.same_recording(prints[i], prints[j])
      lu.assertEquals(found.same, i == j, ("%d %d %s"):format(i, j, found))
      if i == j then lu.assertEquals({found.wrong, found.offset}, {0, 0}) end
    end
  end
  local higher = require "moonlark.effects".pitch_shift(songs[1], 2)
  lu.assertFalse(music.same_recording(prints[1], music.fingerprint(higher)).same)
end

function TestFingerprint:test_a_long_song_in_pieces_has_the_fingerprint_of_the_whole()
  local heard = require "moonlark.music.hearing.heard"
  local seconds, shared = heard.piece_seconds, heard.overlap_seconds
  heard.piece_seconds, heard.overlap_seconds = 6, 2
  local pieces = music.fingerprint(songs[3])
  heard.piece_seconds, heard.overlap_seconds = seconds, shared
  lu.assertTrue(pieces == prints[3])
end

function TestFingerprint:test_degenerate_sounds()
  local sounds = {silence = lib.waveform(torch.zeros {22050 * 5}, 22050), noise = lib.noise(5, 22050),
    short = lib.noise(0.1, 22050), click = lib.waveform(torch.cat({torch.ones {1}, torch.zeros {44100}}), 22050)}
  local codes = {}
  for name, sound in pairs(sounds) do codes[name] = music.fingerprint(sound) end
  for name, code in pairs(codes) do
    for other, code_of_other in pairs(codes) do
      local found = music.same_recording(code, code_of_other)
      lu.assertEquals(found.same, name == "noise" and other == "noise", name .. " " .. other)
      lu.assertTrue(found.score >= 0 and found.score <= 1)
    end
  end
  lu.assertEquals(#music.duplicates {codes.silence, codes.silence, codes.short, codes.click}, 0)
  lu.assertEquals(#music.duplicates {}, 0)
end

function TestFingerprint:test_duplicates_are_grouped()
  local list, others = {prints[1], prints[2]}, {songs[1]:slice(2), songs[2]:slice(0, 11) * 0.5, songs[1]:slice(1, 12)}
  for _, song in ipairs(others) do list[#list + 1] = music.fingerprint(song) end
  list[#list + 1] = prints[3]
  local groups, found = music.duplicates(list)
  lu.assertEquals(groups, {{1, 3, 5}, {2, 4}})
  for _, pair in ipairs(found) do
    lu.assertTrue(pair.a < pair.b and pair.agreement.same)
    lu.assertStrMatches(tostring(pair.agreement), "the same recording: score [%d.]+, offset .*")
  end
end

function TestFingerprint:test_what_is_refused()
  lu.assertErrorMsgContains('a must be a fingerprint (of music.fingerprint), got string "abc"', music.same_recording,
    "abc", prints[1])
  lu.assertErrorMsgContains("b must be a fingerprint", music.same_recording, prints[1], prints[1] .. "x")
  lu.assertErrorMsgContains("fingerprint 2 must be a fingerprint", music.duplicates, {prints[1], 3})
  lu.assertErrorMsgContains("prints must be a list of fingerprints, got nil", music.duplicates)
  lu.assertErrorMsgContains("song must be a path or a waveform Signal", music.fingerprint, 3)
end

lib.run()
