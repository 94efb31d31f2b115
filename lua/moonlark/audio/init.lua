--- Sound files in and out: waveforms as Signals, at the rate asked for.
---
--- WAV, AIFF, AU, FLAC, Ogg Vorbis and Opus are read by libsndfile, MP3 by libmpg123; m4a/AAC, ALAC, WMA, WebM and
--- others by FFmpeg's libraries. Encoder delay and padding are left out where the file's gapless tags name them (LAME
--- tag of an MP3, edit list of an m4a); without a tag they stay in. WMA has none: FFmpeg's decoder drops its first
--- frame.
---
--- Lengths that count samples bind (WAV, FLAC, Ogg, m4a, MP3 with a Xing tag): a file that ends before its header says
--- is an error, one that goes on after too. Lengths that could only be estimated (MP3 without Xing, AAC without a
--- container, WMA, WebM) are not told, and the file is read to its end. Streams of Ogg one behind another are read as
--- one. Tags behind the sound are left out.
---
--- A part (start, duration) is to the bit that part of the whole, in every container; in AAC in an m4a it lies at the
--- same place, and its samples may differ by 1e-3, since the decoder draws noise anew wherever it begins. WebM,
--- Matroska, WMA and other containers whose time stamps do not count samples are decoded from their beginning for that.
---
--- A path is the path of a file: no name makes a request, and playlists are refused.
local core = require "moonlark_core"
local options = require "moonlark.base.options"
local reading = require "moonlark.audio.reading"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local warning = require "moonlark.base.warning"

local audio = {}

local defaults = {
  rate = options.none, mono = true, channel = options.none, start = 0, duration = options.none, nan = "error",
  partial = options.none,
}

-- What the engine reads, and the options as given.
local function read_options(owner, given, known)
  local read = options.read(owner, given, known)
  if read.nan ~= "error" and read.nan ~= "keep" then
    show.fail('nan must be "error" or "keep", got "%s"', read.nan)
  end
  if read.rate == "native" then
    read.rate = 0
  elseif read.rate == nil then
    read.rate = 22050
  elseif type(read.rate) ~= "number" or read.rate < 1 then
    show.fail('rate must be 1 Hz or more or "native", got %s', tostring(read.rate))
  end
  local all = read.channel == nil and not read.mono
  return {
    rate = read.rate, start = read.start, duration = read.duration, keep_nan = read.nan == "keep",
    channel = all and reading.all or reading.channel(read.channel), keep_partial = reading.keeps_partial(read.partial),
  }, read
end

local function say(path, notes)
  if not notes then return end
  if notes.partial then warning.of_file(path, "kept in part: " .. notes.partial) end
  if notes.warning then warning.of_file(path, notes.warning) end
end

local function waveform(data, rate, start)
  if math.tointeger(rate) then rate = math.tointeger(rate) end
  return signal.new {data = data, rate = rate, start = start, kind = "waveform"}
end

--- Reads a sound file, as librosa.load (0.11) does: mono is the mean of the channels, taken before resampling;
--- resampling is soxr HQ and gives ceil(n · rate / file's rate) samples. At the file's own rate nothing is
--- touched.
---
--- Options: rate in Hz (default 22050; "native" keeps the file's), mono (default true; false keeps all channels),
--- channel ("mix", "left", "right", or the number of one, from 0 like the rows of a tensor: that one alone, whatever
--- mono says), start and duration in seconds (only that part is decoded), nan = "keep" lets NaN and infinite samples
--- through, which else are an error that names the first one's place, and partial = "keep" takes what is there of a
--- file that is damaged or ends before its header says, with a warning, which else is an error.
---
--- Channels that cancel each other out when mixed, as in stereo with one side inverted, get a warning.
---
--- Errors name the file and what is wrong: missing, unreadable, a folder, empty, no sound, damaged, cut short, without
--- the channel asked for.
---@param path string
---@param given {rate?: number|"native", mono?: boolean, channel?: "mix"|"left"|"right"|integer, start?: number, duration?: number, nan?: "error"|"keep", partial?: "refuse"|"keep"}?
---@return moonlark.Signal waveform  channels × samples, float32, full scale is 1
function audio.load(path, given)
  local read = read_options("audio.load", given, defaults)
  local data, rate, notes = core.audio.load(path, read)
  say(path, notes)
  return waveform(data, rate, read.start)
end

--- What a sound file says of itself; decodes nothing. `frames` and `duration` are nil where the file does not
--- say, or could only be guessed at, as in an MP3 without a Xing tag. `library` is what reads it.
---@param path string
---@return {format: string, codec: string, library: string, rate: integer, channels: integer, frames: integer?, duration: number?}
function audio.info(path)
  local format, codec, library, rate, channels, frames = core.audio.info(path)
  return {
    format = format, codec = codec, library = library, rate = rate, channels = channels, frames = frames,
    duration = frames and frames / rate,
  }
end

--- Goes through a sound file of any length in bounded memory; the blocks, put together, are to the bit what
--- audio.load gives.
---
---     for block in audio.blocks("day.wav", {seconds = 10}) do print(block.start, block:duration()) end
---
--- Options: seconds of a block (default 10; the last one is shorter), and those of audio.load. Warnings come with the
--- last block.
---@param path string
---@param given table?
---@return fun(): moonlark.Signal?
function audio.blocks(path, given)
  local known = {seconds = 10}
  for key, value in pairs(defaults) do known[key] = value end
  local read, asked = read_options("audio.blocks", given, known)
  local reader, rate = core.audio.reader(path, read)
  local frames = math.floor(asked.seconds * rate + 0.5)
  if frames < 1 then show.fail("seconds must be at least one sample long, got %g", asked.seconds) end
  local done = 0
  return function()
    local data = reader:read(frames)
    if not data then
      say(path, reader:notes())
      reader:close()
      return nil
    end
    local block = waveform(data, rate, read.start + done / rate)
    done = done + block:frames()
    return block
  end
end

--- Writes a waveform; the ending decides the format: .wav .flac .ogg .opus .mp3 .aiff .au .w64 .caf. The file
--- appears only when it is whole.
---
--- Options: subtype ("pcm16" for .wav, .flac, .aiff and .au; also "pcm_u8", "pcm24", "pcm32", "float", "double",
--- "alaw", "ulaw"), quality 0..1 for .ogg, .opus and .mp3. Integer samples are rounded without dither, so what
--- was read from an integer file is written back exactly. Samples beyond ±1 are cut to it, except by "float" and
--- "double", and counted.
---@param path string
---@param wave moonlark.Signal
---@param given {subtype?: string, quality?: number}?
---@return integer clipped  samples that were cut to ±1
function audio.save(path, wave, given)
  local read = options.read("audio.save", given, {subtype = options.none, quality = options.none})
  signal.check("wave", wave, "waveform")
  local rate = math.tointeger(wave.rate)
  if not rate then show.fail("a sound file's rate must be a whole number of Hz, got %g", wave.rate) end
  local data = wave.data
  if data:dim() == 1 then data = data:unsqueeze(0) end
  return core.audio.save(path, data, rate, read.subtype, read.quality)
end

--- A waveform at another rate: soxr HQ, as librosa.resample (0.11) does without scaling.
---@param wave moonlark.Signal
---@param rate number  Hz
---@return moonlark.Signal waveform  ceil(n · rate / old rate) samples
function audio.resample(wave, rate)
  signal.check("wave", wave, "waveform")
  if rate == wave.rate then return wave end
  return waveform(core.audio.resample(wave.data, wave.rate, rate), rate, wave.start)
end

return audio
