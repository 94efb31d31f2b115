--- Sound files in and out: waveforms as Signals, at the rate asked for.
---
--- libsndfile reads WAV, AIFF, AU, FLAC, Ogg Vorbis and Opus; libmpg123 reads MP3; FFmpeg's libraries read m4a/AAC,
--- ALAC, WMA, WebM and others. Encoder delay and padding are left out where the file's gapless tags name them (LAME tag
--- of an MP3, edit list of an m4a); without a tag they stay in. WMA has no such tag: FFmpeg's decoder drops its first
--- frame.
---
--- Where a header counts samples (WAV, FLAC, Ogg, m4a, MP3 with a Xing tag), a file that ends before or goes on after
--- that count is an error. Where a length could only be estimated (MP3 without Xing, AAC without a container, WMA,
--- WebM), none is told, and the file is read to its end. Streams of Ogg one behind another are read as one. Tags behind
--- the sound are left out.
---
--- A part (start, duration) equals that part of the whole to the bit, in every container. AAC in an m4a is the
--- exception: the place is the same, but samples may differ by 1e-3, since the decoder draws noise anew wherever it
--- begins. WebM, Matroska, WMA and other containers whose time stamps do not count samples are therefore decoded from
--- their beginning.
---
--- A path is the path of a file: no name makes a request, and playlists are refused.
local core = require "moonlark_core"
local display = require "moonlark.base.display"
local files = require "moonlark.base.files"
local finally = require "moonlark.base.finally"
local options = require "moonlark.base.options"
local play = require "moonlark.audio.play"
local player = require "moonlark.audio.player"
local reading = require "moonlark.audio.reading"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local tags = require "moonlark.audio.tags"
local warning = require "moonlark.base.warning"

local audio = {}
local number, boolean, choice = options.number, options.boolean, options.choice

local shared = options.join(reading.options, {
  rate = options.either(22050, {number(nil, {least = 1, most = 10000000}), choice {"native"}},
    "samples per second; native: the file's own", {unit = "Hz"}),
  mono = boolean(true, "the mean of the channels; false: all channels, unless channel names one"),
  start = number(0, {least = 0, most = 1e12, unit = "s"}, "where to begin"),
  duration = number(options.none, {least = 0, most = 1e12, unit = "s", usual = "to the end"}, "how much to read"),
  pad = boolean(false, "silence after what ends before the duration"),
  nan = choice({"error", "keep"}, "error", "samples that are NaN or infinite: an error, or kept"),
})
local of_load = options.describe("audio.load", shared)
local of_blocks = options.describe("audio.blocks", shared, {
  seconds = number(10, {above = 0, unit = "s"}, "length of a block; the last one may be shorter"),
  own = boolean(false, "beside each block what was decoded for it: all channels at the file's own rate"),
})
local of_save = options.describe("audio.save", {
  subtype = options.text(options.none, "how samples are written, such as pcm24", {usual = "what the format writes"}),
  quality = number(options.none, {least = 0, most = 1, usual = "the encoder's own"}, "of .ogg, .opus and .mp3"),
})

-- What the engine reads.
local function request(o)
  if o.pad and not o.duration then show.fail "pad needs duration: how long the sound is to be" end
  local all = o.channel == nil and not o.mono
  return {
    rate = o.rate == "native" and 0 or o.rate, start = o.start, duration = o.duration, pad = o.pad,
    keep_nan = o.nan == "keep", keep_partial = o.partial == "keep",
    channel = reading.channel(all and "all" or o.channel),
  }
end

local function say(path, notes)
  if not notes then return end
  if notes.partial then warning.of_file("partial-file", path, "kept in part: " .. notes.partial) end
  if notes.warning then warning.of_file("cancelled-stereo", path, notes.warning) end
end

local function waveform(data, rate, start)
  return signal.new {data = data, rate = math.tointeger(rate) or rate, start = start, kind = "waveform"}
end

