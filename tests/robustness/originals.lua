--- One second of sound in every format: those that audio.save writes, and those that ffmpeg makes where it is.
local audio = require "moonlark.audio"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local random = require "random"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local originals = {}

-- A name, the file's ending and what audio.save is told.
local own = {
  {"wav_pcm16", ".wav"}, {"wav_u8", ".wav", {subtype = "pcm_u8"}}, {"wav_pcm24", ".wav", {subtype = "pcm24"}},
  {"wav_pcm32", ".wav", {subtype = "pcm32"}}, {"wav_float", ".wav", {subtype = "float"}},
  {"wav_double", ".wav", {subtype = "double"}}, {"wav_ulaw", ".wav", {subtype = "ulaw"}},
  {"wav_alaw", ".wav", {subtype = "alaw"}}, {"aiff", ".aiff"}, {"au", ".au"}, {"caf", ".caf"}, {"w64", ".w64"},
  {"flac", ".flac"}, {"flac24", ".flac", {subtype = "pcm24"}}, {"vorbis", ".ogg"}, {"opus", ".opus"}, {"mp3", ".mp3"},
}

-- A name, the file's ending and what ffmpeg is told.
local foreign = {
  {"mp3_cbr", ".mp3", "-c:a libmp3lame -b:a 64k"}, {"mp3_vbr", ".mp3", "-c:a libmp3lame -q:a 5"},
  {"mp3_vbr_no_xing", ".mp3", "-c:a libmp3lame -q:a 5 -write_xing 0 -id3v2_version 0"}, {"mp2", ".mp2", "-c:a mp2"},
  {"m4a_aac", ".m4a", "-c:a aac"}, {"m4a_alac", ".m4a", "-c:a alac"}, {"m4a_flac", ".mp4", "-c:a flac -strict -2"},
  {"m4a_fragments", ".mp4", "-c:a aac -movflags frag_keyframe+empty_moov -frag_duration 200000"},
  {"adts", ".aac", "-c:a aac -f adts"}, {"latm", ".loas", "-c:a aac -f latm"}, {"ac3", ".ac3", "-c:a ac3"},
  {"eac3", ".eac3", "-c:a eac3"}, {"dts", ".dts", "-c:a dca -strict -2"}, {"wma1", ".wma", "-c:a wmav1"},
  {"wma2", ".wma", "-c:a wmav2"}, {"webm_opus", ".webm", "-c:a libopus"}, {"webm_vorbis", ".webm", "-c:a libvorbis"},
  {"mkv_aac", ".mkv", "-c:a aac"}, {"mkv_pcm", ".mkv", "-c:a pcm_s16le"}, {"mka_wavpack", ".mka", "-c:a wavpack"},
  {"wavpack", ".wv", "-c:a wavpack"}, {"tta", ".tta", "-c:a tta"}, {"ogg_flac", ".ogg", "-c:a flac"},
  {"ogg_speex", ".spx", "-c:a libspeex -ar 16000 -ac 1"},
  {"ts_aac", ".ts", "-c:a aac"}, {"avi_mp3", ".avi", "-c:a libmp3lame"},
  {"wav_ima", ".wav", "-c:a adpcm_ima_wav"}, {"wav_ms", ".wav", "-c:a adpcm_ms"},
  {"wav_mp3", ".wav", "-c:a libmp3lame"},
  {"wav_gsm", ".wav", "-c:a libgsm_ms -ar 8000 -ac 1"}, {"wav_rf64", ".wav", "-c:a pcm_s16le -rf64 always"},
  {"aifc_ulaw", ".aifc", "-c:a pcm_mulaw"}, {"caf_alac", ".caf", "-c:a alac"}, {"flv_mp3", ".flv", "-c:a libmp3lame"},
  {"g722", ".wav", "-c:a g722 -ar 16000 -ac 1"}, {"truehd", ".thd", "-c:a truehd -strict -2"},
  {"3gp_aac", ".3gp", "-c:a aac"},
}

-- Two channels: a rising tone with a little noise, and a steady one.
local function sound(rate)
  local dice, left, right = random.new "sound", {}, {}
  for i = 1, 22050 do
    local t = i / 22050
    left[i] = 0.4 * math.sin(2 * math.pi * (300 + 900 * t) * t) + 0.05 * (dice:uniform() - 0.5)
    right[i] = 0.3 * math.sin(2 * math.pi * 440 * t)
  end
  return signal.new {data = torch.tensor {left, right}, rate = rate, kind = "waveform"}
end

--- Writes a file of each format into the folder.
---@param folder string
---@param ffmpeg boolean  also those that only ffmpeg makes
---@return {name: string, path: string}[] made
---@return string[] skipped  names of formats that this machine's libraries cannot write
function originals.write(folder, ffmpeg)
  local made, skipped = {}, {}
  for _, format in ipairs(own) do
    local name, ending, options = table.unpack(format)
    local path = files.join(folder, name .. ending)
    local ok = pcall(audio.save, path, sound(name == "opus" and 24000 or 22050), options) -- Opus knows few rates
    table.insert(ok and made or skipped, ok and {name = name, path = path} or name)
  end
  for _, format in ipairs(foreign) do
    local name, ending, told = table.unpack(format)
    local path = files.join(folder, name .. ending)
    local argv = {"ffmpeg", "-v", "error", "-y", "-i", files.join(folder, "wav_pcm16.wav"), "-flags", "bitexact",
      "-fflags", "bitexact"}
    for word in told:gmatch "%S+" do argv[#argv + 1] = word end
    argv[#argv + 1] = path
    local result = ffmpeg and core.process.run(argv, 60)
    local ok = result and result.code == 0
    table.insert(ok and made or skipped, ok and {name = name, path = path} or name)
  end
  return made, skipped
end

return originals
