-- Look at one song: waveform, mel spectrogram, chroma and loudness over the same time axis.
--
--     moonlark examples/01_plot_a_song.lua song.mp3 song.png
--
-- Without a song it looks at a clip of the synthetic corpus.
local audio = require "moonlark.audio"
local feature = require "moonlark.feature"
local plot = require "moonlark.plot"

local path, picture = arg[1], arg[2] or "song.png"
if not path then
  require("moonlark.corpus").generate("runs/song", {clips = 1, styles = {"jazz"}})
  path = "runs/song/jazz/jazz.00000.wav"
end

local song = audio.load(path)
print(song)

-- Features are Signals: their pictures know the time and frequency axes by themselves.
local mel = feature.power_to_db(feature.mel(song))
local chroma = feature.chroma_cqt(song)
print(mel)
print(chroma)

plot.grid({
  plot.waveform(song, {title = "Waveform"}),
  plot.map(mel, {title = "Mel spectrogram"}),
  plot.map(chroma, {title = "Chroma"}),
  plot.lines(feature.rms(song), {title = "Loudness", ylabel = "RMS"}),
}, {columns = 1}):save(picture)
print("wrote " .. picture)