--- Reads a sound file, as librosa.load (0.11) does: mono is the mean of the channels, taken before resampling;
--- resampling is soxr HQ and gives ceil(n · rate / file's rate) samples. At the file's own rate nothing is changed.
---
--- A channel that is named is heard alone, whatever mono says. Only the part that is asked for is decoded. Channels
--- that cancel each other out when mixed, as in stereo with one side inverted, get a warning.
---
--- Errors name the file and what is wrong: missing, unreadable, a folder, empty, no sound, without the channel asked
--- for; NaN and infinite samples (with the first one's place), unless nan = "keep" lets them through; damaged or cut
--- short, unless partial = "keep" takes what is there, with a warning.
---     local song = audio.load("song.mp3", {rate = "native"})
---@param path string
---@param given moonlark.audio.load.Options?
---@return moonlark.Signal waveform  channels × samples, float32, full scale is 1
function audio.load(path, given)
  local o = of_load:read(given)
  local data, rate, notes = core.audio.load(path, request(o))
  say(path, notes)
  return waveform(data, rate, o.start)
end

---@class moonlark.audio.Info
---@field format string
---@field codec string
---@field library string  which reads it
---@field rate integer  Hz
---@field channels integer
---@field frames integer?
---@field duration number?  seconds

--- What a sound file says of itself; decodes nothing. `frames` and `duration` are nil where the file does not say, or
--- they could only be guessed at, as in an MP3 without a Xing tag. Errors: as of audio.load.
---     print(audio.info("song.mp3").duration)
---@param path string
---@return moonlark.audio.Info
function audio.info(path)
  local format, codec, library, rate, channels, frames = core.audio.info(path)
  return {
    format = format, codec = codec, library = library, rate = rate, channels = channels, frames = frames,
    duration = frames and frames / rate,
  }
end

---@class moonlark.audio.Tags
---@field title string?
---@field artist string?
---@field album string?
---@field album_artist string?
---@field genre string?  a number of ID3 as its word
---@field date string?  as it stands there
---@field year integer?  of the date
---@field track integer?
---@field disc integer?
---@field composer string?
---@field comment string?

--- What a sound file says of the music in it, as far as the library that reads it tells: ID3 of MP3, comments of FLAC, Ogg
--- and Opus, INFO of WAV, the atoms of m4a. Texts are UTF-8; of several values the first counts; longer ones than 1000 bytes
--- are cut. Errors: as of audio.load.
---     print(audio.tags("song.mp3").title)
---@param path string
---@return moonlark.audio.Tags
function audio.tags(path) return tags.of(path) end

--- Goes through a sound file of any length in bounded memory. Put together, the blocks are to the bit what audio.load
--- gives. Warnings come with the last block. Errors: as of audio.load.
---
--- With `own` each block comes with a second Signal: what had to be decoded for it. Put together, these are the whole
--- file with all of its channels at its own rate, so one pass serves those who want either.
---     for block in audio.blocks("day.wav", {seconds = 10}) do print(block.start, block:duration()) end
---@param path string
---@param given moonlark.audio.blocks.Options?
---@return fun(): moonlark.Signal?, moonlark.Signal?
function audio.blocks(path, given)
  local o = of_blocks:read(given)
  local reader, rate = core.audio.reader(path, request(o))
  local frames = math.floor(o.seconds * rate + 0.5)
  if frames < 1 then show.fail("audio.blocks: seconds must be at least one sample long, got %g", o.seconds) end
  local done, own_done, own_rate = 0, 0, o.own and audio.info(path).rate
  if o.own then reader:tap() end
  local function own()
    local part = waveform(reader:take(), own_rate, o.start + own_done / own_rate)
    own_done = own_done + part:frames()
    return part
  end
  return function()
    local data = reader:read(frames)
    if not data then
      say(path, reader:notes())
      reader:close()
      return nil
    end
    local block = waveform(data, rate, o.start + done / rate)
    done = done + block:frames()
    return block, o.own and own() or nil
  end
end

--- Writes a waveform; the ending decides the format: .wav .flac .ogg .opus .mp3 .aiff .au .w64 .caf. The file appears
--- only when it is whole.
---
--- subtype is "pcm16" for .wav, .flac, .aiff and .au unless it says "pcm_u8", "pcm24", "pcm32", "float", "double",
--- "alaw" or "ulaw". Integer samples are rounded without dither: what was read from an integer file is written back
--- exactly. Samples beyond ±1 are cut to ±1, except by "float" and "double", and counted.
--- Errors: another ending; a rate that is no whole number; a subtype that the format does not have.
---     audio.save("loud.flac", song:with {data = song.data * 2}, {subtype = "pcm24"})
---@param path string
---@param wave moonlark.Signal
---@param given moonlark.audio.save.Options?
---@return integer clipped  samples that were cut to ±1
function audio.save(path, wave, given)
  local o = of_save:read(given)
  signal.check("wave", wave, "waveform")
  local rate = math.tointeger(wave.rate)
  if not rate then show.fail("a sound file's rate must be a whole number of Hz, got %g", wave.rate) end
  local data = wave.data:dim() == 1 and wave.data:unsqueeze(0) or wave.data
  return core.audio.save(path, data, rate, o.subtype, o.quality)
end

--- A waveform at another rate: soxr HQ, as librosa.resample (0.11) does without scaling.
---     local small = audio.resample(song, 16000)
---@param wave moonlark.Signal
---@param rate number  Hz
---@return moonlark.Signal waveform  ceil(n · rate / old rate) samples
function audio.resample(wave, rate)
  signal.check("wave", wave, "waveform")
  if rate == wave.rate then return wave end
  return waveform(core.audio.resample(wave.data, wave.rate, rate), rate, wave.start)
end

--- Plays a waveform or a sound file, and comes back when it has ended; Ctrl-C stops it. The sound goes to PipeWire,
--- PulseAudio or ALSA, whichever of pw-play, paplay and aplay is installed. In a notebook it shows a player instead.
--- Samples beyond ±1 are cut.
---
--- Errors: no waveform; none of the three is installed; it finds no device.
---     audio.play(song:slice(10, 20))
---@param sound moonlark.Signal|string  a waveform, or the path of a file
function audio.play(sound)
  if type(sound) == "string" then sound = audio.load(sound, {rate = "native", mono = false}) end
  signal.check("sound", sound, "waveform")
  local folder = files.temporary_folder()
  local _ <close> = finally(function() files.remove(folder) end)
  local playable = math.tointeger(sound.rate) and sound or audio.resample(sound, 48000)
  if display.place then return display.place(player(playable, folder, audio)) end
  local path = files.join(folder, "sound.wav")
  audio.save(path, playable, {subtype = "pcm16"})
  play(path)
end

return audio
