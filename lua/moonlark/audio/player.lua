--- A sound as a player on a page: it holds the sound itself, so that a notebook that is sent on still plays.
local base64 = require "moonlark.base.base64"
local files = require "moonlark.base.files"

local SMALL = 2 ^ 20 -- bytes that a sound may have as it is; a longer one becomes MP3

local mp3_rates = {[16000] = true, [22050] = true, [24000] = true, [32000] = true, [44100] = true, [48000] = true}

-- The sound as MP3: its bytes; nil where libsndfile cannot write it.
local function as_mp3(sound, folder, audio)
  if sound.data:size(1) > 2 then return nil end
  local path = files.join(folder, "sound.mp3")
  local ok = pcall(audio.save, path, mp3_rates[sound.rate] and sound or audio.resample(sound, 44100))
  return ok and files.read(path) or nil
end

local function as_wav(sound, folder, audio)
  local path = files.join(folder, "sound.wav")
  audio.save(path, sound, {subtype = "pcm16"})
  return files.read(path)
end

--- What is shown of a sound, by MIME type.
---@param sound moonlark.Signal  a waveform
---@param folder string  for files that are not needed afterwards
---@param audio table  what writes and resamples
---@return table<string, string>
return function(sound, folder, audio)
  local mp3 = sound.data:numel() * 2 > SMALL and as_mp3(sound, folder, audio)
  local bytes = mp3 or as_wav(sound, folder, audio)
  return {
    ["text/plain"] = tostring(sound),
    ["text/html"] = ('<audio controls preload="metadata" src="data:audio/%s;base64,%s"></audio>'):format(
      mp3 and "mpeg" or "wav", base64.encode(bytes)),
  }
end
